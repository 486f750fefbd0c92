"""Whether two patterns for paths can mean the same file.

`*` and `?` stay within a folder, `**` as a whole step goes through any number of them, `[...]` is
one character, `{a,b}` one of its parts, and a pattern that ends in `/` means all that is below.
"""

import re
from functools import cache
from itertools import pairwise

MOST_ALTERNATIVES = 64
"""So many ways to read the braces of a pattern are told apart; of more, each is taken for `*`."""

_ANY = "*"
_ONE = "?"
_BRACES = re.compile(r"\{([^{}]*)\}")
_CLASS = re.compile(r"\[[^\]/]+\]")


def may_meet(first: str, second: str) -> bool:
    """True if there may be a path that both patterns match.

    It is exact, but for character classes and too many braces, which are taken to match anything.
    """
    others = [_steps(pattern) for pattern in _spread(second)]
    return any(
        _paths_meet(_steps(pattern), other) for pattern in _spread(first) for other in others
    )


def _spread(pattern: str) -> list[str]:
    """Return the patterns without braces that a pattern stands for."""
    done, todo = [], [pattern]
    while todo:
        this = todo.pop()
        braces = _BRACES.search(this)
        if braces is None:
            done.append(this)
            continue
        parts = braces[1].split(",")
        if len(done) + len(todo) + len(parts) > MOST_ALTERNATIVES:
            parts = [_ANY]
        todo += [this[: braces.start()] + part + this[braces.end() :] for part in parts]
    return done


def _steps(pattern: str) -> tuple[str, ...]:
    below = pattern + "**" if pattern.endswith("/") else pattern
    steps = [_CLASS.sub(_ONE, step) for step in below.split("/") if step not in ("", ".")]
    if steps[-1:] == ["**"]:
        steps.append(_ANY)  # what is below a folder is not the folder
    twice = {at for at, (step, after) in enumerate(pairwise(steps)) if step == after == "**"}
    return tuple(step for at, step in enumerate(steps) if at not in twice)


def _paths_meet(first: tuple[str, ...], second: tuple[str, ...]) -> bool:
    @cache
    def meet(here: int, there: int) -> bool:
        if here == len(first) or there == len(second):
            return all(step == "**" for step in first[here:] + second[there:])
        one, other = first[here], second[there]
        if one == "**":
            return meet(here + 1, there) or meet(here, there + 1)
        if other == "**":
            return meet(here, there + 1) or meet(here + 1, there)
        return _names_meet(one, other) and meet(here + 1, there + 1)

    return meet(0, 0)


def _names_meet(first: str, second: str) -> bool:
    """True if one name of a file or folder may match both."""
    reached = {0}
    for at in range(len(first) + 1):
        reached = _passing_stars(reached, second)
        if at == len(first):
            return len(second) in reached
        char = first[at]
        if char == _ANY:
            reached = set(range(min(reached), len(second) + 1)) if reached else reached
            continue
        after = set()
        for there in reached:
            if there < len(second):
                other = second[there]
                if other == _ANY:
                    after.add(there)
                elif char in (other, _ONE) or other == _ONE:
                    after.add(there + 1)
        reached = after
    return False


def _passing_stars(reached: set[int], pattern: str) -> set[int]:
    """Return where one may stand in `pattern` when its stars may also stand for nothing."""
    passed = set(reached)
    for there in range(len(pattern)):
        if there in passed and pattern[there] == _ANY:
            passed.add(there + 1)
    return passed
