"""Patterns for paths of files, as `path_pattern` of a trigger has them.

`*` and `?` stay within a folder, `**` as a whole step goes through any number of them, `[...]` is
one character and `{a,b}` one of its parts. Upper and lower case differ everywhere, and names that
begin with a dot are names like any other. A pattern is about files, and relative to a root that it
cannot leave.

Names are matched by `wcmatch`. How they follow each other is walked through here, step by step and
with all ways kept in mind at once, for paths come from programs that nobody vouches for: one long
expression with some `**` in it takes seconds for a deep path that it does not match.
"""

import re
from collections.abc import Callable, Sequence
from functools import lru_cache

from wcmatch import glob

from mop_tui.domain.globs import MOST_ALTERNATIVES, spread_braces

LONGEST = 256
"""Characters of a pattern."""
LONGEST_IN_ALL = 2048
"""Characters of all its alternatives, once its braces are spread out."""
MOST_STEPS = 50
"""Folders that a pattern may name."""

_CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
_CLASS = re.compile(r"\[(?P<negated>[!^]?)(?P<inside>[^\[\]/{},]+)\]")
_ONE_PART = re.compile(r"\{([^{},]*)\}")
_BRACKETS = re.compile(r"[][{}]")
_WILDCARD = re.compile(r"[*?\[{]")
_EVERYTHING_BELOW = "**"


_Step = Callable[[str], bool]


class Matcher:
    """Tells which paths some patterns match, none of which has a problem.

    Paths are relative to the root, with `/` between their steps, and "" is the root.
    """

    def __init__(self, patterns: Sequence[str]) -> None:
        ways = dict.fromkeys(tuple(_steps(way)) for each in patterns for way in spread_braces(each))
        self._ways = [
            [None if step == _EVERYTHING_BELOW else _step(step) for step in way] for way in ways
        ]

    def matches(self, path: str) -> bool:
        """Tell whether one of the patterns means the file at `path`."""
        names = path.split("/")
        return any(len(steps) in _reached(steps, names) for steps in self._ways)

    def may_be_below(self, folder: str) -> bool:
        """Tell whether there can be a file anywhere below `folder` that one of the patterns means.

        It is exact up to the first `**` of a pattern, below which there may always be one.
        """
        names = folder.split("/") if folder else []
        return any(_reached(steps, names) - {len(steps)} for steps in self._ways)


@lru_cache(maxsize=1024)
def compiled(*patterns: str) -> Matcher:
    """Return what tells whether one of `patterns` matches. They must not have a problem."""
    return Matcher(patterns)


@lru_cache(maxsize=1024)
def problem(pattern: str) -> str:
    """Return what is wrong with a pattern, as the end of a sentence that it begins, or "".

    For example 'is absolute: it has to be relative to session.root'.
    """
    return _in_letters(pattern) or _in_braces(pattern) or _in_classes(pattern) or _in_ways(pattern)


def resource_problem(resource: str) -> str:
    """Return what is wrong with a name, or a pattern for paths, that is to be locked or owned, as
    the end of a sentence that it begins, or ""."""
    if resource != resource.strip():
        return "begins or ends with a space"
    if "${" in resource:
        return "has a look-up, and none is filled in here"
    if "\\" in resource:
        return "has a backslash; folders end in /, and no sign needs another before it"
    if resource.startswith(("/", "~")):
        inside = resource.lstrip("~/")
        better = f", such as {inside}" if inside else ""
        return f"must be in the session's folder: write a path that begins there{better}"
    steps = resource.split("/")
    if ".." in steps:
        return "leads out of a folder by '..'; write the path that it comes to"
    if {"", "."} & {*steps[:-1], steps[-1] or "x"}:
        better = "/".join(step for step in steps[:-1] if step not in ("", "."))
        last = "" if steps[-1] == "." else steps[-1]
        better = f"{better}/{last}" if better else last
        return f"goes nowhere by '.' or '//'; write {better or 'what is meant'}"
    return problem(below(resource)) if _BRACKETS.search(resource) else ""


def below(resource: str) -> str:
    """Return the pattern for the files that a resource means: of a folder, all that are in it."""
    return f"{resource}**" if resource.endswith("/") else resource


def _in_letters(pattern: str) -> str:
    if not pattern.strip():
        return "is empty"
    if len(pattern) > LONGEST:
        return f"has {len(pattern)} characters, more than {LONGEST}"
    if _CONTROLS.search(pattern):
        return "has a control character"
    if "\\" in pattern:
        return 'has a backslash: folders are parted by "/", and [*] means a star'
    if pattern.startswith("~"):
        return 'begins with "~": it has to be relative to session.root'
    if re.match(r"[A-Za-z]:/", pattern) or pattern.startswith("/"):
        return "is absolute: it has to be relative to session.root"
    if pattern.endswith("/"):
        return f'ends with "/" and so means a folder: for the files in it, write "{pattern}**"'
    return ""


