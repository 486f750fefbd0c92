"""Through whose hands a message goes, in each shape."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mop_tui.domain.ids import AgentId, TeamId
from mop_tui.domain.topology import SHAPES, Organisation, Shape, Unit, links, route


def unit(team: str, *members: str, lead: str | None = None) -> Unit:
    return Unit(
        TeamId(team),
        tuple(AgentId(member) for member in members),
        None if lead is None else AgentId(lead),
    )


LED = (
    unit("platform", "architect", "dev", "staging", lead="architect"),
    unit("observability", "obi", "grafana", lead="obi"),
    unit("helpers", "one", "other"),
)
TOPPED = Organisation(LED, AgentId("chief"))


def ways(shape: Shape, organisation: Organisation, sender: str, receiver: str) -> tuple[str, ...]:
    return route(shape, organisation, AgentId(sender), AgentId(receiver))


def test_a_hierarchy_goes_up_as_far_as_it_must_and_down_again() -> None:
    assert ways("hierarchical", TOPPED, "dev", "staging") == ("architect",)
    assert ways("hierarchical", TOPPED, "dev", "grafana") == ("architect", "chief", "obi")
    assert ways("hierarchical", TOPPED, "dev", "one") == ("architect", "chief")
    assert ways("hierarchical", TOPPED, "dev", "architect") == ()
    assert ways("hierarchical", TOPPED, "chief", "dev") == ("architect",)


def test_without_a_coordinator_leads_speak_to_each_other_and_so_do_those_without_a_lead() -> None:
    headless = Organisation(LED)
    assert ways("hierarchical", headless, "dev", "grafana") == ("architect", "obi")
    assert ways("hierarchical", headless, "one", "other") == ()
    assert ways("hierarchical", headless, "one", "dev") == ("architect",)


def test_in_a_star_everything_goes_through_the_hub() -> None:
    assert ways("star", TOPPED, "dev", "staging") == ("chief",)
    assert ways("star", TOPPED, "dev", "chief") == ()
    assert Organisation(LED).hub == "architect"
    assert Organisation(LED[2:]).hub == "one"


def test_a_ring_is_gone_round_the_shorter_way() -> None:
    ring = Organisation((unit("all", "a", "b", "c", "d", "e", "f"),))
    assert ways("ring", ring, "a", "c") == ("b",)
    assert ways("ring", ring, "a", "e") == ("f",)
    assert ways("ring", ring, "a", "d") == ("b", "c")
    assert ways("ring", ring, "a", "b") == ()


def test_whoever_is_in_no_team_is_spoken_to_directly() -> None:
    for shape in SHAPES:
        assert ways(shape, TOPPED, "stranger", "dev") == ()


@st.composite
def organisations(draw: st.DrawFn) -> Organisation:
    units = []
    for team in range(draw(st.integers(0, 4))):
        members = [f"t{team}m{at}" for at in range(draw(st.integers(0, 5)))]
        lead = draw(st.sampled_from([None, *members]))
        units.append(unit(f"t{team}", *members, lead=lead))
    there = [member for it in units for member in it.members]
    chief = draw(st.sampled_from([None, "chief", *there]))
    return Organisation(tuple(units), None if chief is None else AgentId(chief))


@pytest.mark.parametrize("shape", SHAPES)
@given(st.data())
def test_every_step_of_a_way_is_along_a_link_and_nobody_is_met_twice(
    shape: Shape, data: st.DataObject
) -> None:
    organisation = data.draw(organisations())
    there = organisation.everybody
    if len(there) < 2:
        return
    sender, receiver = data.draw(
        st.lists(st.sampled_from(there), min_size=2, max_size=2, unique=True)
    )
    way = (sender, *route(shape, organisation, sender, receiver), receiver)
    assert len(set(way)) == len(way)
    linked = {frozenset(link) for link in links(shape, organisation)}
    top = {agent for agent in there if organisation.superior(agent) is None}
    for step in itertools.pairwise(way):
        assert frozenset(step) in linked or (shape == "hierarchical" and set(step) <= top)
