"""Why: one key tells what led to anything on the screen, back to where that began."""

from pathlib import Path

import pytest
from dashboard.desk import Desk, at_desk
from dashboard.plays import credentials, mop_platform, release
from dashboard.stage import SECOND, Recording, Stage, team
from textual.widgets import Input

from mop_tui.dashboard.approval import ApprovalDialog
from mop_tui.dashboard.cause_list import CauseList
from mop_tui.dashboard.detail_dialog import DetailDialog
from mop_tui.dashboard.help_dialog import HelpDialog
from mop_tui.dashboard.looks import CURSOR
from mop_tui.dashboard.overview import Overview
from mop_tui.dashboard.typed_answer import TypedAnswerDialog
from mop_tui.dashboard.why_dialog import AT_ONCE, WhyDialog
from mop_tui.domain import events as e
from mop_tui.domain.events import AnyEvent
from mop_tui.domain.ids import AgentId, IssueId, QuestionId
from mop_tui.domain.subject import Subject
from sessions import agent, answer, fixed, plan, play, question, task


@pytest.fixture(scope="module")
def happened(tmp_path_factory: pytest.TempPathFactory) -> list[AnyEvent]:
    """All events of a session: one task, another that needs it, its gate, and one that fails."""
    what = plan(
        [agent("ann"), agent("ben"), agent("cid")],
        [
            task("write", "ann"),
            task("print", "ben", needs=["write"], gate="sure"),
            task("bind", "cid"),
        ],
        [question("sure", "Print it?")],
        scripts={"bind": fixed(5, exit_code=3, output=("no glue",))},
    )
    file: Path = tmp_path_factory.mktemp("why") / "s.jsonl"
    return play(what, file, answers=[answer("sure", "approve", after=60)]).events


def until(happened: list[AnyEvent], kind: str) -> Stage:
    """Return a running session at the moment of the first event of a kind."""
    stage = Stage()
    moment = next(event.at for event in happened if event.kind == kind)
    for event in happened:
        if event.at <= moment:
            stage.time = event.at
            stage.happen(event.data, event.cause)
    return stage


@pytest.fixture
def asked(happened: list[AnyEvent]) -> Stage:
    return until(happened, "user.asked")


@pytest.fixture
def failed(happened: list[AnyEvent]) -> Stage:
    return until(happened, "system.issue_opened")


def why(desk: Desk) -> WhyDialog:
    screen = desk.app.screen
    assert isinstance(screen, WhyDialog), f"{screen} is on top"
    return screen


def told(desk: Desk) -> list[str]:
    """Return the rows of the chain, from their sentences on."""
    rows = why(desk).query_one(CauseList)
    said = ["".join(text for text, _ in rows.line(index, 500)) for index in range(rows.count)]
    return [text.split(maxsplit=1)[1] for text in said]


async def later(desk: Desk) -> None:
    """Let the question's dialog be put aside, so that the overview has the keys."""
    await desk.wait(2)
    await desk.press("escape")
    assert isinstance(desk.app.screen, Overview)


# -- in every place -----------------------------------------------------------------------------


async def test_w_on_an_agent_tells_how_it_came_into_its_state(failed: Stage) -> None:
    async with at_desk(failed, (100, 40)) as desk:
        await desk.press("G", "w")
        assert why(desk).subject == Subject(agent=AgentId("cid"))
        assert "Why cid is FAILED" in desk.text()
        rows = told(desk)
        assert rows[0].startswith("cid is now FAILED")
        assert any(row.startswith("rule work_ended decided against acting: ") for row in rows)
        assert any("the process of cid for bind ended with exit code 3" in row for row in rows)
        assert rows[-1].startswith("the rehearsal of test began ")
        assert rows[-1].endswith(" here it begins")
        assert f"{len(rows)} events, to the start of the session" in desk.text()


