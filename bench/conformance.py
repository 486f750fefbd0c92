"""Holds `docs/guide-conformance.md` against the program, the tests, and the guide.

    python -m bench.conformance [GUIDE]

Every row of the page has to name something that is there: modules and what is in them, keys of
layouts, commands, documents, and tests that would be collected. With GUIDE, the file of the
orchestration guide, every heading, list item, block of code, parameter and call in it has to have
exactly one row, and every row something in the guide. What is wrong is printed, and the exit code
is 1.

The guide is not part of this project, so a row says by its line where an item stands, and the page
says which edition of the guide that is.
"""

import ast
import re
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any, Literal, NamedTuple

from click import Context

from mop_tui.cli import program
from mop_tui.layout.reference import json_schema

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "guide-conformance.md"
COLUMNS = 5
AS_THERE = "yes"
"""What the last column says where nothing differs."""

_ROW = re.compile(r"\| (\d+)(?:-(\d+))? \|")
_QUOTED = re.compile(r"`([^`]+)`")
_DIFFERENCE = re.compile(r"^\*\*(D\d+)\. .+\*\* .", re.MULTILINE)
_EDITION = re.compile(r"`([0-9a-f]{64})`")


# -- the page -------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Row:
    """What became of something in the guide."""

    first: int
    """The lines of the guide in which it stands, from 1."""
    last: int
    item: str
    places: tuple[str, ...]
    """Where it lives: paths, with what is meant in them; keys of layouts; commands."""
    tests: tuple[str, ...]
    """The pytest node ids of what proves it."""
    open: str
    """What it waits for, if it is not built or not proved yet."""
    differs: str
    """`yes` where it is as in the guide, else the number of the difference."""

    @property
    def names(self) -> frozenset[str]:
        """Which parameters and calls it is about; none if it is about something else."""
        return frozenset(_QUOTED.findall(self.item))

    def __str__(self) -> str:
        lines = f"{self.first}" if self.first == self.last else f"{self.first}-{self.last}"
        return f"row {lines} ({self.item})"


class BrokenRowError(Exception):
    """A row that cannot be read."""


def rows(page: str) -> list[Row]:
    """Return the rows of all tables. Raises `BrokenRowError`."""
    found = []
    for line in page.splitlines():
        match = _ROW.match(line)
        if match is None:
            continue
        cells = [cell.strip() for cell in line.strip().strip("|").split(" | ")]
        if len(cells) != COLUMNS or not all(cells):
            raise BrokenRowError(f"a row does not have {COLUMNS} columns: {line}")
        first = int(match[1])
        found.append(
            Row(
                first=first,
                last=int(match[2] or first),
                item=cells[1],
                places=tuple(_QUOTED.findall(cells[2])),
                tests=tuple(_QUOTED.findall(cells[3])),
                open=cells[3].removeprefix("open: ") if cells[3].startswith("open: ") else "",
                differs=cells[4],
            )
        )
    return found


def differences(page: str) -> list[str]:
    """Return the numbers of the differences that the page explains."""
    return _DIFFERENCE.findall(page)


# -- what is there --------------------------------------------------------------------------------


@cache
def tests() -> frozenset[str]:
    """Return the node ids of all test functions, without their parameters."""
    return frozenset(
        f"{path.relative_to(ROOT).as_posix()}::{name}"
        for path in sorted((ROOT / "tests").rglob("test_*.py"))
        for name in _collected(ast.parse(path.read_text(encoding="utf-8")).body)
    )


def _collected(body: Sequence[ast.stmt], inside: str = "") -> Iterator[str]:
    for node in body:
        match node:
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
                if name.startswith("test_"):
                    yield inside + name
            case ast.ClassDef(name=name) if name.startswith("Test"):
                yield from _collected(node.body, f"{inside}{name}::")
            case _:
                pass


