"""The pane of teams and their agents."""

from collections.abc import Callable, Hashable
from dataclasses import dataclass
from functools import partial
from typing import ClassVar

from textual.binding import Binding, BindingType

from mop_tui.dashboard.details import Details, agent_details
from mop_tui.dashboard.frame import Frame
from mop_tui.dashboard.ink import Ink
from mop_tui.dashboard.line import Line, bar, cell, clip, spread
from mop_tui.dashboard.looks import CLOSED, OPEN, WAITING_FOR_YOU, agent_look
from mop_tui.dashboard.rows import Rows
from mop_tui.dashboard.steering import AGENT_KEYS
from mop_tui.dashboard.subject import Subject
from mop_tui.dashboard.swarm_view import TeamSummary
from mop_tui.dashboard.times import lasted
from mop_tui.domain.ids import AgentId, TeamId
from mop_tui.domain.plan import TeamSpec
from mop_tui.domain.session import Agent

Key = tuple[TeamId, AgentId | None]
"""A team's own row, or the row of one of its agents."""

UNKNOWN = "\N{EN DASH}"
"""What stands where a number is not known."""


@dataclass(frozen=True, slots=True)
class _Columns:
    """How many cells the columns of an agent's row take; 0 leaves a column out."""

    name: int
    state: int
    bar: int
    task: int


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
        self._keys: list[Key] = []
        self._places: dict[Hashable, int] = {}
        self._name_width = 0

    def show(self, frame: Frame) -> None:
        """Show `frame` from now on."""
        same = self._frame is not None and self._frame.view.members is frame.view.members
        self._frame = frame
        if not same:
            self._arrange()
        self.rows_changed()

    def _arrange(self) -> None:
        """List the rows there are, as teams stand open or folded."""
        if self._frame is None:
            return
        view = self._frame.view
        keys: list[Key] = []
        longest = 0
        for team in view.teams:
            keys.append((team.id, None))
            members = view.members[team.id]
            if team.id not in self._folded:
                keys += [(team.id, member) for member in members]
            longest = max(longest, *(len(member) for member in members), 0)
        self._name_width = longest
        if keys != self._keys:
            self._keys = keys
            self._places = {key: index for index, key in enumerate(keys)}

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
        agent = self._keys[index][1]
        return None if agent is None else partial(agent_details, agent_id=agent)

    def subject(self, index: int) -> Subject | None:
        """Return the agent of a row."""
        agent = self._keys[index][1]
        return None if agent is None else Subject(agent=agent)

    def line(self, index: int, width: int) -> Line:
        """Return what is to be said of a team or an agent."""
        frame = self._frame
        if frame is None:
            return ()
        team, agent_id = self._keys[index]
        if agent_id is None:
            spec = next(spec for spec in frame.view.teams if spec.id == team)
            return self._team_line(spec, frame.view.summary(team), frame, width)
        agent = frame.snapshot.agents.get(agent_id)
        if agent is None:
            return self._absent_line(agent_id, width)
        return self._agent_line(agent, frame, width)

    def _team_line(self, team: TeamSpec, summary: TeamSummary, frame: Frame, width: int) -> Line:
        size = len(frame.view.members[team.id])
        left: Line = (
            (f"{CLOSED if team.id in self._folded else OPEN} ", "title"),
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

    def _absent_line(self, agent: AgentId, width: int) -> Line:
        name = cell(agent, self._columns(width).name, "dim")
        return clip((("    ", "plain"), name, (" not spawned yet", "dim")), width)

    def _columns(self, width: int) -> "_Columns":
        if width < 56:
            return _Columns(name=max(8, width - 4 - 1 - 9 - 5), state=9, bar=0, task=0)
        if width < 96:
            return _Columns(name=min(self._name_width, 22), state=9, bar=4, task=0)
        return _Columns(
            name=min(self._name_width, 32), state=12, bar=8, task=14 if width < 130 else 24
        )

    def _agent_line(self, agent: Agent, frame: Frame, width: int) -> Line:
        view = frame.view
        columns = self._columns(width)
        look = view.look(agent)
        line: Line = (
            (f"  {look.sign} ", look.ink),
            cell(agent.spec.id, columns.name, "strong" if agent.task is not None else "plain"),
            (" ", "plain"),
            cell(look.word, columns.state, look.ink),
            *_progress(view.percent(agent), look.ink, columns.bar),
        )
        if not columns.bar:
            return clip(line, width)
        task = view.shown_task(agent)
        name = task.spec.id if task is not None else ""
        line += (cell(lasted(frame.elapsed - agent.since), 6, "dim", "right"), ("  ", "plain"))
        if columns.task:
            line += (cell(name, columns.task, "plain"), ("  ", "plain"))
        elif agent.task is not None:
            line += ((f"{name}  ", "plain"),)
        note = view.note(agent, frame.elapsed)
        if not note and not columns.task and agent.task is None:
            note = name
        return clip((*line, (note, "you" if view.asking(agent) is not None else "dim")), width)

    # -- keys -------------------------------------------------------------------------------

    def action_choose(self) -> None:
        """Open or fold a team; ask for more about an agent."""
        if not self.count:
            return
        team, agent = self._keys[self.cursor]
        if agent is None:
            self._set_folded({team}, folded=team not in self._folded)
        else:
            super().action_choose()

    def action_fold(self, folded: bool) -> None:
        """Fold or open the team under the cursor."""
        if self.count:
            self._set_folded({self._keys[self.cursor][0]}, folded=folded)

    def action_fold_all(self) -> None:
        """Fold all teams, or open them all if they are."""
        if self._frame is not None:
            teams = {team.id for team in self._frame.view.teams}
            self._set_folded(teams, folded=not teams <= self._folded)

    def _set_folded(self, teams: set[TeamId], *, folded: bool) -> None:
        self._folded = self._folded | teams if folded else self._folded - teams
        self._arrange()
        self.rows_changed()
        self.scroll_to_row(self.cursor)
        self.refresh()


def _progress(percent: float | None, ink: Ink, bar_width: int) -> Line:
    """Return a percentage and, where there is room, a bar. What is unknown is a dash."""
    number = UNKNOWN if percent is None else f"{percent:.0f}%"
    said = cell(number, 5, "dim" if percent is None else "plain", "right")
    return (said, (" ", "plain"), *bar(percent, bar_width, ink)) if bar_width else (said,)
