"""Recent events: following the newest, and not, under whatever flood."""

import re
from collections.abc import Sequence

import pytest
from dashboard.desk import Desk, at_desk
from dashboard.plays import crowd, mop_platform
from dashboard.stage import SECOND, Recording, Stage
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
    lines = [line[:70].rstrip() for line in desk.lines() if "memory key" in line]
    return [line for line in lines if re.match(r".\d\d:\d\d", line)]


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


# -- filtering ------------------------------------------------------------------------------------


async def until_found(desk: Desk, log: EventLog) -> None:
    """Look until all has been searched."""
    while log.searching:
        await desk.look()


async def test_a_filter_is_live_and_the_title_says_what_it_is_and_how_many_it_finds() -> None:
    stage = mop_platform()
    talk(stage, 0, 100)
    async with at_desk(stage) as desk:
        log = await in_the_log(desk)
        await desk.press("/", *"key-4")
        assert log.count == 11
        assert told(desk)[-1].endswith("memory key key-49 was set")
        assert "Events /key-4  11 found" in desk.text()
        await desk.press("2")
        assert told(desk) == [line for line in told(desk) if line.endswith("key-42 was set")]
        assert "Events /key-42  1 found" in desk.text()


async def test_enter_keeps_the_filter_and_gives_the_keys_back() -> None:
    stage = mop_platform()
    talk(stage, 0, 100)
    async with at_desk(stage) as desk:
        log = await in_the_log(desk)
        await desk.press("/", *"key-4", "enter", "k")
        assert desk.focused() is log
        assert log.cursor == 9
        assert "Events /key-4  11 found" in desk.text()
        assert "esc All events" in desk.text()


@pytest.mark.parametrize("kept", [[], ["enter"]])
async def test_escape_takes_the_filter_away(kept: list[str]) -> None:
    stage = mop_platform()
    talk(stage, 0, 100)
    async with at_desk(stage) as desk:
        log = await in_the_log(desk)
        await desk.press("/", *"key-4", *kept, "escape")
        assert desk.focused() is log
        assert told(desk)[-1].endswith("memory key key-99 was set")
        assert "found" not in desk.text()
        assert "esc All events" not in desk.text()


async def test_without_the_filter_one_sees_what_happened_around_the_event_found() -> None:
    stage = mop_platform()
    talk(stage, 0, 3000)
    async with at_desk(stage) as desk:
        log = await in_the_log(desk)
        await desk.press("/", *"key-10", "enter")
        await until_found(desk, log)
        await desk.press("g", "escape")
        await until_found(desk, log)
        assert "key-9 was set" in desk.text()
        assert "key-10 was set" in desk.text()
        assert "key-11 was set" in desk.text()
        assert not log.following


async def test_a_word_that_says_nothing_is_told_and_changes_nothing() -> None:
    stage = mop_platform()
    talk(stage, 0, 100)
    async with at_desk(stage) as desk:
        log = await in_the_log(desk)
        await desk.press("/", *"is:good")
        found = log.count
        await desk.press("s")
        assert "is:goods? critical, warning, good, info or detail" in desk.text()
        await desk.press("enter")
        assert desk.focused() is not log, "there is still something to mend"
        assert log.count == found
        await desk.press("backspace", "enter")
        assert desk.focused() is log


async def test_what_was_looked_for_before_can_be_had_again() -> None:
    stage = mop_platform()
    async with at_desk(stage) as desk:
        log = await in_the_log(desk)
        for typed in ("is:good", "kind:task"):
            await desk.press("/", "ctrl+u", *typed, "enter")
        await desk.press("/", "ctrl+u", *"lin", "up")
        await desk.press("up", "enter")
        assert log.filter_text == "is:good"
        await desk.press("/", "ctrl+u", *"lin", "up", "down", "enter")
        assert log.filter_text == "lin"


