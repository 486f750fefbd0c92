"""Answers that the operator wrote down beforehand.

A YAML list of items `{question, value, reason, after}`: the question's name in the layout,
`AGENT/ID` for what an agent asks by itself (`AGENT/*` for whatever it asks; agents that triggers
spawn are called `TYPE-NUMBER`), `spawn/TRIGGER` for what a trigger proposes, `start/TRIGGER` for
what it has spawned somebody for, or `doubt/TASK` for what is asked about a task when its session is
resumed; the answer, as it would be typed; and optionally a reason and how long after the asking the
answer is given. Each item answers one asking, in the order of the file.

A password stands in a file of its own that only its owner can read: `value: {file: PATH}`. Only in
a rehearsal may it be written down like other answers.
"""

import os
from dataclasses import dataclass, field
from hashlib import blake2b
from pathlib import Path
from stat import S_ISREG
from typing import Annotated

import yaml
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from mop_tui.decisions import deadlock, doubt, supervision
from mop_tui.domain.answers import MOST_CHARACTERS, objection
from mop_tui.domain.ids import AgentId, QuestionName
from mop_tui.domain.plan import Mode, Plan, QuestionSpec
from mop_tui.domain.triggers import proposal_of
from mop_tui.errors import UsageError

UNATTENDED = "the unattended rehearsal"
"""Who answered what the layout answers itself."""
FORM = "a list of {question, value, reason, after} is expected"


class _File(BaseModel):
    model_config = ConfigDict(
        extra="forbid", strict=True, hide_input_in_errors=True, defer_build=True
    )

    file: str


class _Item(BaseModel):
    model_config = ConfigDict(
        extra="forbid", strict=True, hide_input_in_errors=True, defer_build=True
    )

    question: str
    value: str | _File
    reason: str = ""
    after: Annotated[float, Field(ge=0, allow_inf_nan=False, strict=False)] = 0
    """Seconds of session time."""


@dataclass(frozen=True, slots=True)
class PreparedAnswer:
    """One answer, to be given `after_ms` after its question is asked."""

    question: QuestionName
    value: str
    reason: str
    after_ms: int
    secret: str | None = field(default=None, repr=False)
    """What is given where the answer is a secret."""


@dataclass(slots=True)
class PreparedAnswers:
    """The answers that are left, and the name under which they are recorded."""

    by: str
    left: list[PreparedAnswer]
    lasting: bool = False
    """Each answers its question whoever asks it, however often. Otherwise it is used up."""

    def take(self, question: QuestionName, asker: AgentId | None = None) -> PreparedAnswer | None:
        """Return the next answer to `question`, which is then used up if it does not last."""
        if self.lasting:
            name = question.removeprefix(f"{asker}/")
            return next((answer for answer in self.left if answer.question == name), None)
        any_of_agent = f"{question.partition('/')[0]}/*" if "/" in question else question
        for index, answer in enumerate(self.left):
            if answer.question in (question, any_of_agent):
                return self.left.pop(index)
        return None


class _Wrong(Exception):  # noqa: N818 - its text says what, to a person
    """Something in an answers file is wrong. Its text never quotes an answer."""


