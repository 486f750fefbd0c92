"""Whether a session that is killed again and again loses nothing, repeats nothing, leaves nothing.

    python -m bench.kills [--kills 100] [--seed 0]

Sessions of real processes are run, killed with SIGKILL at a random moment, and resumed, until they
end. Each process writes down that it was started, in a ledger of its own, and so does each hand
over of a task to a process that lives on. After every kill and every resume:

- what was in the session file is still there, to the byte, but for a line that was half written;
- nothing stands in the ledger that the file had not announced before (journal first, then act);
- nothing stands in the ledger twice: no start and no hand over was repeated;
- no process of a dead program runs two seconds after its successor has begun;
- in the end the file is intact, its decisions can be recomputed, and nothing runs.
"""

import argparse
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from bench.machine import described
from mop_tui.agents.guardian import tagged
from mop_tui.journal import JournalFile, verify

WORKER = """
import os, sys, time
ledger, seconds = sys.argv[1], float(sys.argv[2])
entry = f"start {os.environ['MOP_AGENT']} {os.environ['MOP_INCARNATION']}\\n"
fd = os.open(ledger, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
os.write(fd, entry.encode())
time.sleep(seconds)
"""

SERVANT = """
import os, sys, time
from mop_tui import agent
ledger = sys.argv[1]
fd = os.open(ledger, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
os.write(fd, f"start {os.environ['MOP_AGENT']} {os.environ['MOP_INCARNATION']}\\n".encode())
for task in agent.tasks():
    os.write(fd, f"hand {task.id} {task.attempt}\\n".encode())
    time.sleep(0.2)
    agent.done("served")
"""

LONGEST = 2.5
"""Seconds after which a program is killed at the latest."""
GONE_WITHIN = 2.0
"""Seconds for which something of a dead program may still run beside its successor."""
TASKS = 18


@dataclass
class Tally:
    """What was found."""

    kills: int = 0
    sessions: int = 0
    events: int = 0
    lost: int = 0
    """Tasks that were being done when the program was killed, and starts in doubt."""
    torn: int = 0
    wrong: list[str] = field(default_factory=list)


def layout(ledger: Path) -> dict[str, object]:
    """Return a layout with tasks that need each other, gates, retries and all kinds of agents."""
    crew: list[dict[str, object]] = [{"id": f"w{n}", "type": "worker"} for n in range(3)]
    crew.append({"id": "servant", "type": "servant"})
    tasks: dict[str, object] = {}
    for n in range(TASKS):
        task: dict[str, object] = {"needs": [f"t{n - 3}"] if n >= 3 else []}
        if n % 6 == 5:
            task["requires_skill"] = "serving"
        else:
            task["agent"] = f"w{n % 3}"
            seconds = 0.1 + 0.15 * (n % 4)
            task["run"] = [sys.executable, "-c", WORKER, str(ledger), str(seconds)]
        if n % 5 == 4:
            task["gate"] = "sure"
        if n % 7 == 6:
            task["retry"] = 2
        tasks[f"t{n}"] = task
    servant = {
        "skills": ["serving"],
        "lifetime": "session",
        "run": [sys.executable, "-c", SERVANT, str(ledger)],
    }
    return {
        "session": {"id": "kills"},
        "agent_types": {"worker": {}, "servant": servant},
        "teams": {"crew": {"agents": crew}},
        "tasks": tasks,
        "questions": {"sure": {"question": "Go on?"}},
    }


def answers() -> list[dict[str, object]]:
    """Return answers to all gates, and to whatever becomes doubtful, however often."""
    gates: list[dict[str, object]] = [
        {"question": "sure", "value": "approve", "after": 0.1 * (n % 3)} for n in range(TASKS)
    ]
    doubts: list[dict[str, object]] = [
        {"question": f"doubt/t{n}", "value": "retry"} for n in range(TASKS)
    ]
    return gates + doubts * 20