def _in_braces(pattern: str) -> str:
    depth = 0
    for char in pattern:
        depth += (char == "{") - (char == "}")
        if depth < 0:
            break
    if depth != 0:
        return "has a brace without its partner"
    single = _ONE_PART.search(pattern)
    if single is not None and ".." in single[1]:
        return f'has a range in braces, "{single[0]}": name the parts, like "{{1,2,3}}"'
    if single is not None:
        return f'has braces with one part, "{single[0]}": write it without them'
    return ""


def _in_classes(pattern: str) -> str:
    for found in _CLASS.finditer(pattern):
        for first, last in _ranges(found["inside"]):
            if first > last:
                return f'has a range that goes backwards, "{first}-{last}"'
    rest = _CLASS.sub("", pattern)
    if "[" in rest or "]" in rest:
        return (
            "has a bracket without its partner, or brackets around nothing or around one of "
            '"/", ",", brackets and braces'
        )
    return ""


def _in_ways(pattern: str) -> str:
    if _ways_at_least(pattern) > MOST_ALTERNATIVES:
        return f"stands for more than {MOST_ALTERNATIVES} patterns by its braces"
    ways = spread_braces(pattern)
    if len(ways) > MOST_ALTERNATIVES:
        return f"stands for more than {MOST_ALTERNATIVES} patterns by its braces"
    if sum(map(len, ways)) > LONGEST_IN_ALL:
        return f"has more than {LONGEST_IN_ALL} characters when its braces are spread out"
    for way in ways:
        told = f' (as "{way}")' if way != pattern else ""
        steps = way.split("/")
        if way.startswith("/"):
            return f"is absolute{told}: it has to be relative to session.root"
        if ".." in steps:
            return f'goes up with ".."{told}: it has to stay below session.root'
        if not _steps(way):
            return f"means the folder itself{told} and no file in it"
        if steps[-1] in ("", "."):
            return f'means a folder{told}: for the files in it, let it end with "/**"'
        if len(steps) > MOST_STEPS:
            return f"goes through more than {MOST_STEPS} folders"
    return ""


def _ways_at_least(pattern: str) -> int:
    """Return the product over braces that stand side by side: a bound before any is spread."""
    ways, depth, parts = 1, 0, 1
    for char in pattern:
        if char == "{":
            depth += 1
        elif char == "," and depth:
            parts += 1
        elif char == "}":
            depth -= 1
            if not depth:
                ways, parts = ways * parts, 1
    return ways


def _steps(pattern: str) -> list[str]:
    """Return the steps of a pattern without braces; what is below a folder is not the folder."""
    steps: list[str] = []
    for step in pattern.split("/"):
        if step not in ("", ".") and (step, steps[-1:]) != (_EVERYTHING_BELOW, [step]):
            steps.append(step)
    if steps[-1:] == [_EVERYTHING_BELOW]:
        steps.append("*")
    return steps


def _reached(steps: Sequence[_Step | None], names: Sequence[str]) -> set[int]:
    """Return how many steps of a pattern may have been made when all names are gone through."""
    at = _passing(steps, {0})
    for name in names:
        after = set()
        for place in at - {len(steps)}:
            step = steps[place]
            if step is None:
                after.add(place)
            elif step(name):
                after.add(place + 1)
        at = _passing(steps, after)
        if not at:
            break
    return at


def _passing(steps: Sequence[_Step | None], at: set[int]) -> set[int]:
    """Return where one may stand in a pattern when folders that `**` stands for may be none."""
    for place in range(len(steps)):
        if place in at and steps[place] is None:
            at.add(place + 1)
    return at


@lru_cache(maxsize=1024)
def _step(step: str) -> _Step:
    """Return what tells whether the name of a file or folder is one that a step means."""
    if _WILDCARD.search(step) is None:
        return step.__eq__
    flags = glob.DOTMATCH | glob.CASE | glob.FORCEUNIX
    found = glob.compile(step, flags=flags)
    return lambda name: bool(found.match(name))


def _ranges(inside: str) -> list[tuple[str, str]]:
    """Return first and last of each range in brackets; a `-` at either end is itself."""
    return [(a or one, z or one) for a, z, one in re.findall(r"(?s)(.)-(.)|(.)", inside)]
