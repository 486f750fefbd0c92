"""The far side of an agent: what mop-tui is to it, as two pipes in the hands of a test."""

import json
import os
import select
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from textwrap import dedent
from types import TracebackType
from typing import Self

from pydantic import JsonValue

PATIENCE = 60.0
"""Seconds after which an agent that says nothing has failed the test."""
ROOT = Path(__file__).parents[2]

Said = dict[str, JsonValue]


def environment(folder: Path, **more: str) -> dict[str, str]:
    """What agents of the tests see. `folder` takes the `mop-tui` on their PATH."""
    script = folder / "mop-tui"
    script.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m mop_tui "$@"\n', encoding="utf-8")
    script.chmod(0o700)
    path = f"{folder}:{os.environ['PATH']}"
    return {"PATH": path, "PYTHONPATH": str(ROOT), "LANG": "C.UTF-8", "MOP_AGENT": "alice"} | more


def python(script: str) -> list[str]:
    """Return the command that runs a script with `agent` imported."""
    return [sys.executable, "-c", f"from mop_tui import agent\n{dedent(script)}"]


def sh(script: str) -> list[str]:
    """Return the command that runs a script."""
    return ["sh", "-c", dedent(script)]


class FarSide:
    """Starts one agent, hears what it says and tells it things.

    Its stdout and stderr are one pipe, as mop-tui has it; `MOP_TELL_FD` is that pipe too.
    """

    def __init__(
        self,
        command: Sequence[str],
        env: Mapping[str, str],
        *,
        secrets: Mapping[str, str] | None = None,
    ) -> None:
        self.log: list[str] = []
        """What it wrote that was no protocol, line by line."""
        self.said: list[Said] = []
        """What it said in the protocol."""
        self._buffer = b""
        self._stream, theirs = os.pipe()
        inherited = [theirs]
        known = {**env, "MOP_TELL_FD": str(theirs)}
        for name, text in (secrets or {}).items():
            known[f"MOP_SECRET_FD_{name}"] = str(_filled_pipe(text, inherited))
        self.process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=theirs,
            stderr=theirs,
            env=known,
            pass_fds=inherited,
        )
        for fd in inherited:
            os.close(fd)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.process.kill()
        self.process.wait()
        assert self.process.stdin is not None
        self.process.stdin.close()
        os.close(self._stream)

    def tell(self, kind: str, **fields: JsonValue) -> None:
        """Write one line of the protocol."""
        self.write((json.dumps({"mop": kind, **fields}) + "\n").encode())

    def write(self, data: bytes) -> None:
        """Write anything."""
        assert self.process.stdin is not None
        self.process.stdin.write(data)
        self.process.stdin.flush()

    def hang_up(self) -> None:
        """Close its standard input."""
        assert self.process.stdin is not None
        self.process.stdin.close()

    def hears(self, kind: str) -> Said:
        """Wait for the next line of the protocol, which has to be of this kind."""
        said = self._next()
        assert said is not None, f"ended instead of saying {kind}: {self.log}"
        assert said["mop"] == kind, said
        del said["mop"]
        return said

    def next_said(self) -> Said:
        """Wait for the next line of the protocol, whatever its kind."""
        said = self._next()
        assert said is not None, f"ended: {self.log}"
        return said

    def ends(self) -> int:
        """Wait for the end, with nothing more said in the protocol; return the exit code."""
        said = self._next()
        assert said is None, said
        return self.process.wait(PATIENCE)

    def hears_out(self) -> int:
        """Let it say whatever it says until it ends; return the exit code."""
        while self._next() is not None:
            pass
        return self.process.wait(PATIENCE)

    def _next(self) -> Said | None:
        while (line := self._line()) is not None:
            try:
                said = json.loads(line)
            except ValueError:
                said = None
            if isinstance(said, dict) and "mop" in said:
                self.said.append({**said})
                return said
            self.log.append(line)
        return None

    def _line(self) -> str | None:
        while b"\n" not in self._buffer:
            assert select.select([self._stream], [], [], PATIENCE)[0], f"silence after {self.log}"
            chunk = os.read(self._stream, 65536)
            if not chunk:
                return None
            self._buffer += chunk
        line, self._buffer = self._buffer.split(b"\n", 1)
        return line.decode()


def _filled_pipe(text: str, inherited: list[int]) -> int:
    ours, theirs = os.pipe()
    os.write(theirs, text.encode())
    os.close(theirs)
    inherited.append(ours)
    return ours
