"""Where the records of sessions are kept: one file a session, in a folder of the operator's.

A file is made complete under another name and then renamed, so that several programs can write at
once, and whoever reads finds a whole record or none. What cannot be read is left out and told.
"""

import json
import os
import re
import stat
from collections import Counter
from collections.abc import Collection, Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass
from math import isfinite
from pathlib import Path
from tempfile import mkstemp
from time import time
from typing import Literal, NamedTuple

from pydantic import TypeAdapter, ValidationError

from mop_tui.domain.outlook import LONGEST
from mop_tui.domain.plan import Mode
from mop_tui.domain.wording import printable
from mop_tui.errors import MopError
from mop_tui.foresight.record import FORM, Record
from mop_tui.journal.codec import mended
from mop_tui.journal.growing_file import sync_directory

SUFFIX = ".json"
LARGEST = 1 << 26
"""Bytes that a record may have; the largest layouts make a tenth of that."""
_RUN = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
_UNFINISHED = re.compile(rf"\.({_RUN.pattern})\.[a-z0-9_]{{8}}")
_ABANDONED = 3600.0
"""Seconds after which nobody writes any more what is not finished."""
_HEAD = 1 << 12
"""Bytes at the beginning of a file by which it is told what the record is of."""
_TEXT = rb'("(?:[^"\\]|\\.)*")'
_BEGINNING = re.compile(rb'\{"run":%b,"task":%b,"mode":%b,"started":%b,' % ((_TEXT,) * 4))
_RECORD = TypeAdapter(Record)
_FAMILY, _, _VERSION = FORM.partition("/")

Added = Literal["new", "known", "renewed"]
"""What came of adding a record: the store has it now, had it already, or had another of that run.
"""


class StoreError(MopError):
    """Records cannot be kept, read or removed."""


@dataclass(frozen=True, slots=True)
class Known:
    """What a store holds."""

    records: tuple[Record, ...]
    """Those that can be read, in the order in which their sessions began."""
    unread: tuple[str, ...] = ()
    """Of each that cannot, a sentence that says which and why."""

    def of(self, task: str, mode: Mode | None = None) -> tuple[Record, ...]:
        """Return the records of a task, or those of them of one mode."""
        return tuple(
            it for it in self.records if it.task == task and (mode is None or it.mode is mode)
        )


def usual_folder() -> Path:
    """Return the folder for the records of whoever runs this, which need not be there yet.

    Raises `StoreError` if nobody knows where that would be.
    """
    data = Path(os.environ.get("XDG_DATA_HOME") or "")
    if not data.is_absolute():  # which the XDG specification says to ignore
        try:
            data = Path.home() / ".local" / "share"
        except RuntimeError:
            raise StoreError(
                "There is no home folder to keep in what is learnt. Name one with XDG_DATA_HOME."
            ) from None
    return data / "mop-tui" / "workflows"


