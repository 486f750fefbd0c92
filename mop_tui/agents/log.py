"""The log file of an agent: everything it wrote, as long as there is room."""

import os
from pathlib import Path


class AgentLog:
    """A file that takes bytes, and does not let a full disk disturb whoever gives them.

    The file is for its owner only. What cannot be written is lost, and `failure` says why.
    """

    def __init__(self, path: Path) -> None:
        self.failure = ""
        self._file: int | None = None
        try:
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
        except OSError as error:
            self._failed(error)

    def write(self, data: bytes) -> None:
        """Add `data`, or as much of it as there is room for."""
        if self._file is None:
            return
        rest = memoryview(data)
        try:
            while rest:
                rest = rest[os.write(self._file, rest) :]
        except OSError as error:
            self._failed(error)

    def close(self) -> None:
        """Let go of the file."""
        if self._file is not None:
            os.close(self._file)
            self._file = None

    def _failed(self, error: OSError) -> None:
        self.failure = self.failure or f"the log is incomplete: {error.strerror}"