def read_answers(path: Path, plan: Plan, mode: Mode) -> PreparedAnswers:
    """Read an answers file for a session of `plan`.

    Raises `UsageError` naming what is wrong, also for answers to questions that nobody can ask,
    for those that do not fit their question, and for questions that the layout marks dangerous,
    which only a present human may answer. Its message never quotes an answer.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise UsageError(f"{path}: cannot be read: {error.strerror}") from None
    try:
        left = [_prepared(item, plan, mode, path.parent) for item in _items(content)]
    except _Wrong as wrong:
        raise UsageError(f"{path}: {wrong}") from None
    return PreparedAnswers(by=f"file#{blake2b(content, digest_size=8).hexdigest()}", left=left)


def unattended_answers(plan: Plan) -> PreparedAnswers:
    """Return what the layout says for a rehearsal with nobody there, who is not asked either.

    Nothing is real then, so questions that only a present human may answer are answered too.
    """
    given = [PreparedAnswer(name, value, "", 0, value) for name, value in plan.unattended]
    return PreparedAnswers(by=UNATTENDED, left=given, lasting=True)


def _items(content: bytes) -> list[_Item]:
    try:
        # Every scalar is the text that stands there: `no` and `007` are answers as they are typed.
        raw = yaml.load(content, Loader=yaml.BaseLoader)  # noqa: S506 - it makes texts only
        return TypeAdapter(list[_Item]).validate_python(raw)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        where = f"line {mark.line + 1}, column {mark.column + 1}: " if mark is not None else ""
        raise _Wrong(f"{where}this is not YAML; {FORM}") from None
    except (yaml.YAMLError, UnicodeError):
        raise _Wrong(f"it is no text; {FORM}") from None
    except RecursionError:
        raise _Wrong(f"it holds itself; {FORM}") from None
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        where = ".".join(str(part) for part in first["loc"]) or "the file"
        raise _Wrong(f"{where}: {first['msg']}; {FORM}") from None


def _prepared(item: _Item, plan: Plan, mode: Mode, folder: Path) -> PreparedAnswer:
    name = QuestionName(item.question)
    spec = plan.questions.get(name) or _proposal(name, plan)
    rehearsed = mode is Mode.REHEARSAL
    doubtful = next((t for t in plan.tasks if name == doubt.question_name(t)), None)
    agent, slash, _ = item.question.partition("/")
    by_itself = slash and (
        agent in _BY_RULES or agent in plan.agents or _may_be_spawned(plan, agent)
    )
    if spec is None and not by_itself and doubtful is None:
        known = ", ".join(plan.questions) or "none"
        raise _Wrong(
            f"the layout has no question {item.question!r}; it has: {known}; "
            "what an agent asks is AGENT/ID, or AGENT/*; what is asked about a deadlock is deadlock/d1,"
            " about health health/AGENT, about a strategy strategy/NAME"
        )
    gate = plan.tasks[doubtful].gate if doubtful is not None else None
    if (spec is not None and spec.dangerous) or (gate and plan.questions[gate].dangerous):
        raise _Wrong(
            f"{item.question!r} is marked dangerous, so a file may not answer it; "
            "answer it on the screen"
        )
    value = item.value if isinstance(item.value, str) else ""
    secret = _secret(item.value, name, folder) if isinstance(item.value, _File) else None
    if rehearsed and secret is None:
        secret = value
    if spec is not None:
        _check(spec, item, secret)
        value, secret = ("", secret) if _is_secret(spec) else (value, None)
    return PreparedAnswer(name, value, item.reason, round(item.after * 1000), secret)


_BY_RULES = (deadlock.DEADLOCK, supervision.HEALTH, "strategy")
"""How the names of questions begin that rules ask."""


def _proposal(name: QuestionName, plan: Plan) -> QuestionSpec | None:
    """Return the question of a trigger that proposes to spawn, if that is the name of one."""
    proposing = (trigger for trigger in plan.triggers if trigger.spawns)
    if any(name == proposal_of(trigger.name) for trigger in proposing):
        return QuestionSpec(name=name, question="")
    return None


def _may_be_spawned(plan: Plan, agent: str) -> bool:
    """True if an agent could be called so that is not there from the beginning."""
    kind, _, number = agent.rpartition("-")
    return kind in plan.kinds and number.isdecimal()


def _check(spec: QuestionSpec, item: _Item, secret: str | None) -> None:
    """Raise `_Wrong` if the item is no answer to the question that the layout has."""
    if _is_secret(spec) and secret is None:
        raise _Wrong(
            f"{item.question!r} asks for a password, which may not stand here; write it to a file "
            "that only you can read, and give {file: PATH} as the value"
        )
    if not _is_secret(spec) and isinstance(item.value, _File):
        raise _Wrong(f"{item.question!r} asks for no password, so its value stands here")
    wrong = objection(
        secret or "" if _is_secret(spec) else str(item.value),
        spec.question_type,
        options=spec.options,
        input_type=spec.input_type,
        validation=spec.validation,
    )
    if wrong:
        raise _Wrong(f"the value for {item.question!r} is no answer: {wrong}")


def _is_secret(spec: QuestionSpec) -> bool:
    return spec.question_type == "input" and spec.input_type == "password"


def _secret(value: _File, question: QuestionName, folder: Path) -> str:
    """Return the password in a file beside the answers, without the end of its line."""
    path = folder / value.file
    about = f"the file {path} for {question!r}"
    try:
        with path.open("rb") as stream:
            status = os.fstat(stream.fileno())
            if not S_ISREG(status.st_mode):
                raise _Wrong(f"{about} is no file")
            if status.st_mode & 0o077:
                raise _Wrong(f"{about} can be read by others; say: chmod 600 {path}")
            content = stream.read(4 * MOST_CHARACTERS + 2)
        text = content.decode()
    except UnicodeDecodeError:
        raise _Wrong(f"{about} holds no UTF-8 text") from None
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else "there can be no such file"
        raise _Wrong(f"{about} cannot be read: {reason}") from None
    return text.removesuffix("\n").removesuffix("\r")
