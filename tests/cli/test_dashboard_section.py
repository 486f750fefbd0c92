"""What `dashboard:` and `dashboard_enabled:` in a layout come to."""

import asyncio
import json
import os
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path

from terminal import Terminal

from mop_tui.dashboard.picture import picture
from mop_tui.orchestrator.replay import open_replay

Mop = Callable[..., subprocess.CompletedProcess[str]]

LAYOUT = """
session: {id: steps}
agent_types: {worker: {run: [sleep, "1.5"]}}
teams: {crew: {agents: [{id: a, type: worker}]}}
tasks:
  first: {agent: a, duration: 4s}
  second: {agent: a, duration: 4s, needs: [first]}
dashboard: {refresh_interval: 500ms, sections: [events, overview]}
"""


def test_a_headless_run_tells_how_it_stands_at_its_interval(mop: Mop, tmp_path: Path) -> None:
    layout = tmp_path / "layout.yaml"
    layout.write_text(LAYOUT, encoding="utf-8")
    done = mop("run", layout, "--headless", "--json")
    assert done.returncode == 0, done.stderr
    told = [line for line in done.stderr.splitlines() if "% done; tasks:" in line]
    lasted = json.loads(done.stdout.splitlines()[-1])["at"]
    assert 4 <= len(told) <= 1 + lasted / 500
    assert told[0].startswith("0 s; 0% done; tasks: 1 pending and 1 active; about ")
    assert told[0].endswith(" s left")
    assert "50% done; tasks: 1 active and 1 complete" in told[-1]


def test_a_recording_is_shown_as_its_layout_wants_it(mop: Mop, tmp_path: Path) -> None:
    layout = tmp_path / "layout.yaml"
    layout.write_text(LAYOUT, encoding="utf-8")
    mop("run", layout, "--headless", "--rehearse")
    (recorded,) = (tmp_path / "sessions").glob("*.jsonl")
    replay = open_replay(recorded)
    assert replay.sections == ("events", "overview")
    shown = asyncio.run(picture(replay, size=(100, 30)))
    assert "Events" in shown
    assert "Agents" not in shown


WITHOUT = LAYOUT.replace("{id: steps}", "{id: steps, dashboard_enabled: false}")
SAID = "the layout says dashboard_enabled: false, so this runs headless"
OTHER_SCREEN = b"\x1b[?1049h"
"""What a program writes that takes the terminal for a screen of its own."""


def test_a_layout_that_wants_no_screen_has_none_though_a_terminal_is_there(tmp_path: Path) -> None:
    (tmp_path / "layout.yaml").write_text(WITHOUT, encoding="utf-8")
    with Terminal("run", "layout.yaml", "--session-file", "it.jsonl", cwd=tmp_path) as terminal:
        assert terminal.wait() == 0
        assert SAID in terminal.display
        assert "a completed second" in terminal.display
        assert OTHER_SCREEN not in terminal.transcript
    started = json.loads((tmp_path / "it.jsonl").read_text(encoding="utf-8").splitlines()[1])
    assert started["data"]["attended"] is False, "nobody can be asked there"


def test_nor_has_it_one_when_it_goes_on_after_a_kill(tmp_path: Path) -> None:
    layout = tmp_path / "layout.yaml"
    layout.write_text(WITHOUT, encoding="utf-8")
    with Terminal("run", "layout.yaml", "--session-file", "it.jsonl", cwd=tmp_path) as terminal:
        terminal.until("a began first")
        os.kill(terminal.pid, signal.SIGKILL)
        terminal.wait()
    with Terminal("resume", "it.jsonl", cwd=tmp_path) as terminal:
        terminal.until("a completed second")
        assert terminal.wait() == 0
        assert SAID in terminal.display
        assert OTHER_SCREEN not in terminal.transcript


def test_a_screen_can_be_attached_to_it_all_the_same(tmp_path: Path) -> None:
    (tmp_path / "layout.yaml").write_text(WITHOUT.replace('"1.5"', '"8"'), encoding="utf-8")
    with Terminal("run", "layout.yaml", "--session-file", "it.jsonl", cwd=tmp_path) as terminal:
        terminal.until("a began first")
        with Terminal("attach", "it.jsonl", cwd=tmp_path) as screen:
            screen.until("LIVE", "a began first")
            assert OTHER_SCREEN in screen.transcript
            screen.press("d")
            assert screen.wait() == 0
