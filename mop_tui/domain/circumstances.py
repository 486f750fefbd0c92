"""What triggers can look up about an event and the session in which it happened.

    event.seq, event.at, event.kind    the event, and all fields of its data: event.path
    agent.id, agent.type, ...          the agent that it is about
    task.id, task.title, ...           the task that it is about
    error.type, error.message          what went wrong
    question.name                      the question that it is about
    trigger.name, trigger.fires        the trigger itself
    session.id, ...                    the session
    memory:KEY                         the shared memory

A value that is a mapping is entered by further steps: `event.value.status`.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import fields
from enum import Enum
from functools import lru_cache, reduce
from operator import or_
from types import UnionType
from typing import Any, Literal, NamedTuple, Union, get_args, get_origin

from pydantic import JsonValue

from mop_tui.domain import complexity
from mop_tui.domain import events as e
from mop_tui.domain.agent_lifecycle import AgentState
from mop_tui.domain.events import BY_KIND, AnyEvent, Fact
from mop_tui.domain.ids import AgentId, QuestionId, TaskId
from mop_tui.domain.immutable import immutable
from mop_tui.domain.priority import Priority
from mop_tui.domain.rows import Agent, Task, Trigger
from mop_tui.domain.session import Session
from mop_tui.domain.task_lifecycle import TaskState
from mop_tui.domain.templates import as_text, key_of
from mop_tui.domain.triggers import Complexity, TriggerType

START_FAILED = "start_failed"
"""The type of the error that a process could not be started."""
HOOK_FAILED = "hook_failed"
"""The type of the error that a hook of an agent failed."""
TIMEOUT = "timeout"
"""As which error an attempt fails that takes longer than it may."""
UNHEALTHY = "unhealthy"
"""As which error an attempt fails that is ended because its agent is unhealthy."""

_AGENT: Mapping[str, Callable[[Agent], JsonValue]] = {
    "id": lambda agent: agent.spec.id,
    "type": lambda agent: agent.spec.type,
    "team": lambda agent: agent.spec.team,
    "model": lambda agent: agent.spec.model,
    "state": lambda agent: str(agent.state),
    "task": lambda agent: agent.task,
    "progress": lambda agent: agent.progress,
    "errors": lambda agent: agent.errors,
    "completed": lambda agent: agent.completed,
}
_TASK: Mapping[str, Callable[[Task], JsonValue]] = {
    "id": lambda task: task.spec.id,
    "title": lambda task: task.spec.title,
    "state": lambda task: str(task.state),
    "agent": lambda task: task.agent or task.spec.agent,
    "skill": lambda task: task.spec.requires_skill,
    "priority": lambda task: task.spec.priority.name.lower(),
    "complexity": lambda task: complexity.of(task.spec),
    "environment": lambda task: task.spec.environment,
    "attempts": lambda task: task.attempts,
    "progress": lambda task: task.progress,
    "output": lambda task: task.output,
}
_TRIGGER: Mapping[str, Callable[[Trigger], JsonValue]] = {
    "name": lambda trigger: trigger.spec.name,
    "type": lambda trigger: trigger.spec.type,
    "fires": lambda trigger: trigger.fires,
}
_SESSION: Mapping[str, Callable[[Session], JsonValue]] = {
    "id": lambda session: session.session,
    "project": lambda session: session.project,
    "goal": lambda session: session.goal,
}
_EVENT = ("seq", "at", "kind")


class Error(NamedTuple):
    """What went wrong in an agent."""

    type: str
    message: str


def error_of(fact: Fact) -> Error | None:
    """Return the error that `fact` tells of; None if it tells of none.

    A process that ends by itself with a code that has no name has met `exit_<code>`.
    """
    match fact:
        case e.AgentErred():
            return Error(fact.type, fact.message)
        case e.AgentFinished() if fact.failed:
            return Error(fact.failed, fact.message)
        case e.AgentExited() if not fact.lost and not fact.done:
            if fact.failed:
                return Error(fact.failed, fact.message or fact.result)
            if fact.code:
                return Error(f"exit_{fact.code}", fact.result)
            return None if fact.signal is None else Error(fact.signal, fact.result)
        case e.SystemDone(effect="start_process") if fact.error and not fact.lost:
            return Error(START_FAILED, fact.error)
        case e.SystemDone(effect="run_hook") if fact.error and not fact.lost:
            return Error(HOOK_FAILED, fact.error)
        case _:
            return None


def error_of_attempt(task: Task, agent: Agent | None, fact: Fact) -> Error:
    """Return as which error an attempt at `task` failed, `fact` being the end of it.

    What was ended by this program failed for the reason for which it was. The type is empty where
    nothing names it.
    """
    if task.overdue:
        return Error(TIMEOUT, "")
    if agent is not None and agent.given_up:
        return Error(UNHEALTHY, "")
    return error_of(fact) or Error("", "")


class Circumstances:
    """What is known as a trigger looks at an event."""

    def __init__(self, session: Session, event: AnyEvent, trigger: Trigger) -> None:
        self.event = event
        self.session = session
        fact = event.data
        self.agent = session.agents.get(getattr(fact, "agent", None) or AgentId(""))
        task = getattr(fact, "task", None)
        self.error = error_of(fact)
        if task is None and self.agent is not None:
            task = self.agent.task
        self.task = session.tasks.get(task or TaskId(""))
        asked = getattr(fact, "question", None)
        # What an agent asks is a form, which has no id.
        self._question = (
            session.questions.get(QuestionId(asked)) if isinstance(asked, str) else None
        )
        self._trigger = trigger

    def find(self, path: str) -> JsonValue:
        """Return the value at `path`, or None where there is none."""
        key = key_of(path)
        if key is not None:
            return self.session.memory.get(key)
        root, _, rest = path.partition(".")
        step, *deeper = rest.split(".")
        return _entered(self._value(root, step), deeper)

    def text(self, name: str) -> str | None:
        """Return what `${name}` stands for in a text; None if it is nothing that is known here."""
        found = self.find(name)
        return None if found is None else as_text(found)

    def _value(self, root: str, step: str) -> JsonValue:
        match root:
            case "event":
                if step in _EVENT:
                    told: JsonValue = getattr(self.event, step)
                    return told
                known = step in self.event.data.__match_args__
                return _plain(getattr(self.event.data, step)) if known else None
            case "agent":
                return _of(_AGENT, step, self.agent)
            case "task":
                return _of(_TASK, step, self.task)
            case "trigger":
                return _of(_TRIGGER, step, self._trigger)
            case "session":
                return _of(_SESSION, step, self.session)
            case "error" if self.error is not None and step in Error._fields:
                said: JsonValue = getattr(self.error, step)
                return said
            case "question" if step == "name" and self._question is not None:
                return self._question.asked.name
            case _:
                return None

    def told(self) -> dict[str, JsonValue]:
        """Return the event as whoever is spawned because of it is told of it."""
        fact = self.event.data
        data = {field.name: _plain(getattr(fact, field.name)) for field in fields(fact)}
        return {"seq": self.event.seq, "kind": self.event.kind, **data}


def _of(known: Mapping[str, Callable[[Any], JsonValue]], step: str, row: object) -> JsonValue:
    return known[step](row) if row is not None and step in known else None


def _plain(value: Any) -> JsonValue:
    """Return a value of an event as plain data; what is more than that is left out."""
    match value:
        case Enum():
            return str(value.value)
        case None | bool() | int() | float() | str():
            return value
        case list() | tuple():
            return [_plain(item) for item in value]
        case dict():
            return {str(key): _plain(item) for key, item in value.items()}
        case _:
            return None


def _entered(value: JsonValue, steps: Iterable[str]) -> JsonValue:
    for step in steps:
        if not isinstance(value, dict):
            return None
        value = value.get(step)
    return value


# -- what can be looked up, before anything has happened -------------------------------------------


@immutable
class Form:
    """What a value that can be looked up may be."""

    texts: frozenset[str] | None = frozenset()
    """The only texts that it may be; None if it may be any."""
    numbers: bool = False
    flags: bool = False
    """It may be true or false."""
    open: bool = False
    """It may be anything, and further steps may lead into it."""

    def may_be(self, value: str | float) -> bool:
        """Return whether it may ever be `value`."""
        match value:
            case _ if self.open:
                return True
            case bool():
                return self.flags
            case str():
                return self.texts is None or value in self.texts
            case _:
                return self.numbers

    def __or__(self, other: "Form") -> "Form":
        either = self.texts is None or other.texts is None
        return Form(
            None if either else (self.texts or frozenset()) | (other.texts or frozenset()),
            self.numbers or other.numbers,
            self.flags or other.flags,
            self.open or other.open,
        )


_TEXT, _NUMBER = Form(texts=None), Form(numbers=True)


@lru_cache(maxsize=256)
def forms(kinds: tuple[str, ...]) -> Mapping[str, Form]:
    """Return what can be looked up where events of these kinds are looked at, but for memory keys.

    What events of only some of the kinds have is among it. It is there only if it has a value.
    """
    found: dict[str, Form] = {}
    for kind in kinds:
        told = {field.name: _form(field.type) for field in fields(BY_KIND[kind])}  # type: ignore[arg-type]
        named = {f"event.{step}": form for step, form in told.items() if form is not None}
        named["event.kind"] = Form(frozenset((kind,)))
        for name, form in named.items():
            found[name] = found[name] | form if name in found else form
        found |= {"event.seq": _NUMBER, "event.at": _NUMBER}
        if "agent" in told:
            found |= _formed("agent", _AGENT)
        if "agent" in told or "task" in told:
            found |= _formed("task", _TASK)
        if "question" in told:
            found["question.name"] = _TEXT
        if kind in _ERRORS:
            found |= _formed("error", Error._fields)
    return found | _formed("trigger", _TRIGGER) | _formed("session", _SESSION)


def form_at(path: str, known: Mapping[str, Form]) -> Form | None:
    """Return what the value at `path` may be, given what is `known`; None if there is none ever."""
    if path in known:
        return known[path]
    parent = path
    while "." in parent:
        parent = parent.rpartition(".")[0]
        if parent in known:
            return known[parent] if known[parent].open else None
    return None


def _formed(root: str, steps: Iterable[str]) -> dict[str, Form]:
    return {f"{root}.{step}": _FORMS.get(f"{root}.{step}", _TEXT) for step in steps}


def _form(type_: Any) -> Form | None:
    """Return what a field of this type may be; None if it is more than plain data."""
    while hasattr(type_, "__supertype__"):
        type_ = type_.__supertype__
    origin, inside = get_origin(type_), get_args(type_)
    if origin is Literal:
        return Form(frozenset(map(str, inside)))
    if origin in (Union, UnionType):
        parts = [_form(part) for part in inside if part is not type(None)]
        return reduce(or_, (part for part in parts if part is not None)) if any(parts) else None
    if type_ is JsonValue or origin is dict:
        return Form(open=True)
    if origin in (tuple, list):
        return Form()
    if isinstance(type_, type) and issubclass(type_, Enum):
        return Form(frozenset(str(one.value) for one in type_))
    return {bool: Form(flags=True), int: _NUMBER, float: _NUMBER, str: _TEXT}.get(type_)


_FORMS: Mapping[str, Form] = {
    "agent.state": Form(frozenset(map(str, AgentState))),
    "agent.progress": _NUMBER,
    "agent.errors": _NUMBER,
    "agent.completed": _NUMBER,
    "task.state": Form(frozenset(map(str, TaskState))),
    "task.priority": Form(frozenset(one.name.lower() for one in Priority)),
    "task.complexity": Form(frozenset(get_args(Complexity))),
    "task.attempts": _NUMBER,
    "task.progress": _NUMBER,
    "trigger.type": Form(frozenset(get_args(TriggerType))),
    "trigger.fires": _NUMBER,
}
"""What is no text of any kind, of what stands in the tables above."""

_ERRORS = frozenset(
    fact.KIND for fact in (e.AgentErred, e.AgentFinished, e.AgentExited, e.SystemDone)
)
