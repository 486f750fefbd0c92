"""Each insight appears where there is something to be learnt, and not where there is not."""

import re
from collections.abc import Iterable
from dataclasses import replace
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from figures import RECORDED, measured, with_outlook
from hands import Hand

from mop_tui.agents.host import Assignment, Relay, Reply, Told
from mop_tui.domain.events import AgentHealth, SystemSampled, UserSeen
from mop_tui.domain.feed import CreateTask
from mop_tui.domain.health import HealthChecks
from mop_tui.domain.ids import AgentId, MemoryKey, QuestionId, TaskId, TeamId
from mop_tui.domain.outlook import Outlook
from mop_tui.domain.plan import Ailment, Plan, Retry
from mop_tui.report.gathering import gather
from mop_tui.report.insights import LEAST_MS, MOST, MOST_ALIKE
from mop_tui.report.summary import Insight
from sessions import Ran, agent, answer, exact, fixed, plan, play, question, task, trigger


def told(ran: Ran, *words: str) -> list[Insight]:
    """Return the insights of a session that say all of these words."""
    return [it for it in gather(ran.path).insights if all(word in it.text for word in words)]


def kinds(ran: Ran, insight: Insight) -> list[str]:
    """Return of which kinds the events are that show something."""
    return [ran.events[seq - 1].kind for seq in insight.evidence]


# -- keys -----------------------------------------------------------------------------------------


def wave(first: float) -> Plan:
    """Return a plan in which a team comes when a key does, after so many seconds."""
    bring = trigger("bring", "memory_key", "spawn_team", key=MemoryKey("k"), team=TeamId("others"))
    return exact(
        [agent("ann")],
        [
            task("one", "ann", seconds=first, provides=["k"]),
            task("two", "bob", seconds=60, keys=["k"]),
        ],
        triggers=[bring],
        awaited=[agent("bob")],
    )


def test_a_team_that_waited_for_one_key(file: Path) -> None:
    ran = play(wave(60), file)
    (insight,) = told(ran, "Others waited 60 s for one key, k, which one set.")
    assert kinds(ran, insight) == ["system.memory_set", "agent.spawned"]
    assert insight.weight_ms == 60_000
    assert "split one" in insight.advice


def test_a_team_that_came_at_once_waited_for_nothing(file: Path) -> None:
    assert not told(play(wave(3), file), "waited")


def by_key(tasks: int, first: float) -> Plan:
    later = [task(f"t{n}", f"a{n}", seconds=30, keys=["k"]) for n in range(tasks)]
    return exact(
        [agent("ann"), *(agent(f"a{n}") for n in range(tasks))],
        [task("one", "ann", seconds=first, provides=["k"]), *later],
    )


def test_several_tasks_that_waited_for_nothing_but_one_key(file: Path) -> None:
    ran = play(by_key(5, 60), file)
    (insight,) = told(ran, "for nothing but the key k, which one set")
    assert insight.text.startswith("t0, t1, t2 and 2 more waited up to 60 s")
    assert kinds(ran, insight) == ["task.created"] * 5 + ["system.memory_set"]


@pytest.mark.parametrize(("tasks", "first"), [(1, 60), (5, 3)])
def test_one_task_after_another_is_nothing_to_learn_from(
    file: Path, tasks: int, first: float
) -> None:
    assert not told(play(by_key(tasks, first), file), "nothing but the key")


def waits_in_work(file: Path, seconds: float, declared: float = 10, *, planned: bool = True) -> Ran:
    def works(hand: Hand, heard: Told | None) -> None:
        if isinstance(heard, Assignment) and heard.task.id == "one":
            hand.after(1, hand.wait, "w", "k")
        elif isinstance(heard, Assignment):
            hand.after(1 + seconds, hand.remember, "k", 1)
            hand.after(1 + seconds, hand.exit)
        elif isinstance(heard, Reply):
            hand.after(30, hand.exit)

    tasks = [task("one", "ann", seconds=declared)]
    if planned:
        tasks.append(task("two", "ben"))
    by_hand = [] if planned else [(2.0, CreateTask("Set k", AgentId("ben")))]
    what = plan([agent("ann"), agent("ben")], tasks)
    return play(what, file, hands=works, operator=by_hand)


