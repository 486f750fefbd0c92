"""What happened and what is waited for, in words."""

from collections.abc import Callable
from typing import Any, get_args

import pytest
from any_event import events_of
from dashboard.plays import mop_platform, release
from dashboard.stage import Stage, team
from hypothesis import given
from hypothesis import strategies as st

from mop_tui.domain import events as e
from mop_tui.domain.agent_lifecycle import AgentState, AgentTrigger, PausedBy
from mop_tui.domain.events import BY_KIND, FACTS, Event, Fact
from mop_tui.domain.health import Reading
from mop_tui.domain.ids import (
    ActionId,
    AgentId,
    AskId,
    CommandId,
    FeedbackId,
    IssueId,
    MemoryKey,
    QuestionId,
    QuestionName,
    TaskId,
)
from mop_tui.domain.sentences import Known, sentence
from mop_tui.domain.task_lifecycle import TaskState, TaskTrigger
from mop_tui.domain.tones import Tone, tone
from mop_tui.domain.waiting import waiting_for
from mop_tui.domain.wording import printable

A, T, Q = AgentId("builder"), TaskId("lint"), QuestionId("q1")


def say(fact: Fact) -> str:
    return sentence(Event(1, 0, fact.KIND, None, fact))


def test_every_kind_of_fact_has_its_sentence() -> None:
    assert set(get_args(Known)) == {*FACTS, e.Unknown}


@pytest.mark.parametrize("kind", BY_KIND)
def test_whatever_an_event_holds_its_sentence_is_one_printable_line(kind: str) -> None:
    @given(events_of(kind))
    def check(event: Event[Any]) -> None:
        said = sentence(event)
        assert said
        assert said.isprintable()
        assert tone(event) in get_args(Tone)

    check()


@given(st.text())
def test_printable_text_stays_as_it_is_and_the_rest_becomes_harmless(text: str) -> None:
    shown = printable(text)
    assert shown.isprintable()
    if text.isprintable():
        assert shown == text


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("\x1b[1;31mred\x1b[0m", "red"),
        ("\x1b]0;title\x07text", "text"),
        ("\x1b]8;;http://x\x1b\\link", "link"),
        ("a\tb\nc\r\n", "a b c"),
        ("pass\u202edrow", "pass\N{REPLACEMENT CHARACTER}drow"),
        ("\x00\x9b", "\N{REPLACEMENT CHARACTER}" * 2),
    ],
)
def test_what_could_steer_a_terminal_is_taken_out(written: str, shown: str) -> None:
    assert printable(written) == shown


MOVE = AgentTrigger
TASK_MOVE = TaskTrigger


