"""How it looks: few pictures, each of something whose look matters.

After a change that is meant, look at the new pictures (`pytest --snapshot-report`) and accept them
with `pytest --snapshot-update`.
"""

from typing import Protocol

from dashboard.plays import at_work, mop_platform, release
from dashboard.stage import Fingers, Recording, Stage
from textual.app import App
from textual.pilot import Pilot

from mop_tui.dashboard.app import Dashboard, WhyEnded
from mop_tui.dashboard.approval import ApprovalDialog


class SnapCompare(Protocol):
    """Compares a picture of an app with the one that was accepted."""

    def __call__(
        self, app: App[WhyEnded], *, terminal_size: tuple[int, int], run_before: object = None
    ) -> bool: ...


def dashboard(stage: Stage) -> tuple[Dashboard, Fingers]:
    fingers = Fingers()
    return Dashboard(stage, clock=fingers), fingers


def test_the_overview_on_a_small_terminal(snap_compare: SnapCompare) -> None:
    app, _ = dashboard(mop_platform())
    assert snap_compare(app, terminal_size=(80, 24))


def test_the_overview_on_a_large_terminal(snap_compare: SnapCompare) -> None:
    app, _ = dashboard(mop_platform())
    assert snap_compare(app, terminal_size=(200, 50))


def test_a_question_ready_to_be_approved(snap_compare: SnapCompare) -> None:
    app, fingers = dashboard(release())

    async def choose(pilot: Pilot[WhyEnded]) -> None:
        await pilot.pause()
        app.sample()
        await pilot.pause()
        assert isinstance(app.screen, ApprovalDialog)
        fingers.wait(1)
        app.sample()
        await pilot.press("y")

    assert snap_compare(app, terminal_size=(80, 24), run_before=choose)


def test_the_view_of_an_agent_with_its_output_searched(snap_compare: SnapCompare) -> None:
    app, _ = dashboard(at_work())

    async def search(pilot: Pilot[WhyEnded]) -> None:
        await pilot.pause()
        await pilot.press("down", "enter", "slash", *"error", "enter", "N")
        app.sample()
        await pilot.pause()

    assert snap_compare(app, terminal_size=(120, 36), run_before=search)


def test_a_replay_in_the_middle(snap_compare: SnapCompare) -> None:
    recording = Recording.of(mop_platform())
    recording.seek(len(recording.happened) - 30)
    app, _ = dashboard(recording)
    assert snap_compare(app, terminal_size=(100, 30))
