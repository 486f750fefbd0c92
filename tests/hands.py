"""Agents in the hands of a test: a host whose agents do what a Python function says.

They live on the session's timeline. While one is suspended its time stands still, and what it is
told waits; it ends as soon as it is stopped.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial

from pydantic import JsonValue

from mop_tui.agents import host as h
from mop_tui.agents.questions import AskForm, question
from mop_tui.domain.events import Severity
from mop_tui.domain.ids import AgentId, AskId, MemoryKey, MessageId, Resource, TaskId
from mop_tui.domain.plan import QuestionSpec

Call = Callable[[], object]
CallAt = Callable[[int, Callable[[], None]], object]


@dataclass(eq=False, slots=True)
class Hand:
    """A process, as the function that plays it sees it."""

    job: h.Job
    _now: Callable[[], int]
    _call_at: CallAt
    _sink: h.Sink
    tasks: list[TaskId] = field(default_factory=list)
    """The tasks in hand, the oldest first."""
    notes: dict[str, object] = field(default_factory=dict)
    """For the function to remember things."""
    gone: bool = False
    _due: list[tuple[int, int, Call]] = field(default_factory=list)
    """What will be done: when, since when that is known, and what."""
    _paused_at: int | None = None

    @property
    def agent(self) -> AgentId:
        return self.job.agent.id

    @property
    def incarnation(self) -> int:
        return self.job.incarnation

    @property
    def task(self) -> TaskId | None:
        """The task in hand for longest."""
        return self.tasks[0] if self.tasks else None

    def after(self, seconds: float, call: Callable[..., object], *args: object) -> None:
        """Do something later, not counting the time for which it is suspended."""
        self._at(self._now() + round(seconds * 1000), partial(call, *args))

    def _at(self, at: int, call: Call) -> None:
        entry = (at, self._now(), call)
        self._due.append(entry)

        def reach() -> None:
            if not self.gone and self._paused_at is None and entry in self._due:
                self._due.remove(entry)
                call()

        self._call_at(at, reach)

    def suspend(self) -> None:
        if self._paused_at is None:
            self._paused_at = self._now()

    def go_on(self) -> None:
        if self._paused_at is not None:
            since, self._paused_at = self._paused_at, None
            due, self._due = self._due, []
            for at, made, call in due:
                self._at(at + self._now() - max(since, made), call)

    # -- what it can do -----------------------------------------------------------------------

    def ask(self, ask: str, text: str = "Well?", **form: object) -> None:
        """Ask the human; the fields are those of the protocol."""
        asked = AskForm.model_validate({"question": text, **form})
        self.put(ask, question(asked, self.agent, AskId(ask)))

    def put(self, ask: str, spec: QuestionSpec) -> None:
        """Ask the human a question of the layout, as simulated agents do."""
        self._report(h.Asked(self.agent, self.incarnation, AskId(ask), spec))

    def wait(self, ask: str, key: str) -> None:
        self._report(h.Waiting(self.agent, self.incarnation, AskId(ask), MemoryKey(key)))

    def lock(self, ask: str, resource: str) -> None:
        self._report(h.Locking(self.agent, self.incarnation, AskId(ask), Resource(resource)))

    def unlock(self, resource: str) -> None:
        self._report(h.Unlocking(self.agent, self.incarnation, Resource(resource)))

    def remember(self, key: str, value: JsonValue) -> None:
        self._report(h.Remembered(self.agent, self.incarnation, MemoryKey(key), value))

    def err(self, kind: str, message: str = "") -> None:
        self._report(h.Erred(self.agent, self.incarnation, kind, message, "protocol"))

    def message(self, to: str, text: str, severity: Severity = "info") -> None:
        self._report(h.Messaged(self.agent, self.incarnation, to, text, severity))

    def relayed(self, message: int) -> None:
        """Say that a message is dealt with that was to be relayed."""
        self._report(h.Relayed(self.agent, self.incarnation, MessageId(message)))

    def progress(self, percent: int) -> None:
        self._report(h.Progressed(self.agent, self.incarnation, percent))

    def pong(self) -> None:
        """Answer a ping."""
        self._report(h.Ponged(self.agent, self.incarnation, 0.0))

    def done(self, result: str = "", failed: str = "") -> None:
        """Say that the task in hand is over; of a process that lives on."""
        if self.tasks:
            task = self.tasks.pop(0)
            self._report(h.Finished(self.agent, self.incarnation, task, result, failed))

    def exit(self, code: int | None = 0, result: str = "", signal: str | None = None) -> None:
        if not self.gone:
            report = h.Exited(self.agent, self.incarnation, code, signal, result)
            self._report(report)
            self.gone = True

    def _report(self, report: h.Report) -> None:
        if not self.gone:
            self._sink(report)


Behaviour = Callable[[Hand, h.Told | None], None]
"""Plays agents: is told what a process hears, and None when one begins that lives for the session.
"""


@dataclass(slots=True)
class Hands:
    """Runs every agent by `behave`, unless `unable` says why it cannot start. An `AgentHost`."""

    behave: Behaviour
    unable: Callable[[h.Job], str] = lambda _job: ""
    obeys_stop: float = 0
    """Seconds that an agent takes to end when it is stopped."""
    obeys_pause: float = 0
    """Seconds that an agent takes to be suspended."""
    deaf: tuple[AgentId, ...] = ()
    """Agents that cannot be told anything."""
    started: list[h.Job] = field(default_factory=list)
    secrets: list[tuple[AgentId, dict[str, str]]] = field(default_factory=list)
    """What each process was started with."""
    told: list[tuple[AgentId, h.Told, str | None]] = field(default_factory=list)
    """Whatever was told to whom, with the secret beside it."""
    concealed: list[str] = field(default_factory=list)
    deeds: list[tuple[str, AgentId]] = field(default_factory=list)
    """Who was paused, resumed and stopped."""
    _now: Callable[[], int] = lambda: 0
    _call_at: CallAt = lambda _at, _call: None
    _sink: h.Sink = lambda _report: None
    _hands: dict[tuple[AgentId, int], Hand] = field(default_factory=dict)

    def join(self, now: Callable[[], int], call_at: CallAt, sink: h.Sink) -> "Hands":
        """Take part in a session, and return itself."""
        self._now, self._call_at, self._sink = now, call_at, sink
        return self

    def replies(self, agent: str) -> list[tuple[str, str, JsonValue, str | None]]:
        """Return what an agent was replied: ask, outcome, value and the secret beside it."""
        return [
            (what.ask, what.outcome, what.value, secret)
            for name, what, secret in self.told
            if name == agent and isinstance(what, h.Reply)
        ]

    def start(self, job: h.Job, secrets: Mapping[str, str]) -> None:
        """See `AgentHost`."""
        self.started.append(job)
        self.secrets.append((job.agent.id, dict(secrets)))
        hand = Hand(job, self._now, self._call_at, self._sink)
        why_not = self.unable(job)
        if why_not:
            report = h.StartFailed(job.agent.id, job.incarnation, why_not)
            self._call_at(self._now(), lambda: self._sink(report))
            return
        self._hands[job.agent.id, job.incarnation] = hand
        hand.after(0, self._begin, hand)

    def _begin(self, hand: Hand) -> None:
        self._sink(h.Started(hand.agent, hand.incarnation, None))
        if hand.job.assignment is not None:
            hand.tasks.append(hand.job.assignment.task.id)
        self.behave(hand, hand.job.assignment)

    def tell(
        self, agent: AgentId, incarnation: int, what: h.Told, secret: str | None = None
    ) -> bool:
        """See `AgentHost`."""
        hand = self._hand(agent, incarnation)
        if hand is None or agent in self.deaf:
            return False
        if isinstance(what, h.Ping):
            hand.after(0, hand.pong)
            return True
        self.told.append((agent, what, secret))

        def hear() -> None:
            if isinstance(what, h.Assignment):
                hand.tasks.append(what.task.id)
            self.behave(hand, what)

        hand.after(0, hear)
        return True

    def conceal(self, secret: str) -> None:
        """See `AgentHost`."""
        self.concealed.append(secret)

    def pause(self, agent: AgentId, incarnation: int) -> None:
        """See `AgentHost`."""
        hand = self._hand(agent, incarnation)
        if hand is not None:
            self.deeds.append(("pause", agent))
            if self.obeys_pause:
                self._call_at(self._now() + round(self.obeys_pause * 1000), hand.suspend)
            else:
                hand.suspend()

    def resume(self, agent: AgentId, incarnation: int) -> None:
        """See `AgentHost`."""
        hand = self._hand(agent, incarnation)
        if hand is not None:
            self.deeds.append(("resume", agent))
            hand.go_on()

    def stop(self, agent: AgentId, incarnation: int) -> None:
        """See `AgentHost`."""
        hand = self._hand(agent, incarnation)
        if hand is not None:
            self.deeds.append(("stop", agent))
            at = self._now() + round(self.obeys_stop * 1000)
            self._call_at(at, lambda: hand.exit(None, signal="SIGTERM"))

    def groups(self) -> Mapping[tuple[AgentId, int], int]:
        """See `AgentHost`."""
        return {}

    async def close(self) -> None:
        """See `AgentHost`."""
        for hand in self._hands.values():
            hand.gone = True

    def _hand(self, agent: AgentId, incarnation: int) -> Hand | None:
        return self._hands.get((agent, incarnation))
