"""Conditions: what must hold of a session for something to be done."""

from collections.abc import Callable
from typing import Literal, TypeGuard

from pydantic import JsonValue

from mop_tui.domain.immutable import immutable

Scalar = str | int | float | bool
Operator = Literal["eq", "ne", "in", "lt", "le", "gt", "ge"]

_SAID: dict[Operator, str] = {
    "eq": "",
    "ne": "anything but ",
    "in": "one of ",
    "lt": "less than ",
    "le": "at most ",
    "gt": "more than ",
    "ge": "at least ",
}

Find = Callable[[str], JsonValue]
"""Returns the value at a path, or None where there is none."""


@immutable
class Condition:
    """The value at `path` compares like this with one of `values`, which is one except for `in`."""

    path: str
    operator: Operator
    values: tuple[Scalar, ...]

    def holds(self, found: JsonValue) -> bool:
        """Return whether `found` is as wanted. What is not there, or is no number where a number
        is wanted, is as wanted by `ne` only."""
        match self.operator:
            case "eq" | "in":
                return any(_same(found, value) for value in self.values)
            case "ne":
                return not _same(found, self.values[0])
            case _:
                return self._in_order(found)

    def _in_order(self, found: JsonValue) -> bool:
        limit = self.values[0]
        if not _is_number(found) or not _is_number(limit):
            return False
        match self.operator:
            case "lt":
                return found < limit
            case "le":
                return found <= limit
            case "gt":
                return found > limit
            case _:
                return found >= limit

    @property
    def wanted(self) -> str:
        """What is wanted, in words: `at least 3`."""
        return _SAID[self.operator] + ", ".join(map(_written, self.values))


def unmet(conditions: tuple[Condition, ...], find: Find) -> tuple[Condition, JsonValue] | None:
    """Return the first condition that does not hold, and what was found instead; None if all do."""
    for condition in conditions:
        found = find(condition.path)
        if not condition.holds(found):
            return condition, found
    return None


def _written(value: Scalar) -> str:
    """Return a value as an author writes it in a layout."""
    if isinstance(value, bool):
        return str(value).lower()
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def _is_number(value: JsonValue) -> TypeGuard[int | float]:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _same(found: JsonValue, wanted: Scalar) -> bool:
    """Compare as a reader would: `true` is not 1, and 1 is 1.0."""
    if isinstance(found, bool) or isinstance(wanted, bool):
        return found is wanted
    return found == wanted
