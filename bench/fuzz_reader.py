"""Whether any file at all makes the readers of session files fail, hang, or believe nonsense.

    python -m bench.fuzz_reader [--minutes 5] [--seed 0]

Files are made by chance, of four sorts:

- *hurt*: a real session with some bytes changed, put in, taken out or moved. What happened is known
  by comparison, and must be what is found;
- *forged*: a real session whose lines were changed and then chained and sealed again, as no
  accident does. Nothing can be noticed but what cannot be understood;
- *built*: lines of JSON of any shape, rightly sealed and chained;
- *noise*: bytes.

Each is verified, read, followed, summed up and told in sentences. Anything that escapes and is no
`MopError` is a failure, and so is whatever takes longer than `--patience` seconds. The seed and the
number of a file that failed are printed; the same seed makes the same files.
"""

import argparse
import json
import random
import signal
import sys
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from types import FrameType

from bench.damage import Truth, truth
from bench.machine import described
from bench.recovery import record
from mop_tui.cli.output import json_line
from mop_tui.domain.events import BY_KIND
from mop_tui.domain.sentences import sentence
from mop_tui.errors import MopError, NotASessionError
from mop_tui.journal import JournalFile, verify
from mop_tui.journal.chain import hash64, tail
from mop_tui.journal.following import GrowingJournal
from mop_tui.journal.summary import summarise

TELLING = [
    *(
        b"\x00",
        b"\n",
        b"\r\n",
        b"\x1b[2J",
        b"\xff\xfe",
        b"\xed\xa0\x80",
        b"\xe2\x80\xa8",
        b"\xef\xbb\xbf",
    ),
    *(
        b'"',
        b"{",
        b"}",
        b"[",
        b"]",
        b":",
        b",",
        b"\\u0000",
        b"\\ud800",
        b"null",
        b"NaN",
        b"-Infinity",
    ),
    *(b"1e999", b"-1", b"9" * 19, b"9" * 5000, b"0.5", b"[" * 2000, b'{"a":' * 2000, b'"chain":"'),
]
"""What readers of text and JSON stumble over."""


class _TookTooLongError(Exception):
    """A reader did not come to an end in time."""


