"""Every key that is declared is told in the help, and does no harm wherever it is pressed."""

from collections.abc import Callable, Iterator

import pytest
from dashboard.desk import at_desk
from dashboard.plays import mop_platform
from dashboard.stage import Recording, Stage
from textual.binding import Binding

from mop_tui.dashboard.app import Dashboard
from mop_tui.dashboard.detail_dialog import DetailDialog
from mop_tui.dashboard.event_log import EventLog
from mop_tui.dashboard.issue_list import IssueList
from mop_tui.dashboard.overview import Overview
from mop_tui.dashboard.rows import Rows
from mop_tui.dashboard.steering import AGENT_KEYS, TASK_KEYS
from mop_tui.dashboard.swarm import Swarm
from mop_tui.dashboard.task_list import TaskList
from mop_tui.dashboard.timeline import TIMELINE_KEYS

DECLARED = (
    *Dashboard.BINDINGS,
    *Overview.BINDINGS,
    *Rows.BINDINGS,
    *Swarm.BINDINGS,
    *TaskList.BINDINGS,
    *EventLog.BINDINGS,
    *DetailDialog.BINDINGS,
    *AGENT_KEYS,
    *TASK_KEYS,
    *IssueList.BINDINGS,
    *TIMELINE_KEYS,
)
LEAVING = {"q", "ctrl+q", "ctrl+c", "d"}
"""These leave the screen, or ask whether to; they have tests of their own."""


def keys() -> Iterator[str]:
    """Yield every declared key once."""
    bindings = [binding for binding in DECLARED if isinstance(binding, Binding)]
    yield from dict.fromkeys(key for binding in bindings for key in binding.key.split(","))


def recording() -> Recording:
    return Recording.of(mop_platform())


@pytest.mark.parametrize(
    ("play", "way"),
    [
        (mop_platform, ()),
        (mop_platform, ("tab",)),
        (recording, ("enter",)),
        (mop_platform, ("L",)),
        (recording, ("L", "v")),
    ],
)
async def test_no_key_does_harm_anywhere(play: Callable[[], Stage], way: tuple[str, ...]) -> None:
    async with at_desk(play(), (100, 30)) as desk:
        for key in keys():
            if key in LEAVING:
                continue
            while len(desk.app.screen_stack) > 1:
                await desk.wait(2)
                await desk.press("escape")
            await desk.press("down", *way, key)
            assert desk.app.is_running
            assert desk.text().strip()


async def test_the_help_tells_every_key_that_works_on_the_overview() -> None:
    async with at_desk(mop_platform(), (120, 140)) as desk:
        ours = {binding.action for binding in DECLARED if isinstance(binding, Binding)}
        told = {
            binding.tooltip or binding.description
            for _, binding, enabled, _ in desk.app.screen.active_bindings.values()
            if enabled and binding.action in ours
        }
        await desk.press("question_mark")
        said = " ".join(desk.text().split())
        missing = {text for text in told if text not in said}
    assert missing == set()
