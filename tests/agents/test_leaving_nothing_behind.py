"""Whatever agents do, nothing of theirs is left: the short form of `bench/processes.py`."""

import asyncio
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest
from real_processes import A, Trial, eventually, runs, status

from mop_tui.agents import guarding
from mop_tui.agents.command import use_pidfd_child_watcher
from mop_tui.agents.groups import living
from mop_tui.agents.host import Exited, Started
from mop_tui.agents.strays import SUFFIX, born, end_strays, find_strays, place
from mop_tui.domain.ids import AgentId

NASTY = (
    "sleep 600",
    "sleep 600 & sleep 600 & wait",
    "sh -c 'sleep 600 & sleep 600' & exit 0",
    "trap '' TERM; sleep 600 & while :; do wait; sleep 600; done",
    "setsid sleep 600 & sleep 600",
    "setsid sh -c \"trap '' TERM; sleep 600 & wait; sleep 600\" & sleep 600",
    "(setsid sh -c 'setsid sleep 600 & sleep 600' > /dev/null 2>&1 < /dev/null &); exit 0",
    "(sh -c 'sleep 600 &') & (sh -c 'sleep 600 &') & wait; sleep 600",
)
"""Scripts that leave something behind, in all the ways there are."""


async def test_sixty_agents_are_started_paused_continued_and_stopped(trial: Trial) -> None:
    for number in range(60):
        trial.script(NASTY[number % len(NASTY)], name=f"a{number}")
    await trial.until(Started, 60)
    # Those that exit at once do so; the others sleep.
    staying = {s.agent for s in trial.of(Started)} - {
        AgentId(f"a{number}") for number in range(60) if "exit 0" in NASTY[number % len(NASTY)]
    }
    await trial.until(Exited, 60 - len(staying))
    pids = {key[0]: pid for key, pid in trial.host.groups().items()}
    assert set(pids) == staying
    for agent in staying:
        trial.host.pause(agent, 1)
    await eventually(lambda: all(status(p) == psutil.STATUS_STOPPED for p in pids.values()))
    for agent in staying:
        trial.host.resume(agent, 1)
    await eventually(lambda: all(status(p) == psutil.STATUS_SLEEPING for p in pids.values()))
    for agent in staying:
        trial.host.stop(agent, 1)
    await trial.until(Exited, 60)
    await eventually(lambda: trial.alive() == [], 5)
    assert [child for child in psutil.Process().children() if not runs(child.pid)] == []


@pytest.mark.parametrize("script", NASTY)
async def test_closing_ends_everything(trial: Trial, script: str) -> None:
    trial.script(script)
    await trial.until(Started)
    await asyncio.wait_for(trial.host.close(), 20)
    assert trial.alive() == []
    assert not living(frozenset({trial.pid}))


async def test_what_fled_is_paused_and_continued_too(trial: Trial) -> None:
    trial.script("setsid sleep 600 & echo $!; sleep 600")
    await trial.wait(lambda: bool(trial.lines))
    fled = int(trial.lines[0])
    await eventually(lambda: runs(fled) and os.getpgid(fled) != trial.pid)
    trial.host.pause(A, 1)
    await eventually(lambda: status(fled) == psutil.STATUS_STOPPED)
    trial.host.resume(A, 1)
    await eventually(lambda: status(fled) == psutil.STATUS_SLEEPING)


async def test_the_end_of_one_incarnation_does_not_touch_the_next(trial: Trial) -> None:
    trial.script("setsid sleep 600 & exit 0")
    trial.program("sleep", "600", incarnation=2)
    await trial.until(Exited)
    await eventually(lambda: len(trial.alive()) == 1)
    assert trial.host.groups() == {(A, 2): trial.of(Started)[1].pid}


async def test_a_guardian_that_was_ended_is_replaced(trial: Trial) -> None:
    trial.program("sleep", "600")
    await trial.until(Started)
    first = trial.host._guard.pid
    assert first is not None
    os.kill(first, signal.SIGKILL)
    await eventually(lambda: trial.host._guard.pid not in (None, first))
    second = trial.host._guard.pid
    await trial.host.close()
    assert second is not None
    assert not psutil.pid_exists(second)


