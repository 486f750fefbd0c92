"""Real agents that fall ill, in a session that a real program runs and records."""

import json
import os
import signal
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import programs
from real_processes import runs
from running import Running

PATIENCE = 60.0
Event = Mapping[str, Any]

PATIENT = """
import json, mmap, os, pathlib, sys, threading, time
def say(**what): print(json.dumps(what), flush=True)
late = 0.0
used = None
def use(percent, limit=60 << 20):
    global used
    if used: used.close()
    used = None
    rss = int(pathlib.Path("/proc/self/statm").read_text().split()[1]) * mmap.PAGESIZE
    size = int(limit * percent / 100) - rss
    if size > 0:
        used = mmap.mmap(-1, size)
        for at in range(0, size, mmap.PAGESIZE): used[at] = 1
def listen():
    say(mop="health", status="healthy")
    for line in sys.stdin:
        said = json.loads(line)
        if said["mop"] == "ping":
            time.sleep(late)
            say(mop="pong", id=said["id"])
    os._exit(0)
if "mute" not in sys.argv: threading.Thread(target=listen, daemon=True).start()
orders = pathlib.Path("orders-" + os.environ["MOP_INCARNATION"])
done = 0
while True:
    text = orders.read_text() if orders.exists() else ""
    for order in text.split(chr(10))[done:-1]:
        exec(order, globals())
        done += 1
    time.sleep(0.03)
"""
"""An agent that answers pings, unless it is mute, and does what it is ordered in a file: each line
of it is a statement."""

HEARS = """
import json, sys
for line in sys.stdin:
    said = json.loads(line)
    if said["mop"] == "message":
        with open("told", "a") as told: told.write(said["text"] + chr(10))
    elif said["mop"] == "task":
        print(json.dumps({"mop": "done", "task": said["id"]}), flush=True)
"""
"""An agent for the whole session that writes down what it is told, in a file `told`."""


def layout(
    program: str = "${python} -I -S ann.py",
    *,
    checks: str = "",
    restart: str = "{times: 3, within: 10m}",
    ann: str = "",
    task: str = "",
    more: str = "",
) -> str:
    """Return a layout in which `ann` is at work, somebody may look into it, and `boss` is told."""
    return f"""
session: {{id: ward, project: Test, coordinator: boss}}
health_checks:
  interval: 400ms
  timeout: 300ms
  failure_threshold: 3
  success_threshold: 1
  degradation_timeout: 1h
  restart: {restart}
  {checks}
agent_types:
  worker: {{{ann}}}
  devops-troubleshooter: {{run: {{shell: "cat \\"$MOP_TASK_FILE\\" >> looked-into"}}}}
  coordinator: {{lifetime: session, run: {{command: ["${{python}}", "-I", "-S", boss.py]}}}}
teams:
  crew:
    agents:
    - {{id: boss, type: coordinator}}
    - {{id: ann, type: worker}}
tasks:
  lead: {{agent: boss}}
  work: {{agent: ann, run: {{shell: "exec {program}"}}{task}}}
{more}
"""


TICKS = """
triggers:
- {name: tick, type: schedule, interval: 200ms, action: notify}
"""
"""A clock for those who wait for nothing to happen."""


