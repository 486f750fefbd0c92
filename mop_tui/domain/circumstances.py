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
from typing import Any, NamedTuple

from pydantic import JsonValue

from mop_tui.domain import complexity
from mop_tui.domain import events as e
from mop_tui.domain.events import BY_KIND, AnyEvent, Fact
from mop_tui.domain.ids import AgentId, QuestionId, TaskId
from mop_tui.domain.rows import Agent, Task, Trigger
from mop_tui.domain.session import Session
from mop_tui.domain.templates import as_text, key_of

START_FAILED = "start_failed"
"""The type of the error that a process could not be started."""

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
        case _:
            return None


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


def names(kinds: Iterable[str]) -> list[str]:
    """Return the names that can be looked up where events of these kinds are looked at.

    Names of what events of only some of the kinds have are among them. Those that end in `.*` are
    open: anything may follow. Memory keys are not among them.
    """
    found: dict[str, None] = dict.fromkeys(f"event.{step}" for step in _EVENT)
    for kind in kinds:
        fact = BY_KIND[kind]
        told = {field.name: str(field.type) for field in fields(fact)}  # type: ignore[arg-type]
        for step, type_ in told.items():
            found[f"event.{step}"] = None
            if "JsonValue" in type_ or "dict" in type_:
                found[f"event.{step}.*"] = None
        if "agent" in told:
            found |= dict.fromkeys(f"agent.{step}" for step in _AGENT)
        if "agent" in told or "task" in told:
            found |= dict.fromkeys(f"task.{step}" for step in _TASK)
        if "question" in told:
            found["question.name"] = None
        if kind in _ERRORS:
            found |= dict.fromkeys(f"error.{step}" for step in Error._fields)
    found |= dict.fromkeys(f"trigger.{step}" for step in _TRIGGER)
    found |= dict.fromkeys(f"session.{step}" for step in _SESSION)
    return list(found)


_ERRORS = frozenset(
    fact.KIND for fact in (e.AgentErred, e.AgentFinished, e.AgentExited, e.SystemDone)
)
