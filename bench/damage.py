"""Whether anything can happen to a session file that is not noticed, or told wrongly.

    python -m bench.damage [--events 200] [--flipped 20000] [--every 1]

A session file is hurt in every way of a kind: cut off at every byte, each bit of it flipped, runs
of it zeroed, each line lost, doubled, exchanged with others. What happened follows from comparing
the bytes before and after, and that is what must be found:

- `verify` names the state and the line, and so does its exit code: 0 intact, 2 torn or damaged;
- what can be read in spite of it are exactly the events above that line, as they were.

Each `--shell`th of the files is looked at by the commands too, `verify` and
`events --until-damage`. Then come things that are no session files: folders, pipes, devices, what
is empty, foreign, missing, or may not be read. With `--every N`, each Nth place is tried.
"""

import argparse
import io
import json
import os
import socket
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from unittest.mock import patch

from bench.machine import described
from bench.recovery import record
from mop_tui.cli import main as mop
from mop_tui.domain.events import AnyEvent
from mop_tui.errors import JournalDamageError, NotASessionError
from mop_tui.journal import JournalFile, verify

NOBODY = 65534
"""A user who may read nothing of others; root may read everything."""


@dataclass(frozen=True, slots=True)
class Truth:
    """What happened to a file, as comparing it with the sound one shows."""

    state: str
    line: int | None
    """The first line that is not as it was, from 1; None if intact."""
    events: int
    """How many events stand above it."""


def truth(sound: list[bytes], hurt: bytes) -> Truth:
    """Return what became of a file whose lines were `sound`, without their line feeds."""
    *lines, rest = hurt.split(b"\n")
    for index, line in enumerate(lines):
        if index >= len(sound) or line != sound[index]:
            return Truth("damaged", index + 1, max(index - 1, 0))
    count = len(lines)
    if rest and count < len(sound) and rest == sound[count]:
        return Truth("intact", None, count)
    if count == 0:
        return Truth("damaged", 1, 0)
    if rest:
        return Truth("torn", count + 1, count - 1)
    return Truth("intact", None, count - 1)


def shell(*words: str) -> tuple[int, str, str]:
    """Run a command as from the shell; return its exit code and what it printed."""
    out, err = io.StringIO(), io.StringIO()
    with patch.object(sys, "argv", ["mop-tui", *words]), redirect_stdout(out), redirect_stderr(err):
        try:
            mop()
        except SystemExit as end:
            return int(end.code or 0), out.getvalue(), err.getvalue()
    raise AssertionError("a command always exits")


class Campaign:
    """Hurts one session file again and again, and notes what is not told as it was."""

    def __init__(self, path: Path, content: bytes, shell_every: int) -> None:
        self._path = path
        self._shell_every = shell_every
        self.content = content
        self.lines = content.removesuffix(b"\n").split(b"\n")
        path.write_bytes(content)
        with JournalFile.open(path) as file:
            self._events: list[AnyEvent] = list(file)
        self.tried: Counter[str] = Counter()
        self.wrong: list[str] = []

    def attempt(self, name: str, place: object, hurt: bytes) -> None:
        """Look at the file as it is after an accident."""
        self._path.write_bytes(hurt)
        self.tried[name] += 1
        expected = truth(self.lines, hurt)
        problem = self._examined(expected)
        if not problem and sum(self.tried.values()) % self._shell_every == 0:
            problem = self._shown(expected)
        if problem:
            self.wrong.append(f"{name} at {place}: {problem}; what happened: {expected}")

    def _examined(self, expected: Truth) -> str:
        """Return what the journal says wrongly; nothing if all is right."""
        try:
            verdict = verify(self._path)
        except NotASessionError as error:
            return "" if expected.line == 1 else str(error)
        if (verdict.state, verdict.line, verdict.events) != (
            expected.state,
            expected.line,
            expected.events,
        ):
            return f"it was said: {verdict.sentence}"
        try:
            with JournalFile.open(self._path, until_damage=True) as file:
                read = list(file)
        except JournalDamageError as error:
            return "" if expected.line == 1 else f"it cannot be read: {error}"
        if read != self._events[: expected.events]:
            return f"{len(read)} events can be read, or others than those above the damage"
        return ""

    def _shown(self, expected: Truth) -> str:
        """Return what the commands say wrongly; nothing if all is right."""
        code, out, err = shell("verify", str(self._path))
        intact = expected.state == "intact"
        if code != (0 if intact else 2):
            return f"verify ended with {code}: {out}{err}"
        place = "" if intact else f":{expected.line}:"
        if expected.line != 1 and f"{self._path}{place}" not in (out if intact else err):
            return f"verify does not name the line: {out}{err}"
        code, out, err = shell("events", str(self._path), "--until-damage", "--json")
        if code != (2 if expected.line == 1 else 0):
            return f"events ended with {code}: {err}"
        seqs = [json.loads(line)["seq"] for line in out.splitlines()]
        if seqs != list(range(1, expected.events + 1)):
            return f"events showed {len(seqs)} events"
        return ""


