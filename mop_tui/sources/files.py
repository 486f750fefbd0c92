"""Which files come, change and go below a folder.

Nothing that is heard about a file is believed. Events and scans only say where to look; what is
reported is the difference between what the file system says at that moment and what was reported
before. So nothing is reported twice or by halves, in whatever order the events come, and whatever
was missed is found by the next scan.

Symbolic links below the root are passed over, be it to files or folders: what they lead to is
reported where it is, if that is below the root, so no path leads out of it and none goes in
circles. A file with several names (hard links) is one file for each name, and a change by one of
them is reported for the others, too, when they are looked at. Names that are not UTF-8 cannot be
recorded, so they are passed over, and `trouble` says so.
"""

import asyncio
import errno
import os
import stat
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from mop_tui.domain.immutable import immutable
from mop_tui.domain.path_patterns import compiled
from mop_tui.sources.hearing import Hearing

GRACE = 0.03
"""Seconds for which a name may be missing (editors move a file away before they write it anew), and
for which a new file may be empty."""
WRITING = 0.25
"""Seconds between reports of a file that is being written."""
BATCH = 200
"""Files looked at in one go,"""
SLICE = 0.002
"""or as many as that many seconds allow."""
BREATH = 0.001
"""Seconds that the loop has for others after that."""
ROOT_CHECK = 1.0
"""Seconds after which the root may have been replaced without a word (a link, a folder above)."""
RESCAN = 5.0
"""Seconds between scans while events tell of changes, for those that they do not tell of."""
POLL = 1.0
"""Seconds between scans while they do not."""
MANY = 1_000
"""So many paths at once may be more than the system remembered, so a scan follows."""
CHEAP = 0.01
"""Seconds of a scan that may be made whenever somebody wants to know all, needed or not."""
SHARE = 20
"""A scan rests for so many times as long as it took, at least."""
LONGEST_REST = 60.0
"""Seconds after which, at the latest, a watch that failed is tried again."""

_GONE = (FileNotFoundError, NotADirectoryError)
_MOST_NAMED = 3
_SCAN_SLICE = 64
_SCAN_BREATH = 0.0005


@immutable
class Change:
    """A file that came, changed or went."""

    kind: Literal["created", "modified", "deleted"]
    path: str
    """From the root, with `/` between its steps."""
    stamp: str
    """Differs whenever the file does: time of modification, size and number of the file. "" if it
    is deleted."""


@dataclass(slots=True)
class _Folder:
    files: set[str] = field(default_factory=set)
    """Paths of the files in it that were reported or known at the start."""
    folders: set[str] = field(default_factory=set)
    """Paths of the folders in it that are looked into."""


@dataclass(slots=True)
class _Found:
    """What a scan found to be different."""

    files: dict[str, str] = field(default_factory=dict)
    gone: list[str] = field(default_factory=list)
    moved: bool = False
    """A folder is gone. If it was moved, the system may go on calling it by its former name."""


