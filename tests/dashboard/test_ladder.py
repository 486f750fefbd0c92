"""Who is not at the screen is called: louder in time, once, and never while somebody is there."""

import pytest
from dashboard.desk import Desk, at_desk
from dashboard.stage import Stage, team
from textual.events import AppBlur, AppFocus, MouseMove

from mop_tui.dashboard import app
from mop_tui.dashboard.attention import IDLE
from mop_tui.dashboard.ladder import Ladder
from mop_tui.domain.events import SystemTimerSet, UserExpired, UserWithdrawn
from mop_tui.domain.feed import Noticed
from mop_tui.domain.ids import QuestionId
from mop_tui.domain.plan import Calling, Mode
from mop_tui.domain.rows import Question
from mop_tui.domain.timers import call_of

CALLING = Calling()
BELL, DESKTOP = 10.0, 30.0
"""Seconds after which the default rungs are taken."""
Q1, Q2 = QuestionId("q1"), QuestionId("q2")


class Watch:
    """A ladder, told of questions as time passes."""

    def __init__(self, stage: Stage, calling: Calling = CALLING) -> None:
        self.ladder = Ladder()
        self._stage = stage
        self._calling = calling

    def at(self, now: float) -> dict[str, QuestionId]:
        """Return who is called, how, at a moment at which the screen is painted."""
        self.ladder.look(self._stage.snapshot().open_questions, now)
        return self.ladder.due(self._calling, now)

    @property
    def questions(self) -> tuple[Question, ...]:
        return self._stage.snapshot().open_questions


@pytest.fixture
def stage() -> Stage:
    """A session in which nothing is asked yet."""
    stage = Stage()
    stage.begin(team("crew", "Crew"))
    return stage


@pytest.fixture
def watch(stage: Stage) -> Watch:
    return Watch(stage)


def test_each_rung_is_taken_in_its_time_and_once(stage: Stage, watch: Watch) -> None:
    stage.ask("Release?")
    assert watch.at(100.0) == {}
    assert watch.at(100.0 + BELL - 0.1) == {}
    assert watch.at(100.0 + BELL) == {"bell": Q1}
    assert watch.at(100.0 + DESKTOP - 0.1) == {}
    assert watch.at(100.0 + DESKTOP) == {"desktop": Q1}
    assert watch.at(10_000.0) == {}


def test_a_rung_that_is_off_is_never_taken(stage: Stage) -> None:
    watch = Watch(stage, Calling(bell_ms=None, desktop_ms=0))
    stage.ask("Release?")
    assert watch.at(100.0) == {"desktop": Q1}
    assert watch.at(1_000.0) == {}


def test_it_is_quiet_while_the_terminal_has_the_focus(stage: Stage, watch: Watch) -> None:
    watch.ladder.focus_changed(90.0, has=True)
    stage.ask("Release?")
    assert watch.at(100.0) == {}
    assert watch.at(10_000.0) == {}
    watch.ladder.focus_changed(10_000.0, has=False)
    assert watch.at(10_000.0) == {}, "who has just turned away has seen it"
    assert watch.at(10_000.0 + BELL) == {"bell": Q1}


def test_where_the_terminal_tells_of_no_focus_keys_count(stage: Stage, watch: Watch) -> None:
    stage.ask("Release?")
    assert watch.at(100.0) == {}
    watch.ladder.hand_moved(101.0, key=True)
    assert watch.at(101.0 + BELL - 0.1) == {}
    assert watch.at(101.0 + BELL) == {"bell": Q1}, "the key was meant for something else"


def test_what_somebody_has_noticed_waits_in_silence(stage: Stage, watch: Watch) -> None:
    stage.ask("Release?")
    watch.at(100.0)
    assert not watch.ladder.noticed(watch.questions)
    watch.ladder.hand_moved(100.0 + IDLE, key=True)
    assert watch.ladder.noticed(watch.questions) == [Q1]
    assert watch.at(10_000.0) == {}


def test_the_focus_alone_says_of_nobody_that_they_noticed_anything(
    stage: Stage, watch: Watch
) -> None:
    watch.ladder.focus_changed(90.0, has=True)
    stage.ask("Release?")
    for second in range(100, 200):
        watch.at(second)
    assert not watch.ladder.noticed(watch.questions)


def test_a_mouse_that_passes_over_a_window_without_the_focus_means_nothing(
    stage: Stage, watch: Watch
) -> None:
    stage.ask("Release?")
    watch.at(100.0)
    watch.ladder.focus_changed(101.0, has=False)
    watch.ladder.hand_moved(105.0, key=False)
    assert not watch.ladder.noticed(watch.questions)
    watch.ladder.hand_moved(105.0, key=True)
    assert watch.ladder.noticed(watch.questions) == [Q1], "who types is there, whatever it says"


def test_a_burst_is_one_call_for_the_first(stage: Stage, watch: Watch) -> None:
    for number in range(5):
        stage.ask(f"Question {number}?")
        watch.at(100.0 + number)
    assert watch.at(100.0 + BELL) == {"bell": Q1}
    assert watch.at(110.0 + BELL) == {}
    assert watch.at(100.0 + DESKTOP) == {"desktop": Q1}
    stage.ask("Another?")
    assert watch.at(200.0) == {}
    assert watch.at(200.0 + BELL) == {"bell": QuestionId("q6")}


