"""Whether two patterns can mean the same file."""

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st
from wcmatch import glob

from mop_tui.domain.globs import Globs, TooMuchError


@pytest.mark.parametrize(
    ("first", "second", "meet"),
    [
        ("tests/", "tests/unit/test_a.py", True),
        ("environments/*/observability/obi-*.yaml", "environments/dev/kubernetes/", False),
        ("environments/*/observability/obi-*.yaml", "environments/dev/**", True),
        ("charts/obi-*", "charts/*-operator", True),
        ("charts/{obi,tempo}-*", "charts/loki-*", False),
        ("Tiltfile", "./Tiltfile", True),
        ("*.md", "docs/*.md", False),
        ("**/*.md", "docs/*.txt", False),
        ("a/[ab].txt", "a/b.txt", True),
        ("**/" * 40 + "a", "**/" * 40 + "b", False),
        ("{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}", "aaaaaac", True),  # too many
    ],
)
def test_patterns_meet_where_one_file_may_match_both(first: str, second: str, meet: bool) -> None:
    assert Globs().may_meet(first, second) is meet
    assert Globs().may_meet(second, first) is meet


# Two patterns of three signs, one of them a star, may take four to be matched both.
_NAMES = ["".join(name) for size in (1, 2, 3, 4) for name in product("ab", repeat=size)]
_PATHS = ["/".join(steps) for size in (1, 2) for steps in product(_NAMES, repeat=size)]
_steps = st.one_of(st.just("**"), st.text("ab*?", min_size=1, max_size=3))
_patterns = st.lists(_steps, min_size=1, max_size=2).map("/".join)


@given(_patterns, _patterns)
def test_they_meet_exactly_where_some_path_matches_both(first: str, second: str) -> None:
    def matched(pattern: str) -> set[str]:
        return {path for path in _PATHS if glob.globmatch(path, pattern, flags=glob.GLOBSTAR)}

    assert Globs().may_meet(first, second) is bool(matched(first) & matched(second))


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("a/" * 3_000 + "*", "a/" * 3_000 + "b"),
        ("*a" * 5_000, "*b" * 5_000),
        ("**/a/" * 2_000, "a/**/" * 2_000),
    ],
)
def test_what_would_take_too_long_is_refused(first: str, second: str) -> None:
    with pytest.raises(TooMuchError):
        Globs().may_meet(first, second)


def test_work_is_counted_over_all_comparisons() -> None:
    globs = Globs(work=10_000)

    def compare_many() -> None:
        for number in range(10_000):
            globs.may_meet(f"folder-{number}/*", "other/*")

    with pytest.raises(TooMuchError):
        compare_many()
