"""Columns that stay columns, whatever is written in them."""

from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from mop_tui.dashboard.line import bar, cell, clip, cut_left, plain_text, spread, width_of, wrap

texts = st.text(
    alphabet=st.one_of(
        st.characters(min_codepoint=32, max_codepoint=126), st.sampled_from("äß√漢字✓…日本")
    ),
    max_size=40,
)
widths = st.integers(min_value=1, max_value=60)


@given(texts, widths)
def test_a_cell_is_exactly_as_wide_as_its_column(text: str, width: int) -> None:
    assert cell_len(cell(text, width)[0]) == width


@given(texts, texts, widths)
def test_a_clipped_line_is_never_too_wide(left: str, right: str, width: int) -> None:
    assert width_of(clip(((left, "plain"), (right, "dim")), width)) <= width


@given(texts, st.text(alphabet="abc ", max_size=10), st.integers(min_value=10, max_value=60))
def test_the_right_side_stands_at_the_edge_and_the_left_gives_way(
    left: str, right: str, width: int
) -> None:
    line = spread(((left, "plain"),), ((right, "plain"),), width)
    assert width_of(line) == width
    assert "".join(text for text, _ in line).endswith(right)


@given(texts, widths)
def test_wrapping_loses_no_letter(text: str, width: int) -> None:
    lines = wrap(text, max(width, 2))
    assert "".join("".join(lines).split()) == "".join(text.split())
    assert all(cell_len(line) <= max(width, 2) for line in lines)


@given(texts, st.integers(min_value=2, max_value=60))
def test_a_path_keeps_its_end(text: str, width: int) -> None:
    shown = cut_left(text, width)
    assert cell_len(shown) <= width
    assert text.endswith(shown.removeprefix("…"))


def test_a_line_that_fits_keeps_its_blanks() -> None:
    assert wrap("    return  x", 20) == ["    return  x"]
    assert wrap("", 20) == []


def test_a_cut_is_visible() -> None:
    assert cell("platform-engineer", 9)[0] == "platform…"
    line = clip((("waits for ", "plain"), ("everything", "plain")), 14)
    assert plain_text(line) == "waits for eve…"
    assert cut_left("sessions/2026/run.jsonl", 12) == "…6/run.jsonl"


def filled(percent: float | None, width: int) -> int:
    return len(bar(percent, width, "good")[0][0])


@given(st.floats(min_value=0, max_value=100), st.integers(min_value=2, max_value=60))
def test_a_bar_is_full_only_when_all_is_done_and_empty_only_when_nothing_is(
    percent: float, width: int
) -> None:
    assert (filled(percent, width) == width) is (percent == 100)
    assert (filled(percent, width) == 0) is (percent == 0)


def test_an_unknown_share_is_not_drawn_as_progress() -> None:
    assert filled(None, 10) == 0
