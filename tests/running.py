"""A session that a real program runs without a screen, for others to reach from outside."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from programs import Program

PATIENCE = 30.0

ASKING = """
session: {id: asking, project: Test}
agent_types: {worker: {}}
teams: {crew: {agents: [{id: ann, type: worker}, {id: ben, type: worker}]}}
tasks:
  slow: {agent: ann, run: {shell: "echo started; until test -e go-on; do sleep 0.05; done"}}
  ship: {agent: ben, gate: sure, run: {shell: "echo shipped"}}
questions:
  sure:
    question: Ship it now?
    question_type: approval
    context: {change: "one line\\nand another"}
"""
"""One agent works until a file `go-on` is there, and another waits for an approval."""


class Running:
    """mop-tui running a layout headless. Use it as a context manager: leaving it ends the program.

    It has begun to work, and can be reached, once `started` was read.
    """

    PYTHON = ("-m", "mop_tui")
    """What Python is told to run."""

    def __init__(
        self, folder: Path, layout: str = ASKING, *options: str, session: str = "it.jsonl"
    ) -> None:
        self.folder = folder
        self.session = folder / session
        """The session file."""
        (folder / "layout.yaml").write_text(layout, encoding="utf-8")
        self._process = self._start(
            "run", "layout.yaml", "--trust", "--session-file", session, *options
        )
        self.until("ann began")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._process.poll() is None:
            self._process.terminate()
        self.wait()

    def _start(self, *words: str) -> "Program | subprocess.Popen[bytes]":
        says, writes = os.pipe()
        self._out = os.fdopen(says, encoding="utf-8")
        with Path(os.devnull).open() as nothing, os.fdopen(writes, "wb", 0) as out:
            if self.PYTHON == Running.PYTHON:
                streams = (nothing.fileno(), out.fileno(), 2)
                return Program(*words, "--headless", cwd=self.folder, streams=streams)
            return subprocess.Popen(
                [sys.executable, *self.PYTHON, *words, "--headless"],
                cwd=self.folder,
                stdin=nothing,
                stdout=out,
                start_new_session=True,
            )

    @property
    def socket(self) -> Path:
        """Where it is reached."""
        return self.session.with_suffix(".sock")

    @property
    def pid(self) -> int:
        """The program's process id."""
        return self._process.pid

    def until(self, said: str) -> None:
        """Read what the program prints until it says something."""
        for line in self._out:
            if said in line:
                return
        raise AssertionError(f"the program ended and never said {said!r}")

    def go_on(self) -> None:
        """Let the agent end that works."""
        (self.folder / "go-on").touch()

    def kill(self) -> None:
        """Kill the program, so that it can do nothing about it."""
        os.kill(self.pid, signal.SIGKILL)
        self.wait()

    def resume(self) -> None:
        """Let the session go on in another program."""
        self._process = self._start("resume", self.session.name)
        self.until("the session goes on")

    def wait(self) -> int:
        """Return the exit code once the program has ended."""
        if not self._out.closed:
            self._out.read()  # a program that nobody reads cannot go on for ever
            self._out.close()
        return self._process.wait(PATIENCE)

    def events(self, kind: str = "") -> list[dict[str, Any]]:
        """Return the `data` of what is recorded, or of the events of one kind."""
        return recorded(self.session, kind)


def recorded(session: Path, kind: str = "") -> list[dict[str, Any]]:
    """Return the `data` of the events in a session file, or of those of one kind."""
    whole = session.read_text(encoding="utf-8").rpartition("\n")[0].splitlines()[1:]
    events = [json.loads(line) for line in whole]
    return [event["data"] for event in events if kind in ("", event["kind"])]


def eventually(true: Any) -> None:
    """Return once something is true that nobody tells of."""
    deadline = time.monotonic() + PATIENCE
    while not true():
        assert time.monotonic() < deadline, "it never came true"
        time.sleep(0.02)
