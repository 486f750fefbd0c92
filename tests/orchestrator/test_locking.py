"""Locks that agents take while they work: seen from outside, and as chance will have it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from time import process_time

import pytest
from chance import whole_sessions
from hands import Hand, Hands
from hypothesis import given
from hypothesis import strategies as st
from locked import in_order

from mop_tui.agents.host import Assignment, Cancel, Reply, Told
from mop_tui.domain.agent_lifecycle import AgentState
from mop_tui.domain.events import AnyEvent
from mop_tui.domain.feed import CancelTask, Command, Steer, Stop
from mop_tui.domain.fold import apply
from mop_tui.domain.ids import AgentId, Resource, TaskId
from mop_tui.domain.locks import MOST_LOCKED
from mop_tui.domain.plan import Plan, Retry
from mop_tui.domain.priority import Priority
from mop_tui.domain.session import Session
from mop_tui.domain.subject import Subject, event_behind
from mop_tui.domain.waiting import agent_waiting_for, waiting_for
from mop_tui.orchestrator.loop import Orchestrator
from mop_tui.orchestrator.recheck import recheck
from sessions import Ran, agent, crash, plan, play, task

Step = tuple[str, str | float]
"""What an agent does: `lock`, `unlock`, `wait` for a key, `set` a key, `pass` so many seconds,
`exit` with a code. It goes on when it is answered."""


@dataclass(slots=True)
class Programs:
    """Agents that do one step after the other, by the task that they are given."""

    steps: Mapping[str, Sequence[Step]]
    _at: dict[tuple[str, int], int] = field(default_factory=dict)

    def hands(self, obeys_stop: float = 0) -> Hands:
        return Hands(self.play, obeys_stop=obeys_stop)

    def play(self, hand: Hand, heard: Told | None) -> None:
        match heard:
            case Assignment():
                hand.notes["steps"] = iter(self.steps[heard.task.id])
                hand.notes["asks"] = count()
                self._go_on(hand)
            case Reply() if heard.ask == hand.notes.get("awaited"):
                self._go_on(hand)
            case Cancel():
                hand.done(failed="cancelled")

    def _go_on(self, hand: Hand) -> None:
        for do, what in hand.notes["steps"]:  # type: ignore[attr-defined]
            match do:
                case "lock" | "wait":
                    ask = f"{do}-{next(hand.notes['asks'])}"  # type: ignore[call-overload]
                    hand.notes["awaited"] = ask
                    (hand.lock if do == "lock" else hand.wait)(ask, str(what))
                    return
                case "want":
                    hand.lock(f"want-{next(hand.notes['asks'])}", str(what))  # type: ignore[call-overload]
                case "unlock":
                    hand.unlock(str(what))
                case "set":
                    hand.remember(str(what), 1)
                case "pass":
                    hand.after(float(what), self._go_on, hand)
                    return
                case "exit":
                    hand.exit(int(what))
                    return
        if hand.job.assignment is not None:
            hand.exit()
        else:
            hand.done()


def told(ran: Ran, *names: str) -> list[tuple[int, str]]:
    """Return when, in seconds, which lock was taken (+) or given back (-) by whom."""
    signs = {"system.locked": "+", "system.unlocked": "-"}
    return [
        (event.at // 1000, f"{event.data.agent} {signs[event.kind]}{event.data.resource}")
        for event in ran.events
        if event.kind in signs and (not names or event.data.agent in names)
    ]


def crew(steps: dict[str, Sequence[Step]], **tasks: object) -> tuple[Plan, Hands]:
    """Return a plan in which each agent has one task of its name, and the hands that do it."""
    more = {name: dict(given) for name, given in tasks.items()}  # type: ignore[call-overload]
    what = plan(
        [agent(name) for name in steps], [task(name, name, **more.get(name, {})) for name in steps]
    )
    return what, Programs(steps).hands()


def pauses(ran: Ran, name: str) -> list[tuple[int, str]]:
    """Return when an agent was paused, and by what."""
    moves = [e for e in ran.of("agent.transitioned") if e.data.agent == name]
    return [(e.at // 1000, str(e.data.by)) for e in moves if e.data.to_state == "PAUSED"]


def test_a_lock_that_is_free_is_had_at_once_and_given_back_with_the_task(file: Path) -> None:
    what, hands = crew({"ann": [("lock", "release"), ("pass", 5)]})
    ran = play(what, file, hands=hands)
    assert hands.replies("ann") == [("lock-0", "answered", True, None)]
    assert told(ran) == [(0, "ann +release"), (5, "ann -release")]
    assert not pauses(ran, "ann")
    [asked] = ran.of("agent.locking")
    assert (asked.data.task, asked.data.resource) == ("ann", "release")
    in_order(ran)


def test_who_waits_for_a_lock_is_paused_until_it_is_given_back(file: Path) -> None:
    what, hands = crew(
        {
            "ann": [("lock", "release"), ("pass", 5), ("unlock", "release"), ("pass", 20)],
            "ben": [("pass", 2), ("lock", "release"), ("pass", 1)],
        }
    )
    ran = play(what, file, hands=hands)
    assert told(ran)[:3] == [(0, "ann +release"), (5, "ann -release"), (5, "ben +release")]
    assert pauses(ran, "ben") == [(2, "lock")]
    [waits] = [d.data for d in ran.decisions("lock_for_agent") if d.at == 2000]
    assert waits.reason == "release is locked by ann for ann"
    assert ran.states("ben")[-1] == (6, "COMPLETE")
    in_order(ran)
    assert recheck(what, ran.events).divergence is None


def test_agents_have_it_in_the_order_in_which_they_asked(file: Path) -> None:
    names = ["d", "b", "e", "c"]
    steps: dict[str, Sequence[Step]] = {"a": [("lock", "x"), ("pass", 9)]}
    for number, name in enumerate(names, start=1):
        steps[name] = [("pass", number), ("lock", "x"), ("pass", 1)]
    what, hands = crew(steps)
    ran = play(what, file, hands=hands)
    assert [said[0] for _, said in told(ran) if "+" in said] == ["a", *names]
    in_order(ran)


def test_nobody_is_let_past_who_wants_what_may_be_the_same(file: Path) -> None:
    what, hands = crew(
        {
            "ann": [("lock", "docs/a"), ("pass", 5)],
            "ben": [("pass", 1), ("lock", "docs/*"), ("pass", 5)],
            "cid": [("pass", 2), ("lock", "docs/c"), ("pass", 5)],
            "dan": [("pass", 3), ("lock", "lib/c"), ("pass", 5)],
        }
    )
    ran = play(what, file, hands=hands)
    assert [it for it in told(ran) if "+" in it[1]] == [
        (0, "ann +docs/a"),
        (3, "dan +lib/c"),
        (5, "ben +docs/*"),
        (10, "cid +docs/c"),
    ]
    [behind] = [d.data.reason for d in ran.decisions("lock_for_agent") if d.data.agent == "cid"]
    assert behind == "ben has asked before for what may be the same"
    in_order(ran)


def test_who_holds_what_the_first_one_waits_for_need_not_queue_behind_it(file: Path) -> None:
    what, hands = crew(
        {
            "ann": [("lock", "docs/a"), ("pass", 5), ("lock", "docs/c"), ("pass", 1)],
            "ben": [("pass", 1), ("lock", "docs/*")],
        }
    )
    ran = play(what, file, hands=hands)
    assert [it for it in told(ran) if "+" in it[1]] == [
        (0, "ann +docs/a"),
        (5, "ann +docs/c"),
        (6, "ben +docs/*"),
    ]
    assert ran.session.outcome == "complete"
    in_order(ran)


def test_who_gets_what_the_first_one_waits_for_need_not_queue_behind_it_any_more(
    file: Path,
) -> None:
    what, hands = crew(
        {
            "ann": [("lock", "docs/a"), ("pass", 5), ("unlock", "docs/a")],
            "ben": [("pass", 1), ("want", "docs/a"), ("pass", 2), ("want", "docs/c"), ("pass", 9)],
            "cid": [("pass", 2), ("lock", "docs/*")],
        }
    )
    ran = play(what, file, hands=hands)
    assert told(ran)[1:4] == [(5, "ann -docs/a"), (5, "ben +docs/a"), (5, "ben +docs/c")]
    in_order(ran)


def test_what_is_given_back_is_given_on_while_its_agent_keeps_the_rest(file: Path) -> None:
    what, hands = crew(
        {
            "ann": [("lock", "x"), ("lock", "y"), ("pass", 5), ("unlock", "x"), ("pass", 5)],
            "ben": [("pass", 1), ("lock", "x")],
        },
        cid={"locks": ["y"]},
    )
    ran = play(what, file, hands=hands)
    assert (5, "ben +x") in told(ran)
    assert ran.states("ben")[-1] == (5, "COMPLETE")
    in_order(ran)


def test_what_a_task_could_have_and_does_not_get_is_given_to_who_waits_for_it(file: Path) -> None:
    what = plan(
        [agent("ann"), agent("ben"), agent("cid")],
        [
            task("a", "ann", locks=["x", "y"], priority=Priority.CRITICAL),
            task("b", "ben"),
            task("first", "cid", locks=["y"], priority=Priority.HIGH),
            task("second", "cid", locks=["x"]),
        ],
    )
    steps: dict[str, Sequence[Step]] = {
        "a": [("pass", 5)],
        "b": [("pass", 1), ("lock", "x"), ("pass", 3)],
        "first": [("pass", 1)],
        "second": [("pass", 1)],
    }
    ran = play(what, file, hands=Programs(steps).hands())
    # The second task has been ready before ben asked, but its agent is given the first.
    taken = [it for it in told(ran, "ben", "cid") if "+" in it[1]]
    assert taken == [(5, "ben +x"), (5, "cid +y"), (8, "cid +x")]
    in_order(ran)


def test_hundreds_that_wait_for_one_lock_have_it_one_after_the_other_in_a_moment(
    file: Path,
) -> None:
    names = [f"a{number}" for number in range(500)]
    what, hands = crew({name: [("lock", "x"), ("pass", 1), ("unlock", "x")] for name in names})
    began = process_time()
    ran = play(what, file, hands=hands)
    assert process_time() - began < 10
    assert [said for _, said in told(ran) if "+" in said] == [f"{name} +x" for name in names]
    assert len(ran.of("agent.transitioned")) < 10 * len(names)


def test_when_the_first_one_is_gone_the_next_has_what_is_free(file: Path) -> None:
    what, hands = crew(
        {
            "ann": [("lock", "docs/a"), ("pass", 20)],
            "ben": [("pass", 1), ("lock", "docs/*")],
            "cid": [("pass", 2), ("lock", "docs/c"), ("pass", 1)],
        }
    )
    ran = play(what, file, hands=hands, operator=[(5.0, CancelTask(TaskId("ben")))])
    assert hands.replies("ben") == [("lock-0", "withdrawn", None, None)]
    assert (5, "cid +docs/c") in told(ran)
    in_order(ran)


def test_what_an_agent_has_locked_is_never_in_its_own_way(file: Path) -> None:
    again = [("lock", "lib/a"), ("lock", "lib/a"), ("lock", "lib/*"), ("lock", "own/x")]
    what = plan(
        [agent("ann", owns=["own/"])],
        [task("t", "ann", locks=["lib/b"])],
    )
    hands = Programs({"t": again}).hands()
    ran = play(what, file, hands=hands)
    assert [outcome for _, outcome, _, _ in hands.replies("ann")] == ["answered"] * 4
    taken = [said for _, said in told(ran) if "+" in said]
    assert taken == ["ann +lib/b", "ann +own/", "ann +lib/a", "ann +lib/*", "ann +own/x"]
    assert not pauses(ran, "ann")
    in_order(ran)


def test_what_the_task_itself_locks_is_not_given_back_before_it_is_over(file: Path) -> None:
    steps: list[Step] = [("unlock", "x"), ("unlock", "y"), ("unlock", "z"), ("pass", 5)]
    what, hands = crew({"ann": [("lock", "y"), *steps]}, ann={"locks": ["x"]})
    ran = play(what, file, hands=hands)
    assert told(ran) == [(0, "ann +x"), (0, "ann +y"), (0, "ann -y"), (5, "ann -x")]
    said = [(d.data.verdict, d.data.reason) for d in ran.decisions("unlock_for_agent")]
    assert said == [
        ("no", "x is locked for ann until that is over"),
        ("yes", "ann does not need it any more"),
        ("no", "it has not locked z"),
    ]


def test_one_that_has_no_task_in_hand_is_refused(file: Path) -> None:
    def behave(hand: Hand, heard: Told | None) -> None:
        match heard:
            case None:
                hand.lock("early", "x")
            case Assignment() if hand.agent == "ben":
                hand.after(5, hand.exit)
            case Assignment():
                hand.after(1, hand.done)
                hand.after(2, hand.lock, "late", "x")

    what = plan(
        [agent("ann", for_session=True), agent("ben")],
        [
            task("first", "ben", priority=Priority.HIGH),
            task("one", "ann", needs=["first"]),
            task("last", "ben"),
        ],
    )
    hands = Hands(behave)
    ran = play(what, file, hands=hands)
    assert [it[:2] for it in hands.replies("ann")] == [("early", "refused"), ("late", "refused")]
    [reason, _] = [told.reason for _, told, _ in hands.told if isinstance(told, Reply)]
    assert reason == "it has no task in hand that it could lock anything for"
    assert not told(ran)


def test_one_that_locks_too_much_is_refused(file: Path) -> None:
    steps: list[Step] = [("lock", f"x{n}") for n in range(MOST_LOCKED + 1)]
    what, hands = crew({"ann": [*steps, ("lock", "x0"), ("unlock", "x1"), ("lock", "y")]})
    ran = play(what, file, hands=hands)
    outcomes = [outcome for _, outcome, _, _ in hands.replies("ann")]
    assert outcomes == ["answered"] * MOST_LOCKED + ["refused", "answered", "answered"]
    assert (
        f"waits for, {MOST_LOCKED} resources already"
        in ran.decisions("lock_for_agent")[MOST_LOCKED].data.reason
    )


def test_what_takes_too_long_to_compare_is_refused(file: Path) -> None:
    # 64 ways of 30 letters each, against as many: some 4 million steps.
    many = "{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}" + "*?" * 12
    what, hands = crew(
        {"ann": [("lock", f"{many}x"), ("pass", 3)], "ben": [("pass", 1), ("lock", f"{many}y")]}
    )
    began = process_time()
    ran = play(what, file, hands=hands)
    assert process_time() - began < 5
    [(_, outcome, _, _)] = hands.replies("ben")
    assert outcome == "refused"
    assert "cannot be compared" in ran.decisions("lock_for_agent")[1].data.reason
    assert not ran.session.alike, "what nobody locks any more is forgotten"


def test_a_task_that_waits_for_what_an_agent_locked_has_it_in_its_turn(file: Path) -> None:
    # ann and ben would have the lock in turns for ever; the task has waited longer.
    turns: list[Step] = [("lock", "x"), ("pass", 2), ("unlock", "x")]
    what = plan(
        [agent("ann"), agent("ben"), agent("cid")],
        [
            task("a", "ann", priority=Priority.HIGH),
            task("b", "ben", priority=Priority.HIGH),
            task("first", "cid", priority=Priority.HIGH),
            task("locks", "cid", locks=["x"], priority=Priority.LOW),
        ],
    )
    steps: dict[str, Sequence[Step]] = {
        "a": turns * 4,
        "b": [("pass", 1), *turns * 4],
        "first": [("pass", 3)],
        "locks": [("pass", 1)],
    }
    ran = play(what, file, hands=Programs(steps).hands())
    taken = [it for it in told(ran) if "+" in it[1]]
    # ann asks again at 2, which is later than the task became ready; ben had asked at 1, when
    # nobody was free to do the task.
    assert taken[:4] == [(0, "ann +x"), (2, "ben +x"), (4, "cid +x"), (5, "ann +x")]
    in_order(ran)


def test_an_agent_that_asked_before_a_task_was_ready_goes_first(file: Path) -> None:
    what = plan(
        [agent("ann"), agent("ben"), agent("cid")],
        [
            task("a", "ann"),
            task("b", "ben"),
            task("before", "cid"),
            task("after", "cid", needs=["before"], locks=["x"]),
        ],
    )
    steps: dict[str, Sequence[Step]] = {
        "a": [("lock", "x"), ("pass", 9)],
        "b": [("pass", 1), ("lock", "x"), ("pass", 3)],
        "before": [("pass", 2)],
        "after": [("pass", 1)],
    }
    ran = play(what, file, hands=Programs(steps).hands())
    taken = [it for it in told(ran) if "+" in it[1]]
    assert taken == [(0, "ann +x"), (9, "ben +x"), (12, "cid +x")]
    in_order(ran)


def test_a_circle_of_locks_and_a_key_is_possible_and_ends_when_one_begins_anew(file: Path) -> None:
    what, hands = circle()
    stop = Steer("restart", AgentId("ann"))
    ran = play(what, file, hands=hands, operator=[(50.0, stop)], attended=True)
    assert told(ran)[:2] == [(0, "ann +schema"), (0, "ben +release")]
    assert pauses(ran, "ann") == [(0, "dependency"), (0, "lock")]
    assert (50, "ann -schema") in told(ran)
    assert (50, "cid +schema") in told(ran)
    assert ran.session.outcome == "complete"
    in_order(ran)
    assert recheck(what, ran.events).divergence is None


def circle() -> tuple[Plan, Hands]:
    """Return three agents that wait for each other: for two locks and a key."""
    return crew(
        {
            "ann": [("lock", "schema"), ("set", "a"), ("wait", "b"), ("lock", "release")],
            "ben": [("lock", "release"), ("set", "b"), ("wait", "docs/ready")],
            "cid": [("wait", "a"), ("lock", "schema"), ("set", "docs/ready")],
        }
    )


def test_with_nobody_there_a_circle_ends_the_session_and_is_told(file: Path) -> None:
    what, hands = circle()
    ran = play(what, file, hands=hands)
    assert ran.session.outcome != "complete"
    [issue] = ran.issues()
    assert issue.startswith("deadlock: ")
    assert "ann (ann) waits for the lock on release, which ben holds" in issue
    assert "ben (ben) waits for memory key docs/ready, which nobody is left to set" in issue


def test_who_waits_is_told_for_what_and_because_of_whom(file: Path) -> None:
    what, hands = crew(
        {
            "ann": [("lock", "docs/a"), ("pass", 5)],
            "ben": [("pass", 1), ("lock", "docs/*"), ("pass", 5)],
            "cid": [("pass", 2), ("lock", "docs/c"), ("pass", 5)],
        }
    )
    said: dict[str, str] = {}
    of_task: dict[str, str] = {}
    behind: dict[str, int | None] = {}

    def look(orchestrator: Orchestrator, event: AnyEvent) -> None:
        if event.kind == "agent.transitioned" and event.data.to_state == "PAUSED":
            snapshot = orchestrator.session.snapshot()
            for name, row in snapshot.agents.items():
                said.setdefault(name, agent_waiting_for(snapshot, row))
                if row.state is AgentState.PAUSED:
                    said[name] = agent_waiting_for(snapshot, row)
                    of_task[name] = waiting_for(snapshot, snapshot.tasks[TaskId(name)])
                    behind[name] = event_behind(snapshot, Subject(agent=name))

    ran = play(what, file, hands=hands, during=look)
    assert said == {
        "ann": "",
        "ben": "waits for the lock on docs/a, which ann holds for ann, and docs/* may be the same",
        "cid": "waits for the lock on docs/c, which ben asked for before",
    }
    assert behind["ben"] == ran.of("system.locked")[0].seq, "that is why it waits"
    assert of_task["cid"] == f"waits for cid, which {said['cid']}"


def test_a_process_that_dies_gives_back_what_it_locked(file: Path) -> None:
    what, hands = crew(
        {
            "ann": [("lock", "x"), ("pass", 5), ("exit", 1)],
            "ben": [("pass", 1), ("lock", "x")],
        }
    )
    ran = play(what, file, hands=hands)
    assert told(ran)[:3] == [(0, "ann +x"), (5, "ann -x"), (5, "ben +x")]
    in_order(ran)


@pytest.mark.parametrize("after", [20, 30, 40, 50, 60])
def test_what_agents_had_locked_when_the_program_died_is_given_back(
    file: Path, tmp_path: Path, after: int
) -> None:
    what, hands = circle()
    ran = play(what, file, hands=hands, operator=[(50.0, Stop("enough"))], attended=True)
    left = crash(ran, tmp_path / "again.jsonl", after=after)
    resumed = play(what, left, hands=circle()[1], resume=True)
    in_order(resumed)
    assert recheck(what, resumed.events).divergence is None


# -- as chance will have it ------------------------------------------------------------------------

RESOURCES = ["a", "b", "c", "{a,b}", "{b,c}", "{c,a}"]
KEYS = ["k", "l"]


def lines(chance: Random) -> list[Step]:
    """A few steps that belong together: most often, something is locked for a while."""
    one, other = chance.sample(RESOURCES, 2)
    then, later = chance.choices([0.5, 1.0, 2.0, 3.0], k=2)
    if chance.random() < 0.75:
        return [("pass", then), ("lock", one), ("pass", later), ("unlock", one)]
    several: list[list[Step]] = [
        [("lock", one), ("lock", other), ("pass", then), ("unlock", one), ("pass", later)],
        [("lock", one), ("pass", then), ("lock", other), ("unlock", one), ("unlock", other)],
        [("want", one), ("pass", then), ("want", other), ("pass", later)],
        [("pass", then), ("lock", one), ("unlock", other)],
        [("set", chance.choice(KEYS)), ("pass", then)],
        [("set", "k"), ("lock", one), ("wait", chance.choice(KEYS))],
        [("lock", one), ("exit", chance.choice([0, 1]))],
    ]
    return chance.choice(several)


CREW = ["ann", "ben", "cid", "dan", "eve"]
COMMANDS: st.SearchStrategy[Command] = st.one_of(
    st.builds(
        Steer,
        st.sampled_from(["pause", "resume", "stop", "restart"]),
        st.sampled_from(list(map(AgentId, CREW))),
    ),
    st.builds(CancelTask, st.sampled_from([TaskId(f"t{n}") for n in range(7)])),
)


def programs(seed: int) -> tuple[Plan, Programs]:
    """A plan whose agents lock, unlock and wait as chance will have it."""
    chance = Random(seed)
    names = [f"t{n}" for n in range(chance.randint(3, 8))]
    some = list(map(Resource, RESOURCES))
    tasks = [
        task(
            name,
            skill="work",
            locks=chance.sample(some, chance.randint(1, 2)) if chance.random() < 0.3 else (),
            priority=chance.choice(list(Priority)),
            retry=chance.choice([Retry(), Retry(1, 2_000)]),
            timeout=chance.choice([None, None, 8]),
        )
        for name in names
    ]
    crew = [agent(name, "work", for_session=chance.random() < 0.5) for name in CREW]
    steps = {
        name: [step for _ in range(chance.randint(1, 5)) for step in lines(chance)]
        for name in names
    }
    limit = chance.choice([None, None, 3])
    return plan(crew, tasks, max_agents=limit), Programs(steps)


SEEDS = st.integers(0, 2**32)


@whole_sessions(150)
@given(
    what=SEEDS.map(programs),
    operator=st.lists(st.tuples(st.sampled_from([0.5, 1.0, 2.0, 4.0, 9.0]), COMMANDS), max_size=5),
    lag=st.sampled_from([0, 0, 0.1, 2]),
    slow=st.sampled_from([0, 3]),
)
def test_whatever_agents_lock_nothing_has_two_holders_and_nobody_waits_who_need_not(
    what: tuple[Plan, Programs],
    operator: list[tuple[float, Command]],
    lag: float,
    slow: float,
) -> None:
    the_plan, agents = what
    with TemporaryDirectory() as folder:
        ran = play(
            the_plan,
            Path(folder) / "s.jsonl",
            hands=agents.hands(obeys_stop=slow),
            operator=operator,
            lag=lag,
        )
    in_order(ran)
    assert recheck(the_plan, ran.events).divergence is None


@whole_sessions(40)
@given(what=SEEDS.map(programs), every=st.integers(1, 30))
def test_a_session_that_is_restored_knows_who_waits_for_what(
    what: tuple[Plan, Programs], every: int
) -> None:
    the_plan, agents = what
    with TemporaryDirectory() as folder:
        ran = play(the_plan, Path(folder) / "s.jsonl", hands=agents.hands())
    session, checkpoints = Session(), []
    for event in ran.events:
        apply(session, event)
        if event.seq % every == 0:
            checkpoints.append(session.checkpoint())
            again = Session.restored(checkpoints)
            assert again.waiting_for_lock == session.waiting_for_lock
            assert (again.locks, again.locked_by) == (session.locks, session.locked_by)
            alike = {name: set(others) for name, others in session.alike.items()}
            assert {name: set(others) for name, others in again.alike.items()} == alike
            assert again.next_digest() == session.next_digest()
