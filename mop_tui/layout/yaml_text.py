"""Reads YAML into a tree, within bounds.

Scalars mean what YAML 1.2's core schema says: `no`, `yes`, `on`, `1:30` and dates are texts. Keys
are texts as they are written. Anchors, aliases and merge keys are fine as long as what they expand
to stays within `MAX_NODES` and `MAX_DEPTH`; both are checked while composing, before anything is
expanded. That needs PyYAML's own composer: its C counterpart ignores the override.
"""

import math
import re
from pathlib import Path
from stat import S_ISDIR, S_ISREG
from typing import Any, Protocol

from yaml import (
    AliasEvent,
    MappingNode,
    MarkedYAMLError,
    ScalarNode,
    SequenceNode,
    YAMLError,
)
from yaml import Node as YamlNode
from yaml.composer import Composer
from yaml.parser import Parser
from yaml.reader import Reader, ReaderError
from yaml.resolver import BaseResolver
from yaml.scanner import Scanner

from mop_tui.errors import LayoutError, Problem
from mop_tui.layout.findings import Finding, Placed
from mop_tui.layout.tree import Mark, Node, Scalar, step_into

MAX_BYTES = 4 * 1024 * 1024
MAX_NODES = 100_000
MAX_DEPTH = 100
MAX_INTEGER = 2**63 - 1

NO_TEXT = re.compile("[\0\ud800-\udfff]")
"""What YAML and command lines can smuggle into a text, and UTF-8 or other programs cannot take:
NUL, and halves of characters."""

_TAG = "tag:yaml.org,2002:"
_STR, _NULL, _BOOL, _INT, _FLOAT, _MERGE = (
    _TAG + name for name in ("str", "null", "bool", "int", "float", "merge")
)


class _Place(Protocol):
    """A place as PyYAML has it: counted from 0."""

    @property
    def line(self) -> int: ...

    @property
    def column(self) -> int: ...


class _UnfitError(YAMLError):
    """The text is YAML, but not to be expanded."""

    def __init__(self, message: str, at: Mark) -> None:
        super().__init__(message)
        self.at = at


class _Bounded(Reader, Scanner, Parser, Composer, BaseResolver):
    """A composer that counts nodes and depth as they will be once aliases are expanded."""

    def __init__(self, text: str) -> None:
        Reader.__init__(self, text)
        Scanner.__init__(self)
        Parser.__init__(self)
        Composer.__init__(self)
        BaseResolver.__init__(self)
        self._nodes = 0
        self._depth = 0
        self._deepest = 0
        self._open: set[str] = set()
        self._extents: dict[str, tuple[int, int]] = {}

    def compose_node(self, parent: YamlNode | None, index: int) -> YamlNode | None:
        event: Any = self.peek_event()  # type: ignore[no-untyped-call]  # the stubs lack its type
        anchor, at = event.anchor, _mark(event.start_mark)
        if isinstance(event, AliasEvent):
            if anchor in self._open:
                raise _UnfitError(f"*{anchor} stands inside itself", at)
            self._grow(*self._extents.get(anchor, (0, 0)), at)
            return super().compose_node(parent, index)
        before, deepest = self._nodes, self._deepest
        self._depth += 1
        self._deepest = self._depth
        self._grow(1, 0, at)
        if anchor is not None:
            self._open.add(anchor)
        node = super().compose_node(parent, index)
        if anchor is not None:
            self._open.discard(anchor)
            self._extents[anchor] = (self._nodes - before, self._deepest - self._depth + 1)
        self._depth -= 1
        self._deepest = max(self._deepest, deepest)
        return node

    def _grow(self, nodes: int, height: int, at: Mark) -> None:
        self._nodes += nodes
        self._deepest = max(self._deepest, self._depth + height)
        if self._nodes > MAX_NODES:
            raise _UnfitError(
                f"holds more than {MAX_NODES:,} values from here on, counting what aliases repeat",
                at,
            )
        if self._deepest > MAX_DEPTH:
            raise _UnfitError(f"is nested more than {MAX_DEPTH} deep", at)


