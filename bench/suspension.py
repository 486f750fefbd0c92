"""Whether anybody is blamed for what a suspended program did not see.

    python -m bench.suspension [--seconds 600]

Two sessions of real processes run side by side, with agents that answer pings, that know nothing of
pings, that may work only for so long, and that wait for an answer for only so long, and with
triggers by interval and by the calendar. The program of one is suspended (SIGSTOP) while its agents
go on; in the other, all processes are, as when a machine sleeps. When they go on, and have for some
checks:

- that they did not run is recorded;
- nobody was found ill, or started again;
- no question expired, and no work was ended as overdue, though both may take less than that time;
- no trigger makes up for what did not come;
- the file is intact, and its decisions can be recomputed.
"""

import argparse
import json
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Any

import psutil

from bench.machine import described

ANSWERS = """
import time
from mop_tui import agent
agent.listen()
agent.progress(10)
while True:
    time.sleep(0.1)
"""
ASKS = "from mop_tui import agent; agent.ask('Well?', timeout={patience})"
INTERVAL = 1.0
"""Seconds between two checks, and between two times of the trigger."""
CHECKS_BEFORE, CHECKS_AFTER = 2, 5
PATIENCE = 60.0


def layout(patience: int) -> dict[str, object]:
    """Return a layout in which work and answers may take `patience` seconds."""
    python = "${python}"
    run: dict[str, dict[str, object]] = {
        "first": {"run": [python, "-c", ANSWERS]},
        "second": {"run": [python, "-c", ANSWERS]},
        "plain": {"run": ["sleep", "100000"]},
        "limited": {"run": ["sleep", "100000"], "timeout": f"{patience}s"},
        "asks": {"run": [python, "-c", ASKS.format(patience=patience)]},
    }
    crew = [{"id": name, "type": "worker"} for name in run]
    return {
        "session": {"id": "suspended", "project": "Suspension"},
        "health_checks": {"interval": "1s", "timeout": "800ms", "failure_threshold": 3},
        "agent_types": {"worker": {}},
        "teams": {"crew": {"agents": crew}},
        "tasks": {name: {"agent": name, **how} for name, how in run.items()},
        "triggers": [
            {"name": "often", "type": "schedule", "interval": "1s", "action": "notify"},
            {"name": "minutely", "type": "schedule", "cron": "* * * * *", "action": "notify"},
        ],
    }


class Session:
    """A session that is suspended; use it as a context manager, which ends it."""

    def __init__(self, folder: Path, patience: int, *, whole: bool) -> None:
        self.whole = whole
        self.name = "everything" if whole else "the program alone"
        self._file = folder / "it.jsonl"
        (folder / "it.yaml").write_text(json.dumps(layout(patience)), encoding="utf-8")
        self._program = subprocess.Popen(
            [
                *(sys.executable, "-m", "mop_tui", "run", "it.yaml", "--trust", "--headless"),
                *("--session-file", self._file.name),
            ],
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        self._suspended: list[psutil.Process] = []

    def __enter__(self) -> "Session":
        return self

    def __exit__(self, *_: object) -> None:
        self.go_on()
        self._program.terminate()
        self._program.wait(PATIENCE)

    def events(self, kind: str) -> list[dict[str, Any]]:
        """Return what is recorded of a kind."""
        if not self._file.exists():
            return []
        lines = self._file.read_bytes().rpartition(b"\n")[0].splitlines()[1:]
        return [event for line in lines if (event := json.loads(line))["kind"] == kind]

    def until(self, kind: str, count: int) -> None:
        """Return once so many events of a kind are recorded."""
        deadline = time.monotonic() + PATIENCE
        while len(self.events(kind)) < count:
            if time.monotonic() > deadline:
                raise TimeoutError(f"{self.name}: fewer than {count} {kind}")
            time.sleep(0.05)

    def suspend(self) -> None:
        """Suspend the program; if the whole is meant, all that came of it as well, and first."""
        program = psutil.Process(self._program.pid)
        children = program.children(recursive=True) if self.whole else []
        self._suspended = [*children, program]
        for process in self._suspended:
            process.send_signal(signal.SIGSTOP)

    def go_on(self) -> None:
        """Let all go on that is suspended, the program first."""
        for process in reversed(self._suspended):
            with suppress(psutil.NoSuchProcess):
                process.send_signal(signal.SIGCONT)
        self._suspended = []

    def wrong(self, seconds: float) -> Iterator[str]:
        """Yield what should not have happened in and after a suspension of so many seconds."""
        jumps = self.events("system.clock_jumped")
        stalled = sum(jump["data"]["stalled_ms"] for jump in jumps)
        if not 1000 * (seconds - 3) <= stalled <= 1000 * (seconds + 10):
            yield f"{stalled} ms of it are recorded"
        for moved in self.events("agent.transitioned"):
            if moved["data"]["to_state"] in ("DEGRADED", "UNHEALTHY", "FAILED"):
                yield f"{moved['data']['agent']} {moved['data']['to_state']}"
        for kind in ("user.expired", "agent.exited", "task.refused", "system.refused"):
            for event in self.events(kind):
                yield f"{kind}: {event['data']}"
        last = self.events("system.scheduled")[-1]["at"]
        came = [it for it in self.events("system.scheduled") if it["data"]["trigger"] == "often"]
        if len(came) > last / 1000 / INTERVAL + 1:
            yield f"the trigger came {len(came)} times in {last} ms of session time"

    def verify(self) -> str:
        """Return what is wrong with the file once the session has ended; empty if nothing is."""
        checked = subprocess.run(
            [sys.executable, "-m", "mop_tui", "verify", self._file, "--decisions"],
            capture_output=True, encoding="utf-8", check=False,
        )  # fmt: skip
        return checked.stderr if checked.returncode else ""


def suspended_for(seconds: float) -> list[str]:
    """Suspend sessions for so long, and return what is wrong with them afterwards."""
    wrong = []
    patience = int(seconds) - 1
    with ExitStack() as stack:
        sessions = []
        for whole in (False, True):
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
            sessions.append(Session(folder, patience, whole=whole))
        with ExitStack() as running:
            for session in sessions:
                running.enter_context(session)
            for session in sessions:
                session.until("user.asked", 1)
                session.until("system.scheduled", CHECKS_BEFORE)
            came = [len(session.events("system.scheduled")) for session in sessions]
            for session in sessions:
                session.suspend()
            time.sleep(seconds)
            for session in sessions:
                session.go_on()
            for session, before in zip(sessions, came, strict=True):
                session.until("system.clock_jumped", 1)
                session.until("system.scheduled", before + CHECKS_AFTER)
                wrong += [f"{session.name}: {what}" for what in session.wrong(seconds)]
        wrong += [f"{it.name}: {what}" for it in sessions if (what := it.verify())]
    return wrong


def main(arguments: Sequence[str] | None = None) -> None:
    """Suspend two sessions, and print what came of it; exit code 1 if anything is wrong."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--seconds", type=float, default=600.0)
    options = parser.parse_args(arguments)
    print(described())
    wrong = suspended_for(options.seconds)
    for what in wrong:
        print(f"WRONG: {what}")
    if wrong:
        sys.exit(1)
    print(
        f"suspended for {options.seconds:g} s, the program alone and everything: recorded;"
        " nobody ill, nothing expired or overdue, nothing made up for"
    )


if __name__ == "__main__":
    main()
