"""Breaks what rows of `docs/guide-conformance.md` are about, one at a time: their tests must fail.

    python -m bench.breaking [--only LINE …] [--drawn] [--dry]

`bench/breaks.txt` says what is broken, and how.

The program is copied into a folder of its own, and there one thing is changed that keeps it running
but takes away or spoils a feature. Then the tests that the row names are run. Before anything is
broken they all have to pass there. A row whose tests pass although its feature is broken proves
nothing; it is printed, and the exit code is 1.

`--only` breaks rows by their lines, `--drawn` those that chance drew (`drawn`), and `--dry` only
looks whether every change still fits what the program says. What is printed is the table that
stands on the page.
"""

import argparse
import ast
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Sequence
from hashlib import blake2b
from pathlib import Path
from typing import NamedTuple

from bench.conformance import PAGE, ROOT, Row, rows

TABLE = Path(__file__).with_name("breaks.txt")
"""What is broken, and how."""
SEED = 9
"""What the draw begins with."""
DRAWN = 10
"""How many rows are drawn."""
PATIENCE_S = 600
COPIED = ("mop_tui", "tests", "bench", "docs", "layouts", "sessions")
ALSO = ("pyproject.toml", "README.md", "CHANGELOG.md", "LICENSE")
"""What the tests need to be there."""


class Break(NamedTuple):
    """A change that spoils what a row is about."""

    line: int
    """Where the row begins, and what it is called on the page."""
    item: str
    what: str
    """What the program does wrong then, in a few words."""
    file: str
    old: str
    """Whole lines that stand there once, and those that come in their place."""
    new: str


def breaks(text: str) -> list[Break]:
    """Read changes as `bench/breaks.txt` has them: `= LINE | ITEM | WHAT | FILE`, then the lines
    that go (`-`) and those that come (`+`)."""
    found = []
    for part in re.split(r"^= ", text, flags=re.MULTILINE)[1:]:
        head, *body = part.splitlines()
        line, item, what, file = head.split(" | ")
        sides = (
            "".join(f"{said[1:]}\n" for said in body if said.startswith(sign)) for sign in "-+"
        )
        found.append(Break(int(line), item, what, file, *sides))
    return found


class Broken(NamedTuple):
    """What came of breaking something."""

    row: Row
    broken: Break
    failed: str
    """The node id of the test that failed first; empty if none did."""
    how: str
    """How it failed, in a line."""


def drawn(found: Iterable[Row], count: int = DRAWN) -> list[Row]:
    """Return rows that chance chose: those with the least hash of seed, line and item."""

    def lot(row: Row) -> bytes:
        return blake2b(f"{SEED}:{row.first}:{row.item}".encode(), digest_size=8).digest()

    return sorted(found, key=lot)[:count]


def row_of(broken: Break, found: Iterable[Row]) -> Row:
    """Return the row that a change is about. Raises `LookupError` if there is none."""
    for row in found:
        if (row.first, row.item) == (broken.line, broken.item):
            return row
    raise LookupError(f"the page has no row {broken.line} ({broken.item})")


def changed(broken: Break, root: Path) -> str:
    """Return the text of a file with the change made. Raises `LookupError` if it does not fit."""
    text = "\n" + (root / broken.file).read_text(encoding="utf-8")
    times = text.count(f"\n{broken.old}")
    if times != 1:
        raise LookupError(f"row {broken.line} ({broken.item}): {broken.file} has it {times} times")
    made = text.replace(f"\n{broken.old}", f"\n{broken.new}")[1:]
    ast.parse(made)
    return made


def copied(folder: Path) -> Path:
    """Copy all that the tests need."""
    for name in COPIED:
        shutil.copytree(
            ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__", "*.svg")
        )
    for name in ALSO:
        shutil.copy2(ROOT / name, folder / name)
    return folder


def failing(root: Path, tests: Sequence[str]) -> set[str]:
    """Return those of some tests that fail where nothing is broken. Raises `RuntimeError` if they
    cannot be run."""
    code, said = run(root, tests, most=len(tests))
    if code not in (0, 1):
        raise RuntimeError(said)
    return {match[1] for match in _FAILED.finditer(said)}


