"""Recent events: following the newest, and not, under whatever flood."""

from collections.abc import Sequence

import pytest
from dashboard.desk import Desk, at_desk
from dashboard.plays import crowd, mop_platform
from dashboard.stage import SECOND, Stage
from textual.events import MouseScrollUp

from mop_tui.dashboard import event_log
from mop_tui.dashboard.event_log import EventLog
from mop_tui.domain.events import AnyEvent
from mop_tui.domain.feed import EventFilter


def talk(stage: Stage, start: int, count: int) -> None:
    for number in range(start, start + count):
        stage.time += SECOND
        stage.remember(f"key-{number}", number)


def told(desk: Desk) -> list[str]:
    """The events on the screen, the scroll bar beside them aside."""
    return [line[:70].rstrip() for line in desk.lines() if "memory key" in line]


async def in_the_log(desk: Desk) -> EventLog:
    await desk.press("shift+tab")
    log = desk.focused()
    assert isinstance(log, EventLog)
    return log


async def test_the_newest_event_is_in_view() -> None:
    stage = mop_platform()
    async with at_desk(stage) as desk:
        talk(stage, 0, 100)
        await desk.look()
        assert "memory key key-99 was set" in desk.text()
        assert "memory key key-50 was set" not in desk.text()


async def test_going_up_stops_following_and_unseen_events_are_counted() -> None:
    stage = mop_platform()
    talk(stage, 0, 100)
    async with at_desk(stage) as desk:
        await in_the_log(desk)
        await desk.press("up", "up")
        before = told(desk)
        assert "not following" in desk.text()
        for flood in range(5):
            talk(stage, 100 + flood * 500, 500)
            await desk.look()
        assert told(desk) == before
        assert "2500 new below, end shows them" in desk.text()


async def test_end_shows_the_newest_and_follows_again() -> None:
    stage = mop_platform()
    talk(stage, 0, 100)
    async with at_desk(stage) as desk:
        await in_the_log(desk)
        await desk.press("up", "up")
        talk(stage, 100, 50)
        await desk.look()
        await desk.press("end")
        assert "key-149" in desk.text()
        assert "new below" not in desk.text()
        talk(stage, 150, 50)
        await desk.look()
        assert "key-199" in desk.text()


async def test_the_wheel_stops_following_too() -> None:
    stage = mop_platform()
    talk(stage, 0, 100)
    async with at_desk(stage) as desk:
        log = await in_the_log(desk)
        x, y, *_ = log.content_region
        wheel = MouseScrollUp(log, x + 1, y + 1, 0, 0, 0, False, False, False)  # noqa: FBT003
        log.post_message(wheel)
        await desk.look()
        await desk.pilot.wait_for_scheduled_animations()
        assert not log.following
        talk(stage, 100, 50)
        await desk.look()
        assert log.unseen == 50
        assert "key-149" not in desk.text()


async def test_telemetry_is_shown_only_when_asked_for() -> None:
    stage = mop_platform()
    async with at_desk(stage) as desk:
        stage.progress("tester", 77, "163 of 212 tests")
        await desk.look()
        said = "tester is at 77 % of acceptance: 163 of 212 tests"
        assert said not in desk.text()
        await in_the_log(desk)
        await desk.press("v")
        assert said in desk.text()
        assert "Every event" in desk.text()
        await desk.press("v")
        assert said not in desk.text()


async def test_a_flood_between_two_looks_is_read_from_its_end(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    stage = crowd(20, 2)
    async with at_desk(stage) as desk:
        asked: list[int] = []
        events = stage.events

        def counted(
            after: int = 0, limit: int = 100, only: EventFilter | None = None
        ) -> Sequence[AnyEvent]:
            found = events(after, limit, only)
            asked.append(len(found))
            return found

        talk(stage, 0, 3 * event_log.FAR_BEHIND)
        monkeypatch.setattr(stage, "events", counted)
        await desk.look()
        assert sum(asked) <= 2 * event_log.CHUNK
        assert f"key-{3 * event_log.FAR_BEHIND - 1}" in desk.text()


async def test_it_holds_only_so_many_and_what_is_read_stays_in_place(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(event_log, "KEPT", 200)
    stage = mop_platform()
    talk(stage, 0, 300)
    async with at_desk(stage) as desk:
        log = await in_the_log(desk)
        await desk.press(*["up"] * 10)
        before = told(desk)
        talk(stage, 300, 20)
        await desk.look()
        assert log.count == 200
        assert told(desk) == before


async def test_enter_tells_all_about_an_event() -> None:
    stage = mop_platform()
    async with at_desk(stage) as desk:
        await in_the_log(desk)
        await desk.press("enter")
        said = desk.text()
        assert f"Event {len(stage.happened)}" in said
        assert "agent.transitioned" in said
        assert "1h14m after the start" in said
