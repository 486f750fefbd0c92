"""Whether two patterns for paths can mean the same file.

`*` and `?` stay within a folder, `**` as a whole step goes through any number of them, `[...]` is
one character, `{a,b}` one of its parts, and a pattern that ends in `/` means all that is below.
"""

import re
from collections.abc import Sequence
from itertools import pairwise

MOST_ALTERNATIVES = 64
"""So many ways to read the braces of a pattern are told apart; of more, each is taken for `*`."""
MOST_WORK = 2_000_000
"""Steps and characters that are compared in all: about a second."""

_ANY = "*"
_ONE = "?"
_BRACES = re.compile(r"\{([^{}]*)\}")
_CLASS = re.compile(r"\[[^\]/]+\]")

Steps = tuple[str, ...]


class TooMuchError(Exception):
    """Comparing these patterns would take too long."""


class Globs:
    """Compares patterns, as long as that takes no more than `work` in all."""

    def __init__(self, work: int = MOST_WORK) -> None:
        self._left = work
        self._known: dict[str, Sequence[Steps]] = {}

    def may_meet(self, first: str, second: str) -> bool:
        """Return whether there may be a path that both patterns match.

        It is exact, but for character classes and too many braces, which are taken to match
        anything. Raises `TooMuchError` when all work is used up.
        """
        ways = self._ways(second)
        return any(self._meet(one, other) for one in self._ways(first) for other in ways)

    def _ways(self, pattern: str) -> Sequence[Steps]:
        """Return the ways to read a pattern, without braces and in steps."""
        if pattern not in self._known:
            self._work(len(pattern))
            self._known[pattern] = [_steps(spread) for spread in spread_braces(pattern)]
        return self._known[pattern]

    def _work(self, amount: int) -> None:
        self._left -= amount
        if self._left < 0:
            raise TooMuchError

    def _meet(self, first: Steps, second: Steps) -> bool:
        """Fill, from the end, the table of which rests of the two can be the same path."""
        self._work(len(first) * len(second) + 1)
        below = [all(step == "**" for step in second[at:]) for at in range(len(second) + 1)]
        for here in reversed(range(len(first))):
            one = first[here]
            row = [one == "**" and below[-1]]
            for there in reversed(range(len(second))):
                other = second[there]
                if "**" in (one, other):
                    # It stands for nothing, or for one step of the other and perhaps more.
                    row.append(below[there] or row[-1])
                else:
                    row.append(below[there + 1] and self._same(one, other))
            below = row[::-1]
        return below[0]

    def _same(self, first: str, second: str) -> bool:
        """Return whether one name of a file or folder may match both."""
        if not ({_ANY, _ONE} & {*first, *second}):
            return first == second
        self._work(len(first) * len(second))
        reached = _passing_stars({0}, second)
        for char in first:
            if not reached:
                return False
            if char == _ANY:
                reached = set(range(min(reached), len(second) + 1))
                continue
            after = set()
            for there in reached - {len(second)}:
                other = second[there]
                if other == _ANY:
                    after.add(there)
                elif other in (char, _ONE) or char == _ONE:
                    after.add(there + 1)
            reached = _passing_stars(after, second)
        return len(second) in reached


def spread_braces(pattern: str) -> list[str]:
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


def _steps(pattern: str) -> Steps:
    below = pattern + "**" if pattern.endswith("/") else pattern
    steps = [_CLASS.sub(_ONE, step) for step in below.split("/") if step not in ("", ".")]
    if steps[-1:] == ["**"]:
        steps.append(_ANY)  # what is below a folder is not the folder
    twice = {at for at, (step, after) in enumerate(pairwise(steps)) if step == after == "**"}
    return tuple(step for at, step in enumerate(steps) if at not in twice)


def _passing_stars(reached: set[int], pattern: str) -> set[int]:
    """Return where one may stand in `pattern` when its stars may also stand for nothing."""
    passed = set(reached)
    for there in range(len(pattern)):
        if there in passed and pattern[there] == _ANY:
            passed.add(there + 1)
    return passed
