"""How long tasks will take, as earlier sessions tell."""

import random
from dataclasses import replace

import pytest
from foresight.past import SECOND, did, past

from mop_tui.domain.ids import QuestionName, TaskId
from mop_tui.domain.outlook import LONGEST, Outlook
from mop_tui.domain.plan import Mode, Plan, Review
from mop_tui.domain.review import review_of
from mop_tui.foresight.durations import LATEST, Learnt, TooFew, learn
from mop_tui.foresight.record import Record
from sessions import agent, plan, question, task

DIG = plan([agent("ann")], [task("dig", "ann")])


def learnt(records: list[Record], it: Plan = DIG) -> Learnt:
    found = learn(records, it, mode=Mode.LIVE)
    assert isinstance(found, Learnt)
    return found


def seconds(found: Learnt, name: str) -> float:
    return found.durations[TaskId(name)] / SECOND


def with_variables(it: Plan, **variables: str) -> Plan:
    return replace(it, variables=variables)


def test_from_fewer_than_three_sessions_nothing_is_learnt() -> None:
    records = [past(number, dig=10) for number in range(3)]
    assert learn([], DIG, mode=Mode.LIVE) == TooFew(0, 3)
    assert learn(records[:2], DIG, mode=Mode.LIVE) == TooFew(2, 3)
    assert learnt(records).sessions == 3


def test_rehearsals_and_sessions_without_success_do_not_count() -> None:
    records = [past(1, dig=10), past(2, dig=10), past(3, dig=10, success=False)]
    records += [past(4, dig=10, mode=Mode.REHEARSAL)]
    assert learn(records, DIG, mode=Mode.LIVE) == TooFew(2, 3)
    assert learn(records, DIG, mode=Mode.REHEARSAL) == TooFew(1, 3)


def test_an_odd_session_is_outvoted() -> None:
    records = [past(number, dig=10) for number in range(6)]
    odd = past(7, dig=1000)
    assert seconds(learnt(records), "dig") == 10
    assert 15 < seconds(learnt([*records, odd]), "dig") < 25


def test_in_whatever_order_records_come_the_same_is_learnt() -> None:
    records = [
        past(number, dig=10 + number, variables={"size": str(number)}) for number in range(9)
    ]
    it = with_variables(DIG, size="4")
    first = learnt(records, it)
    random.Random(1).shuffle(records)
    assert learnt(records, it) == first


def test_only_the_latest_sessions_count() -> None:
    old = [past(number, dig=1000) for number in range(5)]
    new = [past(number, dig=10) for number in range(5, 5 + LATEST)]
    found = learnt([*old, *new])
    assert (found.sessions, seconds(found, "dig")) == (LATEST, 10)


def test_sessions_whose_variables_are_nearer_count_more() -> None:
    records = [
        past(n, dig=size, variables={"size": f"{size} GB"})
        for n, size in enumerate([10, 100, 1000])
    ]
    near = {
        size: seconds(learnt(records, with_variables(DIG, size=size)), "dig")
        for size in ("11 GB", "110 GB", "900 GB")
    }
    assert 10 <= near["11 GB"] < 12
    assert 90 < near["110 GB"] < 115
    assert 800 < near["900 GB"] <= 1000


@pytest.mark.parametrize("absurd", ["9" * 400, "0." + "0" * 400 + "1", " " * 50_000 + "x", "²", ""])
def test_variables_that_no_number_can_be_compared_with_are_others(absurd: str) -> None:
    sizes = {1: "7", 2: "7", 9: absurd}
    records = [past(n, dig=10 * n, variables={"size": it}) for n, it in sizes.items()]
    same = seconds(learnt(records, with_variables(DIG, size="7")), "dig")
    other = seconds(learnt(records, with_variables(DIG, size=absurd)), "dig")
    assert same < 15
    assert other > 80


def test_what_is_expected_is_never_longer_than_an_outlook_can_say() -> None:
    odd = did("dig", 1 << 40, expected_ms=1)
    records = [past(n, odd, length=1) for n in range(3)]
    what = plan([agent("worker")], [task("mix", "worker", seconds=1e9)])
    found = learnt(records, what)
    assert Outlook(3, found.durations).is_sound
    assert found.durations[TaskId("mix")] == LONGEST