def test_an_agent_that_stood_still_in_the_midst_of_work(file: Path) -> None:
    ran = waits_in_work(file, 50)
    (insight,) = told(ran, "ann stood still for 50 s in the midst of work", "key k")
    assert kinds(ran, insight) == ["agent.waiting"]


def test_what_nobody_planned_could_not_be_waited_for_before(file: Path) -> None:
    (insight,) = told(waits_in_work(file, 50), "stood still")
    assert "name the key among their needs" in insight.advice
    ran = waits_in_work(file.with_name("by-hand.jsonl"), 50, planned=False)
    (insight,) = told(ran, "ann stood still", "key k")
    assert insight.advice.startswith("It came of by-hand-1, which was not planned")


def test_a_short_wait_at_work_is_a_trifle(file: Path) -> None:
    assert not told(waits_in_work(file, 4), "stood still")


def with_locks(first: float) -> Plan:
    return exact(
        [agent("ann"), agent("ben")],
        [
            task("one", "ann", seconds=first, locks=["disk"]),
            task("two", "ben", seconds=30, locks=["disk"]),
        ],
    )


def test_tasks_that_waited_for_a_lock(file: Path) -> None:
    ran = play(with_locks(40), file)
    (insight,) = told(ran, "two waited 40 s for locks that others had")
    assert kinds(ran, insight) == ["system.locked"]
    assert not told(ran, "which was busy"), "hands were there"


def test_a_lock_that_was_soon_free_is_a_trifle(file: Path) -> None:
    assert not told(play(with_locks(4), file), "lock")


# -- hands ----------------------------------------------------------------------------------------


def skilled(tasks: int, agents: int, seconds: float = 30, chain: int = 0) -> Plan:
    """Return a plan of tasks for whoever has the skill, and a chain of tasks beside them."""
    crew = [agent(f"a{n}", "x") for n in range(agents)]
    many = [task(f"t{n}", skill="x", seconds=seconds) for n in range(tasks)]
    line = [
        task(f"c{n}", "cid", seconds=seconds, needs=[f"c{n - 1}"] if n else [])
        for n in range(chain)
    ]
    return exact([*crew, agent("cid")], [*many, *line])


def test_a_queue_tells_what_one_more_agent_would_have_saved(file: Path) -> None:
    ran = play(skilled(4, 1), file)
    (insight,) = told(ran, "3 tasks waited 3 min in all for the only agent with the skill x")
    assert insight.weight_ms == (30 + 60 + 90) * 1000
    assert set(kinds(ran, insight)) == {"task.transitioned"}
    # Played through: with two agents, four tasks of 30 s take 60 s instead of 120.
    assert insight.advice == "One more of them would have ended it about 60 s earlier."


def test_one_more_agent_would_not_have_helped_beside_a_longer_chain(file: Path) -> None:
    (insight,) = told(play(skilled(4, 1, chain=5), file), "with the skill x")
    assert insight.advice == "One more would hardly have ended it earlier."


def test_who_is_never_missed_makes_no_queue(file: Path) -> None:
    assert not told(play(skilled(4, 4), file), "with the skill")


def test_an_agent_that_many_tasks_wait_for(file: Path) -> None:
    many = [task(f"t{n}", "ann", seconds=20) for n in range(3)]
    ran = play(exact([agent("ann")], many), file)
    (insight,) = told(ran, "2 tasks waited 60 s in all for ann, which was busy")
    assert "instead of naming ann" in insight.advice


def test_agents_that_never_had_a_task(file: Path) -> None:
    crew = [agent("ann"), agent("ben"), agent("cid")]
    ran = play(exact(crew, [task("one", "ann", seconds=60)]), file)
    (insight,) = told(ran, "never had a task")
    assert insight.text.startswith("ben and cid never")
    assert kinds(ran, insight) == ["agent.spawned"] * 2


def test_agents_that_had_a_task_are_not_called_idle(file: Path) -> None:
    tasks = [task("one", "ann", seconds=60), task("two", "ben", seconds=5)]
    assert not told(play(exact([agent("ann"), agent("ben")], tasks), file), "never had")