class Chart:
    """What a session with `ann` at work in it records, which can be waited for."""

    def __init__(self, folder: Path, session: Path) -> None:
        self.folder = folder
        self.session = session
        self._seen: list[Event] = []
        self._read_to = 0

    # -- what is recorded -------------------------------------------------------------------------

    def all(self, kind: str = "", **data: Any) -> list[Event]:
        """Return the events recorded by now of a kind and with these data."""
        self._read()
        return [event for event in self._seen if _fits(event, kind, data)]

    def first(self, kind: str, *, after: int = 0, **data: Any) -> Event:
        """Return the first such event after one of seq `after`, once it is recorded."""
        deadline = time.monotonic() + PATIENCE
        while True:
            for event in self.all(kind, **data):
                if event["seq"] > after:
                    return event
            assert time.monotonic() < deadline, f"never came: {kind} {data} after {after}"
            time.sleep(0.02)

    def moved(self, to: str, *, agent: str = "ann", after: int = 0) -> Event:
        """Return when an agent came into a state."""
        return self.first("agent.transitioned", after=after, agent=agent, to_state=to)

    def decided(self, rule: str, after: int = 0, agent: str = "ann") -> Event:
        """Return what was decided by a rule about an agent."""
        return self.first("system.decided", after=after, rule=rule, agent=agent)

    def process(self, agent: str = "ann", after: int = 0) -> int:
        """Return the process that was started for an agent."""
        done = self.first("system.done", after=after, agent=agent, effect="start_process", error="")
        pid = done["data"]["pid"]
        assert isinstance(pid, int)
        return pid

    def ticks(self, count: int, *, after: int) -> None:
        """Return when a layout with `TICKS` has ticked so often."""
        for _ in range(count):
            after = self.first("system.scheduled", after=after)["seq"]

    def checks_before(self, event: Event) -> int:
        """Return how many checks in a row found `ann` ill up to an event."""
        count = 0
        for checked in reversed(self.all("agent.checked", agent=event["data"]["agent"])):
            if checked["seq"] > event["seq"]:
                continue
            if checked["data"]["level"] == "healthy":
                break
            count += 1
        return count

    def causes(self, event: Event) -> list[str]:
        """Return the kinds of what an event follows from, itself first."""
        by_seq = {it["seq"]: it for it in self.all()}
        kinds = []
        at: Event | None = event
        while at is not None:
            kinds.append(at["kind"])
            at = by_seq.get(at.get("cause"))
        return kinds

    def _read(self) -> None:
        if not self.session.exists():
            return
        with self.session.open("rb") as file:
            file.seek(self._read_to)
            whole = file.read().rpartition(b"\n")[0]
        first = 0 if self._read_to else 1  # the header
        self._seen += [json.loads(line) for line in whole.splitlines()[first:]]
        self._read_to += len(whole) + 1 if whole else 0

    # -- what is done to it -----------------------------------------------------------------------

    def order(self, *statements: str, incarnation: int = 1) -> None:
        """Have `ann` execute statements."""
        with (self.folder / f"orders-{incarnation}").open("a", encoding="utf-8") as orders:
            orders.write("".join(f"{statement}\n" for statement in statements))

    def told(self) -> list[str]:
        """Return what the coordinator was told."""
        path = self.folder / "told"
        return path.read_text(encoding="utf-8").splitlines() if path.exists() else []

    # -- in the end -------------------------------------------------------------------------------

    def verified(self) -> None:
        """Find the file intact, and every decision recomputed as it was."""
        said = programs.run("verify", "--decisions", self.session.name, cwd=self.folder)
        assert said.returncode == 0, said.stdout + said.stderr


class Ward(Chart, Running):
    """A session with `ann` at work in it, which a program runs without a screen."""

    def __init__(self, folder: Path, text: str, *options: str, ann: str = PATIENT) -> None:
        Chart.__init__(self, folder, folder / "it.jsonl")
        furnish(folder, ann)
        Running.__init__(self, folder, text, *options)


def furnish(folder: Path, ann: str = PATIENT) -> None:
    """Write down the agents' programs."""
    (folder / "ann.py").write_text(ann, encoding="utf-8")
    (folder / "boss.py").write_text(HEARS, encoding="utf-8")


def _fits(event: Event, kind: str, data: Mapping[str, Any]) -> bool:
    if kind not in ("", event["kind"]):
        return False
    return all(event["data"].get(name, "") == value for name, value in data.items())


def suspend(pid: int) -> None:
    """Suspend a process and its group, as a user may with `kill -STOP`."""
    os.killpg(pid, signal.SIGSTOP)


def go_on(pid: int) -> None:
    """Let a process and its group go on."""
    os.killpg(pid, signal.SIGCONT)


def gone(pid: int) -> None:
    """Return once a process runs no more."""
    deadline = time.monotonic() + PATIENCE
    while runs(pid):
        assert time.monotonic() < deadline, f"process {pid} still runs"
        time.sleep(0.02)