async def test_w_on_a_task_tells_what_it_waits_for_and_why_it_is_where_it_is(asked: Stage) -> None:
    async with at_desk(asked, (100, 40)) as desk:
        await later(desk)
        await desk.press("tab", "g", "w")
        assert "Why print is READY" in desk.text()
        assert "waits for your answer to: Print it?" in desk.line_with("waiting")
        rows = told(desk)
        assert rows[0] == "print is ready"
        assert rows[1].startswith("rule needs_met decided: ")
        assert "✓ ann completed write" in rows


async def test_w_on_an_issue_tells_what_opened_it(failed: Stage) -> None:
    async with at_desk(failed, (100, 40)) as desk:
        await desk.press("tab", "tab", "w")
        assert "Why i1 was opened" in desk.text()
        assert "issue i1" in told(desk)[0]
        assert told(desk)[1].startswith("rule ")


async def test_w_on_an_event_tells_what_led_to_it(failed: Stage) -> None:
    async with at_desk(failed, (100, 40)) as desk:
        await desk.press("tab", "tab", "tab", "G", "w")
        assert " happened " in desk.line_with("╭─ Why event")
        assert told(desk)[0] == "✗ bind failed"


async def test_w_tells_nothing_of_a_team(failed: Stage) -> None:
    async with at_desk(failed) as desk:
        assert "w Why" not in desk.lines()[-1]
        await desk.press("w")
        assert isinstance(desk.app.screen, Overview)
        await desk.press("down")
        assert "w Why" in desk.lines()[-1]


@pytest.mark.parametrize(
    ("keys", "title"),
    [
        (("down", "enter"), "Why ann is"),
        (("tab", "enter"), "Why "),
        (("tab", "tab", "enter"), "Why i1 was opened"),
        (("tab", "tab", "tab", "G", "enter"), "Why event "),
    ],
    ids=["agent", "task", "issue", "event"],
)
async def test_w_works_in_the_details_of_everything(
    failed: Stage, keys: tuple[str, ...], title: str
) -> None:
    async with at_desk(failed, (100, 40)) as desk:
        await desk.press(*keys)
        assert isinstance(desk.app.screen, DetailDialog)
        await desk.press("w")
        assert title in desk.line_with("╭─ Why")
        await desk.press("escape")
        assert isinstance(desk.app.screen, DetailDialog)


async def test_w_is_a_letter_where_the_output_of_an_agent_is_searched() -> None:
    async with at_desk(mop_platform(), (120, 40)) as desk:
        await desk.press("down", "enter", "slash", "w")
        assert isinstance(desk.app.screen, DetailDialog)
        assert desk.app.screen.query_one(Input).value == "w"


async def test_the_help_names_the_key(failed: Stage) -> None:
    async with at_desk(failed, (100, 140)) as desk:
        await desk.press("?")
        assert isinstance(desk.app.screen, HelpDialog)
        assert "what led to this, back to the beginning" in desk.text()


# -- in the dialogs of questions ------------------------------------------------------------------


async def at_question(desk: Desk) -> ApprovalDialog:
    await desk.wait(2)
    screen = desk.app.screen
    assert isinstance(screen, ApprovalDialog)
    await desk.wait(1)
    return screen


async def test_w_tells_why_one_is_asked_and_nothing_stays_chosen(asked: Stage) -> None:
    async with at_desk(asked, (100, 40)) as desk:
        dialog = await at_question(desk)
        assert "w tells why" in desk.text()
        await desk.press("y", "w")
        assert "Why q1 was asked" in desk.text()
        assert "you are asked q1: Print it? (it holds print)" in told(desk)[0]
        await desk.wait(1)
        await desk.press("escape", "enter")
        assert desk.app.screen is dialog
        assert dialog.stage == "guarded"
        assert "Keys are ignored until you pause" in desk.text()
        await desk.wait(1)
        await desk.press("enter")
        assert asked.session.questions[QuestionId("q1")].state == "open"
        await desk.press("y", "enter")
        assert asked.session.questions[QuestionId("q1")].value == "approve"


