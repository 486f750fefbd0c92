"""How long regular expressions may take."""

import pytest

from mop_tui.domain.patterns import ENDLESS, FEW_STEPS, LONGEST_SUBJECT, MANY_STEPS, is_tame, steps

N = LONGEST_SUBJECT


@pytest.mark.parametrize(
    "pattern",
    [
        "a*" * 30 + "b",
        "a*a*a*b",
        "a?" * 40 + "a" * 40,
        "(a{0,99}){5}",
        "(a*)*",
        "(a|aa)+",
        "(?:a|ab|b)+c",
        "((a+)b?)*c",
        "(?:a?)+",
        "(?i:a+B)*A+a+c",
        "(?i)(a+A)*b",
        "([a)]+)*",
        "(a{9}){0,999}(a*)*",
        r"(\w+\s?)*!",
        r"([^\W]+_)*!",
        r"(?:a|b*)*c",
        r"(a*)(a*)\1\2b",
        "(?i)a+A+a+A",
        "(?=(a*)*b)a",
        "(",
    ],
)
def test_what_may_take_for_ever_is_not_tame(pattern: str) -> None:
    assert not is_tame(pattern)


@pytest.mark.parametrize(
    "pattern",
    [
        "[a-z]+",
        "a*b*",
        ".*x.*",
        "(abc)+",
        r"\d{4}-\d{2}",
        r"v?\d+\.\d+\.\d+(-[a-z0-9]+)?",
        r"[\w.+-]+@[\w-]+\.[\w.-]+",
        r"[^@\s]+@[^@\s]+\.[a-z]{2,}",
        r"https?://[^/]+/.*",
        r"(\d{1,3}\.){3}\d{1,3}",
        "(?:[a-z]+,)*[a-z]+",
        "(yes|no)+",
        "[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}",
        "(a|b)c",
        r"[()*+]+",
        r"\(a+\)+",
        "[]+]+",
        "(?i)yes|no",
    ],
)
def test_what_people_write_is_tame(pattern: str) -> None:
    assert is_tame(pattern)


def test_the_operator_may_leave_more_open_but_not_everything() -> None:
    assert is_tame("from .* to .* at .* done$", MANY_STEPS)
    assert not is_tame("a*a*a*a*b", MANY_STEPS)
    assert not is_tame("(a+)+b", MANY_STEPS)


def test_steps_are_counted_by_how_many_ways_there_are_before_a_thing() -> None:
    assert steps("abc") == 1 + 3 + 1
    assert steps("a*b") == 1 + (1 + N) + 1 + 1
    assert steps("a*a") == 1 + (1 + N) + (N + 1) + (N + 1)
    assert N**2 < steps("a*a*b") < 3 * N**2 < FEW_STEPS < N**3 < steps("a*a*a*b") < MANY_STEPS
    assert steps("(a*)*") == ENDLESS


@pytest.mark.parametrize("length", [1, 5, 9])
@pytest.mark.parametrize(
    ("piece", "most", "count"),
    [("a*", N, 1), ("a*", N, 2), ("a*", N, 3), ("a{0,4}", 4, 5), ("(?:aa?)?", 2, 6)],
)
def test_no_match_takes_more_steps_than_were_foretold(
    piece: str, most: int, count: int, length: int
) -> None:
    def tried(pieces: int, left: int) -> int:
        """Count what a matcher tries that goes through all ways."""
        if pieces == 0:
            return 1
        return 1 + sum(tried(pieces - 1, left - n) for n in range(min(left, most) + 1))

    assert tried(count, length) <= steps(piece * count + "b")