def cut(content: bytes, every: int) -> Iterator[tuple[object, bytes]]:
    """Cut a file off at each byte."""
    for length in range(0, len(content), every):
        yield length, content[:length]


def flipped(content: bytes, every: int) -> Iterator[tuple[object, bytes]]:
    """Flip each bit of a file."""
    changed = bytearray(content)
    for bit in range(0, len(content) * 8, every):
        place, mask = bit // 8, 1 << bit % 8
        changed[place] ^= mask
        yield f"bit {bit % 8} of byte {place}", bytes(changed)
        changed[place] ^= mask


def zeroed(content: bytes, every: int) -> Iterator[tuple[object, bytes]]:
    """Put runs of NUL into a file, as a loss of power leaves them."""
    for length in (1, 7, 512, 4096):
        for place in range(0, len(content), 61 * every):
            end = min(place + length, len(content))
            yield f"{place} to {end}", content[:place] + bytes(end - place) + content[end:]
        yield f"the end, {length} more", content + bytes(length)


def lines_lost(content: bytes, every: int) -> Iterator[tuple[object, bytes]]:
    """Take single lines and stretches of them out."""
    lines = content.splitlines(keepends=True)
    for index in range(0, len(lines), every):
        for count in (1, 2, 17):
            yield f"line {index + 1}, {count}", b"".join(lines[:index] + lines[index + count :])


def lines_doubled(content: bytes, every: int) -> Iterator[tuple[object, bytes]]:
    """Have single lines twice, at once or further down."""
    lines = content.splitlines(keepends=True)
    for index in range(0, len(lines), every):
        for after in (index, index + 3, len(lines)):
            there = [*lines[: after + 1], lines[index], *lines[after + 1 :]]
            yield f"line {index + 1} after {after + 1}", b"".join(there)


def lines_swapped(content: bytes, every: int) -> Iterator[tuple[object, bytes]]:
    """Have two lines change places."""
    lines = content.splitlines(keepends=True)
    for index in range(0, len(lines), every):
        for other in (index + 1, index + 2, len(lines) - 1):
            if index < other < len(lines):
                there = list(lines)
                there[index], there[other] = there[other], there[index]
                yield f"lines {index + 1} and {other + 1}", b"".join(there)


Accidents = Callable[[bytes, int], Iterator[tuple[object, bytes]]]
ACCIDENTS: tuple[Accidents, ...] = (cut, zeroed, lines_lost, lines_doubled, lines_swapped)