async def test_a_question_that_is_settled_meanwhile_closes_once_one_comes_back(
    asked: Stage,
) -> None:
    async with at_desk(asked, (100, 40), notices=True) as desk:
        await at_question(desk)
        await desk.press("w")
        asked.happen(e.UserWithdrawn(QuestionId("q1"), "nobody wants to know"))
        await desk.look()
        assert "nobody wants to know" in desk.line_with("state")
        await desk.press("escape")
        await desk.look()
        assert isinstance(desk.app.screen, Overview)


async def test_from_a_question_one_may_look_further_and_a_leads_back_to_it(asked: Stage) -> None:
    async with at_desk(asked, (100, 40)) as desk:
        dialog = await at_question(desk)
        await desk.press("w", "G", "up", "up", "enter")
        assert isinstance(desk.app.screen, DetailDialog)
        await desk.press("a")
        assert desk.app.screen_stack[1:] == [dialog]
        assert dialog.stage == "guarded"


async def test_w_is_part_of_an_answer_that_is_typed() -> None:
    async with at_desk(credentials(question_type="input", input_type="text")) as desk:
        await desk.wait(2)
        dialog = desk.app.screen
        assert isinstance(dialog, TypedAnswerDialog)
        await desk.wait(1)
        await desk.press("w")
        assert desk.app.screen is dialog
        assert dialog.query_one(Input).value == "w"
        assert "w tells why" not in desk.text()


async def test_w_is_part_of_a_reason(asked: Stage) -> None:
    async with at_desk(asked) as desk:
        dialog = await at_question(desk)
        await desk.press("n")
        await desk.wait(1)
        await desk.press(*"why now")
        assert desk.app.screen is dialog
        assert dialog.query_one("#reason", Input).value == "why now"


# -- jumping ------------------------------------------------------------------------------------


async def choose(desk: Desk, part: str) -> None:
    """Put the cursor on the first row that says something, and ask for more."""
    index = next(i for i, row in enumerate(told(desk)) if part in row)
    await desk.press("g", *["down"] * index, "enter")


@pytest.mark.parametrize(
    ("row", "details", "again"),
    [
        ("print is ready", "Task print", "Why print is"),
        ("ann completed write", "Task write", "Why write is COMPLETE"),
        ("the process of ann for write ended", "Agent ann", "Why ann is"),
        ("rule needs_met", "Event ", "Why event "),
    ],
)
async def test_enter_leads_to_what_a_row_is_about_and_w_goes_on_from_there(
    asked: Stage, row: str, details: str, again: str
) -> None:
    async with at_desk(asked, (100, 40)) as desk:
        await later(desk)
        await desk.press("tab", "g", "w")
        await choose(desk, row)
        assert f"╭─ {details}" in desk.text()
        await desk.press("w")
        assert again in str(why(desk).query_one("#dialog").border_title)
        await desk.press("escape", "escape")
        assert "Why print is READY" in desk.text()


async def test_a_question_has_details(asked: Stage) -> None:
    async with at_desk(asked, (100, 40)) as desk:
        await at_question(desk)
        await desk.press("w", "enter")
        assert "╭─ Question q1" in desk.text()
        assert "It holds print: print" in desk.line_with("who")
        assert "? WAITING for your answer" in desk.text()


async def test_the_details_of_a_question_do_not_tell_a_secret() -> None:
    stage = credentials(default="Correct-Horse-1", due=60 * SECOND)
    async with at_desk(stage, (100, 40)) as desk:
        await later(desk)
        await desk.press("tab", "tab", "tab", "w")
        await desk.press("enter")
        assert "Horse" not in desk.text()
        stage.happen(e.UserExpired(QuestionId("q1"), "default", "Correct-Horse-1"))
        await desk.look()
        assert "Horse" not in desk.text()


async def test_a_decision_is_told_with_rule_verdict_and_reason(asked: Stage) -> None:
    async with at_desk(asked, (100, 40)) as desk:
        await later(desk)
        await desk.press("tab", "g", "w")
        await choose(desk, "rule needs_met")
        text = desk.text()
        assert "yes" in desk.line_with("verdict")
        assert "needs_met" in desk.line_with("rule ")
        assert "reason" in text


