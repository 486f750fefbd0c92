"""How long a regular expression may take, told before it is used.

Python's `re` tries one way of matching after the other, so an expression of a few signs can take
for ever, and nothing can interrupt it. `steps` is an upper bound for that, from the expression
alone: it counts the ways in which what comes before may match, times what is to be tried for each.
"""

import re
import warnings
from collections.abc import Sequence
from functools import lru_cache
from importlib import import_module
from typing import Any

LONGEST_SUBJECT = 512
"""Characters of a text that the bounds are for: no longer one is to be matched."""
FEW_STEPS = 1 << 22
"""Within a tenth of a second: for the expressions of those who are not trusted."""
MANY_STEPS = 1 << 31
"""For the expressions of the operator: the mistakes that take for ever are above it."""
ENDLESS = 1 << 64

_Items = Sequence[tuple[Any, Any]]
_REPEATS = ("MAX_REPEAT", "MIN_REPEAT", "POSSESSIVE_REPEAT")
_CHARACTERS = ("LITERAL", "NOT_LITERAL", "IN", "ANY")
_MOST_LISTED = 300
_parse = import_module("re._parser").parse  # no name for the public, but the very one `re` uses


def is_tame(pattern: str, most: int = FEW_STEPS) -> bool:
    """Tell whether matching takes no more than `most` steps. Errs on the safe side.

    What is no regular expression is not tame.
    """
    return steps(pattern) <= most


@lru_cache(maxsize=256)
def steps(pattern: str) -> int:
    """Return how many steps a match of `LONGEST_SUBJECT` characters from one place takes at most.

    What cannot be judged is `ENDLESS`.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = _parse(pattern)
        exact = not tree.state.flags & re.IGNORECASE
        ways, cost = _sequence(tree, exact=exact)
    except (re.error, RecursionError, OverflowError, ValueError):
        return ENDLESS
    # Each way is tried for whether it ends where the text does.
    return min(ways + cost, ENDLESS)


def _sequence(items: _Items, *, exact: bool) -> tuple[int, int]:
    """Return in how many ways `items` may match from one place, and in how many steps all of them.

    `exact` says that a letter is itself alone, whatever its case.
    """
    ways, cost = 1, 1
    for place, item in enumerate(items):
        item_ways, item_cost = _item(item, exact=exact)
        cost += ways * item_cost
        if exact and item_ways > 1 and _is_decided(item, items[place + 1 : place + 2]):
            item_ways = 1
        ways *= item_ways
        if ways >= ENDLESS or cost >= ENDLESS:
            return ENDLESS, ENDLESS
    return ways, cost


def _item(item: tuple[Any, Any], *, exact: bool) -> tuple[int, int]:
    what, about = item
    match str(what):
        case "AT" | "LITERAL" | "NOT_LITERAL" | "IN" | "ANY" | "FAILURE":
            return 1, 1
        case "GROUPREF":
            return 1, LONGEST_SUBJECT
        case "SUBPATTERN":
            _, added, _, inner = about
            return _sequence(inner, exact=exact and not added & re.IGNORECASE)
        case "ATOMIC_GROUP":
            return _sequence(about, exact=exact)
        case "ASSERT" | "ASSERT_NOT":
            return _sequence(about[1], exact=exact)
        case "BRANCH":
            return _branch(about[1], exact=exact)
        case "GROUPREF_EXISTS":
            _, yes, no = about
            return _branch([yes, no or []], exact=False)
        case name if name in _REPEATS:
            return _repeat(*about, exact=exact)
        case _:
            return ENDLESS, ENDLESS


def _branch(branches: Sequence[_Items], *, exact: bool) -> tuple[int, int]:
    each = [_sequence(branch, exact=exact) for branch in branches]
    first = [_first(branch) if exact else None for branch in branches]
    known = [letters for letters in first if letters is not None]
    apart = len(known) == len(first) and sum(map(len, known)) == len(set().union(*known))
    ways = [ways for ways, _ in each]
    return max(ways) if apart else sum(ways), 1 + sum(cost for _, cost in each)


def _repeat(least: int, most: int, inner: _Items, *, exact: bool) -> tuple[int, int]:
    ways, cost = _sequence(inner, exact=exact)
    least, most = min(int(least), LONGEST_SUBJECT), min(int(most), LONGEST_SUBJECT)
    if ways == 1:
        single = len(inner) == 1 and str(inner[0][0]) in _CHARACTERS
        return most - least + 1, 1 + most * (1 if single else cost)
    if most > ENDLESS.bit_length():
        return ENDLESS, ENDLESS
    return (
        sum(ways**times for times in range(least, most + 1)),
        1 + cost * sum(ways**times for times in range(most)),
    )


def _is_decided(item: tuple[Any, Any], following: _Items) -> bool:
    """Tell whether a repeat can end in one place only, because of what has to follow it."""
    what, about = item
    if str(what) == "SUBPATTERN" and len(about[3]) == 1 and not about[1] & re.IGNORECASE:
        return _is_decided(about[3][0], following)
    if str(what) not in _REPEATS or len(about[2]) != 1:
        return False
    letters = _first(following)
    return letters is not None and not any(_takes(about[2][0], letter) for letter in letters)


def _first(items: _Items) -> frozenset[int] | None:
    """Return the letters of which one has to come first, if they can be listed."""
    if not len(items):
        return None
    what, about = items[0]
    match str(what):
        case "LITERAL":
            return frozenset([about])
        case "IN":
            return _listed(about)
        case "SUBPATTERN" if not about[1] & re.IGNORECASE:
            return _first(about[3])
        case name if name in _REPEATS and about[0] > 0:
            return _first(about[2])
        case _:
            return None


def _listed(parts: _Items) -> frozenset[int] | None:
    letters: set[int] = set()
    for what, about in parts:
        match str(what):
            case "LITERAL":
                letters.add(about)
            case "RANGE" if about[1] - about[0] < _MOST_LISTED:
                letters.update(range(about[0], about[1] + 1))
            case _:
                return None
    return frozenset(letters)


def _takes(item: tuple[Any, Any], letter: int) -> bool:
    """Tell whether an item may match a letter; True in doubt."""
    what, about = item
    match str(what):
        case "LITERAL":
            return bool(about == letter)
        case "NOT_LITERAL":
            return bool(about != letter)
        case "IN":
            negated = str(about[0][0]) == "NEGATE"
            found = any(_is_in(part, letter, doubt=not negated) for part in about)
            return found != negated
        case "SUBPATTERN" if len(about[3]) == 1 and not about[1] & re.IGNORECASE:
            return _takes(about[3][0], letter)
        case _:
            return True


def _is_in(part: tuple[Any, Any], letter: int, *, doubt: bool) -> bool:
    what, about = part
    match str(what):
        case "LITERAL":
            return bool(about == letter)
        case "RANGE":
            return bool(about[0] <= letter <= about[1])
        case "NEGATE":
            return False
        case "CATEGORY" if letter < 128:
            # Of ASCII, all ways of sorting letters say the same.
            return _in_category(str(about), chr(letter))
        case _:
            return doubt


def _in_category(category: str, letter: str) -> bool:
    name = category.removeprefix("CATEGORY_")
    kind = {"DIGIT": r"\d", "SPACE": r"\s", "WORD": r"\w"}[name.removeprefix("NOT_")]
    return (re.fullmatch(kind, letter) is not None) != name.startswith("NOT_")
