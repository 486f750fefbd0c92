"""Patterns for paths: what they match, what is wrong with them, and that a match ends soon."""

import time
from itertools import product

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st
from wcmatch import glob

from mop_tui.domain.globs import Globs
from mop_tui.domain.path_patterns import LONGEST, compiled, problem


@pytest.mark.parametrize(
    ("pattern", "matched", "others"),
    [
        ("*.py", ["a.py", ".py", ".a.py"], ["a/b.py", "a.pyc", "a.PY"]),
        ("**/*.py", ["a.py", "a/b.py", ".github/a/b.py"], ["a.pyc", "a.py/b"]),
        ("src/**", ["src/a", "src/a/b"], ["src", "srca", "a/src/b"]),
        ("src/**/test/*", ["src/test/a", "src/a/b/test/c"], ["src/test", "test/a"]),
        ("**/a/**/a/**/b", ["a/a/b", "x/a/y/a/z/b"], ["a/b", "a/a/b/c"]),
        ("k8s/obi-*.yaml", ["k8s/obi-.yaml", "k8s/obi-a-b.yaml"], ["k8s/a/obi-b.yaml"]),
        ("{src,docs/**}/*.{md,txt}", ["src/a.md", "docs/a.txt", "docs/a/b.md"], ["src/a/b.md"]),
        (".github/workflows/*", [".github/workflows/ci.yml"], ["github/workflows/ci.yml"]),
        ("[a-c]?[!x-z].txt", ["a0w.txt", "c...txt"], ["d0w.txt", "a0x.txt", "a/w.txt", "aa/.txt"]),
        ("[!a]b", ["-b", "cb"], ["ab", "/b"]),
        ("x[+-0]y", ["x+y", "x.y", "x0y"], ["x/y"]),
        ("[*]*[*]", ["*a*", "**"], ["aa", "*"]),
        ("a*b*c", ["abc", "axbxbxcxc", "a\nb\nc"], ["abcd", "ab/c"]),
        ("./a//b/./c", ["a/b/c"], ["./a//b/./c"]),
        ("**", ["a", "a/b", "a b/\u00e9"], [""]),
    ],
)
def test_a_pattern_matches(pattern: str, matched: list[str], others: list[str]) -> None:
    assert problem(pattern) == ""
    matcher = compiled(pattern)
    assert [path for path in matched + others if matcher.matches(path)] == matched


@pytest.mark.parametrize(
    ("pattern", "told"),
    [
        ("", "is empty"),
        ("  ", "is empty"),
        ("/etc/*", "is absolute: it has to be relative to session.root"),
        ("C:/x", "is absolute"),
        ("{/etc,a}/*", 'is absolute (as "/etc/*")'),
        ("{,a}/b", 'is absolute (as "/b")'),
        ("../x", 'goes up with "..": it has to stay below'),
        ("a/../../x", 'goes up with ".."'),
        ("a/{b,..}/c", 'goes up with ".." (as "a/../c")'),
        ("a/{b,.}./c", 'goes up with ".." (as "a/../c")'),
        ("~/x", 'begins with "~"'),
        ("a\\b", "has a backslash"),
        ("a\x00b", "has a control character"),
        ("a\nb", "has a control character"),
        ("a\udcffb", "has a control character"),
        ("src/", 'ends with "/" and so means a folder: for the files in it, write "src/**"'),
        ("src/{a,b/}", 'means a folder (as "src/b/")'),
        (".", "means the folder itself"),
        ("{a", "has a brace without its partner"),
        ("a}{", "has a brace without its partner"),
        ("{a}", 'has braces with one part, "{a}"'),
        ("{1..3}", 'has a range in braces, "{1..3}": name the parts'),
        ("[a", "has a bracket without its partner"),
        ("a]", "has a bracket without its partner"),
        ("[]", "has a bracket without its partner, or brackets around nothing"),
        ("[a/b]", "has a bracket without its partner, or"),
        ("[[:alpha:]]", "has a bracket"),
        ("[z-a]", 'has a range that goes backwards, "z-a"'),
        ("a" * (LONGEST + 1), "has 257 characters, more than 256"),
        ("{a,b}" * 7, "stands for more than 64 patterns"),
        ("{a,b}" * 50, "stands for more than 64 patterns"),
        ("{" * 120 + "a" + ",b}" * 40 + "}" * 5, "has a brace without its partner"),
        ("{a,b}{c,d}{e,f}{g,h}" + "x" * 230, "has more than 2048 characters"),
        ("a/" * 60 + "b", "goes through more than 50 folders"),
    ],
)
def test_what_is_wrong_with_a_pattern_is_told(pattern: str, told: str) -> None:
    assert problem(pattern).startswith(told)


