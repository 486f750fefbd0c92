"""Whatever happens in a session, everything in it can say why."""

from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from chance import GIVEN_AT_GATES, GIVEN_TO_AGENTS, OPERATORS, Whims, plans, whole_sessions
from hypothesis import given
from hypothesis import strategies as st

from mop_tui.domain.causes import Chain, beginning
from mop_tui.domain.events import MAY_LACK_CAUSE, AnyEvent
from mop_tui.domain.feed import Command
from mop_tui.domain.plan import Plan
from mop_tui.domain.subject import Subject, event_behind, subject_of
from mop_tui.journal.following import GrowingJournal
from mop_tui.orchestrator import loop
from mop_tui.orchestrator.answers import PreparedAnswer
from mop_tui.orchestrator.live import LiveSession
from mop_tui.orchestrator.loop import Orchestrator
from mop_tui.orchestrator.replay import open_replay
from sessions import Ran, agent, plan, play, task


def every_chain_leads_back_to_a_beginning(ran: Ran) -> None:
    known = {event.seq: event for event in ran.events}
    for seq in known:
        chain = Chain(known.get, seq)
        chain.go_on(len(known))
        assert chain.complete
        assert chain.lost is None
        assert chain.events[-1].kind in MAY_LACK_CAUSE
        assert beginning(chain)
        for later, earlier in pairwise(chain.events):
            assert later.cause == earlier.seq < later.seq
            assert earlier.at <= later.at


def everything_knows_what_stands_behind_it(ran: Ran) -> None:
    snapshot = ran.session.snapshot()

    def behind(subject: Subject) -> AnyEvent:
        seq = event_behind(snapshot, subject)
        assert seq is not None
        event = ran.events[seq - 1]
        assert subject_of(event) == subject
        return event

    for agent_id, row in snapshot.agents.items():
        event = behind(Subject(agent=agent_id))
        assert event.at == row.since
        assert getattr(event.data, "to_state", row.state) is row.state
    for task_id, task_row in snapshot.tasks.items():
        event = behind(Subject(task=task_id))
        assert event.at == task_row.since
        assert getattr(event.data, "to_state", task_row.state) is task_row.state
    for issue_id in snapshot.issues:
        assert behind(Subject(issue=issue_id)).kind == "system.issue_opened"
    for question_id in snapshot.questions:
        assert behind(Subject(question=question_id)).kind == "user.asked"


@whole_sessions(60)
@given(
    what=plans(),
    answers=GIVEN_AT_GATES,
    more=GIVEN_TO_AGENTS,
    operator=OPERATORS,
    seed=st.integers(0, 1000),
)
def test_whatever_happens_everything_can_say_why_back_to_a_beginning(
    what: Plan,
    answers: list[PreparedAnswer],
    more: list[PreparedAnswer],
    operator: list[tuple[float, Command]],
    seed: int,
) -> None:
    with TemporaryDirectory() as folder:
        ran = play(
            what,
            Path(folder) / "s.jsonl",
            seed=seed,
            answers=answers + more,
            operator=operator,
            hands=Whims(seed).hands(),
        )
        every_chain_leads_back_to_a_beginning(ran)
        everything_knows_what_stands_behind_it(ran)
        in_file = GrowingJournal(ran.path)
        assert [in_file.event(event.seq) for event in ran.events] == ran.events
        in_file.close()


def two_in_a_row(path: Path) -> tuple[Ran, Orchestrator]:
    seen: list[Orchestrator] = []
    what = plan(
        [agent("ann"), agent("ben")], [task("one", "ann"), task("two", "ben", needs=["one"])]
    )
    ran = play(what, path, during=lambda orchestrator, _: seen.append(orchestrator))
    return ran, seen[0]


def test_a_session_finds_events_that_only_its_file_still_has(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(loop, "RECENT_EVENTS", 5)
    ran, orchestrator = two_in_a_row(tmp_path / "s.jsonl")
    assert len(orchestrator.recent) == 5
    live = LiveSession(orchestrator, ran.path, "2026-01-01T00:00:00+00:00")
    assert [live.event(event.seq) for event in ran.events] == ran.events
    assert live.event(0) is None
    assert live.event(len(ran.events) + 1) is None
    live.close()


def test_a_session_whose_file_is_gone_says_that_it_does_not_know(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(loop, "RECENT_EVENTS", 5)
    ran, orchestrator = two_in_a_row(tmp_path / "s.jsonl")
    ran.path.unlink()
    live = LiveSession(orchestrator, ran.path, "2026-01-01T00:00:00+00:00")
    assert live.event(1) is None
    assert live.event(len(ran.events)) == ran.events[-1]
    live.close()


def test_a_replay_knows_nothing_of_what_is_still_to_come(tmp_path: Path) -> None:
    ran, _ = two_in_a_row(tmp_path / "s.jsonl")
    replay = open_replay(ran.path)
    replay.seek(10)
    assert replay.event(10) == ran.events[9]
    assert replay.event(11) is None
    assert replay.event(0) is None
    replay.seek(11)
    assert replay.event(11) == ran.events[10]