def limited(places: int | None) -> Plan:
    crew = [agent("ann"), agent("ben"), agent("cid")]
    return exact(crew, [task(it.id, it.id, seconds=30) for it in crew], max_agents=places)


def test_a_limit_that_held_the_end_up(file: Path) -> None:
    ran = play(limited(1), file)
    (insight,) = told(ran, "On the critical path", "for a place among max_agents")
    assert insight.advice == "Raise max_agents."
    assert set(kinds(ran, insight)) == {"task.transitioned"}


def test_a_limit_that_nobody_met(file: Path) -> None:
    assert not told(play(limited(3), file), "max_agents")


def line(*by: str) -> Plan:
    """Return a plan of tasks one after the other, by these agents."""
    tasks = [
        task(f"t{n}", who, seconds=20, needs=[f"t{n - 1}"] if n else []) for n, who in enumerate(by)
    ]
    return exact([agent(who) for who in ("ann", "ben", "cid", "dan")], tasks)


def test_an_agent_that_the_path_leads_through(file: Path) -> None:
    ran = play(line("ann", "ben", "ann", "ann", "cid"), file)
    (insight,) = told(ran, "ann did 3 of 5 steps of the critical path", "60% of its work")
    assert set(kinds(ran, insight)) == {"task.transitioned"}


@pytest.mark.parametrize("by", [("ann", "ben", "cid", "dan"), ("ann", "ann", "ben", "cid")])
def test_a_path_that_leads_through_several(file: Path, by: tuple[str, ...]) -> None:
    assert not told(play(line(*by), file), "steps of the critical path")


# -- questions ------------------------------------------------------------------------------------


def asked(file: Path, after: float, seen: float | None = None) -> Ran:
    what = exact([agent("ann")], [task("one", "ann", seconds=60, gate="sure")], [question("sure")])
    outside: list[tuple[float, Any]] = []
    if seen is not None:
        outside = [(seen, UserSeen(QuestionId("q1")))]
    return play(what, file, answers=[answer("sure", "approve", after=after)], outside=outside)


def test_a_question_that_waited_long(file: Path) -> None:
    ran = asked(file, 300)
    (insight,) = told(ran, "q1 (one) waited 5 min for its answer, and everything waited with it.")
    assert kinds(ran, insight) == ["user.asked", "user.answered"]


def test_a_question_that_nobody_saw(file: Path) -> None:
    (insight,) = told(asked(file, 300, seen=240), "it was first seen after 4 min")
    assert insight.weight_ms == 300_000


def test_a_question_that_was_answered_at_once(file: Path) -> None:
    assert not told(asked(file, 2), "q1")


# -- what went wrong ------------------------------------------------------------------------------


def tried(file: Path, seconds: float, fails: int, times: int = 3, *, seen_to: bool = False) -> Ran:
    attempts = count(1)

    def works(hand: Hand, heard: Told | None) -> None:
        if isinstance(heard, Assignment):
            hand.after(seconds, hand.exit, int(next(attempts) <= fails))

    one = task("one", "ann", retry=Retry(times, 1_000))
    triggers = [trigger("tell", "agent_error", "notify", task="look")] if seen_to else []
    return play(plan([agent("ann")], [one], triggers=triggers), file, hands=works)


def test_attempts_that_came_to_nothing(file: Path) -> None:
    ran = tried(file, 20, fails=2)
    (insight,) = told(ran, "one was begun anew 2 times")
    assert "40 s of work and" in insight.text
    assert 42_000 <= insight.weight_ms <= 45_000, "and 1 s and 2 s of rest, more or less"
    assert kinds(ran, insight) == ["task.transitioned"] * 3


def test_a_task_that_failed_in_the_end(file: Path) -> None:
    (insight,) = told(tried(file, 20, fails=9, times=1), "one failed in the end")
    assert "40 s of work" in insight.text


def test_no_trigger_is_advised_where_there_is_one(file: Path) -> None:
    (insight,) = told(tried(file, 20, fails=2), "one was begun anew")
    assert "a troubleshooter's trigger" in insight.advice
    other = file.with_name("seen-to.jsonl")
    (insight,) = told(tried(other, 20, fails=2, seen_to=True), "one was begun anew")
    assert insight.advice == "Look at why it failed."


