"""What is not wrong with a layout, but probably not meant.

Nothing here keeps a layout from being run.
"""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

from mop_tui.domain import templates
from mop_tui.domain.circumstances import TIMEOUT
from mop_tui.domain.triggers import FILE_KINDS
from mop_tui.layout import locking, pricing, reviewing, triggers
from mop_tui.layout.case import Case
from mop_tui.layout.durations import written
from mop_tui.layout.findings import Finding
from mop_tui.layout.planning import agent_id
from mop_tui.layout.provisions import Provisions, keys_that_never_come
from mop_tui.layout.references import doers
from mop_tui.layout.references import programs as all_programs
from mop_tui.layout.schema import Hook, Run
from mop_tui.layout.tree import Loc

LONGEST_PATH = 1_000
"""Characters; longer ones are not looked for."""


def findings(
    case: Case, provided: Provisions, facts: templates.Lookup, *, programs: bool
) -> Iterator[Finding]:
    """Yield what its author may want to think about.

    With `programs`, they are looked for on this machine, of which `facts` are known; the look-ups
    in them must be known to be sound.
    """
    yield from _idle(case, provided)
    yield from _questions(case)
    yield from _times(case)
    yield from locking.advice(case)
    yield from reviewing.advice(case)
    yield from pricing.advice(case)
    yield from triggers.advice(case, provided)
    if provided.unforeseen:
        for task in case.plan.tasks.values():
            yield from keys_that_never_come(case, provided, task)
    if programs:
        values = templates.resolve(case.plan.variables, facts)
        yield from _root(case, values)
        for loc, program in all_programs(case):
            yield from _program(loc, program, values)


def _idle(case: Case, provided: Provisions) -> Iterator[Finding]:
    wanted = {task.requires_skill for task in case.plan.tasks.values()}
    pinned = {task.agent for task in case.plan.tasks.values()}
    pinned |= set(provided.employed)
    pinned |= {task.review.by for task in case.plan.tasks.values() if task.review is not None}
    for name, team in case.layout.teams.items():
        for index, agent in enumerate(team.agents):
            spec = case.plan.agents[agent_id(agent)]
            if spec.id == case.layout.session.coordinator:
                continue
            if spec.id not in pinned and wanted.isdisjoint(spec.skills):
                yield Finding(
                    ("teams", name, "agents", index), f"agent '{spec.id}' has no task it could do"
                )
    used = {*provided.spawned, case.plan.health.troubleshooter}
    used |= {kind.health.troubleshooter for kind in case.plan.kinds.values() if kind.health}
    used |= {agent.type for team in case.layout.teams.values() for agent in team.agents}
    for name in case.layout.agent_types:
        if name not in used:
            yield Finding(("agent_types", name), "no agent is of this type", key=True)


def _questions(case: Case) -> Iterator[Finding]:
    asked: set[str | None] = {task.gate for task in case.plan.tasks.values()}
    asked |= {trigger.question for trigger in case.plan.triggers}
    asked |= {doer.sim.asks for _, doer in doers(case) if doer.sim is not None}
    for name in case.layout.questions:
        if name not in asked:
            yield Finding(
                ("questions", name),
                "no task has this question as its gate, and no trigger asks it",
                key=True,
            )


def _times(case: Case) -> Iterator[Finding]:
    for task in case.plan.tasks.values():
        if task.timeout_ms is None:
            if any(type_ == TIMEOUT for type_, _ in task.on_error):
                yield Finding(
                    ("tasks", task.id, "on_error", TIMEOUT),
                    "comes only if an agent calls an error so itself, for the task may take for "
                    "ever; give it a timeout",
                    key=True,
                )
        elif task.expected_ms is not None and task.expected_ms > task.timeout_ms:
            yield Finding(
                ("tasks", task.id, "timeout"),
                f"is shorter than the {written(task.expected_ms)} the task is expected to take",
            )


def _root(case: Case, lookup: templates.Lookup) -> Iterator[Finding]:
    """Yield that there is no folder in which files could be watched."""
    root = _known(case.layout.session.root, lookup)
    watched = any(spec.type in FILE_KINDS for spec in case.plan.triggers)
    if root is not None and watched and len(root) <= LONGEST_PATH and not Path(root).is_dir():
        yield Finding(("session", "root"), f"there is no folder {root} yet")


def _program(loc: Loc, run: Run | Hook, lookup: templates.Lookup) -> Iterator[Finding]:
    """Yield that a program is not there, if that can be told before anything runs."""
    if run.command is None or not run.command[0] or "PATH" in run.env:
        return
    program = _known(run.command[0], lookup)
    folder = _known(run.cwd or ".", lookup)
    if program is None or folder is None or len(program) + len(folder) > LONGEST_PATH:
        return
    if folder != "." and not Path(folder).is_dir():
        yield Finding((*loc, "cwd"), f"there is no folder {folder} yet")
    elif "/" in program:
        path = Path(folder, program)
        if not path.exists():
            yield Finding((*loc, "command", 0), f"there is no program {path} yet")
        elif not path.is_file() or not os.access(path, os.X_OK):
            yield Finding((*loc, "command", 0), f"{path} is no program that may be run")
    elif shutil.which(program) is None and program != "mop-tui":
        yield Finding((*loc, "command", 0), f"the program '{program}' is not on the PATH")


def _known(text: str, lookup: templates.Lookup) -> str | None:
    """Return a text with its look-ups filled in, or None if one of them is not known yet."""
    filled = templates.render(text, lookup)
    return None if "${" in filled else filled
