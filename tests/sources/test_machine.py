"""What of the machine is in use, as far as anybody can tell."""

import time
from pathlib import Path

import pytest

from mop_tui.sources import machine
from mop_tui.sources.machine import Machine

LINES = "cpu  100 0 100 700 100 0 0 0 9 9\ncpu0 1 2 3 4 5 6 7 8\n"
LATER = "cpu  160 0 100 730 110 0 0 0 99 99\ncpu0 1 2 3 4 5 6 7 8\n"


def test_real_figures_are_percentages() -> None:
    look = Machine()
    until = time.process_time() + 0.05
    while time.process_time() < until:  # so that some time was used
        pass
    used = look()
    assert used.cores is not None
    assert used.cores >= 1
    assert used.memory is not None
    assert 0 < used.memory < 100
    assert used.cpu is not None
    assert 0 < used.cpu <= 100


def test_use_is_what_was_not_idle_since_the_last_look(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stat, memory = tmp_path / "stat", tmp_path / "meminfo"
    stat.write_text(LINES)
    memory.write_text("MemTotal: 1000 kB\nMemFree: 1 kB\nMemAvailable: 250 kB\nHugePages: 0\n")
    monkeypatch.setattr(machine, "_STAT", stat)
    monkeypatch.setattr(machine, "_MEMORY", memory)
    look = Machine()
    stat.write_text(LATER)
    used = look()
    assert (used.cpu, used.memory) == (60.0, 75.0)  # 60 of 100 ticks, waiting for disks is idle


def test_what_cannot_be_read_is_unknown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stat = tmp_path / "stat"
    stat.write_text("nonsense\n")
    monkeypatch.setattr(machine, "_STAT", stat)
    monkeypatch.setattr(machine, "_MEMORY", tmp_path / "none")
    used = Machine()()
    assert (used.cpu, used.memory) == (None, None)