class Fuzzer:
    """Makes files by chance from a real one, and reads them."""

    def __init__(self, path: Path, content: bytes, seed: int) -> None:
        self._path = path
        self._chance = random.Random(seed)
        self._content = content
        self._lines = content.removesuffix(b"\n").split(b"\n")
        with JournalFile.open(_written(path, content)) as file:
            self._events = list(file)

    def hurt(self) -> tuple[bytes, Truth | None]:
        """A real session to which something happened."""
        content = bytearray(self._content)
        for _ in range(self._chance.choice((1, 1, 1, 2, 5, 40))):
            self._change(content)
        return bytes(content), truth(self._lines, bytes(content))

    def forged(self) -> tuple[bytes, Truth | None]:
        """A real session whose lines were changed, then chained and sealed as if they were real."""
        stems = [line[:-28] if index else line[:-27] for index, line in enumerate(self._lines)]
        for _ in range(self._chance.choice((1, 1, 2, 10))):
            index = self._chance.randrange(min(len(stems), self._chance.choice((1, 10, 1000))))
            stem = bytearray(stems[index])
            self._change(stem)
            stems[index] = bytes(stem).replace(b"\n", b" ")
        return self._bound(stems), None

    def built(self) -> tuple[bytes, Truth | None]:
        """Lines of JSON of any shape, in which now and then a thing is named rightly."""
        fields: dict[str, object] = {"format": "mop-session/1", "genesis": "0" * 16}
        real = json.loads(self._lines[0])
        for name in ("layout", "seed", "mode", "run", "started", "versions", "user", "host"):
            fields[name] = real[name] if self._chance.random() < 0.95 else self._value(3)
        fields["genesis"] = self._genesis(fields) if self._chance.random() < 0.95 else "x"
        stems = [json.dumps(fields, separators=(",", ":"))[:-1].encode()]
        kinds = list(BY_KIND)
        for seq in range(1, self._chance.randrange(1, 12)):
            kind = self._chance.choice(kinds) if self._chance.random() < 0.8 else "a.b"
            cause = json.dumps(self._chance.choice((None, seq - 1 or None)))
            data = json.dumps(self._data(kind))
            head = f'{{"seq":{seq},"at":{seq * 10},"kind":"{kind}","cause":{cause},"data":'
            stems.append((head + data).encode())
        return self._bound(stems), None

    def noise(self) -> tuple[bytes, Truth | None]:
        """Bytes, some of which begin as a session does."""
        beginning = self._chance.choice((b"", b'{"format":"mop-session/1"', self._lines[0] + b"\n"))
        length = self._chance.choice((0, 1, 30, 3000, 100_000))
        return beginning + self._chance.randbytes(length), None

    def read(self, content: bytes, expected: Truth | None) -> str:
        """Read a file in every way; return what is wrong about it. Raises what escapes."""
        path = _written(self._path, content)
        try:
            verdict = verify(path)
        except NotASessionError:
            found = Truth("damaged", 1, 0)
        except MopError as error:
            return f"verify raised {error!r}"
        else:
            found = Truth(verdict.state, verdict.line, verdict.events)
        if expected is not None and found != expected:
            return f"found was {found}; what happened: {expected}"
        events = 0
        try:
            with JournalFile.open(path, until_damage=True) as file:
                for event in file:
                    events += 1
                    if event.seq != events or (expected and event != self._events[events - 1]):
                        return f"event {events} is not what it was"
                    sentence(event)
                    json_line(event)
        except MopError:
            if expected is not None and expected.line != 1:
                raise
        if events > found.events or (expected and events != expected.events):
            return f"{events} events were read; found was {found}"
        self._look_otherwise(path)
        return ""

    def _look_otherwise(self, path: Path) -> None:
        try:
            summarise(path)
            journal = GrowingJournal(path)
        except MopError:
            return
        try:
            while journal.read():
                pass
        except MopError:
            pass
        finally:
            journal.close()

    def _change(self, content: bytearray) -> None:
        chance = self._chance
        place = chance.randrange(len(content) + 1)
        end = min(place + chance.choice((1, 2, 16, 300, 5000)), len(content))
        piece = content[place:end]
        match chance.randrange(7):
            case 0:
                content[place:end] = chance.randbytes(end - place)
            case 1:
                content[place:end] = bytes(end - place)
            case 2:
                del content[place:end]
            case 3:
                content[place:place] = chance.choice(TELLING)
            case 4:
                content[place:end] = chance.choice(TELLING)
            case 5:
                content[place:place] = piece
            case _:
                del content[place:end]
                elsewhere = chance.randrange(len(content) + 1)
                content[elsewhere:elsewhere] = piece

    def _bound(self, stems: list[bytes]) -> bytes:
        first, *others = stems
        lines = [first + b',"seal":"%b"}\n' % hash64(first).encode()]
        try:
            link = ascii(json.loads(lines[0])["genesis"]).strip("'")
        except (ValueError, KeyError, RecursionError):
            link = "0" * 16
        for stem in others:
            link, end = tail(link, stem)
            lines.append(stem + end + b"\n")
        return b"".join(lines)

    def _genesis(self, fields: dict[str, object]) -> str:
        layout = json.dumps(fields["layout"], separators=(",", ":"))
        return hash64(f"mop-session/1\n{layout}\n{fields['seed']}".encode(errors="replace"))

    def _data(self, kind: str) -> object:
        real = [event for event in self._lines[1:] if f'"kind":"{kind}"'.encode() in event]
        if not real or self._chance.random() < 0.2:
            return self._value(4)
        data: dict[str, object] = json.loads(self._chance.choice(real))["data"]
        for name in data:
            if self._chance.random() < 0.2:
                data[name] = self._value(3)
        return data

    def _value(self, depth: int) -> object:
        chance = self._chance
        if depth and chance.random() < 0.4:
            values = [self._value(depth - 1) for _ in range(chance.randrange(4))]
            return values if chance.random() < 0.5 else {str(n): v for n, v in enumerate(values)}
        texts = ("", "x", "\u2028\x1b[2J", "\ud800", "COMPLETE", "ann", "1", "x" * 3000)
        numbers = (0, -1, 1 << 70, 10**400, 0.5, float("nan"), float("inf"))
        return chance.choice((None, True, *texts, *numbers))


def _written(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    return path


def _too_long(_signal: int, _frame: FrameType | None) -> None:
    raise _TookTooLongError


def main(argv: list[str] | None = None) -> None:
    """Make files and read them for some minutes; end with 1 if any reader failed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=5)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--patience", type=int, default=10)
    chosen = parser.parse_args(argv)
    print(described())
    signal.signal(signal.SIGALRM, _too_long)
    tried: Counter[str] = Counter()
    failures: list[str] = []
    with tempfile.TemporaryDirectory() as folder:
        path, _ = record(150, 4, Path(folder))
        fuzzer = Fuzzer(Path(folder) / "fuzzed.jsonl", path.read_bytes(), chosen.seed)
        sorts: tuple[Callable[[], tuple[bytes, Truth | None]], ...] = (
            *(fuzzer.hurt, fuzzer.forged),
            *(fuzzer.built, fuzzer.noise),
        )
        longest = 0.0
        deadline = time.monotonic() + chosen.minutes * 60
        while time.monotonic() < deadline and len(failures) < 20:
            sort = sorts[sum(tried.values()) % len(sorts)]
            content, expected = sort()
            began = time.monotonic()
            signal.alarm(chosen.patience)
            try:
                problem = fuzzer.read(content, expected)
            except Exception:  # noqa: BLE001 - whatever escapes is what is looked for
                problem = traceback.format_exc(limit=-6)
            finally:
                signal.alarm(0)
            longest = max(longest, time.monotonic() - began)
            tried[sort.__name__] += 1
            if problem:
                failures.append(f"{sort.__name__}, file {sum(tried.values())}: {problem}")
    counts = ", ".join(f"{count:,} {name}" for name, count in tried.items())
    print(f"files read: {counts}; seed {chosen.seed}; the longest took {longest * 1000:.0f} ms")
    print(f"failures: {len(failures)}")
    for failure in failures[:10]:
        print(failure)
    if failures:
        sys.exit(1)


if __name__ == "__main__":
    main()
