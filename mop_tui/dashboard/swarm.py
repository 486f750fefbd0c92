"""The pane of teams and their agents."""

from collections.abc import Callable, Hashable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import ClassVar, Literal

from textual.binding import Binding, BindingType
from textual.geometry import Size

from mop_tui.dashboard.details import Details, agent_details
from mop_tui.dashboard.frame import Frame
from mop_tui.dashboard.health import size_of
from mop_tui.dashboard.ink import Ink
from mop_tui.dashboard.line import Line, Span, bar, cell, clip, spread, width_of
from mop_tui.dashboard.looks import CLOSED, OPEN, UNKNOWN, WAITING_FOR_YOU, Look, agent_look
from mop_tui.dashboard.rows import Rows
from mop_tui.dashboard.steering import AGENT_KEYS
from mop_tui.dashboard.subject import Subject
from mop_tui.dashboard.swarm_view import TeamSummary
from mop_tui.dashboard.times import age
from mop_tui.domain.agent_lifecycle import AgentState
from mop_tui.domain.ids import AgentId, TeamId
from mop_tui.domain.plan import TeamSpec
from mop_tui.domain.rows import Agent

Key = tuple[TeamId, AgentId | None]
"""A team's own row, or the row in which one of its agents is, alone or as the first of several."""

Form = Literal["rows", "cells", "counts"]
"""How the agents of a team are shown that are well: a row each, several in a row, or counted."""

FEW = 50
"""Up to so many agents have a row each, whether there is room for all of them or not."""
_WORTH_IT = 8
"""Cells below which a note would say nothing."""
_ROOMY = 130
"""From this width on there is room for everything."""
_USE = 19
_HEALTH = 11
"""How wide the columns are of what an agent uses, and of its health."""
_CELL = 30
"""How wide an agent is that shares its row with others, at most."""

_TOLD_BY_NOTE = (AgentState.AVAILABLE, AgentState.PAUSED, AgentState.COMPLETE)
"""States of agents at rest: where room is short, what they wait for says more than the state."""
_ABSENT = Look("\N{DOTTED CIRCLE}", "not spawned yet", "dim")


@dataclass(frozen=True, slots=True)
class _Columns:
    """How many cells the columns of an agent's row take; 0 leaves a column out."""

    name: int
    state: int
    bar: int
    task: int
    use: int
    health: int = 0