async def test_a_guardian_that_hangs_holds_nothing_up(
    trial: Trial, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(guarding, "PATIENCE", 0.1)
    trial.program("sleep", "600")
    await trial.until(Started)
    guardian = trial.host._guard.pid
    assert guardian is not None
    os.kill(guardian, signal.SIGSTOP)
    await asyncio.wait_for(trial.host.close(), 10)
    assert not psutil.pid_exists(guardian)


async def test_a_guardian_shrugs_off_the_signals_of_a_terminal(trial: Trial) -> None:
    trial.program("sleep", "600")
    await trial.until(Started)
    guardian = trial.host._guard.pid
    assert guardian is not None
    assert os.getsid(guardian) != os.getsid(0)
    # It has to stand before it can withstand.
    await eventually(lambda: _ignores(guardian, signal.SIGTSTP))
    for number in (signal.SIGINT, signal.SIGHUP, signal.SIGTERM):
        os.kill(guardian, number)
    await trial.host.close()
    assert trial.host._guard._starts == 1


def _ignores(pid: int, number: int) -> bool:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    ignored = next(line for line in lines if line.startswith("SigIgn:"))
    return bool(int(ignored.split()[1], 16) & 1 << number - 1)


# -- when the program is killed --------------------------------------------------------------------

DRIVER = """
import asyncio, os, sys
from pathlib import Path
sys.path[:0] = {paths!r}
from mop_tui.agents import guarding
from mop_tui.agents.command import CommandHost, use_pidfd_child_watcher
from mop_tui.agents.host import Job, Started
from mop_tui.domain.plan import Command, Work
from sessions import agent

async def main():
    use_pidfd_child_watcher()
    folder = Path({folder!r})
    started = []
    def sink(report):
        if isinstance(report, Started):
            started.append(report)
            if len(started) == {count}:
                print("all", flush=True)
    host = CommandHost({{}}.get, folder / "x.logs", sink, os.environ, run={run!r},
                       register=folder / "x.pids")
    scripts = {scripts!r}
    for number in range({count}):
        work = Work(Command((scripts[number % len(scripts)],), shell=True))
        host.start(Job(agent("a%d" % number), work, 1), {{}})
    await asyncio.sleep(600)

asyncio.run(main())
"""


def driver(trial: Trial, folder: Path, count: int) -> subprocess.Popen[bytes]:
    """Start a program that runs agents, and return it once they all run."""
    here = Path(__file__).parents[1]
    code = DRIVER.format(
        paths=[str(here), str(here.parent)],
        folder=str(folder),
        run=trial.run,
        count=count,
        scripts=NASTY,
    )
    program = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE)
    assert program.stdout is not None
    assert program.stdout.readline() == b"all\n"
    return program


async def test_nothing_survives_the_killing_of_the_program(trial: Trial, tmp_path: Path) -> None:
    program = await asyncio.to_thread(driver, trial, tmp_path, 16)
    assert len(trial.alive()) >= 16
    program.kill()
    program.communicate()
    await eventually(lambda: trial.alive() == [], 5)


async def test_what_was_abandoned_is_found_and_ended(trial: Trial, tmp_path: Path) -> None:
    program = await asyncio.to_thread(driver, trial, tmp_path, 8)
    register = tmp_path / f"x{SUFFIX}"
    await eventually(register.exists)
    assert register.stat().st_mode & 0o077 == 0
    assert find_strays(tmp_path) == [], "its program still runs"
    # Without its guardian, since that would be faster than this.
    guardian = next(
        c for c in psutil.Process(program.pid).children() if "guardian" in str(c.cmdline())
    )
    guardian.suspend()
    program.kill()
    program.communicate()
    await eventually(lambda: find_strays(tmp_path) != [])
    [abandoned] = find_strays(tmp_path)
    assert {s.pid for s in abandoned.strays} >= set(trial.alive())
    ended = await asyncio.to_thread(end_strays, [abandoned], 0.5)
    assert ended == len(abandoned.strays)
    await eventually(lambda: trial.alive() == [], 5)
    assert not register.exists()
    guardian.resume()
    assert find_strays(tmp_path) == []


async def test_a_number_that_belongs_to_another_now_is_left_alone(tmp_path: Path) -> None:
    bystander = await asyncio.create_subprocess_exec("sleep", "600", start_new_session=True)
    try:
        (tmp_path / f"x{SUFFIX}").write_text(
            '{"program": 4194305, "born": "boot/1", "run": "gone"}\n'
            f'{{"pid": {bystander.pid}, "born": "boot/1", "agent": "a"}}\n'
            '{"pid": 1, "bo'
        )
        [abandoned] = find_strays(tmp_path)
        assert abandoned.strays == ()
        assert end_strays([abandoned]) == 0
        assert born(bystander.pid) is not None
        assert runs(bystander.pid)
    finally:
        bystander.kill()
        await bystander.wait()


def test_what_is_no_register_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / f"a{SUFFIX}").write_bytes(b"\xff\x00 4711\n[1]\n{}")
    (tmp_path / f"b{SUFFIX}").mkdir()
    assert find_strays(tmp_path) == []
    assert find_strays(tmp_path / "nowhere") == []


async def test_a_clean_end_leaves_no_register(tmp_path: Path) -> None:
    register = tmp_path / f"x{SUFFIX}"
    trial = Trial(tmp_path, register=register)
    use_pidfd_child_watcher()
    trial.program("sleep", "600")
    await trial.until(Started)
    await eventually(lambda: register.exists() and b"pid" in register.read_bytes())
    assert find_strays(tmp_path) == []
    await trial.host.close()
    assert not register.exists()


def test_a_register_of_another_host_or_container_is_left_alone(tmp_path: Path) -> None:
    register = tmp_path / f"s{SUFFIX}"
    program = {"program": os.getpid(), "born": "another birth", "run": ""}
    register.write_text(json.dumps(program | {"place": "another-host/pid:[1]"}) + "\n")
    assert find_strays(tmp_path) == []
    register.write_text(json.dumps(program | {"place": place()}) + "\n")
    assert [abandoned.register for abandoned in find_strays(tmp_path)] == [register]