def run(root: Path, tests: Sequence[str], most: int = 1) -> tuple[int, str]:
    """Run tests in a copy until so many have failed; return pytest's exit code and what it says."""
    words = ("-q", f"--maxfail={most}", "-rf", "-p", "no:cacheprovider", "-n", "0", "--no-header")
    plain = ("-o", "addopts=--import-mode=importlib --strict-markers")
    done = subprocess.run(
        [sys.executable, "-m", "pytest", *plain, *words, *tests],
        cwd=root,
        env={
            **os.environ,
            "PYTHONPATH": str(root),
            "PYTHONDONTWRITEBYTECODE": "1",
            "COLUMNS": "400",
        },
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
        check=False,
    )
    return done.returncode, done.stdout + done.stderr


_FAILED = re.compile(r"^FAILED (\S+?)(?:\[.*?\])?(?: - (.*))?$", re.MULTILINE)
_NO_FEATURE = re.compile(r"\b(NameError|ImportError|SyntaxError|AttributeError|TypeError): ")
"""A program that falls over says nothing about the test."""


def spoil(broken: Break, row: Row, root: Path) -> Broken:
    """Break something, run the tests of its row, and mend it."""
    path = root / broken.file
    whole = path.read_text(encoding="utf-8")
    path.write_text(changed(broken, root), encoding="utf-8")
    try:
        code, said = run(root, row.tests)
    finally:
        path.write_text(whole, encoding="utf-8")
    match = _FAILED.search(said)
    if code != 1 or match is None:
        return Broken(row, broken, "", f"exit code {code}: {said.strip().splitlines()[-1]}")
    how = _how(said, match[2] or "")
    if _NO_FEATURE.search(how):
        return Broken(row, broken, "", f"the program fell over: {how}")
    return Broken(row, broken, match[1], how)


def _how(said: str, summary: str) -> str:
    """Return in a line how a test failed."""
    lines = [line[1:].strip() for line in said.splitlines() if line.startswith("E  ")]
    told = summary or next(iter(lines), "")
    told = told.replace("|", "/").replace("`", "'").replace("<", "(").replace(">", ")")
    return told if len(told) <= LONGEST else told[: LONGEST - 1] + "…"


LONGEST = 140
"""Characters of how a test failed that are told."""


HEAD = """\
| row | what was broken | where | the test that failed | how |
|---|---|---|---|---|"""


def told(result: Broken, *, by_chance: bool) -> str:
    """Return what came of it as it stands on the page."""
    row, broken, failed, how = result
    drawn_ = " *(drawn)*" if by_chance else ""
    test = failed.rpartition("::")[2]
    return (
        f"| {row.first}, {row.item}{drawn_} | {broken.what} | `{broken.file}` | `{test}` | {how} |"
    )


def main(arguments: list[str]) -> None:
    """Break one thing after the other, and print the table; exit 1 if a test did not fail."""
    parser = argparse.ArgumentParser(prog="python -m bench.breaking")
    parser.add_argument("--only", type=int, nargs="+", help="lines of rows to break")
    parser.add_argument("--drawn", action="store_true", help="only rows that chance drew")
    parser.add_argument("--dry", action="store_true", help="only see whether the changes fit")
    options = parser.parse_args(arguments)
    found = rows(PAGE.read_text(encoding="utf-8"))
    by_chance = drawn(found)
    chosen = [
        (broken, row_of(broken, found)) for broken in breaks(TABLE.read_text(encoding="utf-8"))
    ]
    if options.only:
        chosen = [it for it in chosen if it[0].line in options.only]
    if options.drawn:
        chosen = [it for it in chosen if it[1] in by_chance]
    for broken, _ in chosen:
        changed(broken, ROOT)
    if options.dry:
        print(f"{len(chosen)} changes fit")
        return
    with tempfile.TemporaryDirectory(prefix="broken-") as folder:
        root = copied(Path(folder))
        needed = list(dict.fromkeys(test for _, row in chosen for test in row.tests))
        red = failing(root, needed)
        print(HEAD)
        results = []
        for broken, row in chosen:
            if red.isdisjoint(row.tests):
                result = spoil(broken, row, root)
            else:
                result = Broken(row, broken, "", "its tests fail where nothing is broken, too")
            results.append(result)
            if result.failed:
                print(told(result, by_chance=row in by_chance), flush=True)
    noticed = [result for result in results if result.failed]
    for row, broken, failed, how in results:
        if not failed:
            print(f"{row}: {broken.what}, and that was not noticed: {how}")
    things = "thing was" if len(results) == 1 else "things were"
    print(f"{len(results)} {things} broken, and {len(noticed)} noticed by the tests of their rows")
    if len(noticed) < len(results):
        sys.exit(1)


if __name__ == "__main__":
    main(sys.argv[1:])