class Swarm(Rows):
    """Teams with their agents: who does what, how far, since when, and why not."""

    WEIGHT = 4
    FOLDING: ClassVar[list[BindingType]] = [
        Binding("left,h", "fold(True)", "Collapse the team", show=False),
        Binding("right,l", "fold(False)", "Expand the team", show=False),
        Binding("c", "fold_all", "Collapse or expand all teams", show=False),
    ]
    BINDINGS: ClassVar[list[BindingType]] = [*FOLDING, *AGENT_KEYS]

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 - Textual's own word
        super().__init__(id=id)
        self.border_title = "Agents"
        self._frame: Frame | None = None
        self._folded: set[TeamId] = set()
        self._opened: set[TeamId] = set()
        self._form: Form = "rows"
        self._keys: list[Key] = []
        self._cells: dict[Key, Sequence[AgentId]] = {}
        """Who stands in the rows that hold several agents."""
        self._places: dict[Hashable, int] = {}
        self._name_width = 0

    def showing(self, frame: Frame) -> Iterator[None]:
        """See `ShowsInTurns`."""
        former, self._frame = self._frame, frame
        if former is None or former.view.members is not frame.view.members:
            members = frame.view.members.values()
            self._name_width = max((len(name) for team in members for name in team), default=0)
            self._arrange()
        elif self._form != "rows" and former.view.unwell != frame.view.unwell:
            self._arrange()
        yield from self.rows_changing()

    def on_resize(self) -> None:
        """Show agents in the form that there is room for."""
        self._arrange()
        super().on_resize()

    # -- forms ------------------------------------------------------------------------------

    def needed(self, size: Size) -> int:
        """Return how many rows it would fill, in the form that suits a content area of `size`."""
        return max(self._rows_in(self._form_for(size), size.width), self.LEAST)

    def _form_for(self, size: Size) -> Form:
        """Return the form in which most is told of all agents, as far as there is room."""
        if self._frame is None or sum(map(len, self._frame.view.members.values())) <= FEW:
            return "rows"
        forms: tuple[Form, ...] = ("rows", "cells")
        fitting = (form for form in forms if self._rows_in(form, size.width) <= size.height)
        return next(fitting, "counts")

    def _rows_in(self, form: Form, width: int) -> int:
        """Return how many rows there are in a form."""
        if self._frame is None:
            return 0
        view, unwell = self._frame.view, self._frame.view.unwell
        count = 0
        for team in view.teams:
            members = view.members[team.id]
            match self._form_of(team.id, form):
                case None:
                    count += 1
                case "rows":
                    count += 1 + len(members)
                case "cells":
                    ill = sum(member in unwell for member in members)
                    count += 1 + ill - (ill - len(members)) // self._in_a_row(width)
                case "counts":
                    count += 1 + sum(member in unwell for member in members)
        return count

    def _form_of(self, team: TeamId, form: Form) -> Form | None:
        """Return how a team is shown; None if it is folded."""
        if team in self._folded:
            return None
        return "rows" if team in self._opened else form

    def _in_a_row(self, width: int) -> int:
        return max(1, (width - 3) // self._cell_width)

    @property
    def _cell_width(self) -> int:
        return min(self._name_width + 9, _CELL)

    def _arrange(self) -> None:
        """List the rows there are, in the form that there is room for."""
        if self._frame is None:
            return
        view, unwell = self._frame.view, self._frame.view.unwell
        size = self.outer_size - (self.gutter.width, self.gutter.height)
        self._form = self._form_for(size)
        keys: list[Key] = []
        self._cells = {}
        places: dict[Hashable, int] = {}
        for team in view.teams:
            keys.append((team.id, None))
            form = self._form_of(team.id, self._form)
            members = view.members[team.id]
            if form is None:
                continue
            if form != "rows":
                keys += [(team.id, member) for member in members if member in unwell]
            if form == "rows":
                keys += [(team.id, member) for member in members]
            elif form == "cells":
                well = [member for member in members if member not in unwell]
                step = self._in_a_row(size.width)
                for start in range(0, len(well), step):
                    cells = well[start : start + step]
                    places |= {(team.id, member): len(keys) for member in cells}
                    self._cells[team.id, cells[0]] = cells
                    keys.append((team.id, cells[0]))
        self._keys = keys
        self._places = {key: index for index, key in enumerate(keys)} | places

    # -- rows -------------------------------------------------------------------------------

    @property
    def count(self) -> int:
        """How many rows there are."""
        return len(self._keys)

    @property
    def emptiness(self) -> str:
        """What to say where there are no rows."""
        return "No agent has joined yet."

    def key(self, index: int) -> Key:
        """Return the team and agent of a row."""
        return self._keys[index]

    def find(self, key: Hashable) -> int | None:
        """Return where a team or an agent stands; an agent of a folded team is at its team."""
        found = self._places.get(key)
        if found is None and isinstance(key, tuple):
            return self._places.get((key[0], None))
        return found

    def about(self, index: int) -> Callable[[Frame], Details] | None:
        """Return what tells all about an agent."""
        agent = self._agent_at(index)
        return None if agent is None else partial(agent_details, agent_id=agent)

    def subject(self, index: int) -> Subject | None:
        """Return the agent of a row."""
        agent = self._agent_at(index)
        return None if agent is None else Subject(agent=agent)

    def _agent_at(self, index: int) -> AgentId | None:
        """Return the agent that has a row for itself; None for a team, or several in a row."""
        key = self._keys[index]
        return None if key in self._cells else key[1]

    def line(self, index: int, width: int) -> Line:
        """Return what is to be said of a team or an agent."""
        frame = self._frame
        if frame is None:
            return ()
        team, agent_id = self._keys[index]
        if agent_id is None:
            spec = next(spec for spec in frame.view.teams if spec.id == team)
            return self._team_line(spec, frame.view.summary(team), frame, width)
        if (team, agent_id) in self._cells:
            return self._cells_line(self._cells[team, agent_id], frame, width)
        agent = frame.snapshot.agents.get(agent_id)
        if agent is None:
            return self._absent_line(agent_id, width)
        return self._agent_line(agent, frame, width)

    def _team_line(self, team: TeamSpec, summary: TeamSummary, frame: Frame, width: int) -> Line:
        size = len(frame.view.members[team.id])
        left: Line = (
            (f"{OPEN if self._is_open(team.id) else CLOSED} ", "title"),
            (team.name, "title"),
            (f"  {size} agent{'' if size == 1 else 's'}", "dim"),
        )
        if summary.waiting_for_you:
            left += ((f"  {WAITING_FOR_YOU.sign} {summary.waiting_for_you} for you", "you"),)
        for state, count in summary.counts:
            look = agent_look(state)
            word = f" {state.value.lower()}" if width >= 90 else ""
            left += ((f"  {look.sign} {count}{word}", look.ink),)
        return spread(left, _progress(summary.percent, "good", 10 if width >= 56 else 0), width)

    def _cells_line(self, agents: Sequence[AgentId], frame: Frame, width: int) -> Line:
        line: Line = (("  ", "plain"),)
        for name in agents:
            agent = frame.snapshot.agents.get(name)
            look = _ABSENT if agent is None else frame.view.look(agent)
            percent = None if agent is None else frame.view.percent(agent)
            said = UNKNOWN if percent is None else f"{percent}%"
            line += (
                (f"{look.sign} ", look.ink),
                cell(name, self._cell_width - 9, "plain"),
                cell(said, 5, "dim" if percent is None else look.ink, "right"),
                ("  ", "plain"),
            )
        return clip(line, width)

    def _absent_line(self, agent: AgentId, width: int) -> Line:
        name = cell(agent, self._columns(width).name, "dim")
        return clip((("    ", "plain"), name, (" not spawned yet", "dim")), width)

    def _columns(self, width: int) -> "_Columns":
        if width < 56:
            name = min(self._name_width, max(8, width - 4 - 1 - 9 - 5))
            return _Columns(name=name, state=9, bar=0, task=0, use=0)
        if width < 96:
            return _Columns(name=min(self._name_width, 22), state=9, bar=4, task=0, use=0)
        frame = self._frame
        measured = frame is not None and frame.view.used != (None, None)
        checked = frame is not None and frame.view.checked
        return _Columns(
            name=min(self._name_width, 32),
            state=12,
            bar=4 if checked and width < _ROOMY else 8,
            task=14 if width < _ROOMY else 24,
            use=_USE if measured and width >= 110 else 0,
            health=_HEALTH if checked else 0,
        )

    def _agent_line(self, agent: Agent, frame: Frame, width: int) -> Line:
        view = frame.view
        columns = self._columns(width)
        look = view.look(agent)
        note = view.note(agent, frame.elapsed)
        ill = bool(note) and note == view.wrong(agent)
        note_ink: Ink = "you" if view.asking(agent) is not None else "dim"
        if ill:
            note_ink = "bad" if agent.state is AgentState.UNHEALTHY else "warn"
        line: Line = (
            (f"  {look.sign} ", look.ink),
            cell(agent.spec.id, columns.name, "strong" if agent.task is not None else "plain"),
            (" ", "plain"),
        )
        percent = view.percent(agent)
        if not columns.bar and note and percent is None and agent.state in _TOLD_BY_NOTE:
            return clip((*line, (note, note_ink)), width)
        line += (
            cell(look.word, columns.state, look.ink),
            *_progress(percent, look.ink, columns.bar),
        )
        if not columns.bar:
            room = width - width_of(line) >= _WORTH_IT
            return clip((*line, (f" {note}" if room else "", note_ink)), width)
        task = view.shown_task(agent)
        name = task.spec.id if task is not None else ""
        line += (cell(age(frame.elapsed - agent.since), 6, "dim", "right"), ("  ", "plain"))
        if columns.health:
            line += (_health(view.condition(agent), columns.health), ("  ", "plain"))
        if columns.use:
            use = cell(_used(agent), columns.use, "dim")
            if ill and width < _ROOMY:  # there is no room for a note
                use, note = cell(note, columns.use, note_ink), ""
            line += (use, ("  ", "plain"))
        if columns.task:
            line += (cell(name, columns.task, "plain"), ("  ", "plain"))
        elif agent.task is not None:
            line += ((f"{name}  ", "plain"),)
        if not note and not columns.task and agent.task is None:
            note = name
        return clip((*line, (note, note_ink)), width)

    # -- keys -------------------------------------------------------------------------------

    def action_choose(self) -> None:
        """Open or fold a team; ask for more about an agent."""
        if not self.count:
            return
        key = self._keys[self.cursor]
        if key[1] is None:
            self._set_folded({key[0]}, folded=self._is_open(key[0]))
        elif key in self._cells:
            self._set_folded({key[0]}, folded=False)
        else:
            super().action_choose()

    def _is_open(self, team: TeamId) -> bool:
        """Return whether all agents of a team are in view."""
        return self._form_of(team, self._form) in ("rows", "cells")

    def action_fold(self, folded: bool) -> None:
        """Fold or open the team under the cursor."""
        if self.count:
            self._set_folded({self._keys[self.cursor][0]}, folded=folded)

    def action_fold_all(self) -> None:
        """Fold all teams; if they are, open them all, as far as there is room."""
        if self._frame is not None:
            teams = {team.id for team in self._frame.view.teams}
            fold = any(map(self._is_open, teams))
            counted = self._form == "counts"
            self._folded = teams if fold and not counted else set()
            self._opened = teams if counted and not fold else set()
            self._changed_by_hand()

    def _set_folded(self, teams: set[TeamId], *, folded: bool) -> None:
        self._folded = self._folded | teams if folded else self._folded - teams
        self._opened = self._opened - teams if folded else self._opened | teams
        self._changed_by_hand()

    def _changed_by_hand(self) -> None:
        self._arrange()
        self.rows_changed()
        self.scroll_to_row(self.cursor)
        self.refresh()
        self.post_message(self.Moved())


def _health(look: Look | None, width: int) -> Span:
    """Return how the health of an agent looks; nothing where it is not checked."""
    return (
        cell("", width, "dim")
        if look is None
        else cell(f"{look.sign} {look.word}", width, look.ink)
    )


def _used(agent: Agent) -> str:
    """Return the processor cores and the memory that an agent uses, as far as they are known."""
    health = agent.measured
    if health is None or not agent.running:
        return UNKNOWN
    cores = UNKNOWN if health.cpu_cores is None else f"{health.cpu_cores:.1f} cores"
    memory = "" if health.memory_bytes is None else f"  {size_of(health.memory_bytes)}"
    return cores + memory


def _progress(percent: float | None, ink: Ink, bar_width: int) -> Line:
    """Return a percentage and, where there is room, a bar. What is unknown is a dash."""
    number = UNKNOWN if percent is None else f"{percent:.0f}%"
    said = cell(number, 5, "dim" if percent is None else "plain", "right")
    return (said, (" ", "plain"), *bar(percent, bar_width, ink)) if bar_width else (said,)