def place_problem(place: str) -> str:
    """Return why a place is none; empty if it is there."""
    if place.startswith("mop-tui "):
        name = place.split()[1]
        return (
            "" if name in program.list_commands(Context(program)) else f"there is no command {name}"
        )
    path, _, name = place.partition(":")
    if "/" not in path:
        return "" if is_key(place) else f"layouts have no key {place}"
    if not (ROOT / path).is_file():
        return f"there is no file {path}"
    text = (ROOT / path).read_text(encoding="utf-8")
    if name and not re.search(rf"\b{re.escape(name)}\b", text):
        return f"there is no {name} in {path}"
    return ""


@cache
def _schema() -> dict[str, Any]:
    return json_schema()


def is_key(path: str) -> bool:
    """Tell whether layouts have a key, named by the keys above it: `session.max_agents`."""
    nodes = [_schema()]
    for name in path.split("."):
        nodes = [below for node in nodes for below in _entries(node, name)]
    return bool(nodes)


def _entries(node: Any, name: str) -> Iterator[Any]:
    """Yield what a schema says of a key, be it of the mapping itself or of what a list or a mapping
    of ids holds."""
    if not isinstance(node, dict):
        return
    if isinstance(reference := node.get("$ref"), str):
        yield from _entries(_schema()["$defs"][reference.rpartition("/")[2]], name)
    if name in node.get("properties", {}):
        yield node["properties"][name]
        return
    inner = [node.get("items"), node.get("additionalProperties")]
    inner += list(node.get("patternProperties", {}).values())
    for branch in (*inner, *node.get("anyOf", ()), *node.get("oneOf", ()), *node.get("allOf", ())):
        yield from _entries(branch, name)


def problems(page: str) -> Iterator[str]:
    """Yield what is wrong with a page, whatever the guide says."""
    explained = differences(page)
    found = rows(page)
    for row in found:
        yield from (f"{row}: {problem}" for problem in _problems(row))
        if row.differs not in (AS_THERE, *explained):
            yield f"{row}: {row.differs} is explained nowhere"
    if explained != [f"D{number + 1}" for number in range(len(explained))]:
        yield f"differences are not numbered in order: {', '.join(explained)}"
    used = {row.differs for row in found}
    yield from (f"{number}: no row differs so" for number in explained if number not in used)


def _problems(row: Row) -> Iterator[str]:
    """Yield what of a row is not there."""
    if not row.places:
        yield "says nowhere where it lives"
    yield from filter(None, map(place_problem, row.places))
    if not row.tests and not row.open:
        yield "nothing proves it"
    yield from (f"there is no test {test}" for test in row.tests if test not in tests())


# -- the guide ------------------------------------------------------------------------------------

Kind = Literal["heading", "said", "list item", "block", "line", "parameter", "call"]


class Item(NamedTuple):
    """Something in the guide that has to have a row."""

    line: int
    kind: Kind
    text: str

    @property
    def name(self) -> str:
        """How a row calls it; empty where the row has words of its own for it."""
        return self.text if self.kind in ("parameter", "call") else ""


_LABEL = re.compile(r"\*\*(Pattern|Implementation|Actions?|Example):\*\*")
"""What only says what follows."""
_LISTED = re.compile(r"[-*] |\d+\. ")
_CALL = re.compile(r"mcp__claude-flow__(\w+)|(?<!function )(?<![.\w])([A-Za-z_]\w*)\(|\.(\w+)\(")
_DEFINED = re.compile(r"\bfunction (\w+)\(")
_PARAMETER = re.compile(r"(?<![\w.`$?])([A-Za-z_]\w*)\s*:")
_TEXT = re.compile(r'"[^"]*"|`[^`]*`')
_LANGUAGE = frozenset({"if", "function", "includes", "forEach", "now", "log", "warn", "error"})
"""Words of JavaScript and its libraries, which say nothing of the guide's own."""


