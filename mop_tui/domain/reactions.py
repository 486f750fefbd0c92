"""What a layout has done for each answer to a question, and about errors by their types."""

from typing import Literal, assert_never

from pydantic import JsonValue

from mop_tui.domain.ids import AgentId, MemoryKey, SpawnId, TaskId
from mop_tui.domain.immutable import immutable
from mop_tui.domain.priority import Priority

ANY = "*"
"""Stands for every answer, or type of error, that is not named."""
ANSWER = "answer"
"""By this name, what is done may look up what was answered."""
LOOKED_UP_AFTER_ERRORS = ("error.type", "error.message", "agent.id", "task.id")
"""By these names, what is done about an error may look up what went wrong, and where."""


@immutable
class Reaction:
    """One thing that is done about an answer or an error. Look-ups are not filled in."""

    do: Literal["create_task", "spawn", "set_memory", "retry", "skip", "stop"]
    text: str = ""
    """What is to be done, or why."""
    agent: AgentId | None = None
    """Who does the task that is created; without one, anybody with `skill`."""
    skill: str = ""
    type: str = ""
    """Of which type an agent is spawned."""
    model: str | None = None
    priority: Priority = Priority.NORMAL
    set: tuple[tuple[MemoryKey, JsonValue], ...] = ()


Reactions = tuple[tuple[str, tuple[Reaction, ...]], ...]
"""Reactions by what they are about: to a question, `approve`, `reject`, the value of an option or
what was typed; to a failed attempt, the type of its error; `ANY` is anything else."""


def told(on_answer: Reactions) -> list[tuple[str, JsonValue]]:
    """Return in words what is done for each answer, as people read it who give one."""
    return [
        (f"on {'any other answer' if value == ANY else value}", [*map(_told, reactions)])
        for value, reactions in on_answer
        if reactions
    ]


def told_of_errors(on_error: Reactions) -> list[tuple[str, JsonValue]]:
    """Return in words what is done about each type of error."""
    return [
        (f"on {'any other error' if type_ == ANY else type_}", [*map(_told, done), *_end(done)])
        for type_, done in on_error
    ]


def _end(done: tuple[Reaction, ...]) -> list[str]:
    """Return that the task fails, if what is done about an error says nothing else of it."""
    said = any(reaction.do in ("retry", "skip") for reaction in done)
    return [] if said else ["the task fails at once"]


def _told(reaction: Reaction) -> str:
    because = f" ({reaction.text})" if reaction.text else ""
    match reaction.do:
        case "create_task":
            return f"a task for {reaction.agent or reaction.skill}: {reaction.text}"
        case "spawn":
            return f"{reaction.type} is spawned" + (f": {reaction.text}" if reaction.text else "")
        case "set_memory":
            return f"the memory is set: {', '.join(key for key, _ in reaction.set)}"
        case "retry":
            return f"the task is done again{because}"
        case "skip":
            return f"the task is skipped{because}"
        case "stop":
            return f"the session ends{because}"
        case _:
            assert_never(reaction.do)


def reactions_to(on_answer: Reactions, value: str) -> tuple[Reaction, ...]:
    """Return what is done when a question is answered with `value`, which is empty for a secret."""
    named = dict(on_answer)
    return named.get(value, named.get(ANY, ()))


def reactions_to_error(on_error: Reactions, type_: str) -> tuple[Reaction, ...] | None:
    """Return what is done about an error of this type; None if nothing is said about such."""
    named = dict(on_error)
    return named.get(type_, named.get(ANY))


_AFTER_ERROR = "on_error/"
"""What is spawned because of an error is named after its task, with this in front."""


def spawn_after_error(task: TaskId, seq: int) -> str:
    """Return what names the agents that are spawned because of the error at event `seq`, but for
    their places."""
    return f"{_AFTER_ERROR}{task}@{seq}"


def task_that_failed(spawn: SpawnId | None) -> str:
    """Return because of which task's error an agent was spawned; empty if because of none."""
    if spawn is None or not spawn.startswith(_AFTER_ERROR):
        return ""
    return spawn.removeprefix(_AFTER_ERROR).rpartition("@")[0]
