"""A command host for each test that wants one. Nothing that it started survives the test."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from real_processes import Trial

from mop_tui.agents.command import use_pidfd_child_watcher


@pytest.fixture
async def trial(tmp_path: Path) -> AsyncIterator[Trial]:
    use_pidfd_child_watcher()
    made = Trial(tmp_path)
    yield made
    await asyncio.wait_for(made.host.close(), 30)
    assert made.alive() == []