def items(guide: str) -> list[Item]:
    """Return all that has to have a row: headings, sentences, list items, blocks, and what is in
    those: parameters, calls, comments that go on with a list, and lines of drawings."""
    found: list[Item] = []
    block: _Block | None = None
    for number, line in enumerate(guide.splitlines(), start=1):
        said = line.strip()
        if said.startswith("```"):
            if block is None:
                block = _Block(said.removeprefix("```"))
                found.append(Item(number, "block", block.language))
            else:
                block = None
        elif block is not None:
            found += [Item(number, *it) for it in block.read(line)]
        elif said.startswith("#"):
            found.append(Item(number, "heading", said))
        elif _LISTED.match(said):
            found.append(Item(number, "list item", said))
        elif said.strip("-") and not _LABEL.fullmatch(said):
            found.append(Item(number, "said", said))
    return found


@dataclass(slots=True)
class _Block:
    """A block of code or a drawing, read line by line."""

    language: str
    quoted: bool = False
    """Whether the line is in the middle of a text of several lines."""
    listing: bool = False
    """Whether its comments are a numbered list."""

    def read(self, line: str) -> Iterator[tuple[Kind, str]]:
        """Yield what a line holds."""
        said = line.strip()
        if self.language == "" or (self.language == "yaml" and " → " in said):
            if re.search("[A-Za-z]", said):
                yield "line", said
            return
        mark = "//" if self.language == "javascript" else "#"
        if said.startswith(mark):
            comment = said.removeprefix(mark).strip()
            self.listing = self.listing or re.match(r"\d+\. ", comment) is not None
            if self.listing:
                yield "list item", comment
            return
        code = _TEXT.sub('""', line)
        if "`" in code:
            before, _, after = code.partition("`")
            code = after if self.quoted else before
            self.quoted = not self.quoted
        elif self.quoted:
            if _LISTED.match(said):
                yield "list item", said
            return
        yield from self._code(code.partition(mark)[0])

    def _code(self, code: str) -> Iterator[tuple[Kind, str]]:
        calls = [next(filter(None, groups)) for groups in _CALL.findall(code)]
        for name in [*_DEFINED.findall(code), *calls]:
            if name not in _LANGUAGE:
                yield "call", name
        names = _PARAMETER.findall(code)
        for name in names:
            yield "parameter", name
        if self.language == "yaml" and not names and _LISTED.match(code.strip()):
            yield "list item", code.strip()


def left_over(page: str, guide: str) -> Iterator[str]:
    """Yield what has no row or several, and rows that nothing in the guide belongs to."""
    edition = sha256(guide.encode()).hexdigest()
    said = _EDITION.search(page)
    if said is None or said[1] != edition:
        yield f"this is another edition of the guide than the page is about: {edition}"
    all_rows = rows(page)
    covers: dict[Row, set[str]] = {row: set() for row in all_rows}
    for item in items(guide):
        own = [
            row
            for row in all_rows
            if row.first <= item.line <= row.last
            and (item.name in row.names if item.name else not row.names)
        ]
        if len(own) != 1:
            number = "no row" if not own else "several rows"
            yield f"line {item.line}: {number} for the {item.kind} {item.text}"
        for row in own:
            covers[row].add(item.name)
    for row, names in covers.items():
        if not names:
            yield f"{row}: there is nothing like that in the guide"
        elif row.names - names:
            yield f"{row}: not in the guide: {', '.join(sorted(row.names - names))}"


def main(arguments: list[str]) -> None:
    """Print what is wrong; exit 1 if anything is."""
    page = PAGE.read_text(encoding="utf-8")
    wrong = list(problems(page))
    found = rows(page)
    said = f"{len(found)} rows name {len({test for row in found for test in row.tests})} tests"
    if arguments:
        guide = Path(arguments[0]).read_text(encoding="utf-8")
        wrong += left_over(page, guide)
        said += f", for {len(items(guide))} items of the guide"
    print("\n".join([*wrong, f"{said}; {sum(bool(row.open) for row in found)} are open"]))
    print(f"{len(wrong)} problems" if wrong else "nothing is left over")
    if wrong:
        sys.exit(1)


if __name__ == "__main__":
    main(sys.argv[1:])
