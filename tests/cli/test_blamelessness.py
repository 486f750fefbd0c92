"""Trouble that is nobody's illness, and illness in times of trouble."""

import os
import shutil
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import programs
import pytest
from real_processes import runs
from terminal import Terminal
from ward import TICKS, Chart, Ward, furnish, gone, layout, suspend

ASKS = "from mop_tui import agent; agent.ask('Well?', timeout=3600)"
HOUR, YEAR = 3_600, 365 * 86_400


def crew(*names: str) -> str:
    """Return a layout in which others do the same as `ann`."""
    more = "".join(
        f'  work-{name}: {{agent: {name}, run: {{shell: "exec ${{python}} -I -S ann.py"}}}}\n'
        for name in names
    )
    agents = "".join(f"    - {{id: {name}, type: worker}}\n" for name in names)
    return layout(more=more).replace("    - {id: ann", f"{agents}    - {{id: ann")


class SetClock(Ward):
    """A program whose wall clock is ahead by as many seconds as a file `ahead` says."""

    PYTHON = (
        "-c",
        "import os, sys, time\n"
        "real = time.time\n"
        "def ahead():\n"
        "    return float(open('ahead').read()) if os.path.exists('ahead') else 0.0\n"
        "time.time = lambda: real() + ahead()\n"
        "from mop_tui.__main__ import main\n"
        "main()",
    )


@pytest.mark.parametrize("ahead", [HOUR, -HOUR, YEAR, -YEAR])
def test_a_clock_that_is_set_makes_nobody_ill_and_expires_nothing(
    tmp_path: Path, ahead: int
) -> None:
    (tmp_path / "asks.py").write_text(ASKS, encoding="utf-8")
    asks = '  ask: {agent: ben, run: {shell: "${python} asks.py"}}'
    text = layout(more=asks + TICKS, task=", timeout: 1h")
    text = text.replace("    - {id: ann", "    - {id: ben, type: worker}\n    - {id: ann")
    with SetClock(tmp_path, text) as ward:
        ward.first("agent.health", source="ping", agent="ann")
        ward.first("user.asked")
        (tmp_path / "new").write_text(str(ahead), encoding="utf-8")
        (tmp_path / "new").replace(tmp_path / "ahead")
        jumped = ward.first("system.clock_jumped")
        assert abs(jumped["data"]["wall_ms"] - 1000 * ahead) < 10_000
        ward.ticks(12, after=jumped["seq"])
        assert len(ward.all("system.clock_jumped")) == 1
        assert not ward.all("agent.checked")
        assert not ward.all("user.expired")
        assert not ward.all("agent.exited", agent="ann")
        assert len(ward.all("system.scheduled")) <= ward.all()[-1]["at"] / 200 + 1
    ward.verified()


def test_all_late_at_once_blames_the_clock_and_then_them(tmp_path: Path) -> None:
    names = ("ann", "ben", "cid")
    with Ward(tmp_path, crew("ben", "cid")) as ward:
        for name in names:
            ward.first("agent.health", source="ping", agent=name)
        pids = [ward.process(name) for name in names]
        for pid in pids:
            suspend(pid)
        blamed = ward.first("system.clock_jumped")
        assert blamed["data"]["late"] == len(names)
        assert not ward.all("agent.transitioned", to_state="UNHEALTHY")
        for name, pid in zip(names, pids, strict=True):
            ward.moved("UNHEALTHY", agent=name, after=blamed["seq"])
            assert ward.process(name, after=blamed["seq"]) != pid
            gone(pid)
        assert len(ward.all("system.clock_jumped")) == 1
    ward.verified()


# -- trouble while somebody is ill ----------------------------------------------------------------


@pytest.fixture
def furnished(tmp_path: Path) -> Path:
    """A folder with a layout in which an agent is not started again: the operator is asked."""
    furnish(tmp_path)
    text = layout(restart="{times: 1, within: 1h}")
    (tmp_path / "layout.yaml").write_text(text, encoding="utf-8")
    return tmp_path


RUN = ("run", "layout.yaml", "--session-file", "it.jsonl")