@pytest.mark.parametrize(
    ("fact", "said"),
    [
        (
            e.AgentTransitioned(
                A, MOVE.TASK_STARTED, AgentState.ASSIGNED, AgentState.ACTIVE, "its process runs", T
            ),
            "builder began lint: its process runs",
        ),
        (
            e.AgentTransitioned(
                A, MOVE.PAUSE, AgentState.ACTIVE, AgentState.PAUSED, "lunch", by=PausedBy.OPERATOR
            ),
            "builder was paused by the operator: lunch",
        ),
        (
            e.AgentTransitioned(
                A, MOVE.PAUSE, AgentState.ACTIVE, AgentState.PAUSED, "ill", by=PausedBy.STRATEGY
            ),
            "builder was paused by a trigger or a strategy: ill",
        ),
        (
            e.AgentRefused(A, MOVE.RESUME, AgentState.ACTIVE, "ACTIVE does not allow resume"),
            "builder refused resume while ACTIVE: ACTIVE does not allow resume",
        ),
        (e.AgentProgressed(A, 1, T, 40), "builder is at 40 % of lint"),
        (
            e.TaskTransitioned(
                T, TASK_MOVE.STARTED, TaskState.ASSIGNED, TaskState.ACTIVE, "it runs", A
            ),
            "builder began lint",
        ),
        (
            e.AgentMessaged(A, 1, "operator", "80 % of the lines are covered"),
            "builder to operator: 80 % of the lines are covered",
        ),
        (e.AgentWaiting(A, 1, T, AskId("w1"), MemoryKey("wheel")), "builder waits for wheel"),
        (e.AgentChecked(A, 1, "healthy"), "a check of builder finds nothing wrong with it"),
        (
            e.AgentChecked(
                A,
                1,
                "unhealthy",
                (
                    Reading("response", "unhealthy", "ping", 12_000.0, answered=False),
                    Reading("errors", "degraded", "seen", 1.0, 1.0),
                ),
            ),
            "a check of builder finds it unhealthy:"
            " it has not answered a ping for 12 s and it met 1 error",
        ),
        (
            e.AgentHealth(A, 1, "ping", unanswered_ms=12_000),
            "builder has not answered a ping for 12 s",
        ),
        (
            e.SystemClockJumped(wall_ms=-3_600_000),
            "the wall clock went 1 h back; nobody counts as ill because of that",
        ),
        (
            e.SystemClockJumped(wall_ms=600_000, stalled_ms=600_000, late=2),
            "the wall clock went 10 min ahead, the program did not run for 10 min and none of 2"
            " agents answered, all at once; nobody counts as ill because of that",
        ),
        (e.AgentOutput(A, 1, T, ("one", "two"), 3), "builder wrote (after 4 more lines): two"),
        (e.AgentExited(A, 1, T, 0), "the process of builder for lint ended well"),
        (
            e.AgentExited(A, 1, T, 2, result="2 mistakes"),
            "the process of builder for lint ended with exit code 2: 2 mistakes",
        ),
        (
            e.AgentExited(A, 1, T, None, "SIGKILL"),
            "the process of builder for lint was ended by SIGKILL",
        ),
        (
            e.TaskTransitioned(
                T, TASK_MOVE.FAILED, TaskState.ACTIVE, TaskState.FAILED, "exit code 2", A
            ),
            "lint failed: exit code 2",
        ),
        (
            e.TaskTransitioned(
                T, TASK_MOVE.FINISHED, TaskState.ACTIVE, TaskState.COMPLETE, "it ended well", A
            ),
            "builder completed lint",
        ),
        (
            e.UserAnswered(Q, "reject", "too early", "uid 1000", "d"),
            "uid 1000 rejected q1: too early",
        ),
        (
            e.UserExpired(Q, "default", "reject"),
            "nobody answered q1 in time; its default counts, which is to reject",
        ),
        (
            e.UserCommanded("answer", CommandId("c1"), "uid 7", "q1", refused="it is closed"),
            "uid 7 told the session to answer q1, which was refused: it is closed",
        ),
        (
            e.SystemDecided("retry", "no", "it has been tried often enough"),
            "rule retry decided against acting: it has been tried often enough",
        ),
        (
            e.SystemIntended(ActionId("9.0"), "start_process", A, T, 1, ("make", "lint")),
            "about to start the process of builder: make lint",
        ),
        (
            e.SystemDone(ActionId("9.0"), "start_process", A, error="no such program: mak"),
            "could not start the process of builder: no such program: mak",
        ),
        (e.SystemMemorySet(MemoryKey("wheel"), 1, A), "memory key wheel was set by builder"),
        (
            e.SystemIssueOpened(IssueId("i1"), "critical", "lint failed", "read its output"),
            "critical issue i1: lint failed",
        ),
        (e.SystemIssueRepeated(IssueId("i1"), "warning"), "warning issue i1 again"),
        (
            e.SystemIssueRepeated(IssueId("i1"), "critical", "lint failed anew"),
            "critical issue i1 again: lint failed anew",
        ),
        (
            e.UserFeedback(FeedbackId("f1"), "too\x1b[2J slow", "ada", A, T, "bad"),
            "ada on lint by builder, bad: too slow",
        ),
        (
            e.SystemIntended(ActionId("9.0"), "tell", A, T, 1, feedback=(FeedbackId("f1"),)),
            "about to tell builder feedback f1",
        ),
        (
            e.SystemNotRecording("no space left", 2500),
            "nothing could be recorded for 2.5 s: no space left",
        ),
    ],
)
def test_sentences_read_as_a_person_would_say_them(fact: Fact, said: str) -> None:
    assert say(fact) == said


