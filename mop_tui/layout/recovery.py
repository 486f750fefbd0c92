"""Whether what is done about the errors of tasks can be done, and such errors can come."""

import re
from collections.abc import Iterator

from mop_tui.domain.ids import TaskId
from mop_tui.domain.plan import HostKind
from mop_tui.layout.answer_section import Reaction
from mop_tui.layout.answering import within_reaction
from mop_tui.layout.case import Case
from mop_tui.layout.findings import Finding
from mop_tui.layout.provisions import Provisions
from mop_tui.layout.schema import Task
from mop_tui.layout.tree import Loc

_EXIT = re.compile(r"exit_(\d+)")


def findings(case: Case, provided: Provisions) -> Iterator[Finding]:
    """Yield what is wrong with what is done about errors."""
    for name, task in case.layout.tasks.items():
        for type_, reactions in task.on_error.items():
            loc: Loc = ("tasks", name, "on_error", type_)
            yield from _type(case, provided, loc, TaskId(name), type_)
            for index, reaction in enumerate(reactions):
                yield from within_reaction(case, provided, (*loc, index), reaction)
            yield from _attempts(case, loc, task, reactions)


def _type(
    case: Case, provided: Provisions, loc: Loc, task: TaskId, type_: str
) -> Iterator[Finding]:
    """Yield that no attempt ever fails by an error of this type."""
    if type_.isdecimal():
        yield Finding(loc, f"is no type of error; an exit code is exit_{type_}", key=True)
    exited = _EXIT.fullmatch(type_)
    if exited is None:
        return
    code = int(exited[1])
    if type_ != f"exit_{code}" or not 1 <= code <= 255:
        yield Finding(loc, "is no error: bad exit codes are exit_1 to exit_255", key=True)
        return
    names = _names(case, provided, task, code)
    if names and None not in names:
        called = " or ".join(sorted(filter(None, names)))
        yield Finding(loc, f"never comes: exit_codes calls it {called}", key=True)


def _names(case: Case, provided: Provisions, task: TaskId, code: int) -> set[str | None]:
    """Return what an exit code is called by those who may do a task; None for no name."""
    plan, spec = case.plan, case.plan.tasks[task]
    if spec.agent is None:
        able = provided.with_skill.get(spec.requires_skill or "", [])
    else:
        able = [plan.agents[spec.agent]] if spec.agent in plan.agents else []
    names: set[str | None] = set()
    for agent in able:
        command = plan.work(agent, task).command
        if agent.host is not HostKind.COMMAND or command is None:
            names.add(None)
        else:
            names.add(dict(command.exit_codes).get(code))
    return names


def _attempts(case: Case, loc: Loc, task: Task, reactions: list[Reaction]) -> Iterator[Finding]:
    """Yield what is contradictory or void about trying the task again."""
    again = [index for index, reaction in enumerate(reactions) if reaction.retry is not None]
    skips = [index for index, reaction in enumerate(reactions) if reaction.skip is not None]
    if again and skips:
        yield Finding(
            (*loc, max(again[0], skips[0])),
            "contradicts what stands before it: a task is either tried again or skipped",
        )
        return
    allowed = task.retry is not None and task.retry.times > 0
    if again and not allowed and not case.losses.within("tasks", loc[1], "retry"):
        yield Finding(
            (*loc, again[0]),
            "has the task tried again, which its retry does not allow; give it retry: 1 or more",
        )