def test_what_is_settled_calls_nobody(stage: Stage, watch: Watch) -> None:
    stage.ask("Release?")
    watch.at(100.0)
    stage.happen(UserWithdrawn(Q1, "no need"))
    assert watch.at(200.0) == {}
    assert watch.ladder.rung_for is None


def test_what_is_required_and_overdue_begins_anew_once(stage: Stage, watch: Watch) -> None:
    stage.ask("Release?", required=True, due=1)
    watch.at(100.0)
    watch.ladder.hand_moved(105.0, key=True)
    stage.happen(UserExpired(Q1, "escalated"))
    assert watch.at(200.0) == {}
    assert watch.at(200.0 + BELL) == {"bell": Q1}
    assert watch.at(200.0 + DESKTOP) == {"desktop": Q1}
    assert watch.at(10_000.0) == {}


# -- on the screen --------------------------------------------------------------------------------


class Calls:
    """What a screen does to be noticed."""

    def __init__(self, desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
        self.bells = 0
        self.notices: list[str] = []
        monkeypatch.setattr(desk.app, "bell", self._bell)
        monkeypatch.setattr(desk.app, "_notify_desktop", self.notices.append)

    def _bell(self) -> None:
        self.bells += 1


async def test_a_screen_that_nobody_looks_at_calls(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with at_desk(stage) as desk:
        calls = Calls(desk, monkeypatch)
        desk.app.post_message(AppBlur())
        stage.ask("Release\x1b]0;it\x07 now?", agent="ann")
        stage.ask("Deploy?")
        await desk.look()
        assert desk.app.sub_title == "(2 waiting) python-release", "it is counted at once"
        await desk.wait(BELL)
        assert (calls.bells, calls.notices) == (1, [])
        assert desk.app.sub_title == "(2 waiting) ann: Release now? - python-release"
        await desk.wait(DESKTOP)
        assert (calls.bells, calls.notices) == (1, ["ann: Release now? (and 1 more)"])
        await desk.wait(1_000)
        assert (calls.bells, len(calls.notices)) == (1, 1)


async def test_a_long_question_leaves_room_in_the_title(stage: Stage) -> None:
    async with at_desk(stage) as desk:
        stage.ask("Release? " * 100)
        await desk.look()
        await desk.wait(BELL)
        assert desk.app.sub_title.endswith("\N{HORIZONTAL ELLIPSIS} - python-release")
        assert len(desk.app.sub_title) < 120


async def test_a_screen_with_the_focus_is_quiet(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with at_desk(stage) as desk:
        calls = Calls(desk, monkeypatch)
        desk.app.post_message(AppFocus())
        stage.ask("Release?")
        await desk.look()
        await desk.wait(1_000)
        assert (calls.bells, calls.notices) == (0, [])
        assert desk.app.sub_title == "(1 waiting) python-release"


async def test_a_rehearsal_rings_and_sends_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    stage = Stage(mode=Mode.REHEARSAL)
    stage.begin(team("crew", "Crew"))
    async with at_desk(stage) as desk:
        calls = Calls(desk, monkeypatch)
        desk.app.post_message(AppBlur())
        stage.ask("Release?")
        await desk.look()
        await desk.wait(1_000)
        assert (calls.bells, calls.notices) == (1, [])


async def test_the_title_says_no_more_once_somebody_has_come(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with at_desk(stage) as desk:
        Calls(desk, monkeypatch)
        desk.app.post_message(AppBlur())
        stage.ask("Release?", task=None)
        await desk.look()
        await desk.wait(BELL)
        assert "Release?" in desk.app.sub_title
        await desk.press("j")
        assert desk.app.sub_title == "(1 waiting) python-release"


@pytest.mark.parametrize("hand", ["key", "mouse"])
async def test_the_session_is_told_once_that_somebody_is_there_if_a_call_is_due(
    stage: Stage, hand: str
) -> None:
    def told(name: QuestionId) -> int:
        return stage.commands.count(Noticed(name))

    async with at_desk(stage) as desk:

        async def come() -> None:
            if hand == "key":
                await desk.press("j")
            else:
                moved = MouseMove(
                    widget=None,
                    x=1,
                    y=1,
                    delta_x=1,
                    delta_y=1,
                    button=0,
                    shift=False,
                    meta=False,
                    ctrl=False,
                )
                desk.app.post_message(moved)
                await desk.look()

        stage.ask("Release?")
        stage.ask("Deploy?")
        stage.happen(SystemTimerSet(call_of(Q1, overdue=False), 120_000, Q1, purpose="call"))
        await desk.look()
        await come()
        assert told(Q1) == 0, "it was meant for something else"
        await desk.wait(IDLE)
        assert told(Q1) == 0, "nobody may have been there"
        await come()
        await come()
        assert (told(Q1), told(Q2)) == (1, 0)


async def test_what_another_screen_has_noticed_is_noticed(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with at_desk(stage) as desk:
        calls = Calls(desk, monkeypatch)
        desk.app.post_message(AppBlur())
        stage.ask("Release?")
        await desk.look()
        stage.submit(Noticed(Q1))
        await desk.wait(1_000)
        assert calls.bells == 0


async def test_a_notice_goes_to_no_terminal_where_there_is_none(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(app, "notice", lambda *_: pytest.fail("nothing is there to show it"))
    async with at_desk(stage) as desk:
        desk.app.post_message(AppBlur())
        stage.ask("Release?")
        await desk.look()
        await desk.wait(DESKTOP)
