"""The rows of the timeline: agents or tasks, and what they did and waited for, in time."""

import re
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from functools import partial
from math import inf
from typing import ClassVar, Literal

from textual.binding import Binding, BindingType
from textual.message import Message

from mop_tui.dashboard.bars import CRITICAL, NOW, Bar, Cells, Grid, bars
from mop_tui.dashboard.details import Details, agent_details, task_details
from mop_tui.dashboard.frame import Frame
from mop_tui.dashboard.ink import Ink
from mop_tui.dashboard.line import Line, Span, cell, clip, width_of
from mop_tui.dashboard.looks import CLOSED, OPEN, Look, agent_look, task_look
from mop_tui.dashboard.rows import Rows
from mop_tui.dashboard.steering import AGENT_KEYS, TASK_KEYS
from mop_tui.dashboard.subject import Subject
from mop_tui.dashboard.task_list import by_urgency
from mop_tui.dashboard.time_window import TimeWindow
from mop_tui.dashboard.times import MINUTE, timecode, wall
from mop_tui.domain.ids import AgentId, TaskId, TeamId
from mop_tui.domain.plan import Mode
from mop_tui.domain.rows import Agent, Task
from mop_tui.domain.task_lifecycle import TERMINAL, TaskState
from mop_tui.domain.timeline import (
    Ahead,
    Phase,
    Piece,
    Prospect,
    agent_pieces,
    asked_about,
    first_begun,
    prospect,
    task_pieces,
)
from mop_tui.domain.timeline import (
    Span as AskedSpan,
)

AgentRow = tuple[TeamId, AgentId | None]
"""A team's own row, or that of one of its agents."""
Row = AgentRow | TaskId
View = Literal["agents", "tasks"]
Order = Literal["start", "list"]
"""Tasks by when they were begun, or would be, or as the list of tasks has them."""

_FOREVER = 1 << 62
"""The end of a piece that is not over; painting ends at the present."""
_NOTHING_DONE = frozenset({Phase.PENDING, Phase.IDLE, Phase.FORGOTTEN})
_PAN = 0.25
_NAME = 26
"""Cells of a name, at most; on narrow screens it takes no more than a third."""
_CLOCK, _LONG_CLOCK = 5, 8
"""Cells of a time on the axis, without and with seconds."""


