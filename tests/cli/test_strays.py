"""Agents that outlived their program are found by the next one."""

import asyncio
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import psutil
from real_processes import eventually, runs

Mop = Callable[..., subprocess.CompletedProcess[str]]

LONG = """
session: {id: long}
agent_types: {worker: {}}
teams: {crew: {agents: [worker]}}
tasks: {wait: {agent: worker, run: [sleep, "600"]}}
"""
SHORT = LONG.replace('[sleep, "600"]', "[echo, hello]").replace("id: long", "id: short")


def _registered(folder: Path, agent: str) -> bool:
    registers = (folder / "sessions").glob("*.pids")
    return any(f'"{agent}"' in file.read_text(encoding="utf-8") for file in registers)


def test_strays_are_ended_and_recorded_however_short_the_next_session_is(
    mop: Mop, tmp_path: Path
) -> None:
    for name, text in (("long", LONG), ("short", SHORT)):
        (tmp_path / f"{name}.yaml").write_text(text, encoding="utf-8")
    program = subprocess.Popen(
        [sys.executable, "-m", "mop_tui", "run", "--trust", "long.yaml", "--headless"],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        encoding="utf-8",
        start_new_session=True,
    )
    assert program.stdout is not None
    for line in program.stdout:
        if "began wait" in line:
            break
    asyncio.run(eventually(lambda: _registered(tmp_path, "worker")))
    children = psutil.Process(program.pid).children()
    [stray] = [child for child in children if child.name() == "sleep"]
    # The guardian first, which would have ended the agent, while nobody can start another one.
    psutil.Process(program.pid).suspend()
    for process in (*(child for child in children if child != stray), psutil.Process(program.pid)):
        process.kill()
    program.wait()
    program.stdout.close()
    assert runs(stray.pid)

    done = mop("run", "short.yaml", "--headless")

    assert done.returncode == 0, done.stderr
    assert not runs(stray.pid)
    [session] = (tmp_path / "sessions").glob("short-*.jsonl")
    events = [json.loads(line) for line in session.read_text(encoding="utf-8").splitlines()[1:]]
    [ended] = [e["data"] for e in events if e["kind"] == "system.strays_ended"]
    assert ended["agents"] == ["worker"]
    assert ended["session"].startswith("long-")
    assert "still ran and was ended: worker" in done.stdout
    assert not list((tmp_path / "sessions").glob("*.pids"))
