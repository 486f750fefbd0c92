"""Hypothesis strategies for events of every kind, with anything their types allow in them."""

from typing import Any

from hypothesis import strategies as st
from pydantic import JsonValue

from mop_tui.domain.events import BY_KIND, FACTS, AnyEvent, Event, Fact

json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)
st.register_type_strategy(JsonValue, json_values)  # type: ignore[arg-type]  # an alias, not a type
# JSON has no others, and what becomes of those is for tests of its own.
st.register_type_strategy(float, st.floats(allow_nan=False, allow_infinity=False))

any_fact: st.SearchStrategy[Fact] = st.one_of([st.from_type(fact) for fact in FACTS])


def events_of(kind: str) -> st.SearchStrategy[AnyEvent]:
    """Events of one kind, with any number, time and cause."""
    return st.builds(_numbered, st.from_type(BY_KIND[kind]), st.integers(1, 10**9), st.data())


def _numbered(fact: Fact, seq: int, data: st.DataObject) -> AnyEvent:
    causes = st.none() if seq == 1 else st.none() | st.integers(1, seq - 1)
    return Event(seq, data.draw(st.integers(0, 10**12)), fact.KIND, data.draw(causes), fact)


@st.composite
def histories(draw: st.DrawFn, facts: st.SearchStrategy[Any] = any_fact) -> list[AnyEvent]:
    """Gapless sequences of events, each caused by the one before it."""
    return numbered(draw(st.lists(facts, max_size=20)))


def numbered(facts: list[Any]) -> list[AnyEvent]:
    """Make a history of facts: one event each, each caused by the one before it."""
    return [
        Event(seq, seq * 10, fact.KIND, seq - 1 or None, fact)
        for seq, fact in enumerate(facts, start=1)
    ]
