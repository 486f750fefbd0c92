"""What is approved is shown whole and readable."""

from pydantic import JsonValue

from mop_tui.dashboard.line import plain_text, width_of
from mop_tui.dashboard.sheet import context_entries, sheet_lines


def shown(context: tuple[tuple[str, JsonValue], ...], width: int = 40) -> list[str]:
    return [plain_text(line) for line in sheet_lines(context_entries(context), width)]


def test_plain_values_stand_beside_their_labels() -> None:
    assert shown((("environment", "production"), ("signed", True), ("size", 3))) == [
        "environment  production",
        "signed       yes",
        "size         3",
    ]


def test_nested_values_stand_below_their_labels() -> None:
    context: tuple[tuple[str, JsonValue], ...] = (
        ("tests", {"passed": 212, "failed": 0, "by": {"python": ["3.11", "3.12"]}}),
        ("changes", ["faster", {"kind": "fix"}]),
    )
    assert shown(context) == [
        "tests",
        "  passed  212",
        "  failed  0",
        "  by",
        "    python",
        "      - 3.11",
        "      - 3.12",
        "changes",
        "  - faster",
        "  -",
        "    kind  fix",
    ]


def test_nothing_is_left_out_or_cut() -> None:
    long = " ".join(f"word{number}" for number in range(40))
    lines = shown((("notes", long), ("log", "one\ntwo\n\x1b[31mthree"), ("none", None)), 30)
    said = " ".join(lines)
    assert all(f"word{number}" in said for number in range(40))
    assert "  one" in lines
    assert "  two" in lines
    assert "  three" in lines, "the escape sequence is gone"
    assert "none   nothing" in lines
    assert all(len(line) <= 30 for line in lines)


def test_a_label_wider_than_the_screen_leaves_room_for_its_value() -> None:
    entries = context_entries((("x" * 80, "value"),))
    assert all(width_of(line) <= 40 for line in sheet_lines(entries, 40))
    assert "value" in shown((("x" * 80, "value"),))[0]
