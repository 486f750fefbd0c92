"""A layout as a tree of plain values that remember where they were written.

Mistakes are found in plain values and told by place; the way from one to the other is here. A
*location* is the keys and indices that lead to a value from the top, as pydantic reports it.
"""

import json
import re
from dataclasses import dataclass
from itertools import islice
from typing import NamedTuple

from pydantic import JsonValue

Loc = tuple[str | int, ...]

Scalar = str | int | float | bool | None

_PLAIN_KEY = re.compile(r"[\w-]+")


class Mark(NamedTuple):
    """A place in a file, counted from 1."""

    line: int
    column: int


@dataclass(slots=True)
class Node:
    """A value; the path to it (`tasks.lint.needs[0]`), and where it and its key are written."""

    value: "Scalar | list[Node] | dict[str, Node]"
    path: str = ""
    at: Mark | None = None
    key_at: Mark | None = None

    def plain(self) -> JsonValue:
        """Return the value alone."""
        match self.value:
            case list():
                return [item.plain() for item in self.value]
            case dict():
                return {key: item.plain() for key, item in self.value.items()}
            case _:
                return self.value

    def child(self, step: str | int) -> "Node | None":
        """Return what is under a key or index, or None."""
        match self.value:
            case dict():
                key = self.as_written(step)
                return self.value.get(key) if isinstance(key, str) else None
            case list() if isinstance(step, int) and 0 <= step < len(self.value):
                return self.value[step]
            case _:
                return None

    def as_written(self, step: str | int) -> str | int:
        """Return the key at an index of a list that is written as a mapping, else `step`."""
        if isinstance(step, int) and isinstance(self.value, dict):
            return next(islice(self.value, step, None), step)
        return step

    def entries(self) -> "dict[str, Node]":
        """Return what a mapping holds; nothing else holds anything by name."""
        return self.value if isinstance(self.value, dict) else {}

    def mapping(self, key: str) -> "dict[str, Node]":
        """Return the mapping under `key`, or an empty one where there is none."""
        node = self.child(key)
        return node.entries() if node is not None else {}

    def sequence(self, key: str) -> "list[Node]":
        """Return the list under `key`, or an empty one where there is none."""
        node = self.child(key)
        return node.value if node is not None and isinstance(node.value, list) else []

    def nearest(self, loc: Loc) -> tuple["Node", Loc]:
        """Return the deepest value on the way to `loc`, and what of the way is left.

        Steps that lead nowhere are passed over while later ones lead on: a location may name
        parts that a short form in the file leaves out.
        """
        node, left = self, list[str | int]()
        for step in loc:
            child = node.child(step)
            if child is None:
                left.append(step)
            else:
                node, left = child, []
        return node, tuple(left)

    def way(self, loc: Loc) -> Loc:
        """Return the location of what `nearest` finds, without steps that lead nowhere."""
        node, way = self, list[str | int]()
        for step in loc:
            child = node.child(step)
            if child is not None:
                way.append(node.as_written(step))
                node = child
        return tuple(way)

    def cut(self, loc: Loc) -> None:
        """Take the value at `loc` out. Others keep their paths; those after it in a list move."""
        parent, _ = self.nearest(loc[:-1])
        match parent.value, loc[-1]:
            case dict() as entries, str(key):
                del entries[key]
            case list() as items, int(index):
                del items[index]


def step_into(path: str, step: str | int) -> str:
    """Return the path of what is under a key or index of the value at `path`.

    It is printable: what could steer a terminal is escaped.
    """
    if isinstance(step, int):
        return f"{path}[{step}]"
    if not _PLAIN_KEY.fullmatch(step):
        return f"{path}[{json.dumps(step, ensure_ascii=not step.isprintable())}]"
    return f"{path}.{step}" if path else step


def from_plain(value: JsonValue, path: str = "") -> Node:
    """Return the tree of a value that stands in no file."""
    match value:
        case list():
            items = [from_plain(item, step_into(path, at)) for at, item in enumerate(value)]
            return Node(items, path)
        case dict():
            entries = {key: from_plain(item, step_into(path, key)) for key, item in value.items()}
            return Node(entries, path)
        case _:
            return Node(value, path)
