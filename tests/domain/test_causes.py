"""Why things are as they are: chains of causes, and what stands behind what."""

import pytest
from dashboard.plays import mop_platform, release
from dashboard.stage import Stage, team

from mop_tui.domain import events as e
from mop_tui.domain.agent_lifecycle import AgentState, AgentTrigger
from mop_tui.domain.causes import Chain, beginning, link
from mop_tui.domain.events import AnyEvent, Event, Fact
from mop_tui.domain.ids import AgentId, CommandId, IssueId, QuestionId, TaskId
from mop_tui.domain.plan import Mode
from mop_tui.domain.subject import Subject, event_behind, subject_of
from mop_tui.domain.task_lifecycle import TaskState, TaskTrigger

ANN, ONE = AgentId("ann"), TaskId("one")
STARTED = e.SystemStarted("s", "p", "g", Mode.LIVE, attended=True, max_agents=None, teams=())
WHY = "ann is free"


def decided(verdict: str = "yes") -> e.SystemDecided:
    return e.SystemDecided("place_task", "yes" if verdict == "yes" else "no", WHY)


def given_to_ann() -> e.TaskTransitioned:
    return e.TaskTransitioned(
        ONE, TaskTrigger.ASSIGNED, TaskState.READY, TaskState.ASSIGNED, WHY, ANN
    )


def story(*facts: tuple[Fact, int | None]) -> list[AnyEvent]:
    """Return facts with their causes as events of one session."""
    return [
        Event(seq, seq * 1000, fact.KIND, cause, fact)
        for seq, (fact, cause) in enumerate(facts, start=1)
    ]


def chain_of(events: list[AnyEvent], seq: int, links: int = 100) -> Chain:
    known = {event.seq: event for event in events}
    chain = Chain(known.get, seq)
    chain.go_on(links)
    return chain


@pytest.fixture
def events() -> list[AnyEvent]:
    """Two things that follow from the start, one of which nobody asks about here."""
    return story(
        (STARTED, None),
        (e.SystemQuiesced(), 1),
        (decided(), 1),
        (given_to_ann(), 3),
        (decided(), 2),
    )


def test_a_chain_leads_from_an_event_to_its_cause_and_on_to_where_it_began(
    events: list[AnyEvent],
) -> None:
    chain = chain_of(events, 4)
    assert [event.seq for event in chain.events] == [4, 3, 1]
    assert chain.complete
    assert beginning(chain) == "the start of the session"


def test_a_chain_looks_up_no_more_than_it_is_told(events: list[AnyEvent]) -> None:
    asked: list[int] = []

    def find(seq: int) -> AnyEvent:
        asked.append(seq)
        return events[seq - 1]

    chain = Chain(find, 4)
    assert not chain.events
    chain.go_on(2)
    assert asked == [4, 3]
    assert not chain.complete
    chain.go_on(2)
    assert asked == [4, 3, 1], "each event is looked up once, and no other is"
    assert chain.complete


def test_a_cause_that_is_not_known_here_is_named(events: list[AnyEvent]) -> None:
    chain = chain_of(events[1:], 4)
    assert [event.seq for event in chain.events] == [4, 3]
    assert chain.complete
    assert beginning(chain) == "event 1, which is not known here"
    nothing = chain_of([], 4)
    assert nothing.complete
    assert not nothing.events
    assert beginning(nothing) == "event 4, which is not known here"


def test_a_file_that_names_a_later_event_as_a_cause_leads_nobody_in_circles() -> None:
    chain = chain_of(story((decided(), 2), (decided(), 1)), 2)
    assert [event.seq for event in chain.events] == [2, 1]
    assert beginning(chain) == "event 1, whose cause is not recorded"


@pytest.mark.parametrize(
    ("first", "said"),
    [
        (STARTED, "the start of the session"),
        (
            e.SystemResumed(attended=True),
            "the moment at which the session went on in another program",
        ),
        (
            e.UserCommanded("pause_agent", CommandId("c1"), "uid\x1b[1m 1000", "ann"),
            "what uid 1000 told the session",
        ),
        (e.SystemQuiesced(), "event 1, whose cause is not recorded"),
    ],
)
def test_where_a_chain_begins_is_said_in_words(first: Fact, said: str) -> None:
    assert beginning(chain_of(story((first, None), (decided(), 1)), 2)) == said