async def test_a_filter_finds_details_that_it_names() -> None:
    stage = mop_platform()
    async with at_desk(stage) as desk:
        stage.progress("tester", 77, "163 of 212 tests")
        await in_the_log(desk)
        await desk.press("/", *"212 tests", "enter")
        assert "No event that the filter lets pass." in desk.text()
        await desk.press("/", *"212 tests kind:agent", "enter")
        assert "tester is at 77 % of acceptance: 163 of 212 tests" in desk.text()


async def test_a_filter_reaches_the_beginning_in_small_steps() -> None:
    stage = mop_platform()
    stage.remember("needle", 1)
    talk(stage, 0, 20_000)
    async with at_desk(stage) as desk:
        log = await in_the_log(desk)
        largest, events = 0, stage.events

        def counted(
            after: int = 0, limit: int = 100, only: EventFilter | None = None
        ) -> Sequence[AnyEvent]:
            nonlocal largest
            found = events(after, limit, only)
            largest = max(largest, len(found))
            return found

        stage.events = counted  # type: ignore[method-assign]
        await desk.press("/", *"needle")
        assert "none found yet, searching" in desk.text()
        await until_found(desk, log)
        assert "memory key needle was set" in desk.text()
        assert "Events /needle  1 found" in desk.text()
        assert largest <= event_log.CHUNK


async def test_it_rests_when_enough_is_found_and_goes_on_where_one_goes_up() -> None:
    stage = mop_platform()
    talk(stage, 0, 10_000)
    async with at_desk(stage) as desk:
        log = await in_the_log(desk)
        await desk.press("/", *"memory", "enter")
        await until_found(desk, log)
        assert event_log.ENOUGH <= log.count < 3000
        assert f"{log.count:,}+ found" in desk.text()
        before = log.count
        await desk.press("g")
        top = told(desk)[0]
        await until_found(desk, log)
        assert log.count > before
        assert told(desk)[0] == top, "what is read stays in place"


async def test_under_a_filter_only_what_passes_counts_as_unseen() -> None:
    stage = mop_platform()
    talk(stage, 0, 50)
    async with at_desk(stage) as desk:
        log = await in_the_log(desk)
        await desk.press("/", *"key-1", "enter", "k")
        talk(stage, 100, 20)
        stage.progress("tester", 77, "163 of 212 tests")
        talk(stage, 200, 20)
        await desk.look()
        assert log.unseen == 20
        assert "20 new below" in desk.text()
        await desk.press("end")
        assert "key-119 was set" in desk.text()
        talk(stage, 120, 1)
        await desk.look()
        assert "key-120 was set" in desk.text()


async def test_events_that_cannot_be_read_are_told() -> None:
    stage = mop_platform()
    talk(stage, 0, 3000)
    async with at_desk(stage) as desk:
        log = await in_the_log(desk)
        events = stage.events
        stage.events = lambda after=0, limit=100, only=None: [  # type: ignore[method-assign]
            event for event in events(after, limit, only) if event.seq > 2000
        ]
        await desk.press("/", *"needle")
        await until_found(desk, log)
        assert "none found, older events cannot be read" in desk.text()


@pytest.mark.parametrize("size", [(40, 20), (80, 24), (120, 40), (200, 50)])
async def test_events_can_be_filtered_on_every_screen(size: tuple[int, int]) -> None:
    stage = mop_platform()
    async with at_desk(stage, size) as desk:
        await in_the_log(desk)
        await desk.press("/", *"is:good")
        assert "Events / is:good" in desk.text()
        assert "Events /is:good" in desk.text()
        await desk.press("enter", "z", "/")
        assert "is:good" in desk.text(), "where the pane has the whole screen, too"
        assert all(len(line) <= size[0] for line in desk.lines())


async def test_keys_of_a_replay_are_typed_into_the_filter() -> None:
    recording = Recording.of(mop_platform())
    recording.seek(40)
    async with at_desk(recording) as desk:
        log = await in_the_log(desk)
        await desk.press("/", *"is:good", "home", "x", "end", ".", " ")
        assert recording.position == 40
        assert not recording.playing
        await desk.press("backspace", "backspace", "home", "delete", "enter", "home")
        assert log.filter_text == "is:good"
        assert recording.position == 0
