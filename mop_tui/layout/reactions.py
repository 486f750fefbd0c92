"""What is done about answers and errors, made of what a layout declares."""

from collections.abc import Iterator, Mapping

from mop_tui.domain import templates
from mop_tui.domain.ids import AgentId, MemoryKey
from mop_tui.domain.reactions import Reaction as Planned
from mop_tui.domain.reactions import Reactions
from mop_tui.layout.answer_section import NewAgent, NewTask, Reaction, Why
from mop_tui.layout.schema import Layout
from mop_tui.layout.tree import Loc
from mop_tui.layout.triggering import PRIORITIES


def planned(reaction: Reaction) -> Planned | None:
    """Return what a reaction comes to; None where it says nothing."""
    (name, what), *_ = [*said_by(reaction), ("", None)]
    match what:
        case NewTask():
            return Planned(
                do="create_task",
                text=what.task,
                agent=None if what.agent is None else AgentId(what.agent),
                skill=what.skill or "",
                priority=PRIORITIES[what.priority],
            )
        case NewAgent():
            return Planned(
                do="spawn",
                text=what.task or "",
                type=what.agent_type,
                model=what.model,
                priority=PRIORITIES[what.priority],
            )
        case Why():
            reason = what.reason or ""
            if name == "retry":
                return Planned(do="retry", text=reason)
            return Planned(do="skip" if name == "skip" else "stop", text=reason)
        case dict():
            return Planned(
                do="set_memory", set=tuple((MemoryKey(key), value) for key, value in what.items())
            )
        case _:
            return None


def declared(layout: Layout) -> Iterator[tuple[Loc, Reaction]]:
    """Yield everything that a layout has done about answers and errors, and what it is for."""
    for name, question in layout.questions.items():
        for value, reactions in question.on_answer.items():
            yield from ((("questions", name, "on_answer", value), it) for it in reactions)
    for name, task in layout.tasks.items():
        for error, reactions in task.on_error.items():
            yield from ((("tasks", name, "on_error", error), it) for it in reactions)


def said_by(reaction: Reaction) -> Iterator[tuple[str, object]]:
    """Yield what a reaction says, by its name."""
    for name in type(reaction).model_fields:
        if name in reaction.model_fields_set and getattr(reaction, name) is not None:
            yield name, getattr(reaction, name)


def all_planned(said: Mapping[str, list[Reaction]]) -> Reactions:
    """Return what is done for each answer, or about each type of error."""
    return tuple((it, tuple(filter(None, map(planned, done)))) for it, done in said.items())


def texts(said: Mapping[str, list[Reaction]]) -> Iterator[tuple[Loc, str]]:
    """Yield every text of reactions that is filled in, with the way to it."""
    for value, reactions in said.items():
        for index, reaction in enumerate(reactions):
            loc: Loc = (value, index)
            for name, what in said_by(reaction):
                match what:
                    case NewTask() | NewAgent():
                        yield (*loc, name, "task"), what.task or ""
                    case Why():
                        yield (*loc, name, "reason"), what.reason or ""
                    case dict():
                        for way, text in templates.texts(what):
                            yield (*loc, name, *way), text
