"""Questions that a rule asks by itself: worded in code, about somebody, and holding nobody."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Literal

import pytest

from mop_tui.decisions.rules import Rule, RuleBook
from mop_tui.decisions.standard import RULES
from mop_tui.domain.actions import AskForSupervision, Concern
from mop_tui.domain.events import (
    AgentErred,
    AgentExited,
    AnyEvent,
    Fact,
    SystemDecided,
    SystemDone,
    SystemStarted,
    SystemTimerFired,
    UserAnswered,
)
from mop_tui.domain.ids import ActionId, AgentId, QuestionId, TaskId, TimerId
from mop_tui.domain.plan import Mode, Plan, QuestionSpec
from mop_tui.domain.reactions import Reaction
from mop_tui.domain.sentences import sentence
from mop_tui.domain.session import Session
from mop_tui.journal.codec import decode, encode
from mop_tui.orchestrator.engine import Engine
from sessions import agent, plan, question, task

ABOUT = Concern("health", AgentId("ann"), TaskId("one"))
WHAT = question("health/ann", "ann ${is} ill. What now?", options=["wait", "restart"], timeout=60)


class Watched:
    """A session in which a rule asks about an agent that errs."""

    def __init__(self, asks: QuestionSpec) -> None:
        self.plan = plan([agent("ann")], [task("one", "ann"), task("two", "ann")])
        self.events: list[AnyEvent] = []
        rule = Rule("worry", (AgentErred.KIND,), self._ask)
        self.engine = Engine(self.plan, RuleBook(self.plan, (*RULES, rule)))
        self._asks = asks
        self.hear(
            SystemStarted(
                "run", "", "", Mode.REHEARSAL, attended=True, max_agents=None, teams=self.plan.teams
            ),
            cause=None,
        )
        self.hear(SystemDone(self._started(), "start_process", AgentId("ann")))
        self.hear(AgentErred(AgentId("ann"), 1, TaskId("one"), "oops", "", "protocol"))

    def _started(self) -> ActionId:
        found = next(event for event in self.events if event.kind == "system.intended")
        return ActionId(found.data.action)

    def _ask(self, _plan: Plan, _session: Session, _event: AnyEvent) -> Iterator[SystemDecided]:
        yield SystemDecided(
            "worry", "yes", "it is ill", (AskForSupervision(self._asks, ABOUT),), AgentId("ann")
        )

    def hear(self, fact: Fact, at: int = 0, cause: int | None = 1) -> None:
        """Have a fact come from outside."""
        self.events += self.engine.receive(fact, at, cause).events

    def of(self, kind: str) -> list[AnyEvent]:
        """Return the events of a kind."""
        return [event for event in self.events if event.kind == kind]


def test_it_is_asked_as_worded_and_says_what_it_is_about() -> None:
    watched = Watched(WHAT)
    asked = watched.of("user.asked")[0]
    assert asked.data.text == "ann ${is} ill. What now?"
    assert asked.data.about == ABOUT
    assert sentence(asked) == "you are asked q1 (health of ann): ann ${is} ill. What now?"
    assert decode(encode(asked)[0]) == asked
    decided = watched.of("system.decided")
    assert next(event for event in decided if event.data.rule == "worry").seq == asked.cause


def test_it_holds_neither_the_agent_nor_the_task() -> None:
    session = Watched(WHAT).engine.session
    one = session.tasks[TaskId("one")]
    assert one.question is None
    assert not one.held
    assert session.agents[AgentId("ann")].state == "ACTIVE"


def test_an_answer_is_on_record_for_whoever_knows_the_matter() -> None:
    watched = Watched(WHAT)
    digest = watched.of("user.asked")[0].data.digest
    watched.hear(UserAnswered(QuestionId("q1"), "restart", "", "operator", digest), 5)
    row = watched.engine.session.questions[QuestionId("q1")]
    assert (row.state, row.value, row.asked.about) == ("answered", "restart", ABOUT)
    assert not watched.engine.session.open_questions


@pytest.mark.parametrize("default", [None, "reject"])
def test_a_refusal_and_silence_do_nothing_by_themselves(default: str | None) -> None:
    asks = question("health/ann", "Restart ann?", timeout=60, default=default)
    refused, unheard = Watched(asks), Watched(asks)
    digest = refused.of("user.asked")[0].data.digest
    refused.hear(UserAnswered(QuestionId("q1"), "reject", "no", "operator", digest), 5)
    unheard.hear(SystemTimerFired(TimerId("question/q1")), 60_000)
    assert [event.data.outcome for event in unheard.of("user.expired")] == [
        "cancelled" if default is None else "default"
    ]
    for watched in (refused, unheard):
        assert not any("Restart" in issue.text for issue in watched.engine.session.issues.values())
        assert watched.engine.session.tasks[TaskId("one")].state == "ACTIVE"
        assert watched.engine.session.tasks[TaskId("two")].state == "READY"


def test_without_an_answer_that_must_be_given_it_becomes_louder() -> None:
    asks = question("health/ann", "Restart ann?", timeout=60, required=True)
    watched = Watched(asks)
    watched.hear(SystemTimerFired(TimerId("question/q1")), 60_000)
    session = watched.engine.session
    assert session.questions[QuestionId("q1")].escalated
    assert "an answer is overdue: Restart ann?" in [i.text for i in session.issues.values()]


@pytest.mark.parametrize(("do", "state"), [("retry", "READY"), ("skip", "CANCELLED")])
def test_what_is_done_about_its_answer_is_about_the_task_that_it_names(
    do: Literal["retry", "skip"], state: str
) -> None:
    asks = replace(WHAT, on_answer=(("restart", (Reaction(do),)),))
    watched = Watched(asks)
    digest = watched.of("user.asked")[0].data.digest
    watched.hear(UserAnswered(QuestionId("q1"), "restart", "", "operator", digest), 5)
    stopped = watched.of("system.intended")[-1].data
    assert stopped.effect == "stop_process"
    ended = AgentExited(AgentId("ann"), 1, TaskId("one"), None, "SIGTERM")
    watched.hear(ended, 6, watched.events[-1].seq)
    moves = [e.data.to_state for e in watched.of("task.transitioned") if e.data.task == "one"]
    assert state in moves[3:]
