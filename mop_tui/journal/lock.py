"""One writer for a session file, and whoever wants to know which.

Beside a session file that is being written lies a lock file that says by whom. What counts is not
that file but the lock that the system keeps on it, which ends with the program however that ends:
a lock is never left behind. The file is removed when the lock is released; one without a lock on
it belonged to a program that was killed, and means nothing.
"""

import errno
import fcntl
import getpass
import json
import os
import time
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Self

from mop_tui.errors import JournalError

SUFFIX = ".lock"
PATIENCE = 0.3
"""Seconds for which a lock is tried, for whoever looks who holds it takes it for a moment."""
_POLL = 0.02
_LONGEST = 4096


@dataclass(frozen=True, slots=True)
class Holder:
    """The program that writes a session file. What it could not write down is empty, or 0."""

    pid: int = 0
    user: str = ""
    run: str = ""
    since: str = ""
    """When it began, ISO 8601 with offset."""

    def __str__(self) -> str:
        who = f"process {self.pid}" if self.pid else "another program"
        of = f" of {self.user}" if self.user else ""
        since = f" since {self.since.replace('T', ' ')[:19]}" if self.since else ""
        return f"{who}{of}{since}"


class SessionHeldError(JournalError):
    """Another program writes this session."""

    def __init__(self, session: Path, holder: Holder) -> None:
        super().__init__(
            f"{session}: {holder} runs this session."
            f" See it with: mop-tui attach {session}, or end that program first."
        )
        self.holder = holder


class SessionLock:
    """The right to write a session file, held until it is released or the program ends."""

    def __init__(self, path: Path, descriptor: int) -> None:
        self._path = path
        self._descriptor = descriptor

    @classmethod
    def acquire(cls, session: Path, run: str) -> Self:
        """Take the lock of a session file, which need not exist yet; `run` names the run.

        Raises `SessionHeldError` if another program holds it, `JournalError` if there can be none
        here. Of two that try at once, one succeeds.
        """
        path = lock_of(session)
        deadline = time.monotonic() + PATIENCE
        while True:
            descriptor = _open(path)
            try:
                if _locked(path, descriptor, exclusive=True):
                    _describe(descriptor, run)
                    return cls(path, descriptor)
                if time.monotonic() > deadline:
                    raise SessionHeldError(session, _described(descriptor))
            except BaseException:
                os.close(descriptor)
                raise
            os.close(descriptor)
            time.sleep(_POLL)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.release()

    def release(self) -> None:
        """Give the lock back. Releasing twice is once."""
        if self._descriptor < 0:
            return
        if _is_at(self._path, self._descriptor):
            # Before the lock goes: a file that others could lock must not vanish.
            self._path.unlink(missing_ok=True)
        os.close(self._descriptor)
        self._descriptor = -1


def lock_of(session: Path) -> Path:
    """Return where the lock file of a session file is, whichever way leads to that."""
    return session.resolve().with_suffix(SUFFIX)


def holder_of(session: Path) -> Holder | None:
    """Return who writes a session file now; None if nobody does, or it cannot be told."""
    try:
        descriptor = os.open(lock_of(session), os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return None
    try:
        if _flock(descriptor, exclusive=False):
            return None
        return _described(descriptor)
    except OSError:
        return None
    finally:
        os.close(descriptor)


def _open(path: Path) -> int:
    try:
        return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    except OSError as error:
        raise JournalError(f"{path}: cannot be made: {error.strerror}.") from None


def _locked(path: Path, descriptor: int, *, exclusive: bool) -> bool:
    """Return whether the lock could be taken, and is on the file that others would lock."""
    try:
        return _flock(descriptor, exclusive=exclusive) and _is_at(path, descriptor)
    except OSError as error:
        raise JournalError(
            f"{path}: cannot be locked: {error.strerror}. Name a place on another disk."
        ) from None


def _flock(descriptor: int, *, exclusive: bool) -> bool:
    how = fcntl.LOCK_EX if exclusive else fcntl.LOCK_SH
    try:
        fcntl.flock(descriptor, how | fcntl.LOCK_NB)
    except OSError as error:
        if error.errno in (errno.EWOULDBLOCK, errno.EACCES):
            return False
        raise
    return True


def _is_at(path: Path, descriptor: int) -> bool:
    """Return whether the open file is the one that `path` names."""
    try:
        named, own = path.stat(), os.fstat(descriptor)
    except OSError:
        return False
    return (named.st_dev, named.st_ino) == (own.st_dev, own.st_ino)


def _describe(descriptor: int, run: str) -> None:
    now = datetime.now(UTC).astimezone().isoformat(timespec="seconds")
    text = json.dumps(asdict(Holder(os.getpid(), user(), run, now))) + "\n"
    try:
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, text.encode(), 0)
    except OSError:
        # On a full disk nobody can read who holds it, but the lock holds.
        return


def _described(descriptor: int) -> Holder:
    try:
        fields = json.loads(os.pread(descriptor, _LONGEST, 0))
        return Holder(
            int(fields["pid"]), str(fields["user"]), str(fields["run"]), str(fields["since"])
        )
    except (OSError, ValueError, KeyError, TypeError):
        return Holder()


def user() -> str:
    """Return the name of whoever runs this program, or the number where there is no name."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return f"uid {os.getuid()}"
