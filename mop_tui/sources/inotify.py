"""What the Linux kernel says about changes in folders, one folder at a time.

A call that changes a file has put its event into the queue when it returns, so whoever then reads
until the queue is empty knows of all changes made so far. No other interface promises that.
"""

import ctypes
import os
import struct
import sys
import threading
from collections.abc import Sequence
from dataclasses import dataclass

MODIFIED = 0x2
ATTRIBUTES = 0x4
WRITTEN = 0x8
"""Closed by one who could write."""
MOVED_FROM = 0x40
MOVED_TO = 0x80
CREATED = 0x100
DELETED = 0x200
ITSELF = 0x400 | 0x800 | 0x2000
"""The folder was deleted, moved, or what it is on was unmounted."""
OVERFLOW = 0x4000
"""Events were lost."""
OF_A_FOLDER = 0x40000000

_IGNORED = 0x8000
_ONLY_FOLDERS = 0x01000000
_NO_LINKS = 0x02000000
_FILES = MODIFIED | ATTRIBUTES | WRITTEN | MOVED_FROM | MOVED_TO | CREATED | DELETED | ITSELF
_NAMES = MOVED_TO | CREATED | ITSELF
_HEAD = struct.Struct("iIII")
_AT_ONCE = 32 * 1024
"""Bytes read in one go: some hundred events, which take a millisecond."""

AVAILABLE = sys.platform == "linux"


@dataclass(frozen=True, slots=True)
class Event:
    """What happened to `name` in a folder, or to the folder if the name is ""."""

    folder: str
    what: int
    name: str


class Inotify:
    """Watches folders, each under a name by which the caller knows it. Any thread may call."""

    def __init__(self) -> None:
        """Raise OSError if the system allows no more instances or open files."""
        self._libc = ctypes.CDLL(None, use_errno=True)
        self._lock = threading.Lock()
        self._folders: dict[int, str] = {}
        self._numbers: dict[str, int] = {}
        self.fd: int = self._libc.inotify_init1(os.O_NONBLOCK | os.O_CLOEXEC)
        if self.fd < 0:
            raise _error("inotify")

    def watch(
        self, folder: str, path: str, *, through_link: bool = False, names_only: bool = False
    ) -> None:
        """Watch the folder at `path` from now on. If it is watched already, under this name.

        `names_only` leaves out all but what is created in it or moved there. Raises OSError: with
        ENOSPC if the system allows no more watches.
        """
        mask = (_NAMES if names_only else _FILES) | _ONLY_FOLDERS
        mask |= 0 if through_link else _NO_LINKS
        with self._lock:
            if self.fd < 0:
                return
            number = self._libc.inotify_add_watch(self.fd, os.fsencode(path), mask)
            if number < 0:
                raise _error(path)
            before = self._numbers.get(folder)
            if before is not None and before != number:
                self._remove(before)
            self._folders[number] = folder
            self._numbers[folder] = number

    def would_be(self, folder: str) -> int:
        """Return how many folders are watched once `folder` is, too."""
        return len(self._numbers) + (folder not in self._numbers)

    def forget(self, folder: str) -> None:
        """Watch a folder no longer. If it is known under another name by now, that stays."""
        with self._lock:
            number = self._numbers.pop(folder, None)
            if number is not None and self._folders.get(number) == folder:
                self._remove(number)

    def read(self) -> Sequence[Event]:
        """Return the next events in the order in which they happened; none if there are none."""
        with self._lock:
            if self.fd < 0:
                return []
            try:
                read = os.read(self.fd, _AT_ONCE)
            except BlockingIOError:
                return []
            return self._events(read)

    def close(self) -> None:
        """Watch nothing any more."""
        with self._lock:
            if self.fd >= 0:
                os.close(self.fd)
            self.fd = -1

    def _events(self, read: bytes) -> list[Event]:
        events, at = [], 0
        while at < len(read):
            number, what, _, length = _HEAD.unpack_from(read, at)
            at += _HEAD.size + length
            if what & OVERFLOW:
                events.append(Event("", OVERFLOW, ""))
                continue
            folder = self._folders.get(number)
            if what & _IGNORED:
                self._folders.pop(number, None)
                if folder is not None and self._numbers.get(folder) == number:
                    del self._numbers[folder]
            elif folder is not None:
                name = read[at - length : at].rstrip(b"\0") if length else b""
                events.append(Event(folder, what, os.fsdecode(name)))
        return events

    def _remove(self, number: int) -> None:
        self._folders.pop(number, None)
        # It fails if the kernel has removed it itself, with the folder.
        self._libc.inotify_rm_watch(self.fd, number)


def _error(about: str) -> OSError:
    number = ctypes.get_errno()
    return OSError(number, os.strerror(number), about)