async def test_the_row_under_the_cursor_is_told_in_full(failed: Stage) -> None:
    async with at_desk(failed, (40, 20)) as desk:
        await desk.press("G", "w", "down")
        assert "system.decided" in desk.text()
        assert "Close" in desk.text(), "the keys are in view on the smallest terminal"
        assert CURSOR in desk.text()


async def test_w_does_not_open_the_same_again(failed: Stage) -> None:
    async with at_desk(failed, (100, 40)) as desk:
        await desk.press("G", "w", "w")
        assert len(desk.app.screen_stack) == 2


# -- while the session goes on, and in a replay ---------------------------------------------------


async def test_it_follows_what_it_is_about(happened: list[AnyEvent]) -> None:
    stage = until(happened, "user.asked")
    async with at_desk(stage, (100, 40)) as desk:
        await later(desk)
        await desk.press("tab", "g", "w", "down", "down")
        before = told(desk)
        stage.happen(e.SystemQuiesced(), 1)
        await desk.look()
        assert told(desk) == before
        assert why(desk).query_one(CauseList).cursor == 2, "what else happens moves nothing"
        [answered] = [event for event in happened if event.kind == "user.answered"]
        stage.happen(answered.data, answered.cause)
        stage.give("print", "ben")
        await desk.look()
        assert "Why print is ACTIVE" in desk.text()
        assert told(desk)[0].startswith("ben began print")


async def test_in_a_replay_it_tells_why_at_the_moment_shown(failed: Stage) -> None:
    recording = Recording.of(failed)
    recording.seek(len(recording.happened))
    async with at_desk(recording, (100, 40)) as desk:
        await desk.press("G", "w")
        assert "Why cid is FAILED" in desk.text()
        recording.seek(45)
        await desk.look()
        assert "Why cid is ACTIVE" in desk.text()
        last = why(desk).query_one(CauseList)
        assert all(last.key(n) <= recording.position for n in range(last.count))
        recording.seek(2)
        await desk.look()
        assert "it has not been spawned at this moment" in desk.text()
        assert "Nothing is known here" in desk.text()
        await desk.press("enter", "w", "G")
        recording.seek(len(recording.happened))
        await desk.look()
        assert "Why cid is FAILED" in desk.text()


async def test_an_event_of_the_future_has_not_happened_yet(failed: Stage) -> None:
    recording = Recording.of(failed)
    recording.seek(len(recording.happened))
    async with at_desk(recording, (100, 40)) as desk:
        await desk.press("tab", "tab", "tab", "G", "w")
        recording.seek(5)
        await desk.look()
        assert "it has not happened at this moment" in desk.text()


async def test_a_cause_that_is_not_known_here_is_named(
    failed: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = failed.event
    monkeypatch.setattr(failed, "event", lambda seq: whole(seq) if seq > 20 else None)
    async with at_desk(failed, (120, 40)) as desk:
        await desk.press("G", "w")
        assert "which is not known here" in desk.line_with("goes back")
        assert "is not known here" in told(desk)[-1]


async def test_a_chain_of_any_length_is_read_to_its_end() -> None:
    stage = Stage()
    stage.begin(team("crew", "Crew", "ann"))
    for seq in range(1, 10 * AT_ONCE):
        stage.happen(e.SystemDecided("echo", "yes", f"number {seq} came before"), seq)
    stage.happen(e.SystemIssueOpened(IssueId("i1"), "info", "done", ""), len(stage.happened))
    async with at_desk(stage, (100, 40)) as desk:
        await desk.press("tab", "tab", "w")
        for _ in range(20):
            await desk.look()
        assert f"{10 * AT_ONCE + 1:,} events, to the start of the session" in desk.text()
        await desk.press("G")
        assert "here it begins" in desk.text()


async def test_it_works_where_nothing_has_a_cause() -> None:
    async with at_desk(release()) as desk:
        await later(desk)
        await desk.press("down", "w")
        assert "whose cause is not recorded" in desk.text().replace("\n", " ")
