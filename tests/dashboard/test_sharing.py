"""Sharing out rows among panes."""

from hypothesis import given
from hypothesis import strategies as st

from mop_tui.dashboard.sharing import Want, share

wants = st.lists(
    st.builds(Want, st.integers(0, 6), st.integers(0, 60), st.integers(1, 8)),
    min_size=1,
    max_size=5,
)


@given(st.integers(0, 100), wants)
def test_nobody_gets_more_than_needed_and_nothing_is_kept_from_those_in_need(
    room: int, wanted: list[Want]
) -> None:
    given_out = share(room, wanted)
    assert all(0 <= rows <= want.need for rows, want in zip(given_out, wanted, strict=True))
    assert sum(given_out) == min(room, sum(want.need for want in wanted))


@given(st.integers(0, 100), wants)
def test_where_there_is_room_for_it_everyone_has_the_least(room: int, wanted: list[Want]) -> None:
    least = [min(want.least, want.need) for want in wanted]
    if sum(least) <= room:
        assert all(a >= b for a, b in zip(share(room, wanted), least, strict=True))


def test_what_is_short_is_shared_by_weight() -> None:
    assert share(20, [Want(0, 90, 3), Want(0, 90, 1)]) == [15, 5]