def ill_again(chart: Chart) -> int:
    """Make `ann` ill twice, so that the operator is asked; return its second process."""
    chart.first("agent.health", source="ping", agent="ann")
    suspend(chart.process())
    ill = chart.moved("UNHEALTHY")
    pid = chart.process(after=ill["seq"])
    chart.first("agent.health", source="ping", agent="ann", after=ill["seq"], incarnation=2)
    suspend(pid)
    chart.first("user.asked", after=ill["seq"])
    return pid


def test_a_program_that_is_killed_while_it_asks_about_an_ill_agent_goes_on_without_either(
    furnished: Path,
) -> None:
    chart = Chart(furnished, furnished / "it.jsonl")
    with Terminal(*RUN, cwd=furnished) as terminal:
        terminal.until("RUNNING")
        pid = ill_again(chart)
        os.kill(terminal.pid, signal.SIGKILL)
    gone(pid)
    with Terminal("resume", "it.jsonl", cwd=furnished) as terminal:
        resumed = chart.first("system.resumed")
        chart.first("user.withdrawn", after=resumed["seq"])
        third = chart.process(after=resumed["seq"])
        well = chart.first("agent.health", source="ping", after=resumed["seq"], agent="ann")
        assert well["data"]["incarnation"] == 3
        assert runs(third)
        open_still = {it["data"]["issue"] for it in chart.all("system.issue_opened")}
        open_still -= {it["data"]["issue"] for it in chart.all("system.issue_closed")}
        texts = [
            it["data"]["text"]
            for it in chart.all("system.issue_opened")
            if it["data"]["issue"] in open_still
        ]
        assert not [text for text in texts if text.startswith("ann is unhealthy")]
    chart.verified()


def test_what_is_asked_about_an_ill_agent_outlives_the_terminal(furnished: Path) -> None:
    chart = Chart(furnished, furnished / "it.jsonl")
    with Terminal(*RUN, cwd=furnished) as terminal:
        terminal.until("RUNNING")
        pid = ill_again(chart)
        asked = chart.first("user.asked")
        terminal.close()
        said = programs.run("answer", "it.jsonl", "q1", "restart", cwd=furnished)
        assert said.returncode == 0, said.stdout + said.stderr
        assert chart.process(after=asked["seq"]) != pid
        gone(pid)
    chart.verified()


# -- a full disk ----------------------------------------------------------------------------------

ALONE = ("unshare", "--mount", "--map-root-user", "sh", "-c")
"""What this mounts is seen by this one program only: needs Linux and user namespaces."""


def test_nobody_is_started_again_without_a_record(tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = f"mount -t tmpfs -o size=1m tmpfs '{disk}'"
    if shutil.which("unshare") is None:
        pytest.skip("there is no unshare here to make a small file system with")
    if subprocess.run([*ALONE, mount], capture_output=True, check=False).returncode:
        pytest.skip("no small file system can be made here")
    furnish(tmp_path)
    (tmp_path / "layout.yaml").write_text(layout(), encoding="utf-8")
    program = (*ALONE, f'{mount} && exec "$@"', "sh", sys.executable, "-m", "mop_tui")
    words = ("run", "layout.yaml", "--session-file", str(disk / "it.jsonl"))
    with Terminal(*words, cwd=tmp_path, program=program, rows=30) as terminal:
        inside = Path(f"/proc/{terminal.pid}/root{disk}")
        chart = Chart(tmp_path, inside / "it.jsonl")
        chart.first("agent.health", source="ping", agent="ann")
        pid = chart.process()
        ballast = inside / "ballast"
        with suppress(OSError), ballast.open("wb", buffering=0) as file:
            while True:
                file.write(bytes(1024))
        suspend(pid)
        terminal.until("NOT RECORDING", "unhealthy")
        assert runs(pid)
        assert not (tmp_path / "looked-into").exists()
        ballast.unlink()
        terminal.until_gone("NOT RECORDING")
        new = chart.process(after=chart.moved("UNHEALTHY")["seq"])
        assert new != pid
        gone(pid)
        (tmp_path / "it.jsonl").write_bytes(chart.session.read_bytes())
    Chart(tmp_path, tmp_path / "it.jsonl").verified()