def test_variables_that_are_no_numbers_are_the_same_or_another() -> None:
    places = ["dev", "prod", "dev", "prod"]
    records = [
        past(n, dig=10 if place == "dev" else 100, variables={"place": place})
        for n, place in enumerate(places)
    ]
    assert seconds(learnt(records, with_variables(DIG, place="dev")), "dig") < 11
    assert seconds(learnt(records, with_variables(DIG, place="prod")), "dig") > 95
    assert 20 < seconds(learnt(records, with_variables(DIG, place="test")), "dig") < 50


def test_numbered_tasks_are_known_by_their_like_where_there_are_more_of_them() -> None:
    records = [past(n, did("part-1", 10), did("part-2", 40)) for n in range(3)]
    same = plan([agent("ann")], [task(f"part-{n}", "ann") for n in (1, 2)])
    more = plan([agent("ann")], [task(f"part-{n}", "ann") for n in (1, 2, 3)])
    assert [seconds(learnt(records, same), f"part-{n}") for n in (1, 2)] == [10, 40]
    found = learnt(records, more)
    assert [seconds(found, f"part-{n}") for n in (1, 2, 3)] == [25, 25, 25]
    assert found.sources[TaskId("part-3")] == "task"


def test_a_new_task_takes_as_many_times_what_is_declared_as_others_of_its_type() -> None:
    records = [past(n, did("dig", 30, "ann", expected_ms=10 * SECOND)) for n in range(3)]
    it = plan([agent("ann")], [task("fill", "ann", seconds=20)])
    found = learnt(records, it)
    assert (seconds(found, "fill"), found.sources[TaskId("fill")]) == (60, "declared")


def test_a_new_task_that_declares_nothing_takes_what_others_of_its_type_do() -> None:
    records = [past(n, did("dig", 30, "ann"), did("saw", 10, "ben")) for n in range(3)]
    it = plan(
        [agent("ann"), agent("cem")],
        [task("fill", "ann", seconds=None), task("mix", "cem", seconds=None)],
    )
    found = learnt(records, it)
    assert (seconds(found, "fill"), found.sources[TaskId("fill")]) == (30, "type")
    assert (seconds(found, "mix"), found.sources[TaskId("mix")]) == (20, "all")


def test_a_new_task_of_a_new_type_takes_what_it_declares() -> None:
    records = [past(n, did("dig", 30, "ann", expected_ms=10 * SECOND)) for n in range(3)]
    found = learnt(records, plan([agent("cem")], [task("mix", "cem", seconds=7)]))
    assert (seconds(found, "mix"), found.sources[TaskId("mix")]) == (7, "declared")


def test_sessions_in_which_the_same_type_did_a_task_are_asked_first() -> None:
    records = [past(n, did("dig", 100, "old")) for n in range(5)]
    records += [past(5, did("dig", 10, "ann"))]
    assert seconds(learnt(records), "dig") == 10
    assert seconds(learnt(records[:5]), "dig") == 100


def test_reviews_are_known_by_the_task_that_they_are_about() -> None:
    reviews = [
        did(f"review-of-dig-{n}", n * 10, "ben", planned=False, reviews=TaskId("dig"))
        for n in (1, 3)
    ]
    records = [past(n, did("dig", 50, "ann"), *reviews) for n in range(3)]
    it = plan(
        [agent("ann"), agent("ben")],
        [task("dig", "ann", review=Review(agent("ben").id, expected_ms=SECOND))],
    )
    assert seconds(learnt(records, it), review_of(TaskId("dig"))) == 20


def test_gates_wait_as_long_as_they_did() -> None:
    it = plan(
        [agent("ann")], [task("dig", "ann", gate="sure")], [question("sure"), question("new")]
    )
    records = [past(n, dig=10, waits={"sure": 60}) for n in range(2)] + [past(2, dig=10)]
    assert learnt(records, it).waits == {QuestionName("sure"): 60 * SECOND}


@pytest.mark.parametrize("took", [0, 0.001])
def test_tasks_that_take_nothing_are_learnt_too(took: float) -> None:
    assert seconds(learnt([past(n, dig=took) for n in range(3)]), "dig") == took