class TimelineChart(Rows):
    """A row for each agent or task. Only the visible rows are ever made.

    What is done besides is making the order of the rows, where rows have come or the order is that
    in which tasks begin, and the prospect, as often as the end is estimated anew.
    """

    VIEWING: ClassVar[list[BindingType]] = [
        Binding("v", "view", "View", tooltip="Show tasks instead of agents, or agents again"),
        Binding("o", "order", "Order", tooltip="Tasks by their start, or as listed", show=False),
        Binding("plus,equals_sign", "zoom(True)", "Zoom", tooltip="Zoom in", key_display="+/-"),
        Binding("minus", "zoom(False)", "Zoom out", show=False),
        Binding("0", "whole", "All", tooltip="Show the whole time"),
        Binding("f", "follow", "Follow", tooltip="Follow the present, or stay"),
        Binding("z", "zoom_to_row", "Zoom to what was done in the row", show=False),
        Binding("left,h", "pan(-1)", "Earlier", show=False),
        Binding("right,l", "pan(1)", "Later", show=False),
        Binding("c", "fold_all", "Collapse or expand all teams", show=False),
    ]
    BINDINGS: ClassVar[list[BindingType]] = [*VIEWING, *AGENT_KEYS, *TASK_KEYS]
    DEFAULT_CSS = """
    TimelineChart, TimelineChart:focus { height: 1fr; border: none; }
    """

    class Shifted(Message):
        """Another stretch of time is shown, or other rows."""

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 - Textual's own word
        super().__init__(id=id)
        self._frame: Frame | None = None
        self._view: View = "agents"
        self._order: Order = "start"
        self._window = TimeWindow()
        self._grid = Grid(self._window, 0, ())
        self._prospect = Prospect()
        self._critical: frozenset[TaskId] = frozenset()
        self._folded: set[TeamId] = set()
        self._rows: list[Row] = []
        self._places: dict[Hashable, int] = {}
        self._name_width = 0
        self._asked: Mapping[TaskId, list[AskedSpan]] = {}
        self._pieces: dict[Row, tuple[Agent | Task, Sequence[AskedSpan], tuple[Piece, ...]]] = {}
        """The pieces made last of rows that were visible, and of what they were made."""
        self._term: re.Pattern[str] | None = None

    # -- following the session --------------------------------------------------------------

    def showing(self, frame: Frame) -> Iterator[None]:
        """See `ShowsInTurns`."""
        former, self._frame = self._frame, frame
        was = None if former is None else former.snapshot
        now = frame.snapshot
        back = was is not None and now.seq < was.seq
        if was is None or was.questions is not now.questions:
            self._asked = asked_about(now.questions.values())
        estimated = former is None or former.estimate is not frame.estimate
        ended = was is not None and was.status != now.status
        still = frame.estimate is None and was is not None and was.tasks is not now.tasks
        anew = was is None or estimated or ended or back or still
        if anew:
            self._prospect = prospect(now, frame.estimate)
            self._critical = frozenset(self._prospect.path)
            yield
        if (
            was is None
            or self._came(was.tasks is not now.tasks, former)
            or (
                self._view == "tasks"
                and (anew if self._order == "start" else was.tasks is not now.tasks)
            )
        ):
            self._arrange()
            yield
        self._look_on()
        yield from self.rows_changing()

    def _came(self, changed: bool, former: Frame | None) -> bool:
        """Return whether there are other rows now."""
        frame = self._frame
        if frame is None or former is None:
            return True
        if self._view == "agents":
            return former.view.members is not frame.view.members
        return changed and len(former.snapshot.tasks) != len(frame.snapshot.tasks)

    def _look_on(self) -> None:
        """Move the window and the grid on to the present."""
        frame = self._frame
        if frame is None:
            return
        window = self._window.looking_on(self._cells, frame.elapsed, self.whole)
        ticks = (window.cell(at) for at in window.ticks(self._step(frame, window), self._offset))
        self._window = window
        self._grid = Grid(window, frame.elapsed, ticks)

    def _step(self, frame: Frame, window: TimeWindow) -> int:
        """Return how much time lies between two labels on the axis."""
        if frame.snapshot.mode is Mode.REHEARSAL:
            return window.step(len(timecode(window.right)))
        step = window.step(_CLOCK)
        return step if step >= MINUTE else window.step(_LONG_CLOCK)

    @property
    def whole(self) -> int:
        """Up to when (session time) anything is known or expected."""
        frame = self._frame
        if frame is None:
            return 1
        recorded = 0 if frame.playback is None else frame.playback.end_at
        return max(frame.elapsed, self._prospect.end or 0, recorded, 1)

    @property
    def _offset(self) -> int:
        """How far the clock on the axis is ahead of session time."""
        frame = self._frame
        if frame is None or frame.snapshot.mode is Mode.REHEARSAL:
            return 0
        start = wall(frame.started, frame.snapshot.away_by(frame.elapsed))
        midnight = start.replace(hour=0, minute=0, second=0, microsecond=0)
        return round((start - midnight).total_seconds() * 1000)

    def _arrange(self) -> None:
        """List the rows there are."""
        frame = self._frame
        if frame is None:
            return
        rows: list[Row] = []
        if self._view == "agents":
            for team in frame.view.teams:
                members = () if team.id in self._folded else frame.view.members[team.id]
                rows.append((team.id, None))
                rows += [(team.id, member) for member in members]
            names = (len(it) for team in frame.view.members.values() for it in team)
        else:
            rows += self._tasks_in_order(frame)
            names = (len(it) for it in frame.snapshot.tasks)
        self._name_width = max(names, default=0)
        if rows != self._rows:
            self._rows = rows
            self._places = {row: index for index, row in enumerate(rows)}
            kept = self._pieces.keys() & self._places.keys()
            self._pieces = {row: self._pieces[row] for row in kept}

    def _tasks_in_order(self, frame: Frame) -> list[TaskId]:
        tasks = frame.snapshot.tasks
        if self._order == "list":
            return by_urgency(frame, tasks)
        ahead = self._prospect.ahead

        def start(name: TaskId) -> float:
            begun = first_begun(tasks[name])
            if begun is not None:
                return begun
            return ahead[name].begin if name in ahead else inf

        return sorted(tasks, key=start)

    # -- what others ask --------------------------------------------------------------------

    @property
    def view(self) -> View:
        """What the rows are."""
        return self._view

    @property
    def order(self) -> Order:
        """In which order tasks are."""
        return self._order

    @property
    def window(self) -> TimeWindow:
        """Which stretch of time is shown."""
        return self._window

    @property
    def prospect(self) -> Prospect:
        """What is expected, and what decides upon the end."""
        return self._prospect

    def pieces_of(self, row: Row) -> tuple[Piece, ...]:
        """Return what an agent or a task did; the last piece goes on if it is not over."""
        frame = self._frame
        if frame is None:
            return ()
        thing: Agent | Task | None
        asked: Sequence[AskedSpan] = ()
        if isinstance(row, tuple):
            thing = None if row[1] is None else frame.snapshot.agents.get(row[1])
        else:
            thing = frame.snapshot.tasks[row]
            asked = self._asked.get(row, ())
        if thing is None:
            return ()
        made = self._pieces.get(row)
        if made is None or made[0] is not thing or made[1] != asked:
            if isinstance(thing, Task):
                pieces = task_pieces(thing, asked, _FOREVER)
            else:
                forgets = thing.history and thing.history[0][0] > thing.created_at
                had = frame.view.tasks_of.get(thing.spec.id, ()) if forgets else ()
                pieces = agent_pieces(thing, _FOREVER, had)
            made = self._pieces[row] = (thing, asked, pieces)
        return made[2]

    def end_unknown(self, name: TaskId) -> bool:
        """Return whether nobody knows when an unfinished task ends, be it because it is late."""
        it = self._prospect.ahead.get(name)
        return it is None or self._frame is None or it.end <= self._frame.elapsed

    @property
    def row_here(self) -> Row | None:
        """The row under the cursor."""
        return self._rows[self.cursor] if self._rows else None

    # -- rows -------------------------------------------------------------------------------

    @property
    def count(self) -> int:
        """How many rows there are."""
        return len(self._rows)

    @property
    def emptiness(self) -> str:
        """What to say where there are no rows."""
        nobody, nothing = "No agent has joined yet.", "No task has been planned yet."
        return nobody if self._view == "agents" else nothing

    def key(self, index: int) -> Row:
        """Return the team, agent or task of a row."""
        return self._rows[index]

    def find(self, key: Hashable) -> int | None:
        """Return where a row stands; an agent of a folded team is at its team."""
        found = self._places.get(key)
        if found is None and isinstance(key, tuple):
            return self._places.get((key[0], None))
        return found

    def about(self, index: int) -> Callable[[Frame], Details] | None:
        """Return what tells all about an agent or a task."""
        row = self._rows[index]
        if not isinstance(row, tuple):
            return partial(task_details, task_id=row)
        return None if row[1] is None else partial(agent_details, agent_id=row[1])

    def subject(self, index: int) -> Subject | None:
        """Return the agent or the task of a row."""
        row = self._rows[index]
        if not isinstance(row, tuple):
            return Subject(task=row)
        return None if row[1] is None else Subject(agent=row[1])

    def line(self, index: int, width: int) -> Line:
        """Return the name of a row, and its cells."""
        frame = self._frame
        if frame is None or not self._rows:
            return ()
        row = self._rows[index]
        if not isinstance(row, tuple):
            return (
                *self._head(row, self._look_of_task(row), row in self._critical),
                *self._bars(row),
            )
        team, agent = row
        if agent is None:
            return self._team_line(team, width)
        known = frame.snapshot.agents.get(agent)
        look = _look_of_agent(frame, known)
        return (*self._head(agent, look, self._is_critical(known)), *self._bars(row))

    def _is_critical(self, agent: Agent | None) -> bool:
        return agent is not None and agent.task in self._critical

    def _look_of_task(self, name: TaskId) -> Look:
        frame = self._frame
        return (
            task_look(TaskState.PENDING)
            if frame is None
            else frame.view.task_look(frame.snapshot.tasks[name])
        )

    @property
    def head_width(self) -> int:
        """Cells before those of the chart, the mark of the cursor included."""
        name = min(self._name_width, _NAME, max(self.row_width // 3 - 4, 6))
        return name + 6

    @property
    def _cells(self) -> int:
        return max(self.row_width - self.head_width, 1)

    def _head(self, name: str, look: Look, critical: bool) -> Line:
        ink: Ink = "match" if self._matches(name) else "strong" if critical else "plain"
        return (
            (f"{look.sign} ", look.ink),
            (CRITICAL if critical else " ", "strong"),
            cell(name, self.head_width - 6, ink),
            ("  ", "plain"),
        )

    def _bars(self, row: Row) -> Line:
        frame = self._frame
        if frame is None:
            return ()
        pieces = self.pieces_of(row)
        if isinstance(row, tuple):
            agent = row[1]
            if not pieces:
                return self._said("not spawned yet")
            ahead = () if agent is None else self._prospect.of.get(agent, ())
            here = frame.snapshot.agents[agent].task if agent is not None else None
            unknown = here is not None and self.end_unknown(here)
            return bars(self._grid, pieces, ahead, self._bar_of_agent, unknown=unknown)
        task = frame.snapshot.tasks[row]
        it = self._prospect.ahead.get(row)
        unknown = task.state not in TERMINAL and self.end_unknown(row)
        told = partial(self._bar_of_task, task)
        return bars(self._grid, pieces, () if it is None else (it,), told, unknown=unknown)

    def _said(self, text: str) -> Line:
        """Return a row that says something instead, after the present if there is room."""
        cells = Cells(self._grid)
        start = 0 if self._grid.present is None else self._grid.present + 2
        fits = start + len(text) <= self._grid.window.cells
        cells.put(start if fits else 0, text, "dim")
        return cells.line()

    def _bar_of_agent(self, piece: Piece | Ahead) -> Bar:
        """Return how the work of an agent looks: by what became of it."""
        name = piece.task
        task = None if self._frame is None or name is None else self._frame.snapshot.tasks.get(name)
        critical = name in self._critical
        return Bar(name or "", _work_ink(task, piece), critical)

    def _bar_of_task(self, task: Task, piece: Piece | Ahead) -> Bar:
        critical = task.spec.id in self._critical
        return Bar(piece.agent or "", _work_ink(task, piece), critical)

    def _team_line(self, team: TeamId, width: int) -> Line:
        frame = self._frame
        if frame is None:
            return ()
        spec = next(spec for spec in frame.view.teams if spec.id == team)
        summary = frame.view.summary(team)
        size = len(frame.view.members[team])
        line: Line = (
            (f"{CLOSED if team in self._folded else OPEN} ", "title"),
            (spec.name, "title"),
            (f"  {size} agent{'' if size == 1 else 's'}", "dim"),
        )
        for state, count in summary.counts:
            look = agent_look(state)
            line += ((f"  {look.sign} {count}", look.ink),)
        line = clip(line, width)
        present = self._grid.present
        if present is not None:
            before = self.head_width - 1 + present - width_of(line)
            if before > 0:
                line += ((" " * before, "plain"), (NOW, "strong"))
        return line

    # -- the axis ---------------------------------------------------------------------------

    def axis(self) -> tuple[Line, Line]:
        """Return the times, and the marks below them."""
        frame, grid = self._frame, self._grid
        if frame is None:
            return (), ()
        window = grid.window
        times: list[Span] = [(" ", "dim")] * window.cells
        marks: list[Span] = [("\N{BOX DRAWINGS LIGHT HORIZONTAL}", "track")] * window.cells
        step = self._step(frame, window)
        now = self._time(frame, frame.elapsed, seconds=True)
        taken = range(0)
        if grid.present is not None:
            start = max(min(grid.present, window.cells - len(now)), 0)
            taken = range(start - 1, start + len(now) + 1)
            self._write(times, start, now, "strong")
        for at in window.ticks(step, self._offset):
            place, said = window.cell(at), self._time(frame, at, seconds=step < MINUTE)
            marks[place] = ("\N{BOX DRAWINGS LIGHT DOWN AND HORIZONTAL}", "dim")
            if place not in taken and place + len(said) - 1 not in taken:
                self._write(times, place, said, "dim")
        if grid.present is not None:
            marks[grid.present] = ("\N{BLACK DOWN-POINTING SMALL TRIANGLE}", "strong")
        head: Span = (" " * self.head_width, "plain")
        return (head, *_run_together(times)), (head, *_run_together(marks))

    def _write(self, cells: list[Span], start: int, text: str, ink: Ink) -> None:
        if start + len(text) <= len(cells):
            cells[start : start + len(text)] = [(letter, ink) for letter in text]

    def _time(self, frame: Frame, at: int, *, seconds: bool) -> str:
        if frame.snapshot.mode is Mode.REHEARSAL:
            return timecode(at)
        return frame.moment(at)[: _LONG_CLOCK if seconds else _CLOCK]

    # -- keys -------------------------------------------------------------------------------

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:  # noqa: ARG002
        """Offer what there is something for."""
        if action == "order":
            return self._view == "tasks"
        if action == "fold_all":
            return self._view == "agents"
        return True

    def action_view(self) -> None:
        """Show tasks instead of agents, or agents again; stay with what the cursor was on."""
        frame, here = self._frame, self.row_here
        if frame is None:
            return
        there: Row | None = None
        if isinstance(here, tuple):
            agent = frame.snapshot.agents.get(here[1]) if here[1] is not None else None
            task = None if agent is None else frame.view.shown_task(agent)
            there = None if task is None else task.spec.id
        elif here is not None:
            who = frame.snapshot.tasks[here].agent
            team = None if who is None else frame.snapshot.agents[who].spec.team
            there = None if team is None else (team, who)
        self._view = "tasks" if self._view == "agents" else "agents"
        self._go_on(there)

    def action_order(self) -> None:
        """Put tasks in another order."""
        self._order = "list" if self._order == "start" else "start"
        self._go_on(self.row_here)

    def _go_on(self, there: Row | None) -> None:
        """Show other rows, with the cursor at one of them."""
        self._arrange()
        found = None if there is None else self.find(there)
        place = found or 0
        self._cursor_key = self._rows[place] if self._rows else None
        self.set_reactive(Rows.cursor, place)
        self._painted.clear()
        self.rows_changed()
        self.scroll_to_row(self.cursor)
        self._shifted()
        self.post_message(self.Moved())

    def _shifted(self) -> None:
        self._look_on()
        self.refresh()
        self.post_message(self.Shifted())
        self.refresh_bindings()

    def _move_window(self, window: TimeWindow) -> None:
        if window != self._window:
            self._window = window
            self._shifted()

    def action_zoom(self, closer: bool) -> None:
        """Zoom in or out: around the present if it is in view, else around the middle."""
        frame, window = self._frame, self._window
        if frame is not None:
            now = frame.elapsed
            around = now if window.has(now) else (window.left + window.right) // 2
            zoomed = window.zoomed(closer=closer, around=around, now=now, whole=self.whole)
            self._move_window(zoomed)

    def action_whole(self) -> None:
        """Show the whole time."""
        if self._frame is not None:
            whole = TimeWindow(cells=self._cells)
            self._move_window(whole.looking_on(self._cells, self._frame.elapsed, self.whole))

    def action_follow(self) -> None:
        """Follow the present, or stay where the window is."""
        window = self._window
        mode: Literal["still", "follow"] = "still" if window.mode == "follow" else "follow"
        self._move_window(
            TimeWindow(left=window.left, scale=window.scale, cells=window.cells, mode=mode)
        )

    def action_pan(self, by: int) -> None:
        """Show what was earlier or will be later."""
        self._move_window(self._window.moved(by * _PAN, self.whole))

    def action_zoom_to_row(self) -> None:
        """Show the time from when something was first done with the row to when it ended."""
        row, frame = self.row_here, self._frame
        pieces = () if row is None else self.pieces_of(row)
        done = [piece for piece in pieces if piece.phase not in _NOTHING_DONE]
        if done and frame is not None:
            begin, last = done[0].begin, done[-1]
            end = min(last.begin if last.phase is Phase.OVER else last.end, frame.elapsed)
            self._move_window(self._window.spanning(begin, max(end, begin + 1)))

    def action_choose(self) -> None:
        """Fold or open a team; ask for more about an agent or a task."""
        row = self.row_here
        if isinstance(row, tuple) and row[1] is None:
            self._folded ^= {row[0]}
            self._go_on(row)
        else:
            super().action_choose()

    def action_fold_all(self) -> None:
        """Fold all teams, or open them all if they are folded."""
        if self._frame is not None:
            teams = {team.id for team in self._frame.view.teams}
            here = self.row_here
            self._folded = set() if teams <= self._folded else teams
            self._go_on(here)

    def on_resize(self) -> None:
        """Show the same stretch of time in more or fewer cells."""
        self._look_on()
        super().on_resize()
        self.post_message(self.Shifted())

    # -- searching --------------------------------------------------------------------------

    def look_for(self, term: str) -> int:
        """Mark the rows whose name contains `term`, go to one, and return how many there are."""
        flags = re.IGNORECASE if term.islower() else 0
        self._term = re.compile(re.escape(term), flags) if term else None
        found = self._found()
        if found and self._rows and self._rows[self.cursor] not in found:
            self._go_to_found(found, 1)
        self.refresh()
        return len(found)

    def step(self, by: int) -> str:
        """Go to the next row found (1) or the one before (-1); return which of how many that is."""
        found = self._found()
        if not found:
            return "not found"
        place = self._go_to_found(found, by)
        return f"{place + 1}/{len(found)}"

    def _matches(self, name: str) -> bool:
        return self._term is not None and self._term.search(name) is not None

    def _found(self) -> list[Row]:
        """Return the rows found, those of folded teams too."""
        frame = self._frame
        if frame is None or self._term is None:
            return []
        if self._view == "tasks":
            return [row for row in self._rows if isinstance(row, str) and self._matches(row)]
        members = frame.view.members
        teams = (team.id for team in frame.view.teams)
        return [(team, it) for team in teams for it in members[team] if self._matches(it)]

    def _go_to_found(self, found: list[Row], by: int) -> int:
        here = self.find(self.row_here) or 0
        at = [place if (place := self.find(row)) is not None else -1 for row in found]
        if self.row_here in found:
            place = (found.index(self.row_here) + by) % len(found)
        elif by > 0:
            place = next((n for n, row in enumerate(at) if row >= here), 0)
        else:
            place = next((n for n in range(len(at) - 1, -1, -1) if at[n] <= here), len(at) - 1)
        row = found[place]
        if isinstance(row, tuple) and row[0] in self._folded:
            self._folded.discard(row[0])
            self._arrange()
        self.cursor = self._places[row]
        self.refresh()
        return place


def _look_of_agent(frame: Frame, agent: Agent | None) -> Look:
    """Return how an agent looks, or one that is in the layout and was not spawned yet."""
    return (
        Look("\N{DOTTED CIRCLE}", "not spawned yet", "dim")
        if agent is None
        else (frame.view.look(agent))
    )


def _work_ink(task: Task | None, piece: Piece | Ahead) -> Ink:
    if task is None or isinstance(piece, Ahead):
        return "plain"
    match task.state:
        case TaskState.COMPLETE:
            return "good"
        case TaskState.FAILED:
            return "bad"
        case TaskState.CANCELLED:
            return "warn"
        case _:
            return "busy"


def _run_together(cells: Sequence[Span]) -> Line:
    """Return cells as a line, one piece for neighbours of one ink."""
    line: list[Span] = []
    for text, ink in cells:
        if line and line[-1][1] == ink:
            line[-1] = (line[-1][0] + text, ink)
        else:
            line.append((text, ink))
    return tuple(line)