class FileWatcher:
    """Reports changes of files below `root` that one of `patterns` matches.

    `sink` is called in the thread of the event loop; what it raises ends `run`. The files and
    folders `ours` are never reported. `known` are the stamps that an earlier program had seen.
    """

    def __init__(
        self,
        root: Path,
        patterns: Sequence[str],
        sink: Callable[[Change], None],
        *,
        ours: Sequence[Path] = (),
        known: Mapping[str, str] | None = None,
    ) -> None:
        self._root = str(root.absolute())
        self._matcher = compiled(*patterns)
        self._sink = sink
        self._ours_given = tuple(ours)
        self._ours: frozenset[str] = frozenset()
        self._known = {
            path: stamp for path, stamp in (known or {}).items() if self._matcher.matches(path)
        }
        self._begins_blank = known is None
        self._folders: dict[str, _Folder] = {}

        self._real = ""
        """The root without links, or "" if there is none."""
        self._identity: tuple[int, int] | None = None
        self._above = ""
        self._root_in_doubt = True
        self._root_check = 0.0

        self._hearing: Hearing | None = None
        self._why_not = ""
        self._rest = 0.0
        self._again = 0.0

        self._unreadable: dict[str, str] = {}
        self._unspeakable: set[str] = set()

        self._looks: dict[str, None] = {}
        self._reshaped = False
        """Folders came, went or moved, of which events do not tell all."""
        self._rescan = 0.0
        self._scanned = 0.0
        self._scan_took = 0.0
        # Three queues of paths that are to be looked at, each in the order in which they are due.
        self._at_once: dict[str, float] = {}
        self._soon: dict[str, float] = {}
        self._later: dict[str, float] = {}
        self._reported: dict[str, float] = {}

        self._wake = asyncio.Event()
        self._turn = asyncio.Lock()
        self._settling: set[asyncio.Task[None]] = set()
        self._scanner = ThreadPoolExecutor(1, "files")
        self._closed = False

    @property
    def trouble(self) -> str:
        """What keeps it from seeing everything as it happens, in a sentence; "" if nothing does."""
        said = []
        if not self._real:
            said.append(f"the folder {_shown(self._root)} does not exist")
        if self._why_not:
            said.append(f"cannot watch ({self._why_not}), so it looks at times")
        for path, why in list(self._unreadable.items())[:_MOST_NAMED]:
            said.append(f"cannot read the folder {_shown(path or self._root)} ({why})")
        if len(self._unreadable) > _MOST_NAMED:
            said.append(f"nor {len(self._unreadable) - _MOST_NAMED} others")
        if self._unspeakable:
            first = _shown(min(self._unspeakable))
            others = len(self._unspeakable) - 1
            more = f" and {others} more" if others else ""
            said.append(f"passes over {first}{more}, for names that are not UTF-8")
        return "; ".join(said)

    @property
    def stamps(self) -> Mapping[str, str]:
        """The stamps of all files that match, as reported so far."""
        return self._known

    async def start(self) -> Mapping[str, str]:
        """Watch from now on, and return the stamps of the files that match now.

        If the watcher was given what was known, differences from that are reported before this
        returns; else all that is there counts as known.
        """
        async with self._turn:
            self._check_root()
            for path in [path for path in self._known if not self._is_possible(path)]:
                del self._known[path]
            for path in self._known:
                self._folder_of(path).files.add(path)
            if self._begins_blank:
                if self._hearing is not None:
                    await self._hearing.begun()
                self._looks.clear()
                found = await self._scan([""])
                self._known.update(found.files)
                for path in found.files:
                    self._folder_of(path).files.add(path)
            else:
                await self._catch_up(everything=True)
        return dict(self._known)

    async def run(self) -> None:
        """Report changes until it is cancelled or closed."""
        loop = asyncio.get_running_loop()
        while not self._closed:
            timer = loop.call_later(max(0.0, self._due() - time.monotonic()), self._wake.set)
            await self._wake.wait()
            timer.cancel()
            self._wake.clear()
            async with self._turn:
                await self._catch_up()

    async def settle(self, patience: float = 1.0) -> None:
        """Return when all changes made before the call have been reported, or patience ran out.

        `patience` is in seconds. What is half done is reported as it is.
        """
        task = asyncio.create_task(self._settle())
        self._settling.add(task)
        task.add_done_callback(self._settling.discard)
        await asyncio.wait({task}, timeout=patience)
        if task.done():
            task.result()

    async def close(self) -> None:
        """Watch nothing any more."""
        self._closed = True
        self._wake.set()
        for task in self._settling:
            task.cancel()
        self._stop_watching()
        await asyncio.to_thread(self._scanner.shutdown)

    async def _settle(self) -> None:
        if self._hearing is not None:
            await self._hearing.heard_all()
        async with self._turn:
            while True:
                await self._catch_up(everything=True)
                if not (self._root_in_doubt or self._looks):
                    return

    # What is to be done, and when

    def _due(self) -> float:
        """Return when there is something to do, in the time of `time.monotonic`."""
        if self._root_in_doubt or self._looks or self._at_once:
            return 0.0
        first = [next(iter(queue.values())) for queue in (self._soon, self._later) if queue]
        return min([self._root_check, self._rescan, *first])

    def _period(self) -> float:
        """Return how many seconds may pass between scans."""
        return POLL if self._why_not else RESCAN

    async def _catch_up(self, *, everything: bool = False) -> None:
        """Do what is due. `everything` leaves nothing for later, and scans what is not watched."""
        if everything:
            self._root_check = 0.0
        self._check_root()
        if self._hearing is not None:
            await self._hearing.begun()  # before anything is looked at, lest a change be missed
        doubt = (
            self._hearing is None
            or self._reshaped
            or bool(self._unreadable)
            or self._scan_took < CHEAP
        )
        if (everything and doubt) or time.monotonic() >= self._rescan:
            self._looks[""] = None
        if self._looks:
            looks, self._looks = list(self._looks), {}
            found = await self._scan(looks)
            now = time.monotonic()
            for path in (*found.files, *found.gone):
                self._put(self._soon, path, now + GRACE)
        for queue in (self._at_once, self._soon, self._later):
            await self._look_at(queue, everything=everything)

    async def _look_at(self, queue: dict[str, float], *, everything: bool) -> None:
        for _ in range(len(queue)):
            began, real = time.monotonic(), dict[str, bool]()
            for _ in range(BATCH):
                path = next(iter(queue), None)
                if path is None or (queue[path] > began and not everything) or self._closed:
                    return
                del queue[path]
                self._report(path, real, hasty=queue is self._at_once and not everything)
                if time.monotonic() - began > SLICE:
                    break
            await asyncio.sleep(BREATH)

    def _put(self, queue: dict[str, float], path: str, due: float) -> None:
        """Have a file looked at when it is due, unless it is to be looked at before that."""
        if path in self._at_once or (path in self._soon and queue is not self._at_once):
            return
        if queue is not self._later:
            self._later.pop(path, None)
        if queue is self._at_once:
            self._soon.pop(path, None)
        queue.setdefault(path, due)

    # What is there

    def _report(self, path: str, real: dict[str, bool], *, hasty: bool) -> None:
        """Report how a file differs from what was reported. `real` are folders checked before.

        If it is `hasty`, what may be half done is looked at again a moment later.
        """
        folder = _above(path)
        before = self._known.get(path, "")
        try:
            stamp = _stamp_of(os.lstat(self._at(path))) if folder in self._folders else ""
        except _GONE:
            stamp = ""
        except OSError:
            return  # It is there, but nobody may tell how.
        if stamp and stamp != before:
            if folder not in real:
                real[folder] = self._is_real(folder)
            stamp = stamp if real[folder] else ""
        if stamp == before:
            return
        if hasty and (not stamp or (not before and ":0:" in stamp)):
            self._put(self._soon, path, time.monotonic() + GRACE)
            return
        if stamp:
            self._known[path] = stamp
            self._folders[folder].files.add(path)
            self._reported.pop(path, None)
            self._reported[path] = time.monotonic()
            self._sink(Change("modified" if before else "created", path, stamp))
        else:
            del self._known[path]
            if folder in self._folders:
                self._folders[folder].files.discard(path)
            self._sink(Change("deleted", path, ""))

    def _is_possible(self, path: str) -> bool:
        """Tell whether a path that somebody else kept can be one that is reported."""
        steps = path.split("/")
        ours = any("/".join(steps[:depth]) in self._ours for depth in range(1, len(steps) + 1))
        return not ours and not {"", ".", ".."} & {*steps}

    def _at(self, path: str) -> str:
        return f"{self._root}/{path}" if path else self._root

    def _is_real(self, folder: str) -> bool:
        """Tell whether a path leads through no links, but for those to the root."""
        expected = f"{self._real.rstrip('/')}/{folder}" if folder else self._real
        return bool(self._real) and os.path.realpath(self._at(folder)) == expected

    def _folder_of(self, path: str) -> _Folder:
        """Return the folder that a file is in, known from now on with those above it."""
        folder = _above(path)
        known = self._folders.get(folder)
        if known is None:
            known = self._folders[folder] = _Folder()
            below = folder
            while below:
                above = self._folders.setdefault(_above(below), _Folder())
                if below in above.folders:
                    break
                above.folders.add(below)
                below = _above(below)
        return known

    # The root, and the watch

    def _check_root(self) -> None:
        """See whether the root is still the folder that is watched, and whether it is watched."""
        now = time.monotonic()
        if not self._root_in_doubt and now < self._root_check:
            return
        self._root_check = now + ROOT_CHECK
        identity = _identity(self._root)
        real = os.path.realpath(self._root) if identity else ""
        above = "" if identity else _nearest_folder(self._root)
        same = (identity, real, above) == (self._identity, self._real, self._above)
        retry = bool(self._why_not) and now >= self._again
        if self._root_in_doubt or not same or retry:
            self._identity, self._real, self._above = identity, real, above
            self._begin_to_watch()

    def _begin_to_watch(self) -> None:
        self._stop_watching()
        self._root_in_doubt = False
        self._why_not = ""
        self._ours = frozenset(self._relative(self._ours_given))
        self._looks[""] = None
        self._root_check = 0.0 if self._above else self._root_check  # it may have come meanwhile
        try:
            self._hearing = Hearing(
                self._real or self._above, self._hear, self._give_up, below=bool(self._real)
            )
        except OSError as error:
            self._give_up(error)
        else:
            self._rest = 0.0

    def _give_up(self, error: OSError) -> None:
        """Scan instead of watching, and try again after a rest."""
        self._stop_watching()
        self._why_not = error.strerror or str(error)
        self._rest = min(max(POLL, 2 * self._rest), LONGEST_REST)
        self._again = time.monotonic() + self._rest
        self._rescan = min(self._rescan, time.monotonic() + POLL)
        self._wake.set()

    def _stop_watching(self) -> None:
        if self._hearing is not None:
            self._hearing.close()
        self._hearing = None

    def _relative(self, paths: Sequence[Path]) -> Iterator[str]:
        """Return those of `paths` that are below the root, from there."""
        for path in paths:
            for one in (str(path.absolute()), os.path.realpath(path)):
                for root in {self._root, self._real} - {""}:
                    if one.startswith(f"{root.rstrip('/')}/"):
                        yield one[len(root.rstrip("/")) + 1 :]

    # What is heard

    def _hear(self, paths: Sequence[str]) -> None:
        """Hear that something happened at these paths, which may be files or folders."""
        now = time.monotonic()
        while self._reported and next(iter(self._reported.values())) < now - WRITING:
            del self._reported[next(iter(self._reported))]
        if self._above:
            self._root_check = 0.0
        real = self._real.rstrip("/")
        for absolute in paths:
            path = absolute.removeprefix(real).lstrip("/")
            self._root_in_doubt |= not path
            if not _is_speakable(path):
                self._unspeakable.add(path)
            elif not self._is_possible(path):
                continue
            elif path in self._folders or os.path.isdir(absolute):  # noqa: PTH112 - of many paths
                self._reshaped = True
                if self._matcher.may_be_below(path):
                    self._looks[path] = None
            elif self._matcher.matches(path):
                if path in self._reported:
                    self._put(self._later, path, now + WRITING)
                else:
                    self._put(self._at_once, path, now)
        if len(paths) >= MANY:
            self._rescan = min(self._rescan, now + SHARE * self._scan_took)
        self._wake.set()

    # Scans, in a thread of their own. While one runs, nothing else looks at the folders.

    async def _scan(self, folders: Sequence[str]) -> _Found:
        """Watch these folders and all below, and find out what differs from what is known."""
        if self._closed:
            return _Found()
        began = time.monotonic()
        loop = asyncio.get_running_loop()
        found = await loop.run_in_executor(self._scanner, self._scan_all, folders)
        if "" in folders:
            self._reshaped = False
            self._scanned = time.monotonic()
            self._scan_took = self._scanned - began
            self._rescan = self._scanned + max(self._period(), SHARE * self._scan_took)
        if found.moved:
            self._root_in_doubt = True
        return found

    def _scan_all(self, folders: Sequence[str]) -> _Found:
        found = _Found()
        tops = {""} if "" in folders else set(folders)
        if "" in tops:
            self._unreadable.clear()
            self._unspeakable.clear()
        pending = sorted(tops, reverse=True)
        seen = 0
        while pending and not self._closed:
            folder = pending.pop()
            # What is below a folder was listed as a real one a moment ago.
            if folder in tops and not self._is_real(folder):
                self._drop(folder, found)
                continue
            pending += self._scan_one(folder, found)
            seen += 1
            if seen % _SCAN_SLICE == 0:
                time.sleep(_SCAN_BREATH)
        return found

    def _scan_one(self, folder: str, found: _Found) -> Sequence[str]:
        """Look into one folder and return the folders in it that are to be looked into."""
        try:
            files, folders = self._listed(folder)
        except _GONE:
            self._drop(folder, found)
            return []
        except OSError as error:
            if error.errno in (errno.ELOOP, errno.ENOENT):
                self._drop(folder, found)
            else:
                self._unreadable[folder] = (error.strerror or str(error)).lower()
            return []
        self._unreadable.pop(folder, None)
        known = self._folder_of(f"{folder}/")
        for path, stamp in files.items():
            if self._known.get(path) != stamp:
                found.files[path] = stamp
        found.gone += known.files - files.keys()
        for path in known.folders.difference(folders):
            self._drop(path, found)
        return folders

    def _listed(self, folder: str) -> tuple[dict[str, str], Sequence[str]]:
        """Return files that match, with their stamps, and folders. Raises OSError."""
        files, folders = {}, []
        with os.scandir(self._at(folder)) as entries:
            for seen, entry in enumerate(entries, 1):
                if seen % _SCAN_SLICE == 0:
                    time.sleep(_SCAN_BREATH)
                path = f"{folder}/{entry.name}" if folder else entry.name
                if path in self._ours:
                    continue
                if not _is_speakable(entry.name):
                    self._unspeakable.add(path)
                elif entry.is_dir(follow_symlinks=False):
                    if self._matcher.may_be_below(path):
                        folders.append(path)
                elif self._matcher.matches(path):
                    try:
                        stamp = _stamp_of(entry.stat(follow_symlinks=False))
                    except OSError:
                        continue
                    if stamp:
                        files[path] = stamp
        return files, folders

    def _drop(self, folder: str, found: _Found) -> None:
        """Forget a folder that is gone, and all below."""
        pending = [folder]
        above = self._folders.get(_above(folder)) if folder else None
        if above is not None:
            above.folders.discard(folder)
        while pending:
            path = pending.pop()
            self._unreadable.pop(path, None)
            known = self._folders.pop(path, None)
            if known is not None:
                found.gone += known.files
                pending += known.folders
                found.moved = True


def _stamp_of(status: os.stat_result) -> str:
    """Return the stamp of a regular file, "" for anything else."""
    if not stat.S_ISREG(status.st_mode):
        return ""
    return f"{status.st_mtime_ns}:{status.st_size}:{status.st_ino}"


def _identity(folder: str) -> tuple[int, int] | None:
    """Return what tells a folder from another at the same path; None if there is none."""
    try:
        status = Path(folder).stat()
    except OSError:
        return None
    return (status.st_dev, status.st_ino) if stat.S_ISDIR(status.st_mode) else None


def _nearest_folder(path: str) -> str:
    """Return the nearest folder above `path` that exists."""
    return next((str(above) for above in Path(path).parents if _identity(str(above))), "/")


def _above(path: str) -> str:
    return path.rpartition("/")[0]


def _is_speakable(name: str) -> bool:
    if name.isascii():
        return True
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True


def _shown(path: str) -> str:
    """Return a path as it may be printed."""
    speakable = os.fsencode(path).decode(errors="backslashreplace")
    return "".join(char if char.isprintable() else repr(char)[1:-1] for char in speakable)
