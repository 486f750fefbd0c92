"""What holds for the figures of every report, and a second way to come by some of them."""

import json
from collections.abc import Iterable
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

from mop_tui.domain.events import AgentHealth
from mop_tui.domain.ids import AgentId
from mop_tui.domain.outlook import Outlook
from mop_tui.domain.task_lifecycle import TERMINAL, TaskState
from mop_tui.journal import BufferedWriter, JournalFile
from mop_tui.report.notes import MOST_DECISIONS
from mop_tui.report.summary import Stretch, Summary

RECORDED = [
    Path(__file__).parents[1] / "sessions" / f"{name}.jsonl"
    for name in ("mop-platform", "python-release")
]
WORK = {"starting", "working", "ill"}


def assert_consistent(summary: Summary) -> None:
    """Check that all figures of a report say the same."""
    end = summary.length_ms
    for task in summary.tasks:
        until = end if task.ended_at is None else task.ended_at
        parts = task.work_ms, task.queue_ms, task.held_ms, task.pending_ms
        assert min(parts) >= 0, task.id
        assert sum(parts) == until - task.created_at, task.id
        assert _seamless(task.stays, task.created_at, until), task.id
        assert (task.ended_at is not None) is (task.state in TERMINAL)
        assert (task.began_at is not None) is (task.attempts > 0)
        assert task.work_ms == sum(it.end - it.begin for it in task.stays if it.what in WORK)
    for agent in summary.agents:
        assert all(one.end <= other.begin for one, other in pairwise(agent.stays)), agent.id
        assert all(agent.spawned_at <= it.begin < it.end <= end for it in agent.stays)
        held = sum(it.end - it.begin for it in agent.stays if it.task is not None)
        assert agent.work_ms + agent.waited_ms == held
        assert agent.idle_ms + held <= end - agent.spawned_at
        levels = [level for _, level in agent.health]
        assert all(one != other for one, other in pairwise(["healthy", *levels]))
    assert sum(it.work_ms for it in summary.teams) == sum(it.work_ms for it in summary.agents)
    assert [it for team in summary.teams for it in team.agents].sort() == [
        it.id for it in summary.agents
    ].sort()
    complete = [task for task in summary.tasks if task.state is TaskState.COMPLETE]
    assert sum(team.tasks_done for team in summary.teams) == len(complete)
    for queue in summary.queues:
        assert queue.longest_ms <= queue.queue_ms
    assert sum(it.queue_ms for it in summary.queues) == sum(it.queue_ms for it in summary.tasks)
    _assert_path(summary)
    for question in summary.questions:
        closed = end if question.closed_at is None else question.closed_at
        assert question.waited_ms == closed - question.asked_at
        assert (question.closed_by is None) is (question.closed_at is None)
    routine = sum(times for _, times in summary.routine)
    told = sum(decision.times for decision in summary.decisions)
    if len(summary.decisions) < MOST_DECISIONS:
        assert routine + told + summary.considered == summary.decisions_in_all
    assert [it.seq for it in summary.timeline] == sorted({it.seq for it in summary.timeline})
    for insight in summary.insights:
        assert insight.evidence
        assert all(1 <= seq <= summary.events for seq in insight.evidence)
        assert insight.weight_ms > 0
    weights = [insight.weight_ms for insight in summary.insights]
    assert weights == sorted(weights, reverse=True)


def _assert_path(summary: Summary) -> None:
    """Check that the critical path leads to the last end, each step after the one before it."""
    ends = [
        task.ended_at
        for task in summary.tasks
        if task.ended_at is not None and task.state is not TaskState.CANCELLED
    ]
    steps = summary.critical_path
    if not any(task.attempts for task in summary.tasks if task.ended_at in ends):
        return
    assert steps, "something was done, so there is a path"
    assert steps[-1].end == max(ends)
    assert sum(it.end - it.begin + it.waited_ms for it in steps) == steps[-1].end
    for step in steps:
        assert step.begin <= step.end
        assert step.waited_ms >= 0
        assert step.because
    for before, after in pairwise(steps):
        assert before.end <= after.begin


def _seamless(stays: Iterable[Stretch], begin: int, end: int) -> bool:
    """Return whether stays follow one another from one moment to another, and none is empty."""
    at = begin
    for stay in stays:
        if stay.begin != at or stay.end <= at:
            return False
        at = stay.end
    return at == end


def worked(path: Path) -> dict[str, int]:
    """Return how long each task was in hand and not paused, read from the lines of a file alone.

    Of tasks that ended.
    """
    state: dict[str, str] = {}
    paused: set[str] = set()
    holder: dict[str, str] = {}
    total: dict[str, int] = {}
    last = 0
    for line in path.read_bytes().splitlines()[1:]:
        event: dict[str, Any] = json.loads(line)
        for task, of in state.items():
            if of in ("ASSIGNED", "ACTIVE") and holder[task] not in paused:
                total[task] = total.get(task, 0) + event["at"] - last
        last = event["at"]
        data = event["data"]
        if event["kind"] == "task.transitioned":
            state[data["task"]] = data["to_state"]
            if data["agent"] is not None:
                holder[data["task"]] = data["agent"]
        elif event["kind"] == "agent.transitioned":
            if data["to_state"] == "PAUSED":
                paused.add(data["agent"])
            else:
                paused.discard(data["agent"])
    return {task: ms for task, ms in total.items() if ms}


def measured(cores: float, memory: int, percent: float | None = None) -> AgentHealth:
    """Return what is measured of agent `ann`."""
    return AgentHealth(
        AgentId("ann"), 1, "measured", cpu_usage=percent, cpu_cores=cores, memory_bytes=memory
    )


def with_outlook(file: Path, outlook: Outlook) -> Path:
    """Return a copy of a session file whose header holds an outlook."""
    copy = file.with_name("learnt.jsonl")
    with JournalFile.open(file) as journal:
        writer = BufferedWriter(copy, replace(journal.header, outlook=outlook))
        for event in journal:
            writer.append(event)
        writer.close()
    return copy
