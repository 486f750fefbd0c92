"""Patterns for paths of files, as `path_pattern` of a trigger has them.

`*` and `?` stay within a folder, `**` as a whole step goes through any number of them, `[...]` is
one character and `{a,b}` one of its parts. Upper and lower case differ everywhere, and names that
begin with a dot are names like any other. A pattern is about files, and relative to a root that it
cannot leave.

Paths come from programs that nobody vouches for, so a match takes time in proportion to the length
of the path: each part of the expression below finds its first place and is never tried again. (A
star that has found the first place for what follows it need not look for a later one, since the
next star can skip as much.)
"""

import re
from collections.abc import Sequence
from functools import lru_cache

from mop_tui.domain.globs import MOST_ALTERNATIVES, spread_braces

LONGEST = 256
"""Characters of a pattern."""
LONGEST_IN_ALL = 2048
"""Characters of all its alternatives, once its braces are spread out."""
MOST_STEPS = 50
"""Folders that a pattern may name."""

_CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
_CLASS = re.compile(r"\[(?P<negated>[!^]?)(?P<inside>[^\[\]/{},]+)\]")
_TOKENS = re.compile(rf"{_CLASS.pattern}|\*+|.", re.DOTALL)
_ONE_PART = re.compile(r"\{([^{},]*)\}")
_WILDCARD = re.compile(r"[*?\[{]")
_NEVER = "(?!)"
_EVERYTHING_BELOW = "**"


class Matcher:
    """Tells which paths some patterns match, none of which has a problem.

    Paths are relative to the root, with `/` between their steps, and "" is the root.
    """

    def __init__(self, patterns: Sequence[str]) -> None:
        ways = dict.fromkeys(tuple(_steps(way)) for each in patterns for way in spread_braces(each))
        self._file = re.compile("|".join([*map(_files, ways), _NEVER]))
        self._folder = re.compile("|".join([*map(_folders, ways), _NEVER]))

    def matches(self, path: str) -> bool:
        """Tell whether one of the patterns means the file at `path`."""
        return self._file.fullmatch(path) is not None

    def may_be_below(self, folder: str) -> bool:
        """Tell whether there can be a file anywhere below `folder` that one of the patterns means.

        It is exact up to the first `**` of a pattern, below which there may always be one.
        """
        return self._folder.fullmatch(folder) is not None


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


def fixed_prefix(pattern: str) -> str:
    """Return the folder in which everything is that `pattern` can match; "" for the root."""
    wildcard = _WILDCARD.search(pattern)
    fixed = pattern if wildcard is None else pattern[: wildcard.start()]
    folders, _, _ = fixed.rpartition("/")
    return "/".join(_steps(folders))


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


def _files(steps: Sequence[str]) -> str:
    """Return the expression for the files that a pattern means."""
    parts: list[list[str]] = [[]]
    for step in steps:
        if step == _EVERYTHING_BELOW:
            parts.append([])
        else:
            parts[-1].append(_name(step))
    *before, last = ["/".join(part) for part in parts]
    expression = ""
    for number, part in enumerate(before):
        folders = f"{part}/" if part else ""
        expression += f"(?>(?:[^/]++/)*?{folders})" if number else folders
    return expression + (f"(?:[^/]++/)*?{last}" if before else last)


def _folders(steps: Sequence[str]) -> str:
    """Return the expression for the folders below which a pattern may mean files."""
    expression = ""
    for number in reversed(range(len(steps) - 1)):
        parted = "/" if number else ""
        if steps[number] == _EVERYTHING_BELOW:
            expression = f"(?:{parted}(?s:.+))?"
        else:
            expression = f"(?:{parted}{_name(steps[number])}{expression})?"
    return expression


@lru_cache(maxsize=1024)
def _name(step: str) -> str:
    """Return the expression for the name of one file or folder."""
    if not step.strip("*"):
        return "[^/]++"
    parts = [""]
    for token in _TOKENS.finditer(step):
        if token[0][0] == "*":
            parts.append("")
        else:
            parts[-1] += _letter(token)
    expression, *more = parts
    if more:
        *middle, last = more
        expression += "".join(f"(?>[^/]*?{part})" for part in middle)
        expression += f"[^/]*{last}" if last else "[^/]*+"
    return rf"(?>{expression}(?=/|\Z))"


def _letter(token: re.Match[str]) -> str:
    """Return the expression for one character of a name."""
    if token["inside"]:
        ranges = "".join(f"{re.escape(a)}-{re.escape(z)}" for a, z in _ranges(token["inside"]))
        return f"(?!/)[{'^' if token['negated'] else ''}{ranges}]"
    return "[^/]" if token[0] == "?" else re.escape(token[0])


def _ranges(inside: str) -> list[tuple[str, str]]:
    """Return first and last of each range in brackets; a `-` at either end is itself."""
    return [(a or one, z or one) for a, z, one in re.findall(r"(?s)(.)-(.)|(.)", inside)]
