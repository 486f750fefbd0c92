"""The line of counts."""

from collections.abc import Mapping, Sequence

from mop_tui.dashboard.ending import expected_ends
from mop_tui.dashboard.frame import Frame
from mop_tui.dashboard.health import size_of
from mop_tui.dashboard.ink import Ink
from mop_tui.dashboard.line import Line, clip, width_of
from mop_tui.dashboard.lines import FrameLines
from mop_tui.dashboard.looks import agent_look, task_look
from mop_tui.dashboard.swarm_view import AT_WORK
from mop_tui.domain.agent_lifecycle import AgentState
from mop_tui.domain.task_lifecycle import TaskState

_TASKS = (
    TaskState.FAILED,
    TaskState.CANCELLED,
    TaskState.PENDING,
    TaskState.READY,
    TaskState.ASSIGNED,
    TaskState.ACTIVE,
    TaskState.REVIEWING,
    TaskState.COMPLETE,
)


class MetricsLine(FrameLines):
    """How many agents, tasks and triggers there are, how they stand, what is used, and the end."""

    DEFAULT_CSS = """
    MetricsLine { background: $surface; }
    """

    def lines(self, frame: Frame, width: int) -> Sequence[Line]:
        """Return the one line of counts; where there is no room, without those of nothing."""
        line = _counts(frame)
        if width_of(line) > width:
            line = _counts(frame, nothing=False)
        for more in (_triggers(frame), _used(frame)):
            if more and width_of(line) + width_of(more) <= width:
                line += more
        line += _end(frame, width - width_of(line))
        return [clip(line, width)]


def _counts(frame: Frame, *, nothing: bool = True) -> Line:
    """Return how many agents and tasks there are, and how they stand; with `nothing`, also of which
    agents there are none."""
    agents, tasks = frame.snapshot.agent_counts, frame.snapshot.task_counts
    active = sum(agents.get(state, 0) for state in AT_WORK)
    complete, failed = agents.get(AgentState.COMPLETE, 0), agents.get(AgentState.FAILED, 0)
    return (
        ("Agents ", "dim"),
        (str(sum(agents.values())), "strong"),
        *(_count(active, "active", "busy") if active or nothing else ()),
        *ill(agents),
        *(_count(complete, "complete", "good") if complete or nothing else ()),
        *(_count(failed, "failed", "bad") if failed or nothing else ()),
        ("  Tasks ", "dim"),
        (str(sum(tasks.values())), "strong"),
        *_tasks(tasks),
    )


def ill(agents: Mapping[AgentState, int], *, short: bool = False) -> Line:
    """Return how many agents are ill, by sign and word; nothing if none is.

    In `short`, they are all counted together, in the look of the worst.
    """
    states = (AgentState.UNHEALTHY, AgentState.DEGRADED)
    counts = [(agent_look(state), count) for state in states if (count := agents.get(state, 0))]
    if short and counts:
        look = counts[0][0]
        return ((f"  {look.sign} {sum(count for _, count in counts)} ill", look.ink),)
    return tuple((f"  {look.sign} {count} {look.word.lower()}", look.ink) for look, count in counts)


def _count(count: int, word: str, ink: Ink) -> Line:
    """Return a count; one of nothing is written quietly."""
    return ((f"  {count} {word}", ink if count else "dim"),)


def _triggers(frame: Frame) -> Line:
    """Return how many triggers there are, what came of them, and whether they only propose."""
    snapshot = frame.snapshot
    if not snapshot.triggers:
        return ()
    rows = snapshot.triggers.values()
    refused = sum(row.refused for row in rows)
    return (
        ("  Triggers ", "dim"),
        (str(len(rows)), "strong"),
        (f"  {sum(row.fires for row in rows):,} fired", "plain"),
        (f"  {refused:,} refused" if refused else "", "warn"),
        ("" if snapshot.auto_spawn else "  auto-spawn off", "warn"),
    )


def _used(frame: Frame) -> Line:
    """Return what all agents use together, as far as it was measured."""
    cores, memory = frame.view.used
    if cores is None and memory is None:
        return ()
    line: Line = (("  Use", "dim"),)
    if cores is not None:
        line += ((f"  {cores:.1f} cores", "plain"),)
    if memory is not None:
        line += ((f"  {size_of(memory)}", "plain"),)
    return line


def _end(frame: Frame, room: int) -> Line:
    end = next((it for it in expected_ends(frame) if len(it) + 2 <= room), "")
    return ((f"  {end}", "plain"),) if end else ()


def _tasks(counts: Mapping[TaskState, int]) -> Line:
    line: Line = ()
    for state in _TASKS:
        if counts.get(state):
            line += _count(counts[state], state.value.lower(), task_look(state).ink)
    return line
