"""How it looks: each view once in a small dark terminal, and once in a large light one.

After a change that is meant, look at the new pictures (`pytest --snapshot-report`) and accept them
with `pytest --snapshot-update`.
"""

from collections.abc import Awaitable, Callable
from typing import NamedTuple, Protocol

import pytest
from dashboard.plays import at_work, mop_platform, release, ten_minutes, triggered
from dashboard.stage import Fingers, Recording, Stage
from textual.app import App
from textual.pilot import Pilot

from mop_tui.dashboard.app import Dashboard, WhyEnded

Hands = Callable[[Pilot[WhyEnded]], Awaitable[None]]


class SnapCompare(Protocol):
    """Compares a picture of an app with the one that was accepted."""

    def __call__(
        self, app: App[WhyEnded], *, terminal_size: tuple[int, int], run_before: Hands
    ) -> bool: ...


class View(NamedTuple):
    """A view, and the keys that lead there."""

    play: Callable[[], Stage]
    keys: tuple[str, ...] = ()


def _middle() -> Recording:
    recording = Recording.of(mop_platform())
    recording.seek(len(recording.happened) - 30)
    return recording


def _asking_twice() -> Stage:
    stage = release()
    stage.ask("Which storage backend?", question_type="input", due=None)
    return stage


VIEWS = {
    "overview": View(mop_platform),
    "agent-with-its-output-searched": View(
        at_work, ("down", "enter", "slash", *"error", "enter", "N")
    ),
    "task": View(mop_platform, ("tab", "enter")),
    "tasks-by-waves": View(mop_platform, ("tab", "v")),
    "why": View(mop_platform, ("tab", "w")),
    "events-filtered": View(mop_platform, ("slash", *"completed", "enter")),
    "inbox": View(_asking_twice, ("escape", "i")),
    "question": View(release, ("y",)),
    "replay": View(_middle),
    "timeline": View(ten_minutes, ("L", "v")),
    "triggers": View(triggered, ("T",)),
    "task-by-hand": View(triggered, ("C", *"Again", "enter", *"benn")),
}
TERMINALS = {"small-and-dark": (80, 24), "large-and-light": (160, 44)}


@pytest.mark.parametrize("terminal", TERMINALS)
@pytest.mark.parametrize("view", VIEWS)
def test_a_view(snap_compare: SnapCompare, view: str, terminal: str) -> None:
    fingers = Fingers()
    app = Dashboard(VIEWS[view].play(), clock=fingers)

    async def go_there(pilot: Pilot[WhyEnded]) -> None:
        await pilot.pause()
        app.sample()
        await pilot.pause()
        if terminal == "large-and-light":
            app.action_light_or_dark()
        if view == "events-filtered":
            app.screen.query_one("#events").focus()
        fingers.wait(1)  # a dialog that has opened listens now
        app.sample()
        await pilot.press(*VIEWS[view].keys)
        app.sample()
        await pilot.pause()

    assert snap_compare(app, terminal_size=TERMINALS[terminal], run_before=go_there)