@pytest.mark.parametrize(("seconds", "fails"), [(20, 0), (1, 1)])
def test_what_succeeded_or_hardly_cost_anything(file: Path, seconds: float, fails: int) -> None:
    assert not told(tried(file, seconds, fails), "came to nothing")


def falls(code: int) -> Plan:
    names = ["one", "two", "three", "four"]
    tasks = [
        task(name, "ann", seconds=30, needs=[before] if before else [])
        for before, name in zip(["", *names], names, strict=False)
    ]
    return plan([agent("ann")], tasks, scripts={it: fixed(30, exit_code=code) for it in names})


def test_a_failure_that_took_others_with_it(file: Path) -> None:
    ran = play(falls(1), file)
    (insight,) = told(ran, "one failed, and so two, three and four could not be done.")
    assert kinds(ran, insight) == ["task.transitioned"] * 4


def test_nothing_was_taken_along_where_nothing_failed(file: Path) -> None:
    assert not told(play(falls(0), file), "could not be done")


def ill(file: Path, *ailments: Ailment) -> Ran:
    script = replace(fixed(2000), ailments=ailments)
    what = plan([agent("ann")], [task("one", "ann", seconds=2000)], scripts={"one": script})
    checks = HealthChecks(interval_ms=20_000, degradation_timeout_ms=100_000)
    return play(replace(what, health=checks), file)


SICK = Ailment(60_000, 80_000, status="degraded")


def test_an_agent_that_fell_ill_again(file: Path) -> None:
    ran = ill(file, SICK, replace(SICK, at_ms=900_000))
    (insight,) = told(ran, "ann fell ill 2 times")
    assert kinds(ran, insight) == ["agent.transitioned"] * 2


def test_an_agent_that_was_ill_once(file: Path) -> None:
    assert not told(ill(file, SICK), "fell ill")


def took(seconds: float, declared: float) -> Plan:
    return plan(
        [agent("ann")],
        [task("one", "ann", seconds=declared)],
        scripts={"one": fixed(seconds)},
    )


@pytest.mark.parametrize(("seconds", "declared", "word"), [(90, 30, "longer"), (30, 90, "shorter")])
def test_a_task_that_took_far_from_what_was_declared(
    file: Path, seconds: float, declared: float, word: str
) -> None:
    ran = play(took(seconds, declared), file)
    (insight,) = told(ran, f"one took far {word} than declared: {seconds} s instead of {declared}")
    assert kinds(ran, insight) == ["task.transitioned"]


def test_what_was_declared_with_a_wait_in_the_midst_of_it_is_no_error(file: Path) -> None:
    ran = waits_in_work(file, 50, declared=70)
    assert told(ran, "stood still")
    assert not told(ran, "one took far")
    other = waits_in_work(file.with_name("too-long.jsonl"), 50, declared=200)
    assert told(other, "one took far shorter than declared: 31 s instead of 3 min.")


@pytest.mark.parametrize(("seconds", "declared"), [(45, 30), (4, 1)])
def test_a_task_that_took_about_what_was_declared(
    file: Path, seconds: float, declared: float
) -> None:
    assert not told(play(took(seconds, declared), file), "than declared")


def foretold(file: Path, expected: int) -> list[Insight]:
    play(took(60, 60), file)
    outlook = Outlook(4, {TaskId("one"): expected}, low=0.9, high=1.2, coverage=0.8)
    return [it for it in gather(with_outlook(file, outlook)).insights if "earlier" in it.text]


def test_an_end_far_from_what_was_foretold(file: Path) -> None:
    (insight,) = foretold(file, 40_000)
    assert insight.text == (
        "It took 60 s, 20 s longer than the 40 s that earlier sessions let expect,"
        " outside its range of 36 s to 48 s."
    )


def test_an_end_as_foretold(file: Path) -> None:
    assert not foretold(file, 57_000)


# -- resources ------------------------------------------------------------------------------------


