"""Agents that wait for each other: found at the wait that closes the circle, told, and broken."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, Literal

import pytest
from hands import Hand, Hands

from mop_tui.agents.host import Assignment, Reply, Told
from mop_tui.decisions.deadlock import MOST_TAKEN_OUT
from mop_tui.domain.feed import CancelTask, RetryTask
from mop_tui.domain.ids import MemoryKey, QuestionName, TaskId
from mop_tui.domain.plan import Plan
from mop_tui.domain.priority import Priority
from mop_tui.domain.reactions import Reaction
from mop_tui.domain.strategies import Strategy
from mop_tui.domain.wait_graph import Node
from mop_tui.domain.waits import StandingWaits, Swarm
from mop_tui.orchestrator.recheck import recheck
from sessions import Ran, agent, answer, plan, play, question, task, trigger

Step = tuple[str, str]
"""What an agent does, and with what: `lock`, `unlock`, `wait` for a key, `set` one, `rest` for
seconds."""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "session.jsonl"


def breaks(mode: Literal["auto", "ask"] = "auto", keep: Iterable[str] = ()) -> Strategy:
    return Strategy(
        "break_it", "deadlock_detected", "break_cycle", keep_critical=tuple(keep), mode=mode
    )


def with_strategy(what: Plan, strategy: Strategy | None) -> Plan:
    return what if strategy is None else replace(what, strategies=(strategy,))


class Steps:
    """Agents that take steps, each with its start, and one after the other as they are answered.

    The steps are those of a task, or of an agent for all of its tasks.
    """

    def __init__(self, steps: Mapping[str, Iterable[Step]], starts: Mapping[str, float]) -> None:
        self.steps = {name: tuple(it) for name, it in steps.items()}
        self.starts = starts
        self.hands = Hands(self.behave)

    def behave(self, hand: Hand, heard: Told | None) -> None:
        match heard:
            case Assignment():
                hand.after(self.starts.get(hand.agent, 1), partial(self._go_on, hand, 0))
            case Reply(outcome="answered") as reply:
                self._go_on(hand, int(reply.ask) + 1)
            case Reply(outcome="refused"):
                hand.exit(3)

    def _go_on(self, hand: Hand, at: int) -> None:
        steps = self.steps.get(hand.task or "", ()) or self.steps.get(hand.agent, ())
        while at < len(steps) and steps[at][0] in ("set", "unlock"):
            if steps[at][0] == "set":
                hand.remember(steps[at][1], 1)
            else:
                hand.unlock(steps[at][1])
            at += 1
        if at == len(steps):
            hand.after(5, hand.exit)
            return
        do, what = steps[at]
        if do == "rest":
            hand.after(float(what), partial(self._go_on, hand, at + 1))
            return
        (hand.lock if do == "lock" else hand.wait)(str(at), what)


CIRCLE: Mapping[str, tuple[Step, ...]] = {
    "a": (("lock", "schema"), ("wait", "b-has"), ("lock", "release")),
    "b": (("lock", "release"), ("set", "b-has"), ("wait", "docs")),
    "c": (("wait", "b-has"), ("lock", "schema"), ("set", "docs")),
}
THREE = plan(
    [agent("a"), agent("b"), agent("c")],
    [task("migrate", "a"), task("publish", "b"), task("write", "c", provides=["docs"])],
)


def run(
    file: Path,
    what: Plan = THREE,
    steps: Mapping[str, Iterable[Step]] = CIRCLE,
    starts: Mapping[str, float] | None = None,
    **more: Any,
) -> Ran:
    taken = Steps(steps, {"a": 1, "b": 2, "c": 3} if starts is None else starts)
    return play(what, file, hands=taken.hands, **more)


def broken(ran: Ran) -> list[tuple[str, str, str | None, str]]:
    return [
        (it.data.way, it.data.task, it.data.gives_way_to, it.data.by)
        for it in ran.of("system.cycle_broken")
    ]


# -- found --------------------------------------------------------------------------------------


def test_a_circle_of_locks_and_keys_is_found_at_the_wait_that_closes_it(file: Path) -> None:
    ran = run(file, attended=True, answers=[answer("deadlock/d1", "withdraw publish")])
    (found,) = ran.of("system.deadlock_found")
    closing = ran.events[found.seq - 1]
    while closing.kind != "agent.locking":
        assert closing.cause is not None
        closing = ran.events[closing.cause - 1]
    assert (closing.data.agent, closing.data.resource, closing.at) == ("c", "schema", found.at)
    since = {event.kind for event in ran.events[closing.seq : found.seq - 1]}
    assert since <= {"system.decided", "agent.transitioned", "system.issue_opened"}


def test_it_is_told_in_a_sentence_and_as_a_critical_issue_until_it_is_over(file: Path) -> None:
    ran = run(file, attended=True, answers=[answer("deadlock/d1", "withdraw publish")])
    (found,) = ran.of("system.deadlock_found")
    assert found.data.text == (
        "b (publish) waits for memory key docs, which write is to provide; "
        "c (write) waits for the lock on schema, which a holds for migrate; "
        "a (migrate) waits for the lock on release, which b holds for publish"
    )
    (issue,) = ran.session.issues.values()
    assert (issue.severity, issue.open) == ("critical", False)
    assert issue.text == f"deadlock: {found.data.text}"
    assert not ran.session.open_deadlocks


def test_what_looks_like_a_circle_while_a_decision_is_carried_out_is_none(file: Path) -> None:
    what = plan(
        [agent("a"), agent("b")],
        [task("one", "a", locks=["x"]), task("two", "b", locks=["x"], needs=["one"])],
    )
    ran = play(what, file)
    assert ran.session.outcome == "complete"
    assert not ran.of("system.deadlock_found")


def test_a_task_that_its_own_agent_is_too_busy_to_do_closes_a_circle(file: Path) -> None:
    what = plan([agent("a")], [task("first", "a"), task("second", "a", provides=["k"])])
    ran = run(file, with_strategy(what, breaks()), {"first": (("wait", "k"),)})
    (found,) = ran.of("system.deadlock_found")
    assert found.data.text == (
        "second waits for agent a, who has first; "
        "a (first) waits for memory key k, which second is to provide"
    )


def test_a_circle_through_the_limit_of_agents_at_work_is_found(file: Path) -> None:
    what = replace(
        plan(
            [agent("a"), agent("b")],
            [task("one", "a"), task("two", "b", provides=["k"])],
            max_agents=1,
        ),
        strategies=(breaks(),),
    )
    steps: dict[str, tuple[Step, ...]] = {"a": (("wait", "k"),), "b": (("set", "k"),)}
    ran = run(file, what, steps)
    assert [it.at for it in ran.of("system.deadlock_found")] == [1000]
    assert broken(ran) == [("withdraw", "one", "two", "policy")]
    assert ran.session.outcome == "complete"


def test_any_provider_that_can_still_go_on_is_enough(file: Path) -> None:
    what = plan(
        [agent("a"), agent("b"), agent("c")],
        [task("one", "a", provides=["j"]), task("two", "b", provides=["k"]), task("three", "c")],
    )
    both = replace(what.tasks["three"], provides=("k",))  # type: ignore[index, arg-type]
    what = replace(what, tasks={**what.tasks, both.id: both})
    steps: dict[str, tuple[Step, ...]] = {
        "a": (("wait", "k"), ("set", "j")),
        "b": (("wait", "j"),),
        "c": (("set", "k"),),
    }
    ran = run(file, what, steps)
    assert not ran.of("system.deadlock_found")
    assert ran.session.outcome == "complete"


def test_a_key_whose_only_provider_failed_is_waited_for_in_vain(file: Path) -> None:
    what = plan([agent("a"), agent("b")], [task("one", "a"), task("two", "b", provides=["k"])])

    def behave(hand: Hand, heard: Told | None) -> None:
        match heard:
            case Assignment() if hand.agent == "a":
                hand.after(1, hand.wait, "w", "k")
            case Assignment():
                hand.after(4, hand.exit, 1)
            case Reply(outcome="refused"):
                hand.exit(0)

    ran = play(with_strategy(what, breaks()), file, hands=behave)
    (found,) = ran.of("system.deadlock_found")
    assert found.at == 4000
    assert found.data.text == (
        "a (one) waits for memory key k, which nobody is left to provide: two (failed)"
    )
    assert broken(ran) == [("refuse", "one", None, "policy")]
    assert ran.states("one")[-1] == (4, "COMPLETE")


# -- broken -------------------------------------------------------------------------------------


def test_the_policy_takes_out_who_loses_least(file: Path) -> None:
    ran = run(file, with_strategy(THREE, breaks()))
    assert broken(ran) == [("withdraw", "migrate", "write", "policy")]
    (why,) = ran.decisions("break_cycle")
    least = "a gives back what it has, by which the least work, 1 s of it, is lost"
    assert why.data.reason == f"break_it: {least}"
    assert ran.session.outcome == "complete"
    assert [state for _, state in ran.states("migrate")] == [
        *("READY", "ASSIGNED", "ACTIVE", "READY", "ASSIGNED", "ACTIVE", "COMPLETE")
    ]
    again = [at for at, state in ran.states("migrate") if state == "ASSIGNED"]
    over = [at for at, state in ran.states("write") if state == "COMPLETE"]
    assert again[1] >= over[0], "it begins anew after the one that it gave way to"


def test_of_equals_the_youngest_goes(file: Path) -> None:
    steps: dict[str, tuple[Step, ...]] = {
        "a": (("lock", "x"), ("lock", "y")),
        "b": (("lock", "y"), ("lock", "x")),
    }
    what = plan([agent("a"), agent("b")], [task("one", "a"), task("two", "b")])
    ran = run(file, with_strategy(what, breaks()), steps, starts={"a": 1, "b": 1})
    assert broken(ran)[0][:3] == ("withdraw", "two", "one")
    assert ran.session.outcome == "complete"


def test_the_same_agent_is_not_taken_out_twice_running(file: Path) -> None:
    """Whoever begins anew takes the same way, and so it would be taken out again and again."""
    what = plan(
        [agent("a"), agent("b"), agent("c")],
        [task("one", "a"), task("two", "b"), task("three", "c", needs=["two"])],
    )
    slow: tuple[Step, ...] = (("lock", "y"), ("rest", "5"), ("lock", "x"))
    steps = {"a": (("lock", "x"), ("lock", "y")), "b": slow, "c": slow}
    ran = run(file, with_strategy(what, breaks()), steps, starts={"a": 3, "b": 1, "c": 1})
    victims = [it.data.agent for it in ran.of("system.cycle_broken")]
    assert victims == ["a", "c"], "a would have lost less both times"
    assert ran.session.outcome == "complete"


def test_a_critical_agent_is_not_taken_out_unasked(file: Path) -> None:
    kept = with_strategy(THREE, breaks(keep=["a"]))
    assert broken(run(file, kept))[0][1] == "publish", "a, who would lose less, is kept"


def test_where_all_are_critical_the_operator_is_asked(file: Path) -> None:
    kept = with_strategy(THREE, breaks(keep=["a", "b"]))
    ran = run(file, kept, attended=True, answers=[answer("deadlock/d1", "withdraw publish")])
    assert broken(ran)[0][:3] == ("withdraw", "publish", "migrate")
    (asked,) = ran.of("user.asked")
    assert ("why you are asked", "whoever is in it is critical") in asked.data.context


def test_nor_is_one_whose_task_is_critical(file: Path) -> None:
    tasks = {name: replace(spec, priority=Priority.CRITICAL) for name, spec in THREE.tasks.items()}
    ran = run(file, with_strategy(replace(THREE, tasks=tasks), breaks()))
    assert not broken(ran)
    assert ran.session.outcome == "waiting", "a question is open"


def test_without_a_strategy_the_operator_is_asked_with_what_each_would_lose(file: Path) -> None:
    ran = run(file, attended=True, answers=[answer("deadlock/d1", "withdraw migrate", "as I say")])
    (asked,) = ran.of("user.asked")
    assert asked.data.text == "These wait for each other. Who gives way?"
    assert [(it.value, it.label) for it in asked.data.options] == [
        ("withdraw migrate", "a begins migrate anew, after write"),
        ("withdraw publish", "b begins publish anew, after migrate"),
        ("refuse migrate", "a is told that it waits in vain"),
        ("refuse publish", "b is told that it waits in vain"),
        ("refuse write", "c is told that it waits in vain"),
        ("leave", "Leave it as it is"),
    ]
    assert broken(ran)[0][:3] == ("withdraw", "migrate", "write")
    assert ran.session.outcome == "complete"


def test_what_the_operator_refuses_an_agent_it_hears(file: Path) -> None:
    refused = [answer("deadlock/d1", "refuse write"), answer("deadlock/d2", "refuse publish")]
    ran = run(file, attended=True, answers=refused)
    assert broken(ran)[0][:2] == ("refuse", "write")
    assert ran.states("write")[-1][1] == "FAILED"
    texts = [it.data.text for it in ran.of("system.deadlock_found")]
    assert texts[1].startswith("b (publish) waits for memory key docs, which nobody is left")
    assert ran.states("migrate")[-1][1] == "COMPLETE"


def test_left_as_it_is_it_ends_the_session_that_nothing_moves_any_more(file: Path) -> None:
    ran = run(file, attended=True, answers=[answer("deadlock/d1", "leave")])
    assert not broken(ran)
    assert ran.session.outcome == "incomplete"
    assert len(ran.session.open_deadlocks) == 1


def test_where_nobody_is_there_to_be_asked_nobody_is_taken_out(file: Path) -> None:
    ran = run(file)
    assert not ran.of("user.asked")
    (no,) = ran.decisions("break_cycle")
    assert no.data.reason == (
        "the layout has no strategy that breaks cycles, and nobody is there to be asked"
    )
    assert ran.session.outcome == "incomplete"


# -- it has an end ------------------------------------------------------------------------------


class Stubborn(Steps):
    """Agents that ask again for what they were refused, up to a hundred times."""

    refused = 0

    def behave(self, hand: Hand, heard: Told | None) -> None:
        if isinstance(heard, Reply) and heard.outcome == "refused" and self.refused < 100:
            self.refused += 1
            hand.after(1, partial(self._go_on, hand, int(heard.ask)))
        else:
            super().behave(hand, heard)


def test_who_asks_again_for_ever_is_not_refused_for_ever(file: Path) -> None:
    what = plan(
        [agent("a"), agent("b")],
        [task("one", "a", provides=["x"]), task("two", "b", provides=["y"])],
    )
    steps = {"a": (("wait", "y"), ("set", "x")), "b": (("wait", "x"), ("set", "y"))}
    taken = Stubborn(steps, {"a": 1, "b": 2})
    ran = play(with_strategy(what, breaks()), file, hands=taken.hands)
    times = [victim for _, victim, _, _ in broken(ran)]
    assert (times.count("one"), times.count("two")) == (MOST_TAKEN_OUT, MOST_TAKEN_OUT)
    (asked,) = ran.of("user.asked")
    assert (
        "why you are asked",
        "whoever is in it was taken out 3 times already",
    ) in asked.data.context
    assert ran.session.outcome == "waiting", "a question is open"


def test_who_gave_way_is_begun_after_all_if_the_other_waits_for_that(file: Path) -> None:
    """What was withdrawn would provide what the other waits for: that wait is of our making."""
    what = plan([agent("a"), agent("b")], [task("one", "a", provides=["k"]), task("two", "b")])
    steps: dict[str, tuple[Step, ...]] = {
        "one": (("lock", "x"), ("rest", "1"), ("lock", "y"), ("set", "k")),
        "two": (
            *(("lock", "y"), ("rest", "3"), ("lock", "x")),
            *(("unlock", "x"), ("unlock", "y"), ("wait", "k")),
        ),
    }
    ran = run(file, with_strategy(what, breaks()), steps, starts={"a": 1, "b": 1})
    assert broken(ran) == [
        ("withdraw", "one", "two", "policy"),
        ("begin", "one", None, "policy"),
    ]
    assert ran.session.outcome == "complete"
    assert not ran.session.yielding
    assert recheck(with_strategy(what, breaks()), ran.events).divergence is None


# -- several waits at once ----------------------------------------------------------------------


@pytest.mark.parametrize("later", ["x", "y"])
def test_who_waits_for_two_locks_is_passed_by_nobody_that_has_only_the_other(
    file: Path, later: str
) -> None:
    """One has what the other waits for besides, and is behind it in a queue: that is a circle,
    whoever of them comes to wait last."""
    what = plan(
        [agent("x"), agent("y"), agent("z")], [task("tx", "x"), task("ty", "y"), task("tz", "z")]
    )
    asks: Mapping[str, Iterable[tuple[float, str]]] = {
        "x": ((2, "f/*"), (4 if later == "x" else 3, "L")),
        "y": ((1, "L"), (4 if later == "y" else 3, "f/2")),
        "z": ((1, "f/1"),),
    }

    def behave(hand: Hand, heard: Told | None) -> None:
        if isinstance(heard, Assignment):
            for after, resource in asks[hand.agent]:
                hand.after(after, hand.lock, resource, resource)
            hand.after(20, hand.exit)

    ran = play(what, file, hands=behave)
    found = ran.of("system.deadlock_found")
    assert found[0].at == 4000
    assert found[0].data.text == (
        "y (ty) waits for a lock that x (tx) asked for before; "
        "x (tx) waits for the lock on L, which y holds for ty"
    )


def test_that_somebody_waits_costs_nothing_for_those_who_asked_before(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    count = 60
    names = [f"a{number}" for number in range(count)]
    what = plan(map(agent, names), [task(f"t{name}", name) for name in names])
    steps = {
        name: (("lock", f"l{number}"), ("lock", f"l{(number + 1) % count}"))
        for number, name in enumerate(names)
    }
    told: list[str] = []
    tell = StandingWaits._tell

    def counted(waits: StandingWaits, swarm: Swarm, node: Node, todo: dict[Node, None]) -> None:
        told.append(node.name)
        tell(waits, swarm, node, todo)

    monkeypatch.setattr(StandingWaits, "_tell", counted)
    ran = run(file, what, steps, dict.fromkeys(names, 1))
    assert len(ran.of("system.deadlock_found")) == 1
    assert len(told) < 10 * count


def test_one_that_is_over_with_the_last_task_does_not_stay_open(file: Path) -> None:
    def behave(hand: Hand, heard: Told | None) -> None:
        if isinstance(heard, Assignment):
            hand.after(1, hand.wait, "w", "nobody-sets-it")
            hand.after(5, hand.exit)  # it does not wait for that any longer

    ran = play(plan([agent("a")], [task("one", "a")]), file, hands=behave)
    assert len(ran.of("system.deadlock_found")) == 1
    assert ran.session.outcome == "complete"
    assert not ran.session.open_deadlocks
    assert not [issue for issue in ran.session.issues.values() if issue.open]


@pytest.mark.parametrize("provides", [[], ["k"]])
@pytest.mark.parametrize("said", ["approve", "reject"])
def test_nothing_is_waited_for_in_vain_as_long_as_a_person_decides_about_more(
    file: Path, provides: list[str], said: str
) -> None:
    sets = Reaction("set_memory", set=((MemoryKey("k"), 1),))
    what = plan(
        [agent("a"), agent("b")],
        [task("one", "a"), task("two", "b", provides=provides)],
        [replace(question("help", "Set it?"), on_answer=(("approve", (sets,)),))],
        triggers=[
            trigger("fails", "agent_error", "ask_human", question=QuestionName("help"), max_fires=1)
        ],
    )

    def behave(hand: Hand, heard: Told | None) -> None:
        match heard:
            case Assignment() if hand.agent == "a":
                hand.after(1, hand.wait, "w", "k")
            case Assignment():
                hand.after(4, hand.err, "broken")
                hand.after(4, hand.exit, 1)
            case Reply():
                hand.exit(0 if heard.outcome == "answered" else 1)

    what = with_strategy(what, breaks())
    ran = play(what, file, hands=behave, attended=True, answers=[answer("help", said, after=30)])
    assert [it.at // 1000 for it in ran.of("user.asked")] == [4]
    assert [it.at // 1000 for it in ran.of("system.deadlock_found")] == (
        [] if said == "approve" else [34]
    )
    assert ran.states("one")[-1][1] == ("COMPLETE" if said == "approve" else "FAILED")
    assert recheck(what, ran.events).divergence is None


def test_a_process_that_has_nothing_to_do_keeps_no_deadlock_from_being_found(file: Path) -> None:
    what = plan(
        [agent("a"), agent("b", for_session=True)],
        [
            task("zero", "b"),
            task("one", "a", needs=["zero"], priority=Priority.HIGH),
            task("two", "b", needs=["zero"]),
        ],
        max_agents=1,
    )

    def behave(hand: Hand, heard: Told | None) -> None:
        match heard:
            case Assignment() if hand.task == "one":
                hand.after(1, hand.wait, "w", "k")
            case Assignment():
                hand.after(4, hand.remember, "k" if hand.task == "two" else "z", 1)
                hand.after(5, hand.done)
            case Reply():
                hand.exit()

    ran = play(with_strategy(what, breaks()), file, hands=behave)
    assert [it.at for it in ran.of("system.deadlock_found")] == [6000]
    assert broken(ran) == [("withdraw", "one", "two", "policy")]
    assert ran.session.outcome == "complete"


def test_of_a_long_circle_as_much_is_told_and_offered_as_one_can_read(file: Path) -> None:
    names = [f"a{number:02}" for number in range(30)]
    what = plan([agent(name) for name in names], [task(f"of-{name}", name) for name in names])
    steps = {
        name: (("lock", name), ("rest", "2"), ("lock", names[(at + 1) % 30]))
        for at, name in enumerate(names)
    }
    leave = answer("deadlock/d1", "leave")
    ran = run(file, what, steps, dict.fromkeys(names, 1), attended=True, answers=[leave])
    (found,) = ran.of("system.deadlock_found")
    assert len(found.data.cycle) == 60
    assert found.data.text.endswith("; and so on, by 22 more, back to a00 (of-a00)")
    (asked,) = ran.of("user.asked")
    assert len(asked.data.options) == 13


def test_what_gave_way_and_is_cancelled_waits_for_nobody_when_it_is_done_after_all(
    file: Path,
) -> None:
    steps = {
        "a": (("lock", "x"), ("lock", "y")),
        "b": (("lock", "y"), ("rest", "9"), ("lock", "x"), ("rest", "60")),
    }
    what = plan([agent("a"), agent("b")], [task("one", "a"), task("two", "b")])
    ran = run(
        file,
        with_strategy(what, breaks()),
        steps,
        starts={"a": 1, "b": 1},
        operator=[(20.0, CancelTask(TaskId("one"))), (21.0, RetryTask(TaskId("one")))],
    )
    assert broken(ran) == [("withdraw", "one", "two", "policy")]
    assert (21, "ASSIGNED") in ran.states("one"), "though two is not over"
    assert ran.session.outcome == "complete"