for _tag, _pattern, _first in (
    (_NULL, r"~|null|Null|NULL|", ["~", "n", "N", ""]),
    (_BOOL, r"true|True|TRUE|false|False|FALSE", list("tTfF")),
    (_INT, r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+", list("-+0123456789")),
    (
        _FLOAT,
        r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?",
        list("-+.0123456789"),
    ),
    (_MERGE, r"<<", ["<"]),
):
    _Bounded.add_implicit_resolver(_tag, re.compile(rf"(?:{_pattern})\Z"), _first)


def read(path: Path, file: str) -> str:
    """Return the text of a layout file; messages call it `file`. Raises LayoutError."""
    try:
        kind = path.stat().st_mode
        if not S_ISREG(kind):
            raise _hopeless(file, "is a folder, not a layout" if S_ISDIR(kind) else "is not a file")
        with path.open("rb") as stream:
            content = stream.read(MAX_BYTES + 1)
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else str(error)
        raise _hopeless(file, f"cannot be read: {reason}") from error
    if len(content) > MAX_BYTES:
        raise _hopeless(file, f"is larger than {MAX_BYTES // 1024 // 1024} MiB, so it is no layout")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        # The error counts from behind a byte order mark, and holds the bytes it counts in.
        before = error.object[: error.start].decode()
        raise _hopeless(file, "is not UTF-8 text from here on", _mark_at_end(before)) from error


def parse(text: str, file: str) -> tuple[Node, list[Placed]]:
    """Return the tree that `text` holds, a mapping, and what is wrong with parts of it.

    Raises LayoutError where no tree can be made of it.
    """
    loader: _Bounded | None = None
    try:
        loader = _Bounded(text)
        root = loader.get_single_node()
    except ReaderError as error:
        place = _mark_at_end(text[: error.position])
        raise _hopeless(file, f"holds U+{error.character:04X}, which no text has", place) from error
    except _UnfitError as error:
        raise _hopeless(file, str(error), error.at) from error
    except MarkedYAMLError as error:
        # What is opened and not closed is told where it opens, everything else where it shows.
        opened = "quoted scalar" in (error.context or "") or "flow" in (error.context or "")
        mark = (opened and error.context_mark) or error.problem_mark or error.context_mark
        raise _hopeless(file, _sentence(error), _mark(mark) if mark else None) from error
    except (ValueError, OverflowError) as error:  # of escapes such as "\\UFFFFFFFF"
        here = _mark(loader.get_mark()) if loader is not None else None
        raise _hopeless(file, "no text has such a character", here) from error
    growth = _Growth()
    tree = Node(None) if root is None else growth.node(root, "")
    if tree.value is None:
        raise _hopeless(file, "is empty; a layout has at least session, teams and tasks")
    if not isinstance(tree.value, dict):
        raise _hopeless(file, "must be a mapping of sections: session, teams, tasks, ...", tree.at)
    return tree, growth.found


class _Growth:
    """Turns composed YAML into our own tree: aliases and merges expanded, scalars understood.

    `found` is what was wrong on the way.
    """

    def __init__(self) -> None:
        self.found: list[Placed] = []
        self._told: set[tuple[Mark, str]] = set()

    def node(self, source: YamlNode, path: str, key_at: Mark | None = None) -> Node:
        at = _mark(source.start_mark)
        match source:
            case MappingNode(tag="tag:yaml.org,2002:map"):
                return Node(self._mapping(source, path), path, at, key_at)
            case SequenceNode(tag="tag:yaml.org,2002:seq"):
                items = [
                    self.node(item, step_into(path, index))
                    for index, item in enumerate(source.value)
                ]
                return Node(items, path, at, key_at)
            case ScalarNode():
                return Node(self._scalar(source, path), path, at, key_at)
            case _:
                self._unknown_tag(source, path)
                return Node(None, path, at, key_at)

    def _mapping(self, source: MappingNode, path: str) -> dict[str, Node]:
        merged: dict[str, Node] = {}
        own: dict[str, Node] = {}
        for key_node, value_node in source.value:
            at = _mark(key_node.start_mark)
            if not isinstance(key_node, ScalarNode):
                self._tell(at, path, "a key must be a text")
                continue
            if key_node.tag == _MERGE:
                for key, value in self._merge(value_node, path).items():
                    merged.setdefault(key, value)
                continue
            key = self._text(key_node, path)
            if key == "":
                self._tell(at, path, "a key is empty")
            elif key in own:
                first = own[key].key_at
                line = f"; the first is in line {first.line}" if first else ""
                self._tell(at, step_into(path, key), f"is given twice{line}")
            else:
                own[key] = self.node(value_node, step_into(path, key), at)
        return merged | own

    def _merge(self, source: YamlNode, path: str) -> dict[str, Node]:
        parts = source.value if isinstance(source, SequenceNode) else [source]
        merged: dict[str, Node] = {}
        for part in parts:
            if isinstance(part, MappingNode):
                for key, value in self._mapping(part, path).items():
                    merged.setdefault(key, value)
            else:
                self._tell(_mark(part.start_mark), path, "<< takes a mapping or a list of them")
        return merged

    def _scalar(self, source: ScalarNode, path: str) -> Scalar:
        text = source.value
        match source.tag.removeprefix(_TAG):
            case "str" | "merge":
                return self._text(source, path)
            case "null":
                return None
            case "bool":
                return text in ("true", "True", "TRUE")
            case "int" | "float" as kind:
                number = _number(kind, text)
                if number is None:
                    self._tell(
                        _mark(source.start_mark),
                        path,
                        "is not a number that can be kept; put it in quotes if it is a text",
                    )
                    return 0
                return number
            case _:
                self._unknown_tag(source, path)
                return None

    def _text(self, source: ScalarNode, path: str) -> str:
        text: str = source.value
        sign = NO_TEXT.search(text)
        if sign is None:
            return text
        message = f"holds U+{ord(sign[0]):04X}, which no text has"
        self._tell(_mark(source.start_mark), path, message)
        return "?"

    def _unknown_tag(self, source: YamlNode, path: str) -> None:
        tag = source.tag.replace(_TAG, "!!")
        self._tell(_mark(source.start_mark), path, f"the tag {tag} is not known; leave it out")

    def _tell(self, at: Mark, path: str, message: str) -> None:
        if (at, message) not in self._told:
            self._told.add((at, message))
            self.found.append(Placed(Finding((), message), path, at))


def _number(kind: str, text: str) -> int | float | None:
    """Return the number, or None where `text` is none or JSON has no such number."""
    try:
        if kind == "int":
            integer = int(text, {"0o": 8, "0x": 16}.get(text[:2], 10))
            return integer if abs(integer) <= MAX_INTEGER else None
        number = float(text)
    except ValueError:
        return None
    return number if math.isfinite(number) else None


def _sentence(error: MarkedYAMLError) -> str:
    """Return what PyYAML found, in words for the author of a layout."""
    problem, context = error.problem or "", error.context or ""
    undefined = re.fullmatch(r"found undefined alias '(.*)'", problem)
    if undefined:
        return f"*{undefined[1]} refers to no anchor above it"
    for sign, sentence in _SENTENCES.items():
        if sign in problem or sign in context:
            return sentence
    return f"is not valid YAML: {context + ': ' if context else ''}{problem}"


_SENTENCES = {
    r"found character '\t'": "a tab cannot indent; use spaces",
    "another document": "a second document starts here; a layout is one",
    "duplicate anchor": "this anchor's name is taken; each needs its own",
    "mapping values are not allowed": (
        "a ': ' cannot stand here; indent the line as its neighbours, or put a text that holds "
        "one in quotes"
    ),
    "while scanning a quoted scalar": "a quote is opened and not closed",
    "could not find expected ':'": "a ':' is missing after this key",
    "while parsing a block": "this line is indented differently from its neighbours",
    "while parsing a flow": "a bracket is opened and not closed, or a comma is missing",
    "that cannot start any token": "a text cannot begin with this sign; put it in quotes",
    "while scanning an alias": "an alias needs a name; put a text that begins with * in quotes",
    "while scanning an anchor": "an anchor needs a name; put a text that begins with & in quotes",
}


def _mark(mark: _Place) -> Mark:
    return Mark(mark.line + 1, mark.column + 1)


def _mark_at_end(text: str) -> Mark:
    """Return the place right after `text`, the beginning of a file."""
    lines = re.split(r"\r\n|[\r\n\x85\u2028\u2029]", text)
    return Mark(len(lines), len(lines[-1]) + 1)


def _hopeless(file: str, message: str, place: Mark | None = None) -> LayoutError:
    """Return the error for a file of which no tree can be made."""
    line, column = place or (None, None)
    return LayoutError((Problem(file, line, column, "", message),))