def test_a_reason_is_told_once_by_the_decision_that_had_it(events: list[AnyEvent]) -> None:
    started, _, decision, given, _ = events
    assert link(given, decision) == "one goes to ann"
    assert link(decision, started) == f"rule place_task decided: {WHY}"
    assert link(given, None) == f"one goes to ann: {WHY}"
    assert link(given, started) == f"one goes to ann: {WHY}"


def test_a_considered_no_is_told_as_such() -> None:
    decision = story((decided("no"), None))[0]
    assert link(decision, None) == f"rule place_task decided against acting: {WHY}"


# -- what stands behind what ------------------------------------------------------------------


def last(stage: Stage, kind: str) -> int:
    return max(event.seq for event in stage.happened if event.kind == kind)


def test_behind_an_agent_or_a_task_stands_its_latest_move_and_nothing_later() -> None:
    stage = mop_platform()
    agent, task = AgentId("cicd-engineer"), TaskId("pipelines")
    snapshot = stage.session.snapshot()
    for subject, kind in (
        (Subject(agent=agent), "agent.transitioned"),
        (Subject(task=task), "task.transitioned"),
    ):
        seq = event_behind(snapshot, subject)
        assert seq is not None
        event = stage.happened[seq - 1]
        assert event.kind == kind
        assert subject_of(event) == subject
        later = [one for one in stage.happened[seq:] if subject_of(one) == subject]
        assert kind not in {one.kind for one in later}
    stage.progress(agent, 95)
    assert stage.session.snapshot().agents[agent].moved == snapshot.agents[agent].moved
    stage.finish(agent)
    assert event_behind(stage.session.snapshot(), Subject(agent=agent)) == len(stage.happened)


def test_behind_what_never_moved_stands_how_it_came_to_be() -> None:
    stage = Stage()
    stage.begin(team("crew", "Crew", "ann"))
    stage.plan("one", needs=("two",))
    assert event_behind(stage.session.snapshot(), Subject(task=ONE)) == 2


def test_behind_an_issue_or_a_question_stands_what_opened_it_even_when_it_is_settled() -> None:
    stage = release()
    stage.issue("warning", "it is late")
    opened, asked = last(stage, "system.issue_opened"), last(stage, "user.asked")
    stage.happen(e.SystemIssueClosed(IssueId("i1"), "it is no longer late"))
    stage.happen(e.UserWithdrawn(QuestionId("q1"), "nobody wants to know"))
    snapshot = stage.session.snapshot()
    assert event_behind(snapshot, Subject(issue=IssueId("i1"))) == opened
    assert event_behind(snapshot, Subject(question=QuestionId("q1"))) == asked


def test_behind_an_event_stands_itself_once_it_has_happened() -> None:
    stage = release()
    snapshot = stage.session.snapshot()
    assert event_behind(snapshot, Subject(event=3)) == 3
    assert event_behind(snapshot, Subject(event=len(stage.happened) + 1)) is None


@pytest.mark.parametrize(
    "subject",
    [
        Subject(agent=AgentId("nobody")),
        Subject(task=TaskId("nothing")),
        Subject(issue=IssueId("i9")),
        Subject(question=QuestionId("q9")),
        Subject(),
    ],
)
def test_behind_what_is_not_there_stands_nothing(subject: Subject) -> None:
    assert event_behind(release().session.snapshot(), subject) is None


def test_decisions_and_what_concerns_the_session_are_about_themselves(
    events: list[AnyEvent],
) -> None:
    started, quiet, decision, given, _ = events
    assert subject_of(started) == Subject(event=1)
    assert subject_of(quiet) == Subject(event=2)
    assert subject_of(decision) == Subject(event=3)
    assert subject_of(given) == Subject(task=ONE)
    assert subject_of(decision).name == "event 3"


def test_a_move_that_was_refused_stands_behind_nothing() -> None:
    stage = release()
    before = stage.session.snapshot().agents[AgentId("linter")].moved
    stage.happen(
        e.AgentRefused(AgentId("linter"), AgentTrigger.PAUSE, AgentState.COMPLETE, "it is over")
    )
    assert stage.session.snapshot().agents[AgentId("linter")].moved == before