def strange_things(folder: Path) -> Iterator[tuple[str, str, str]]:
    """Yield things that are no session files: what, its path, and what is said of it."""
    for name, content, said in (
        ("empty", b"", "its first line is empty"),
        ("blank", b"\n\n\n", "its first line is empty"),
        ("foreign", b"PK\x03\x04" + bytes(range(256)), "does not begin with the header"),
        ("text", b"Dear diary,\n", "does not begin with the header"),
        ("json", b'{"seq":1}\n', "does not begin with the header"),
        ("nul", bytes(1 << 20), "does not begin with the header"),
    ):
        (folder / name).write_bytes(content)
        yield name, str(folder / name), said
    os.mkfifo(folder / "pipe")
    yield "pipe", str(folder / "pipe"), "is a pipe, not a session file"
    with socket.socket(socket.AF_UNIX) as there:
        there.bind(str(folder / "socket"))
        yield "socket", str(folder / "socket"), "cannot be read: No such device or address"
    yield "folder", str(folder), "is a folder, not a session file"
    yield "device", "/dev/zero", "is a device, not a session file"
    yield "missing", str(folder / "missing"), "cannot be read: No such file or directory"
    (folder / "ring").symlink_to(folder / "ring")
    yield "ring of links", str(folder / "ring"), "cannot be read: Too many levels"
    yield "too long a name", str(folder / ("x" * 300)), "cannot be read: File name too long"
    (folder / "beneath").write_bytes(b"")
    yield "beneath a file", str(folder / "beneath" / "it"), "cannot be read: Not a directory"


def try_strange_things(folder: Path) -> tuple[int, list[str]]:
    """Return how many things were tried, and what of them is told wrongly."""
    wrong, tried = [], 0
    for name, path, said in strange_things(folder):
        for words in (("verify",), ("events",), ("events", "--until-damage"), ("replay",)):
            tried += 1
            code, _, err = shell(words[0], path, *words[1:])
            if code != 2 or (said not in err and words != ("replay",)) or "Traceback" in err:
                wrong.append(f"{' '.join(words)} of {name} ended with {code}: {err.strip()}")
    return tried, wrong


def forbidden(path: Path) -> tuple[int, str]:
    """Return what `verify` says about a file that may not be read: exit code and message."""
    path.chmod(0)
    path.parent.chmod(0o755)
    ours, theirs = os.pipe()
    child = os.fork()
    if child == 0:
        if os.geteuid() == 0:
            os.setuid(NOBODY)
        code, _, err = shell("verify", str(path))
        os.write(theirs, json.dumps([code, err]).encode())
        os._exit(0)
    os.waitpid(child, 0)
    code, err = json.loads(os.read(ours, 1 << 16))
    os.close(ours)
    os.close(theirs)
    return code, err


def main(argv: list[str] | None = None) -> None:
    """Hurt, look, and print; end with 1 if anything was told wrongly."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, default=200)
    parser.add_argument("--flipped", type=int, default=20_000, help="bytes whose bits are flipped")
    parser.add_argument("--every", type=int, default=1)
    parser.add_argument("--shell", type=int, default=500)
    chosen = parser.parse_args(argv)
    print(described())
    wrong = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        path, _ = record(chosen.events, 5, folder)
        content = b"".join(path.read_bytes().splitlines(keepends=True)[: chosen.events + 1])
        part = content[: content.rindex(b"\n", 0, chosen.flipped) + 1]
        (folder / "strange").mkdir()
        shell("verify", str(path))  # what it needs is loaded before anything is forbidden
        campaigns = [
            (Campaign(folder / "hurt.jsonl", content, chosen.shell), ACCIDENTS),
            (Campaign(folder / "hurt.jsonl", part, chosen.shell), (flipped,)),
        ]
        for campaign, accidents in campaigns:
            for accident in accidents:
                for place, hurt in accident(campaign.content, chosen.every):
                    campaign.attempt(accident.__name__, place, hurt)
            wrong += campaign.wrong
            for kind, count in campaign.tried.items():
                size = f"{len(campaign.lines) - 1} events, {len(campaign.content):,} bytes"
                print(f"{kind.replace('_', ' ')}: {count:,} files ({size})")
        tried, told_wrongly = try_strange_things(folder / "strange")
        print(f"no session files: {tried} looks")
        wrong += told_wrongly
        code, err = forbidden(path)
        print(f"may not be read: exit {code}, {err.strip().removeprefix(str(path))}")
        if code != 2 or "cannot be read: Permission denied" not in err:
            wrong.append(f"a file that may not be read: {code}, {err}")
    print(f"told wrongly: {len(wrong)}")
    for each in wrong[:20]:
        print(f"  {each}")
    if wrong:
        sys.exit(1)


if __name__ == "__main__":
    main()
