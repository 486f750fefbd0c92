"""The form of health checks: how agents are checked, when one counts as ill, and who sees to it."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from mop_tui.layout.section import Section
from mop_tui.layout.values import Duration, Id, Timeout, wrong

Percent = Annotated[float, Field(gt=0, le=100)]
Count = Annotated[int, Field(ge=1, le=1_000)]


class _Levels(Section):
    """Two thresholds, the second of which is the worse."""

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        degraded, unhealthy = getattr(self, "degraded", None), getattr(self, "unhealthy", None)
        if degraded is not None and unhealthy is not None and degraded > unhealthy:
            raise wrong("has a threshold for degraded that is beyond the one for unhealthy")
        return self


class ResponseTime(_Levels):
    """How long an agent may take to answer a ping, or says that it takes."""

    degraded: Timeout | None = None
    """From this on it is degraded; by default 2 s."""
    unhealthy: Timeout | None = None
    """Above this it is unhealthy; by default 5 s."""


class Errors(_Levels):
    """How many errors an agent may meet."""

    degraded: Count | None = None
    """So many degrade; by default 1."""
    unhealthy: Count | None = None
    """So many are unhealthy; by default 3."""
    within: Timeout | None = None
    """Errors that are longer ago count no more; by default 5 min."""


class Progress(Section):
    """How an agent has to get on that tells of progress."""

    slow: Percent | None = None
    """Below this percentage of the expected rate, in two checks, it is degraded; by default 50."""
    none_for: Timeout | None = None
    """Without any progress for longer it is unhealthy; by default 10 min. Who tells of progress in
    large steps may take twice as long for one as for the last."""


class Resources(_Levels):
    """What an agent may use of its declared `limits`, in percent."""

    degraded: Percent | None = None
    """From this on it is degraded; by default 80."""
    unhealthy: Percent | None = None
    """Above this it is unhealthy; by default 95."""


class Thresholds(Section):
    """From where on something is wrong. What is not known counts neither way."""

    response_time: ResponseTime = ResponseTime()
    """How fast it answers."""
    errors: Errors = Errors()
    """How often it errs."""
    progress: Progress = Progress()
    """How it gets on."""
    resources: Resources = Resources()
    """What it uses."""


class Restart(Section):
    """How often an unhealthy agent that does not work is started again (restart intensity)."""

    times: Annotated[int, Field(ge=0, le=100)] | None = None
    """So often, at most, and so often for one task; 0 for never. By default 3. Over that, you are
    asked; where nobody is there, its attempt fails."""
    within: Timeout | None = None
    """In so much time; by default 10 min."""


class HealthChecks(Section):
    """How agents are checked, when one counts as ill or well again, and what is done about it."""

    interval: Timeout | None = None
    """How often an agent at work is checked; one that is ill, or may be, twice as often. By default
    30 s."""
    timeout: Timeout | None = None
    """After how long a ping counts as not answered; by default 10 s."""
    failure_threshold: Count | None = None
    """After how many bad checks in a row it is ill; by default 3."""
    success_threshold: Count | None = None
    """After how many good checks in a row it is well again; by default 1."""
    degradation_timeout: Timeout | None = None
    """How long it may be degraded before it is unhealthy; by default 5 min. For as long, what it
    has recovered from does not make it ill again."""
    thresholds: Thresholds = Thresholds()
    """From where on something is wrong."""
    restart: Restart = Restart()
    """How often it is started again."""
    troubleshooter: Id | Literal[False] | None = None
    """The type of agent that looks into unhealthy ones, or `false` for none; by default
    `devops-troubleshooter`, if there is such a type."""


class SimulatedAilment(Section):
    """Something that is wrong with a simulated agent for a while."""

    at: Duration
    """After how long, from the beginning of its task."""
    lasts: Duration | None = None
    """For how long; by default for the rest of it."""
    status: Literal["degraded", "unhealthy"] | None = None
    """What it says of itself."""
    cpu_usage: Annotated[float, Field(ge=0)] | None = None
    """What it says that it uses, in percent of its limit."""
    memory_usage: Annotated[float, Field(ge=0)] | None = None
    """What it says that it uses, in percent of its limit."""
    response_time: Duration | None = None
    """How long it takes to answer."""
    errors: Annotated[int, Field(ge=1, le=100)] | None = None
    """How many errors it tells of when it begins."""
    slow: Annotated[float, Field(gt=1, le=1_000)] | None = None
    """How many times as long as otherwise everything takes it."""
    hangs: bool = False
    """It stands still and answers nothing."""
    dies: bool = False
    """Its process is killed."""
    attempts: Annotated[int, Field(ge=1, le=1_000)] = 1
    """In how many attempts at a task, from the first on, this happens."""

    @model_validator(mode="after")
    def _says_what(self) -> Self:
        said = self.model_dump(exclude={"at", "lasts", "attempts"}, exclude_defaults=True)
        if not said:
            raise wrong("does not say what is wrong then, such as hangs: true")
        return self