def test_a_kind_of_a_newer_version_is_named() -> None:
    event: Event[Any] = Event(5, 0, "agent.dreamt", 4, e.Unknown({"of": "sheep"}))
    assert sentence(event) == (
        "something of kind agent.dreamt happened, which this version does not know"
    )


def test_a_timeout_is_never_told_as_somebodys_denial() -> None:
    for outcome in ("default", "cancelled", "escalated"):
        said = say(e.UserExpired(Q, outcome))
        assert said.startswith("nobody answered q1 in time")
        assert "rejected" not in said


# -- waiting --------------------------------------------------------------------------------------


def waits(stage: Stage, task: str) -> str:
    snapshot = stage.snapshot()
    return waiting_for(snapshot, snapshot.tasks[TaskId(task)])


def crew() -> Stage:
    stage = Stage()
    stage.begin(team("crew", "Crew", "builder", "helper"))
    stage.spawn("builder", "crew", skills=("build",))
    return stage


def test_a_human_is_named_before_anything_else() -> None:
    assert waits(release(), "publish") == "waits for your answer to: Release sample 1.4.0?"


def test_missing_tasks_and_keys_are_named() -> None:
    stage = crew()
    stage.plan("lint", agent=A)
    stage.plan("test", agent=A)
    stage.plan("build", needs=("lint", "test"), needs_keys=(MemoryKey("x"),), agent=A)
    assert waits(stage, "build") == "waits for lint, test and for memory key x"
    stage.remember("x", {"status": "running"})
    assert "memory key x" in waits(stage, "build"), "it is there, but not complete"
    stage.remember("x", {"status": "complete"})
    assert waits(stage, "build") == "waits for lint and test"
    stage.give("lint", "builder")
    stage.finish("builder", back=True)
    assert waits(stage, "build") == "waits for test"


def test_a_need_that_will_not_come_is_marked() -> None:
    stage = crew()
    stage.plan("lint", agent=A)
    stage.plan("build", needs=("lint", "ghost"), agent=A)
    stage.give("lint", "builder")
    stage.fail("builder", 1, "2 mistakes")
    assert (
        waits(stage, "build") == "waits for lint (FAILED) and ghost, which is not in the plan yet"
    )


def test_the_agent_it_is_pinned_to_is_named_with_what_it_does() -> None:
    stage = crew()
    stage.plan("lint", agent=A)
    stage.plan("build", agent=A)
    stage.plan("help", agent=AgentId("helper"))
    assert waits(stage, "build") == "is about to be assigned"
    stage.give("lint", "builder")
    assert waits(stage, "build") == "waits for agent builder, which works on lint"
    assert waits(stage, "help") == "waits for agent helper, which has not been spawned"
    assert waits(stage, "lint") == ""
    stage.move("builder", MOVE.PAUSE, AgentState.PAUSED, "lunch", by=PausedBy.OPERATOR)
    assert waits(stage, "build") == "waits for agent builder, which is paused"
    assert waits(stage, "lint") == "waits for builder, which is paused by the operator"


def test_a_skill_is_named_and_whether_anybody_has_it() -> None:
    stage = crew()
    stage.plan("lint", agent=A)
    stage.plan("build", requires_skill="build")
    stage.plan("paint", requires_skill="paint")
    stage.give("lint", "builder")
    assert waits(stage, "build") == "waits for agent builder, which works on lint"
    assert waits(stage, "paint") == "waits for an agent with the skill paint, and there is none"
    stage.spawn("helper", "crew", skills=("build", "paint"))
    assert waits(stage, "build") == "is about to be assigned"
    stage.give("paint", "helper")
    assert waits(stage, "build") == "waits for one of the 2 agents with the skill build"


