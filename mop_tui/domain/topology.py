"""Who speaks to whom: the shapes in which a swarm is coordinated, and the ways of messages.

    hierarchical    members - lead - coordinator - lead - members
    star            everybody - hub
    ring            each to its two neighbours, the shorter way round
    mesh            everybody to everybody

`Organisation` says who belongs where; it knows no states. `route` says through whose hands a
message goes, and `links` what there is to be drawn.
"""

from collections.abc import Iterable, Iterator, Mapping
from itertools import pairwise

from mop_tui.domain import shapes
from mop_tui.domain.ids import AgentId, TeamId
from mop_tui.domain.immutable import immutable
from mop_tui.domain.plan import AgentSpec, Plan, TeamSpec

Shape = shapes.Shape
SHAPES = shapes.SHAPES


@immutable
class Unit:
    """A team as it is coordinated: its members that are there, and who of them leads."""

    team: TeamId
    members: tuple[AgentId, ...]
    lead: AgentId | None = None


@immutable
class Organisation:
    """Who there is, in screen order: nobody is in two units, the coordinator may be in one."""

    units: tuple[Unit, ...]
    coordinator: AgentId | None = None

    @property
    def everybody(self) -> tuple[AgentId, ...]:
        """All agents, the coordinator first if it belongs to no unit."""
        members = tuple(agent for unit in self.units for agent in unit.members)
        if self.coordinator is None or self.coordinator in members:
            return members
        return (self.coordinator, *members)

    @property
    def hub(self) -> AgentId | None:
        """Who stands in the middle of a star: the coordinator, else the first lead, else the first
        of all."""
        leads = (unit.lead for unit in self.units if unit.lead is not None)
        return self.coordinator or next(leads, None) or next(iter(self.everybody), None)

    def superior(self, agent: AgentId) -> AgentId | None:
        """Return to whom `agent` reports in a hierarchy; None at its top."""
        if agent == self.coordinator:
            return None
        for unit in self.units:
            if agent in unit.members:
                lead = unit.lead
                return self.coordinator if lead is None or lead == agent else lead
        return self.coordinator


def organised(
    teams: Iterable[TeamSpec], agents: Mapping[AgentId, AgentSpec], coordinator: AgentId | None
) -> Organisation:
    """Return the organisation of those `agents`, each in the team that it belongs to.

    Members stand in the order of their team, and after them those who joined later.
    """
    members: dict[TeamId, list[AgentId]] = {team.id: [] for team in teams}
    for team in teams:
        members[team.id] += [agent for agent in team.agents if agent in agents]
    for agent, spec in agents.items():
        of_team = members.setdefault(spec.team, [])
        if agent not in of_team:
            of_team.append(agent)
    units = []
    for team_id, those in members.items():
        lead = next((agent for agent in those if agents[agent].lead), None)
        units.append(Unit(team_id, tuple(those), lead))
    return Organisation(tuple(units), coordinator if coordinator in agents else None)


def begins_as(plan: Plan) -> Shape:
    """Return the shape in which a session begins: an adaptive one is hierarchical where there are
    several teams with leads, else a mesh."""
    if plan.topology != "adaptive":
        return plan.topology
    units = organised(plan.teams, plan.agents, plan.coordinator).units
    led = sum(1 for unit in units if unit.lead is not None)
    return "hierarchical" if led > 1 else "mesh"


def route(
    shape: Shape, organisation: Organisation, sender: AgentId, receiver: AgentId
) -> tuple[AgentId, ...]:
    """Return through whose hands a message goes, in order, sender and receiver left out.

    Whoever is not in the organisation is spoken to directly. Where a hierarchy has no top, those
    at the head of its parts speak to each other.
    """
    return Ways(shape, organisation).between(sender, receiver)


class Ways:
    """The ways of messages in one shape of an organisation: see `route`.

    Making this looks at everybody once; finding a way then takes as many steps as that has hands.
    """

    def __init__(self, shape: Shape, organisation: Organisation) -> None:
        self._shape = shape
        self._ring = organisation.everybody
        self._place = {agent: place for place, agent in enumerate(self._ring)}
        self._hub = organisation.hub
        self._superior: dict[AgentId, AgentId] = {}
        top = organisation.coordinator
        for unit in organisation.units:
            for agent in unit.members:
                over = top if unit.lead in (None, agent) else unit.lead
                if over is not None and agent != top:
                    self._superior[agent] = over

    def between(self, sender: AgentId, receiver: AgentId) -> tuple[AgentId, ...]:
        """Return through whose hands a message goes, in order, sender and receiver left out."""
        place = self._place
        if sender == receiver or sender not in place or receiver not in place:
            return ()
        match self._shape:
            case "mesh":
                return ()
            case "star":
                hub = self._hub
                return () if hub is None or hub in (sender, receiver) else (hub,)
            case "ring":
                return _round(self._ring, place[sender], place[receiver])
            case "hierarchical":
                up, down = self._line(sender), self._line(receiver)
                while len(up) > 1 and len(down) > 1 and up[-2] == down[-2]:
                    up.pop()
                    down.pop()
                met = up if up[-1] == down[-1] else [*up, down[-1]]
                way = [*met, *reversed(down[:-1])]
                return tuple(way[1:-1])

    def _line(self, agent: AgentId) -> list[AgentId]:
        """Return an agent and those above it, the highest last."""
        line = [agent]
        while (superior := self._superior.get(line[-1])) is not None:
            line.append(superior)
        return line


def links(shape: Shape, organisation: Organisation) -> Iterator[tuple[AgentId, AgentId]]:
    """Yield who speaks to whom without anybody between, each pair once, the superior first."""
    there = organisation.everybody
    match shape:
        case "mesh":
            for at, agent in enumerate(there):
                for other in there[at + 1 :]:
                    yield agent, other
        case "star":
            hub = organisation.hub
            for agent in there:
                if hub is not None and agent != hub:
                    yield hub, agent
        case "ring":
            yield from pairwise(there)
            if len(there) > 2:
                yield there[-1], there[0]
        case "hierarchical":
            for agent in there:
                superior = organisation.superior(agent)
                if superior is not None:
                    yield superior, agent


def _round(ring: tuple[AgentId, ...], start: int, end: int) -> tuple[AgentId, ...]:
    """Return who stands between two on a ring, the shorter way; of equal ways, onwards."""
    size = len(ring)
    onwards = (end - start) % size
    if onwards <= size - onwards:
        return tuple(ring[(start + step) % size] for step in range(1, onwards))
    return tuple(ring[(start - step) % size] for step in range(1, size - onwards))