@given(st.text("{},a*[].!-/^", max_size=LONGEST))
@example("{" * 85 + "a" + ",b}" * 57)
@example("{a,{a," * 40 + "b" + "}}" * 5)
def test_any_text_is_judged_soon(pattern: str) -> None:
    began = time.process_time()
    if not problem(pattern):
        compiled(pattern).matches("a/b")
    assert time.process_time() - began < 1


@pytest.mark.parametrize(
    ("pattern", "path"),
    [
        ("**/a/" * 24 + "b", "a/" * 2_047 + "c"),
        ("*a" * 100 + "b", "a" * 255),
        ("*a" * 100 + "b", "a" * 4_095),
        ("**/*a*a*a*a*a*a*a*b/" * 5 + "*c", ("a" * 200 + "/") * 20 + "d"),
        ("{**/a/b,**/*a*a}/" * 2 + "**/{a,b}/{a,b}/{a,b}/c", "a/" * 2_047 + "d"),
        ("*[!b]" * 50 + "b", "a" * 255),
    ],
)
def test_a_match_ends_soon_whatever_the_path(pattern: str, path: str) -> None:
    assert problem(pattern) == ""
    matcher = compiled(pattern)
    began = time.process_time()
    assert not matcher.matches(path)
    matcher.may_be_below(path)
    assert time.process_time() - began < 0.5


_NAMES = ["".join(name) for size in (1, 2, 3) for name in product("a.", repeat=size)]
_NAMES = [name for name in _NAMES if name not in (".", "..")]
_PATHS = ["/".join(steps) for size in (1, 2, 3) for steps in product(_NAMES[:7], repeat=size)]
_letters = st.sampled_from(["a", ".", "*", "?", "[a]", "[!a]", "{a,.a}", "{a,*/a}"])
_steps = st.one_of(st.just("**"), st.lists(_letters, min_size=1, max_size=3).map("".join))
_patterns = st.lists(_steps, min_size=1, max_size=3).map("/".join)
_FLAGS = glob.GLOBSTAR | glob.BRACE | glob.DOTMATCH


def _matched(pattern: str) -> set[str]:
    assume(not problem(pattern))
    return {path for path in _PATHS if compiled(pattern).matches(path)}


@given(_patterns)
def test_it_matches_what_wcmatch_does(pattern: str) -> None:
    assume("." not in pattern.split("/"))  # to wcmatch, that is a part of the path
    assert _matched(pattern) == set(glob.globfilter(_PATHS, pattern, flags=_FLAGS))


@given(_patterns)
def test_folders_above_a_match_may_have_one_below(pattern: str) -> None:
    folders = {path[:at] for path in _matched(pattern) for at, c in enumerate(path) if c == "/"}
    assert all(compiled(pattern).may_be_below(folder) for folder in folders | {""})


@given(_patterns, _patterns)
def test_patterns_that_match_one_path_meet(first: str, second: str) -> None:
    if _matched(first) & _matched(second):
        assert Globs().may_meet(first, second)


def test_folders_that_cannot_hold_a_match_are_told() -> None:
    matcher = compiled("src/*/x.py", "docs/**/a.md", "top.txt")
    may = ["", "src", "src/a", "docs", "docs/a", "docs/a/b"]
    cannot = ["node_modules", "src/a/b", "doc", "srca", "top.txt"]
    assert [folder for folder in may + cannot if matcher.may_be_below(folder)] == may


def test_several_patterns_are_matched_at_once() -> None:
    matcher = compiled("*.py", "docs/*")
    assert [path for path in ("a.py", "docs/a", "b.md") if matcher.matches(path)] == [
        "a.py",
        "docs/a",
    ]
    assert not compiled().matches("a.py")
    assert not compiled().may_be_below("")