class Store:
    """The records in a folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def add(self, record: Record) -> Added:
        """Keep a record; of one run there is one. Raises `StoreError` if that cannot be done."""
        if not _RUN.fullmatch(record.run):
            raise StoreError(f"The run {record.run[:100]!r} cannot be the name of a file.")
        path = self.folder / f"{record.run}{SUFFIX}"
        line = _encoded(record)
        if len(line) > LARGEST:
            raise StoreError(f"The record would have more than {LARGEST >> 20} MiB.")
        try:
            self.folder.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            self.folder.mkdir(mode=0o700, exist_ok=True)
            before = _content(path)
            if before == line:
                return "known"
            self._write(path, line)
        except OSError as error:
            raise self._failed("written", error) from None
        return "new" if before is None else "renewed"

    def read(
        self, task: str | None = None, mode: Mode | None = None, *, latest: int | None = None
    ) -> Known:
        """Return all that is known, or what is known of one task, or of one mode; or of that the
        `latest` that can be read, which costs little more where there are many more.

        Raises `StoreError` if the folder cannot be read.
        """
        records: list[Record] = []
        unread: list[str] = []
        for _, _, path in sorted(self._of(task, mode), reverse=True):
            if latest is not None and len(records) >= latest:
                break
            try:
                line = _content(path)
                if line is None:
                    continue
                record = _decoded(line, path.name.removesuffix(SUFFIX))
                if task in (None, record.task) and mode in (None, record.mode):
                    records.append(record)
            except OSError as error:
                unread.append(f"{path}: cannot be read: {error.strerror}.")
            except ValueError as error:
                unread.append(f"{path}: {error}.")
        records.sort(key=lambda record: (record.started, record.run))
        return Known(tuple(records), tuple(sorted(unread)))

    def count(self, task: str, mode: Mode) -> int:
        """Return how many records there are of a task and a mode, as far as their beginnings tell.

        Raises `StoreError` if the folder cannot be read.
        """
        return sum(told for told, _, _ in self._of(task, mode))

    def tasks(self) -> dict[str, int]:
        """Return how many records there are of each task, the one with the latest session first,
        as far as their beginnings tell. Raises `StoreError` if the folder cannot be read."""
        found = [beginning for path in self._files() if (beginning := _beginning(path)) is not None]
        found.sort(key=lambda it: it.started, reverse=True)
        return dict(Counter(it.task for it in found))

    def runs(self) -> list[str]:
        """Return the runs of all files, those that cannot be read among them."""
        return [path.name.removesuffix(SUFFIX) for path in self._files()]

    def forget(self, runs: Collection[str]) -> int:
        """Remove the records of runs; return how many there were. Raises `StoreError`."""
        removed = 0
        try:
            for run in runs:
                with suppress(FileNotFoundError):
                    (self.folder / f"{run}{SUFFIX}").unlink()
                    removed += 1
            self._clear_away(runs)
            if removed:
                sync_directory(self.folder)
        except OSError as error:
            raise self._failed("removed", error) from None
        return removed

    def _of(self, task: str | None, mode: Mode | None) -> Iterator[tuple[bool, str, Path]]:
        """Yield the files that may be of a task and a mode: whether their beginnings tell that they
        are, and when their sessions began."""
        for path in self._files():
            found = _beginning(path)
            if found is None:
                yield False, "", path
            elif task in (None, found.task) and (mode is None or found.mode == mode.value):
                yield True, found.started, path

    def _files(self) -> list[Path]:
        try:
            with os.scandir(self.folder) as entries:
                names = sorted(it.name for it in entries if it.name.endswith(SUFFIX))
        except FileNotFoundError:
            return []
        except OSError as error:
            raise StoreError(f"{self.folder}: cannot be read: {error.strerror}.") from None
        return [self.folder / name for name in names if not name.startswith(".")]

    def _clear_away(self, runs: Collection[str]) -> None:
        """Remove what programs that were killed have left of writing the records of `runs`, and of
        others if that is long ago: nobody knows any more of what tasks those were."""
        for path in self.folder.iterdir() if self.folder.is_dir() else ():
            unfinished = _UNFINISHED.fullmatch(path.name)
            if unfinished is None:
                continue
            with suppress(FileNotFoundError):
                if unfinished[1] in runs or path.stat().st_mtime < time() - _ABANDONED:
                    path.unlink()

    def _write(self, path: Path, line: bytes) -> None:
        """Put a whole file in the place of what is at `path`, readable by its owner only."""
        descriptor, beside = mkstemp(prefix=f".{path.stem}.", dir=self.folder)
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(line)
                file.flush()
                os.fsync(file.fileno())
            Path(beside).replace(path)
        except BaseException:
            with suppress(OSError):
                Path(beside).unlink()
            raise
        sync_directory(self.folder)

    def _failed(self, done: str, error: OSError) -> StoreError:
        """Return what to tell of a record that could not be written or removed, and where."""
        place = Path(error.filename or self.folder)
        where = self.folder if place.parent == self.folder else place
        return StoreError(f"{where}: records cannot be {done} there: {error.strerror}.")


def _encoded(record: Record) -> bytes:
    return json.dumps(mended(asdict(record)), separators=(",", ":")).encode() + b"\n"


def _content(path: Path, most: int = -1) -> bytes | None:
    """Return what is in a file, or its first bytes, `most` of them; None if there is none, and
    nothing if it is too large or no file.

    Raises `OSError`.
    """
    try:
        # What is no regular file must not keep us waiting for it.
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    except FileNotFoundError:
        return None
    with os.fdopen(descriptor, "rb") as file:
        found = os.fstat(descriptor)
        return file.read(most) if stat.S_ISREG(found.st_mode) and found.st_size <= LARGEST else b""


class _Beginning(NamedTuple):
    """What the beginning of a file says that its record is of."""

    task: str
    mode: str
    started: str


def _beginning(path: Path) -> _Beginning | None:
    """Return what a file says at first sight; None if it says nothing."""
    try:
        found = _BEGINNING.match(_content(path, _HEAD) or b"")
        return None if found is None else _Beginning(*map(json.loads, found.groups()[1:]))
    except (OSError, ValueError):
        return None  # whoever reads all of it tells why


def _decoded(line: bytes, run: str) -> Record:
    """Return the record of a run that `line` holds. Raises `ValueError` with what is wrong."""
    try:
        record = _RECORD.validate_json(line, strict=True)
    except ValidationError as error:
        _check_form(line)
        first = error.errors(include_url=False, include_context=False, include_input=False)[0]
        where = ".".join(str(part) for part in first["loc"]) or "the whole"
        raise ValueError(f"it is damaged: {printable(where)[:100]} cannot be read") from None
    if record.form != FORM:
        _check_form(line)
    if record.run != run:
        raise ValueError("it is the record of another run, copied or renamed")
    if not all(0 <= number <= LONGEST for number in _numbers(record)):
        raise ValueError("it is damaged: it tells of times or counts that there are not")
    return record


def _check_form(line: bytes) -> None:
    """Raise `ValueError` if this is no record of the present form, be it whole or not."""
    try:
        told = json.loads(line)
    except (ValueError, RecursionError):
        raise ValueError("it is damaged: it is no whole JSON") from None
    form = told.get("form") if isinstance(told, dict) else None
    if form == FORM:
        return
    family, _, version = str(form).partition("/")
    if family == _FAMILY and version.isdecimal() and int(version[:9]) > int(_VERSION):
        written_as = f"{family}/{version[:9]}"
        raise ValueError(f"a later version wrote it, as {written_as}; update mop-tui to use it")
    raise ValueError("it is no record of a session")


def _numbers(record: Record) -> Iterator[float]:
    yield record.execution_ms
    yield from record.team_composition.values()
    yield from record.agent_types.values()
    yield from record.waits.values()
    for overhead in record.overhead.values():
        yield overhead if isfinite(overhead) else -1
    for task in record.tasks:
        yield from (task.work_ms, task.queue_ms, task.attempts, task.expected_ms or 0)
