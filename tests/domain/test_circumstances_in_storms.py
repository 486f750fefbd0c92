"""Looking things up in storms of events finds them or nothing, and never fails."""

from functools import cache
from random import Random

import pytest
from any_event import events_of
from hypothesis import given, settings
from hypothesis import strategies as st

from bench import storms
from mop_tui.domain.circumstances import Circumstances, form_at, forms
from mop_tui.domain.events import BY_KIND, AnyEvent
from mop_tui.domain.fold import apply
from mop_tui.domain.session import Session

ROOTS = ("event", "agent", "task", "error", "question", "trigger", "session", "memory:k0", "x")
STEPS = st.sampled_from(
    ("seq", "id", "type", "name", "state", "value", "spec", "status", "KIND", "__doc__", "")
)
PATHS = (
    st.builds(".".join, st.lists(st.sampled_from(ROOTS) | STEPS, min_size=1, max_size=4))
    | st.text()
)


@cache
def stormy(seed: int) -> list[AnyEvent]:
    """Return the events of a storm in which something happened."""
    chance = Random(seed)
    world = storms.World(storms.a_plan(chance), chance)
    world.run()
    return world.events


@pytest.mark.parametrize("kind", sorted(BY_KIND))
@settings(deadline=None, max_examples=20)
@given(data=st.data())
def test_a_look_up_never_fails_whatever_the_event_and_the_path(
    kind: str, data: st.DataObject
) -> None:
    session = Session()
    for event in stormy(13)[:60]:
        apply(session, event)
    trigger = next(iter(session.triggers.values()))
    about = Circumstances(session, data.draw(events_of(kind)), trigger)
    path = data.draw(PATHS)
    about.find(path)
    about.text(path)
    about.told()


@pytest.mark.parametrize("seed", range(8))
def test_whatever_can_be_found_has_a_name(seed: int) -> None:
    """All paths that are known somewhere are tried at each event of a storm."""
    known = sorted(forms(tuple(BY_KIND)))
    session = Session()
    found = 0
    for event in stormy(seed):
        apply(session, event)
        for trigger in session.triggers.values():
            about = Circumstances(session, event, trigger)
            named = forms((event.kind,))
            for path in known:
                if about.find(path) is not None:
                    assert form_at(path, named) is not None, f"{path} of {event.kind}"
                    found += 1
            break
    assert found > 100


def test_what_follows_a_step_is_entered() -> None:
    session = Session()
    events = stormy(13)
    for event in events[:60]:
        apply(session, event)
    trigger = next(iter(session.triggers.values()))
    about = Circumstances(session, events[59], trigger)
    assert about.find("event.seq") == 60
    assert about.find("event.seq.deeper") is None
    assert about.find("trigger.name") == trigger.spec.name
    assert about.text("trigger.fires") == str(trigger.fires)
    assert about.text("trigger.nothing") is None