def loaded(file: Path, percent: float) -> Ran:
    outside = [(10.0, measured(1.0, 100, percent))]
    return play(exact([agent("ann")], [task("one", "ann", seconds=40)]), file, outside=outside)


def test_an_agent_at_its_limit(file: Path) -> None:
    ran = loaded(file, 97)
    (insight,) = told(ran, "ann used 97 % of the processor that it may.")
    assert kinds(ran, insight) == ["agent.health"]


def test_an_agent_with_room_left(file: Path) -> None:
    assert not told(loaded(file, 60), "that it may")


def machine(file: Path, percent: float, used: float | None = None) -> Ran:
    outside: list[tuple[float, SystemSampled | AgentHealth]] = [
        (10.0, SystemSampled(cpu=percent, cores=2))
    ]
    if used is not None:
        outside.insert(0, (9.0, measured(used, 100)))
    return play(exact([agent("ann")], [task("one", "ann", seconds=40)]), file, outside=outside)


def test_a_machine_at_its_limit(file: Path) -> None:
    ran = machine(file, 99)
    (insight,) = told(ran, "The processors of the machine were 99 % busy.")
    assert kinds(ran, insight) == ["system.sampled"]
    assert insight.advice == "Let fewer agents work at once."


@pytest.mark.parametrize(("used", "theirs"), [(0.17, False), (1.9, True)])
def test_a_machine_that_others_keep_busy(file: Path, used: float, theirs: bool) -> None:
    (insight,) = told(machine(file, 99, used), "The processors of the machine were 99 % busy")
    assert ("agents used 0.17 of its 2 cores at most" in insight.text) is not theirs
    assert (insight.advice == "Let fewer agents work at once.") is theirs


def test_a_machine_with_room_left(file: Path) -> None:
    assert not told(machine(file, 50), "machine")


# -- all together ---------------------------------------------------------------------------------


def test_a_session_without_a_hitch_teaches_nothing(file: Path) -> None:
    tasks = [task("one", "ann", seconds=30), task("two", "ben", seconds=30, needs=["one"])]
    assert gather(play(exact([agent("ann"), agent("ben")], tasks), file).path).insights == ()


def test_the_weightiest_come_first_and_there_are_not_too_many(file: Path) -> None:
    crew = [agent(f"a{n}") for n in range(9)]
    tasks = [task(f"t{n}-{m}", f"a{n}", seconds=10 + n) for n in range(9) for m in range(3)]
    insights = gather(play(exact(crew, tasks), file).path).insights
    assert 0 < len(insights) <= MOST
    weights = [it.weight_ms for it in insights]
    assert weights == sorted(weights, reverse=True)
    assert sum("which was busy" in it.text for it in insights) == MOST_ALIKE
    assert min(weights) >= LEAST_MS


def test_the_recorded_rehearsals_teach_what_can_be_seen_in_them() -> None:
    texts: Iterable[str] = (it.text for path in RECORDED for it in gather(path).insights)
    assert any(re.match(r"Observability Team waited \d+ min for one key", it) for it in texts)


def test_messages_that_held_agents_up(file: Path) -> None:
    (insight,) = told(relayed(file, 20), "Messages held agents up for")
    assert insight.evidence


def test_messages_that_cost_little(file: Path) -> None:
    assert not told(relayed(file, 0.1), "Messages")


def relayed(file: Path, seconds: float) -> Ran:
    """Have a lead relay, each time for so long, what its two agents say to each other."""

    def works(hand: Hand, heard: Told | None) -> None:
        if isinstance(heard, Assignment):
            if hand.agent != "lead":
                other = "ben" if hand.agent == "ann" else "ann"
                hand.after(1, hand.message, other, "hello")
            hand.after(60, hand.done)
        elif isinstance(heard, Relay):
            hand.after(seconds, hand.relayed, heard.message)

    crew = [
        agent("lead", for_session=True, lead=True, relays=True),
        agent("ann", for_session=True),
        agent("ben", for_session=True),
    ]
    what = plan(crew, [task(f"of-{it.id}", it.id, seconds=60) for it in crew])
    return play(replace(what, topology="hierarchical"), file, hands=works)
