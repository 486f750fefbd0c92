"""The fold of what concerns the swarm as a whole: deadlocks, its shape, and what strategies do."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from mop_tui.domain import events as e
from mop_tui.domain.deadlock import Deadlock
from mop_tui.domain.events import Event
from mop_tui.domain.rows import Task
from mop_tui.domain.session import Session
from mop_tui.domain.strategies import (
    LATEST_ADAPTATIONS,
    Adaptation,
    Adapting,
    HeldBack,
    Pressed,
)
from mop_tui.domain.task_lifecycle import TERMINAL, TaskState


def give_way(session: Session, task: Task) -> None:
    """Let tasks be begun that were not to be before `task` is over."""
    over = task.state in TERMINAL
    waiting = session.yielding.pop(task.spec.id, ()) if over else ()
    for name in waiting:
        row = session.tasks[name]
        row.yields_to = tuple(other for other in row.yields_to if other != task.spec.id)
        session.unsettle(row)
        session.touch(row)
    session.given_way = tuple(name for name in waiting if not session.tasks[name].yields_to)


def _deadlock_found(session: Session, event: Event[e.SystemDeadlockFound]) -> None:
    data = event.data
    found = Deadlock(data.deadlock, data.cycle, data.hopeless, data.text, event.at, event.seq)
    session.deadlocks[found.id] = found
    session.open_deadlocks[found.stuck] = found.id


def _deadlock_cleared(session: Session, event: Event[e.SystemDeadlockCleared]) -> None:
    deadlock = session.deadlocks.get(event.data.deadlock)
    if deadlock is None or session.open_deadlocks.pop(deadlock.stuck, None) is None:
        session.ignored += 1
        return
    session.deadlocks[deadlock.id] = replace(deadlock, cleared_at=event.at)


def _cycle_broken(session: Session, event: Event[e.SystemCycleBroken]) -> None:
    data = event.data
    if data.agent is not None:
        session.last_victim = data.agent
    session.given_way = ()
    if data.by == "policy":
        session.taken_out[data.task] = session.taken_out.get(data.task, 0) + 1
    else:
        session.taken_out.pop(data.task, None)
    first, task = data.gives_way_to, session.tasks.get(data.task)
    if task is not None and data.way == "begin":
        _begin_after_all(session, task)
    if first is None or task is None or session.tasks[first].state in TERMINAL:
        return
    task.yields_to = tuple(dict.fromkeys((*task.yields_to, first)))
    session.unsettle(task)
    waiting = (*session.yielding.get(first, ()), task.spec.id)
    session.yielding[first] = tuple(dict.fromkeys(waiting))
    session.touch(task)


def _begin_after_all(session: Session, task: Task) -> None:
    """Let a task be begun that was to give way to others, though these are not over."""
    for first in task.yields_to:
        others = tuple(name for name in session.yielding[first] if name != task.spec.id)
        session.yielding[first] = others
        if not others:
            del session.yielding[first]
    task.yields_to = ()
    session.given_way = (task.spec.id,)
    session.unsettle(task)
    session.touch(task)


def _topology_changed(session: Session, event: Event[e.SystemTopologyChanged]) -> None:
    if event.data.from_shape != session.shape:
        session.ignored += 1
        return
    session.shape = event.data.to_shape
    session.meter.switch(session.shape, event.at)
    session.reorganise()


def _task_reassigned(session: Session, event: Event[e.TaskReassigned]) -> None:
    data = event.data
    task = session.tasks.get(data.task)
    if (
        task is None
        or task.state not in (TaskState.PENDING, TaskState.READY)
        or task.spec.agent != data.from_agent
        or data.to_agent not in session.agents
    ):
        session.ignored += 1
        return
    session.reassign(task, data.to_agent)
    task.meant_for = task.meant_for or data.from_agent
    session.touch(task)


def _sampled(session: Session, event: Event[e.SystemSampled]) -> None:
    before = session.pressures
    session.sampled = event.data
    session.pressures = {}
    for found in event.data.findings:
        known = before.get(found.trigger)
        times, since = (0, event.at) if known is None else (known.times, known.since)
        session.pressures[found.trigger] = Pressed(found, since, times + 1)


def _strategy_applied(session: Session, event: Event[e.SystemStrategyApplied]) -> None:
    data = event.data
    if any(name not in session.agents for name in data.agents):
        session.ignored += 1
        return
    state = session.adapting.get(data.strategy, Adapting())
    if data.undone:
        gone = frozenset(data.agents)
        left = tuple(it for it in state.held_back if it.agent not in gone)
        session.adapting[data.strategy] = Adapting(state.rests_from, state.times, left)
        if data.action == "spawn_additional_agents":
            for name in data.agents:
                session.agents[name].retired = True
                session.touch(session.agents[name])
    else:
        held = (
            HeldBack(name, session.agents[name].moved, cores)
            for name, cores in zip(data.agents, data.cores, strict=False)
        )
        session.adapting[data.strategy] = Adapting(
            event.at, state.times + 1, (*state.held_back, *held)
        )
    step = Adaptation(
        event.seq, event.at, data.strategy, data.trigger, data.action, data.undone, data.what
    )
    session.adaptations = (*session.adaptations, step)[-LATEST_ADAPTATIONS:]


HANDLERS: dict[str, Callable[[Session, Event[Any]], None]] = {
    e.SystemDeadlockFound.KIND: _deadlock_found,
    e.SystemDeadlockCleared.KIND: _deadlock_cleared,
    e.SystemCycleBroken.KIND: _cycle_broken,
    e.SystemTopologyChanged.KIND: _topology_changed,
    e.TaskReassigned.KIND: _task_reassigned,
    e.SystemSampled.KIND: _sampled,
    e.SystemStrategyApplied.KIND: _strategy_applied,
}