def test_the_limit_of_agents_is_named() -> None:
    stage = crew()
    stage.session.max_agents = 1
    stage.spawn("helper", "crew")
    stage.plan("lint", agent=A)
    stage.plan("help", agent=AgentId("helper"))
    stage.give("lint", "builder")
    assert waits(stage, "help") == "waits for its turn: 1 agent works, and no more may at a time"


def test_a_closed_gate_is_named() -> None:
    stage = crew()
    stage.plan("publish", agent=A, gate=QuestionName("release-gate"))
    assert waits(stage, "publish") == "waits for the question release-gate to be asked"


@pytest.mark.parametrize("end", [Stage.finish, lambda stage, agent: stage.fail(agent, 1, "no")])
def test_what_has_ended_waits_for_nothing(end: Callable[[Stage, str], None]) -> None:
    stage = crew()
    stage.plan("lint", agent=A)
    stage.give("lint", "builder")
    end(stage, "builder")
    assert waits(stage, "lint") == ""


def test_every_task_that_stands_still_has_a_reason() -> None:
    stage = mop_platform()
    for task in stage.snapshot().tasks.values():
        standing = task.state in (TaskState.PENDING, TaskState.READY)
        assert bool(waits(stage, task.spec.id)) or not standing


def test_hooks_are_told_with_whose_they_are() -> None:
    action, tidy = ActionId("7.0"), ("tidy", "src")
    runs = e.SystemIntended(action, "run_hook", A, T, 1, tidy, about="pre_task")
    assert say(runs) == "about to run the pre_task hook of builder: tidy src"
    assert say(e.SystemDone(action, "run_hook", A)) == "a hook of builder is done"
    failed = e.SystemDone(action, "run_hook", A, "ended with exit code 1: no")
    assert say(failed) == "a hook of builder ended with exit code 1: no"
    would = e.SystemIntended(action, "run_hook", None, None, 1, tidy, would=True, about="on_end")
    assert say(would) == "would run the on_end hook of the session: tidy src"
    ends = e.SystemIntended(action, "stop_hook", None, None, 1, about="on_end")
    assert say(ends) == "about to end the on_end hook of the session"
    assert say(e.SystemDone(action, "stop_hook", None)) == "a hook of the session was told to end"


@pytest.mark.parametrize(
    ("fact", "said"),
    [
        (e.AgentHealth(A, 1, "ping", response_ms=12.4), "builder answered a ping in 12 ms"),
        (e.AgentHealth(A, 1, "ping", response_ms=3_000), "builder answered a ping in 3 s"),
        (
            e.AgentHealth(A, 1, "ping", unanswered_ms=25_000),
            "builder has not answered a ping for 25 s",
        ),
        (e.AgentHealth(A, 1, "ping"), "builder cannot be pinged any more"),
        (e.AgentHealth(A, 1, "measured", stopped=True), "builder measured: suspended by somebody"),
        (e.AgentChecked(A, 1, "healthy"), "a check of builder finds nothing wrong with it"),
        (
            e.AgentChecked(
                A, 1, "unhealthy", (Reading("memory", "unhealthy", "measured", 97.0, 95.0),)
            ),
            "a check of builder finds it unhealthy: it uses 97 % of its memory limit",
        ),
        (
            e.SystemClockJumped(wall_ms=-3_600_000, stalled_ms=600_000),
            "the wall clock went 1 h back and the program did not run for 10 min;"
            " nobody counts as ill because of that",
        ),
    ],
)
def test_how_an_agent_is_found_is_told_in_words(fact: Fact, said: str) -> None:
    assert say(fact) == said
