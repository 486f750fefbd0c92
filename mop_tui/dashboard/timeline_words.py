"""What the timeline says about one row: who, what, from when to when, and how long for what."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from mop_tui.dashboard.bars import CRITICAL
from mop_tui.dashboard.frame import Frame
from mop_tui.dashboard.ink import Ink
from mop_tui.dashboard.line import Line, clip
from mop_tui.dashboard.looks import WAITING_FOR_YOU
from mop_tui.dashboard.timeline_chart import Row, TimelineChart
from mop_tui.dashboard.times import lasted
from mop_tui.domain.ids import AgentId, TaskId, TeamId
from mop_tui.domain.task_lifecycle import TERMINAL
from mop_tui.domain.timeline import Phase, Piece, spent
from mop_tui.domain.waiting import waiting_for
from mop_tui.domain.wording import printable

_ROOMY = 60
"""Below this width the state is told by its sign alone."""
_SHORT = 10_000
"""Milliseconds below which tenths of a second are told."""
_WORDS: Mapping[Phase, str] = {
    Phase.WORKING: "worked",
    Phase.ILL: "worked while ill",
    Phase.ASKING: "waited for you",
    Phase.KEY: "waited for a key",
    Phase.LOCK: "waited for a lock",
    Phase.PAUSED: "was paused",
    Phase.PENDING: "waited for what it needs",
    Phase.QUEUED: "queued",
    Phase.RESTING: "rested before another try",
    Phase.STARTING: "started",
    Phase.REVIEWING: "was in review",
    Phase.IDLE: "had nothing to do",
    Phase.FORGOTTEN: "is not kept",
}
_INKS: Mapping[Phase, Ink] = {
    Phase.ASKING: "you",
    Phase.KEY: "warn",
    Phase.LOCK: "warn",
    Phase.PAUSED: "warn",
    Phase.WORKING: "strong",
}


def row_told(frame: Frame, chart: TimelineChart, width: int) -> list[Line]:
    """Return two lines about the row under the cursor of `chart`."""
    row = chart.row_here
    if row is None:
        return [(), ()]
    if not isinstance(row, tuple):
        lines = _of_task(frame, chart, row, width)
    elif row[1] is None:
        lines = _of_team(frame, row[0])
    else:
        lines = _of_agent(frame, chart, row, row[1])
    return [clip(line, width) for line in lines]


def _of_team(frame: Frame, team: TeamId) -> list[Line]:
    name = next(spec.name for spec in frame.view.teams if spec.id == team)
    summary = frame.view.summary(team)
    done = "" if summary.percent is None else f"  {summary.percent:.0f}% of its work is done"
    line: Line = (("Team ", "dim"), (name, "strong"), (done, "plain"))
    if summary.waiting_for_you:
        said = f"  {WAITING_FOR_YOU.sign} {summary.waiting_for_you} for you"
        line += ((said, "you"),)
    return [line, (("enter folds and opens a team, c all of them", "dim"),)]


def _of_task(frame: Frame, chart: TimelineChart, name: TaskId, width: int) -> list[Line]:
    task = frame.snapshot.tasks[name]
    look = frame.view.task_look(task)
    pieces = _until(chart.pieces_of(name), frame.elapsed)
    line: Line = ((f"{look.sign} ", look.ink), (name, "strong"))
    if width >= _ROOMY:
        line += ((f"  {look.word.lower()}", look.ink),)
    line += ((f"  {_when(frame, chart, name, pieces)}", "plain"),)
    if task.agent is not None:
        line += ((f"  by {task.agent}", "plain"),)
    if task.attempts > 1:
        line += ((f"  {task.attempts} attempts", "warn"),)
    if name in chart.prospect.path:
        line += ((f"  {CRITICAL} critical", "strong"),)
    waits = "" if task.state in TERMINAL else waiting_for(frame.snapshot, task)
    said = printable(waits or task.spec.title)
    return [(*line, (f"  {said}", "plain" if waits else "dim")), _times(pieces)]


def _when(frame: Frame, chart: TimelineChart, name: TaskId, pieces: Sequence[Piece]) -> str:
    """Return from when to when a task was done, or is expected to be."""
    work = [it for it in pieces if it.phase in (Phase.STARTING, Phase.WORKING)]
    ahead = chart.prospect.ahead.get(name)
    if not work:
        if frame.snapshot.tasks[name].state in TERMINAL:
            return "never begun"
        if ahead is None:
            return "not begun, nobody knows when"
        return f"expected {_moment(frame, ahead.begin)}\N{EN DASH}{_moment(frame, ahead.end)}"
    begin = _moment(frame, work[0].begin)
    if frame.snapshot.tasks[name].state in TERMINAL:
        over = [it for it in pieces if it.phase is not Phase.OVER]
        return f"{begin}\N{EN DASH}{_moment(frame, over[-1].end)}"
    if ahead is None:
        return f"since {begin}, end unknown"
    if chart.end_unknown(name):
        return f"since {begin}, later than expected"
    return f"since {begin}, expected until {_moment(frame, ahead.end)}"


def _of_agent(frame: Frame, chart: TimelineChart, row: Row, name: AgentId) -> list[Line]:
    agent = frame.snapshot.agents.get(name)
    if agent is None:
        return [((name, "strong"), ("  not spawned yet", "dim")), ()]
    look = frame.view.look(agent)
    line: Line = ((f"{look.sign} ", look.ink), (name, "strong"), (f"  {look.word}", look.ink))
    task = frame.view.shown_task(agent)
    if task is not None:
        before = "" if agent.task is not None else "last " if task.state in TERMINAL else "next "
        pieces = _until(chart.pieces_of(task.spec.id), frame.elapsed)
        when = _when(frame, chart, task.spec.id, pieces)
        critical = f" {CRITICAL} critical" if task.spec.id in chart.prospect.path else ""
        line += (
            (f"  {before}{task.spec.id}", "plain"),
            (critical, "strong"),
            (f"  {when}", "plain"),
        )
    note = frame.view.note(agent, frame.elapsed)
    if note:
        line += ((f"  {note}", "you" if frame.view.asking(agent) is not None else "dim"),)
    times = _times(_until(chart.pieces_of(row), frame.elapsed))
    if agent.completed:
        done = f"{agent.completed} task{'' if agent.completed == 1 else 's'} done"
        times = ((done, "good"), ("  ", "plain"), *times)
    return [line, times]


def _until(pieces: Sequence[Piece], now: int) -> list[Piece]:
    return [replace(it, end=min(it.end, now)) for it in pieces if it.begin < now]


def _times(pieces: Sequence[Piece]) -> Line:
    """Return how long was spent on what, the most first."""
    times = spent(it for it in pieces if it.phase is not Phase.OVER)
    line: Line = ()
    for phase, ms in sorted(times.items(), key=lambda it: -it[1]):
        gap = ", " if line else ""
        line += ((f"{gap}{_WORDS[phase]} {_length(ms)}", _INKS.get(phase, "plain")),)
    return line


def _length(ms: int) -> str:
    """Return how long something lasted, what is short to a tenth of a second."""
    return f"{ms / 1000:.1f}s" if ms < _SHORT else lasted(ms)


def _moment(frame: Frame, at: int) -> str:
    return frame.moment(at).strip()