class Session:
    """One session, from its start through all its deaths to its end."""

    def __init__(self, folder: Path, chance: random.Random, tally: Tally) -> None:
        self._file = folder / "s.jsonl"
        self._ledger = folder / "ledger"
        self._answers = folder / "answers.yaml"
        self._layout = folder / "layout.yaml"
        self._folder = folder
        self._chance = chance
        self._tally = tally
        self._layout.write_text(json.dumps(layout(self._ledger)), encoding="utf-8")
        self._answers.write_text(json.dumps(answers()), encoding="utf-8")

    def live_and_die(self, most: int) -> None:
        """Run and kill, at most `most` times, then let the session end."""
        self._tally.sessions += 1
        begin = ["run", str(self._layout), "--trust", "--session-file", str(self._file)]
        before = b""
        for death in range(most + 1):
            program = self._start(begin if death == 0 else ["resume", str(self._file)])
            if death:
                self._check_strays()
            delay = self._chance.uniform(0.05, LONGEST) if death < most else 90.0
            try:
                code: int | None = program.wait(delay)
            except subprocess.TimeoutExpired:
                code = None
            if code is None:
                os.kill(program.pid, signal.SIGKILL)
                program.wait()
                self._tally.kills += 1
            before = self._check_file(before)
            self._check_ledger()
            if code is None and self._file.exists() and verify(self._file).ended:
                code = 0  # it was killed after it had ended
            if code is not None and self._file.exists():
                self._check_end(code)
                return
            if not self._file.exists():
                return  # it died before there was a session
        self._tally.wrong.append("the session did not end in a minute and a half")

    def _start(self, words: list[str]) -> subprocess.Popen[bytes]:
        with (self._folder / "errors").open("ab") as errors:
            return subprocess.Popen(
                [sys.executable, "-m", "mop_tui", *words, "--headless", "--answers", self._answers],
                cwd=self._folder,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=errors,
                start_new_session=True,
            )

    def _check_strays(self) -> None:
        """Wait until the successor has recorded something, and look for what is older than it."""
        begun = time.monotonic()
        with JournalFile.open(self._file) as journal:
            resumed = sum(event.kind == "system.resumed" for event in journal)
            run = journal.header.run
        older = run if not resumed else f"{run}.{resumed}"
        deadline = begun + GONE_WITHIN
        while time.monotonic() < deadline and list(tagged(older)):
            time.sleep(0.02)
        left = list(tagged(older))
        if left:
            self._tally.wrong.append(f"{len(left)} processes outlived their program")

    def _check_file(self, before: bytes) -> bytes:
        """Assert that what was whole is still there; return what is whole now."""
        if not self._file.exists():
            return b""
        now = self._file.read_bytes()
        if not now.startswith(before):
            self._tally.wrong.append("what was recorded is not there any more")
        verdict = verify(self._file)
        self._tally.torn += verdict.state == "torn"
        if verdict.state == "damaged":
            self._tally.wrong.append(f"damage: {verdict.sentence}")
        return now[: now.rfind(b"\n") + 1]

    def _check_ledger(self) -> None:
        done = (
            self._ledger.read_text(encoding="utf-8").splitlines() if self._ledger.exists() else []
        )
        for entry, count in Counter(done).items():
            if count > 1:
                self._tally.wrong.append(f"done {count} times: {entry}")
        announced = set(self._announced()) if self._file.exists() else set()
        for entry in done:
            if entry not in announced:
                self._tally.wrong.append(f"done before it was announced: {entry}")

    def _announced(self) -> Iterator[str]:
        attempts: Counter[str] = Counter()
        with JournalFile.open(self._file) as journal:
            for event in journal:
                match event.data:
                    case _ if (
                        event.kind == "task.transitioned" and event.data.trigger == "assigned"
                    ):
                        attempts[event.data.task] += 1
                    case _ if event.kind == "system.intended":
                        intended = event.data
                        if intended.effect == "start_process":
                            yield f"start {intended.agent} {intended.incarnation}"
                        elif intended.effect == "hand_task":
                            yield f"hand {intended.task} {attempts[intended.task]}"
                    case _:
                        continue

    def _check_end(self, code: int) -> None:
        if code != 0:
            errors = (self._folder / "errors").read_text(encoding="utf-8").strip()
            kept = Path(tempfile.mkdtemp(prefix="killed-")) / self._file.name
            kept.write_bytes(self._file.read_bytes())
            self._tally.wrong.append(f"it ended with exit code {code}: {errors[-300:]}; see {kept}")
        with JournalFile.open(self._file) as journal:
            events = list(journal)
            runs = [journal.header.run]
        self._tally.events += len(events)
        self._tally.lost += sum(
            event.kind in ("agent.exited", "system.done") and event.data.lost for event in events
        )
        resumed = sum(event.kind == "system.resumed" for event in events)
        runs += [f"{runs[0]}.{n}" for n in range(1, resumed + 1)]
        left = [pid for run in runs for pid, _ in tagged(run)]
        if left:
            self._tally.wrong.append(f"{len(left)} processes still run after the end")
        checked = subprocess.run(
            [sys.executable, "-m", "mop_tui", "verify", self._file, "--decisions"],
            capture_output=True, encoding="utf-8", check=False,
        )  # fmt: skip
        if checked.returncode:
            self._tally.wrong.append(checked.stderr.strip())


def campaign(kills: int, seed: int) -> Tally:
    """Kill programs until there were `kills`."""
    chance, tally = random.Random(seed), Tally()
    while tally.kills < kills and len(tally.wrong) < 10:
        with tempfile.TemporaryDirectory() as folder:
            most = min(chance.randint(3, 12), kills - tally.kills)
            Session(Path(folder), chance, tally).live_and_die(most)
    return tally


def main() -> None:
    """Run the campaign and print what was found; exit code 1 if anything is wrong."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    print(described())
    tally = campaign(options.kills, options.seed)
    print(
        f"{tally.kills} kills in {tally.sessions} sessions of {tally.events:,} events in all;"
        f" {tally.torn} files torn; {tally.lost} processes and starts lost on the way"
    )
    for wrong in tally.wrong:
        print(f"WRONG: {wrong}")
    print("nothing lost, nothing repeated, nothing left" if not tally.wrong else "it does not hold")
    sys.exit(bool(tally.wrong))


if __name__ == "__main__":
    main()
