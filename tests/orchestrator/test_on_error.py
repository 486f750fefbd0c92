"""What a task has done about an error takes the place of its retries, and is done once for each."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hands import Behaviour, Hand
from hypothesis import given, settings
from hypothesis import strategies as st

from mop_tui.agents.host import Assignment, Cancel, Told
from mop_tui.dashboard.trigger_words import spawned_by
from mop_tui.domain.feed import RetryTask, Stop
from mop_tui.domain.ids import AgentId, MemoryKey, TaskId
from mop_tui.domain.plan import Command, Plan, Retry, Script, TaskSpec, Work
from mop_tui.domain.reactions import Reaction
from mop_tui.domain.triggers import Limits
from mop_tui.orchestrator.recheck import recheck
from sessions import Ran, agent, crash, fixed, kind, plan, play, task, trigger

TWICE = Retry(times=2, delay_ms=1_000)
RETRY, SKIP, STOP = Reaction("retry"), Reaction("skip"), Reaction("stop", "${error.type} is enough")
LOOK = Reaction("create_task", "${task.id} of ${agent.id}: ${error.message}", AgentId("b"))
HELP = Reaction("spawn", "Mend ${error.type}", type="helper")
NOTE = Reaction("set_memory", set=((MemoryKey("met"), "${error.type}"),))


def about(spec: TaskSpec, **on_error: Sequence[Reaction]) -> TaskSpec:
    """Return a task with what is done about errors; `any` is any other."""
    named = {"*" if name == "any" else name: tuple(done) for name, done in on_error.items()}
    return replace(spec, on_error=tuple(named.items()))


def two(one: TaskSpec, **more: object) -> Plan:
    """Return a plan with a task, one that needs it, and somebody who is not concerned."""
    return plan(
        [agent("a"), agent("b")],
        [one, task("two", "a", needs=["one"]), task("other", "b")],
        kinds={"helper": kind()},
        **more,  # type: ignore[arg-type]
    )


def exits(*codes: int, signal: str | None = None) -> Behaviour:
    """Play agents whose attempts at `one` end with these codes after a second; all else is well."""

    def behave(hand: Hand, heard: Told | None) -> None:
        if not isinstance(heard, Assignment):
            return
        code = codes[min(heard.attempt, len(codes)) - 1] if heard.task.id == "one" else 0
        if code and signal:
            hand.after(1, hand.exit, None, "", signal)
        else:
            hand.after(1, hand.exit, code, "no luck" if code else "luck")

    return behave


def verdicts(ran: Ran) -> list[tuple[str, str]]:
    """Return what was decided about what is done about errors."""
    return [(it.data.verdict, it.data.reason) for it in ran.decisions("on_error")]


# -- in place of retries -------------------------------------------------------------------------


def test_an_error_with_a_rule_is_not_tried_again(file: Path) -> None:
    ran = play(two(about(task("one", "a", retry=TWICE), exit_3=[])), file, hands=exits(3))
    one = ran.session.tasks[TaskId("one")]
    assert (one.state, one.attempts, one.retries) == ("FAILED", 1, 0)
    assert one.reason == (
        "its process ended with exit code 3: no luck, and on_error has no retry for exit_3"
    )
    assert ran.states("two")[-1][1] == "CANCELLED"
    assert ran.issues() == ["one failed: a ended with exit code 3: no luck"]


def test_another_type_is_tried_again(file: Path) -> None:
    what = two(about(task("one", "a", retry=TWICE), exit_3=[NOTE]))
    ran = play(what, file, hands=exits(4, 4, 0))
    assert ran.session.tasks[TaskId("one")].retries == 2
    assert ran.session.outcome == "complete"
    assert not ran.session.memory
    assert not verdicts(ran)


def test_each_attempt_is_judged_by_its_own_error(file: Path) -> None:
    what = two(about(task("one", "a", retry=TWICE), exit_3=[NOTE]))
    ran = play(what, file, hands=exits(4, 3, 0))
    assert ran.session.tasks[TaskId("one")].attempts == 2
    assert ran.states("one")[-1][1] == "FAILED"
    assert ran.session.memory == {"met": "exit_3"}


@pytest.mark.parametrize(
    ("codes", "state", "attempts", "last"),
    [
        ((3, 0), "COMPLETE", 2, "its process ended with exit code 0"),
        ((4, 0), "FAILED", 1, "and on_error has no retry for exit_4"),
        ((3, 3, 3, 0), "FAILED", 3, "and on_error has exit_3 retried, but no retry is left"),
    ],
)
def test_it_is_tried_again_only_where_it_says_so_and_as_often_as_its_retry_allows(
    file: Path, codes: tuple[int, ...], state: str, attempts: int, last: str
) -> None:
    one = about(task("one", "a", retry=TWICE), exit_3=[NOTE, RETRY], any=[])
    ran = play(two(one), file, hands=exits(*codes))
    row = ran.session.tasks[TaskId("one")]
    assert (row.state, row.attempts) == (state, attempts)
    assert row.reason.endswith(last)
    assert len(verdicts(ran)) == sum(code == 3 for code in codes[:attempts])


def test_a_skipped_task_is_cancelled_and_what_needs_it_and_may_be_done_after_all(
    file: Path,
) -> None:
    can_not = replace(SKIP, text="${agent.id} can not")
    one = about(task("one", "a", retry=TWICE), exit_3=[can_not])
    what = replace(two(one), keep_running=True)
    ran = play(
        what,
        file,
        hands=exits(3, 0),
        operator=[(5, RetryTask(TaskId("one"))), (50, Stop("enough"))],
        attended=True,
    )
    assert [state for _, state in ran.states("one")][:4] == [
        "READY",
        "ASSIGNED",
        "ACTIVE",
        "CANCELLED",
    ]
    [skipped] = [e for e in ran.of("task.transitioned") if e.data.reason.endswith("(a can not)")]
    assert ", and on_error has the task skipped for exit_3 (a can not)" in skipped.data.reason
    [issue] = ran.session.issues.values()
    assert (issue.text, issue.severity, issue.open) == (
        "one was skipped: a ended with exit code 3: no luck",
        "warning",
        False,
    )
    assert ran.session.outcome == "complete"


@pytest.mark.parametrize("for_session", [False, True])
@pytest.mark.parametrize("done", [[], [SKIP], [RETRY]])
def test_the_agent_goes_on_whatever_becomes_of_its_task(
    file: Path, done: list[Reaction], *, for_session: bool
) -> None:
    def behave(hand: Hand, heard: Told | None) -> None:
        if isinstance(heard, Assignment):
            bad = heard.task.id == "one"
            if for_session:
                hand.after(1, hand.done, "", "bad_luck" if bad else "")
            else:
                hand.after(1, hand.exit, int(bad))

    one = about(task("one", "a", retry=TWICE), bad_luck=done, exit_1=done)
    what = plan([agent("a", for_session=for_session)], [one, task("next", "a", seconds=1)])
    ran = play(what, file, hands=behave)
    ends = {(): "FAILED", (SKIP,): "CANCELLED", (RETRY,): "FAILED"}
    assert ran.states("one")[-1][1] == ends[tuple(done)]
    assert ran.session.tasks[TaskId("one")].attempts == (3 if done == [RETRY] else 1)
    assert ran.states("next")[-1][1] == "COMPLETE"


# -- by which error an attempt failed ------------------------------------------------------------


def test_a_signal_is_known_by_its_name(file: Path) -> None:
    one = about(task("one", "a", retry=TWICE), SIGKILL=[NOTE])
    ran = play(two(one), file, hands=exits(1, signal="SIGKILL"))
    assert ran.session.memory == {"met": "SIGKILL"}
    assert ran.session.tasks[TaskId("one")].attempts == 1


@pytest.mark.parametrize("for_session", [False, True])
def test_what_takes_too_long_is_a_timeout_however_it_ends_then(
    file: Path, *, for_session: bool
) -> None:
    def behave(hand: Hand, heard: Told | None) -> None:
        match heard:
            case Cancel():
                hand.done("", "something else")
            case Assignment() if heard.task.id != "one":
                hand.after(1, hand.exit)

    one = about(task("one", "a", timeout=5, retry=TWICE), timeout=[NOTE, LOOK], any=[RETRY])
    what = plan([agent("a", for_session=for_session), agent("b")], [one])
    ran = play(what, file, hands=behave)
    assert ran.session.tasks[TaskId("one")].attempts == 1
    assert ran.session.memory == {"met": "timeout"}
    created = ran.session.tasks[TaskId("one-error-1")]
    assert created.spec.title == "one of a: a took longer than 5 s"


def test_a_name_of_an_exit_code_can_be_rehearsed(file: Path) -> None:
    one = about(task("one", "a", retry=TWICE), deployment_failed=[NOTE])
    what = plan([agent("a")], [one], scripts={"one": fixed(1, exit_code=3)})
    [script] = [work.script for work in what.task_work.values()]
    command = Command(("deploy",), exit_codes=((3, "deployment_failed"),))
    ran = play(replace(what, task_work={TaskId("one"): Work(command, script)}), file)
    assert ran.session.memory == {"met": "deployment_failed"}
    assert ran.session.tasks[TaskId("one")].attempts == 1


def test_what_an_agent_says_while_it_goes_on_is_no_failed_attempt(file: Path) -> None:
    def behave(hand: Hand, heard: Told | None) -> None:
        if isinstance(heard, Assignment):
            hand.after(1, hand.err, "flaky")
            hand.after(2, hand.exit)

    ran = play(plan([agent("a")], [about(task("one", "a"), flaky=[NOTE])]), file, hands=behave)
    assert ran.session.outcome == "complete"
    assert not verdicts(ran)


# -- what is done --------------------------------------------------------------------------------


def test_all_is_done_in_order_and_says_because_of_what(file: Path) -> None:
    one = about(task("one", "a"), exit_3=[NOTE, LOOK, HELP])
    ran = play(two(one), file, hands=exits(3))
    [exited] = [e for e in ran.of("agent.exited") if e.data.code]
    decided = ran.decisions("on_error")
    assert {it.cause for it in decided} == {exited.seq}
    assert {(it.data.agent, it.data.task) for it in decided} == {("a", "one")}
    assert verdicts(ran) == [("yes", "one met exit_3: no luck")] * 3
    looking, mending = (ran.session.tasks[TaskId(f"one-error-{n}")] for n in (1, 2))
    assert (looking.spec.title, looking.spec.agent) == ("one of a: no luck", "b")
    assert (mending.spec.title, mending.spec.agent) == ("Mend exit_3", "helper-1")
    assert looking.spec.context == {
        "because": "one met exit_3: no luck",
        "failed_agent": "a",
        "failed_task": "one",
        "error": {"type": "exit_3", "message": "no luck"},
        "logs": [],
    }
    assert {looking.state, mending.state} == {"COMPLETE"}
    assert ran.session.memory == {"met": "exit_3"}


def test_it_is_done_once_for_each_attempt(file: Path) -> None:
    one = about(task("one", "a", retry=TWICE), exit_3=[RETRY, LOOK, HELP])
    ran = play(two(one), file, hands=exits(3))
    names = [name for name in ran.session.tasks if name.startswith("one-error")]
    assert names == [f"one-error-{number}" for number in range(1, 7)]
    assert len([name for name in ran.session.agents if name.startswith("helper")]) == 3
    assert len(verdicts(ran)) == 6


def test_stop_ends_the_session(file: Path) -> None:
    ran = play(two(about(task("one", "a"), any=[STOP, LOOK])), file, hands=exits(3))
    assert ran.states("one")[-1][1] == "FAILED"
    assert ran.session.outcome == "incomplete"
    assert verdicts(ran) == [
        ("yes", "one met exit_3: no luck (exit_3 is enough)"),
        (
            "no",
            "one met exit_3: no luck, but it does not create task: the session is ending",
        ),
    ]
    assert "exit_3 is enough" in ran.of("system.stopping")[0].data.reason


def test_limits_hold_and_the_no_is_on_record(file: Path) -> None:
    what = two(about(task("one", "a"), any=[HELP, HELP]), limits=Limits(total=3))
    ran = play(what, file, hands=exits(3))
    assert verdicts(ran)[1] == (
        "no",
        "one met exit_3: no luck, but it does not spawn: limits.total is 3, and 3 agents are there",
    )


def test_what_was_said_is_not_looked_into(file: Path) -> None:
    def behave(hand: Hand, heard: Told | None) -> None:
        if isinstance(heard, Assignment):
            hand.after(1, hand.exit, int(heard.task.id == "one"), "${memory:met} ${error.type}")

    ran = play(two(about(task("one", "a"), any=[NOTE, LOOK])), file, hands=behave)
    created = ran.session.tasks[TaskId("one-error-1")]
    assert created.spec.title == "one of a: ${memory:met} ${error.type}"


def test_what_waits_for_a_key_that_only_an_error_sets_is_no_deadlock(file: Path) -> None:
    waits = task("waits", "b", keys=["met"], seconds=1)
    one = about(task("one", "a", retry=TWICE, needs=["first"]), any=[RETRY, NOTE])
    what = plan([agent("a"), agent("b")], [task("first", "a"), one, waits])
    ran = play(what, file, hands=exits(3, 0))
    assert not ran.of("system.deadlock_found")
    assert ran.session.outcome == "complete"


# -- triggers, crashes, other sessions -----------------------------------------------------------


def test_a_trigger_for_the_same_error_fires_after_it(file: Path) -> None:
    worry = trigger(
        "worry",
        "agent_error",
        "notify",
        error_type="exit_3",
        task="${error.type} after ${memory:met}",
    )
    one = about(task("one", "a", retry=TWICE), exit_3=[NOTE])
    ran = play(two(one, triggers=[worry]), file, hands=exits(3))
    [noticed] = ran.of("system.notified")
    assert noticed.data.text == "exit_3 after exit_3"
    assert noticed.seq > ran.decisions("on_error")[0].seq


@pytest.mark.parametrize(("done", "fires"), [([RETRY], 0), ([], 1), ([SKIP], 1)])
def test_a_trigger_looks_at_the_last_attempt_only(
    file: Path, done: list[Reaction], fires: int
) -> None:
    worry = trigger("worry", "agent_error", "notify", task="oh")
    one = about(task("one", "a", retry=TWICE), exit_3=done)
    ran = play(two(one, triggers=[worry]), file, hands=exits(3, 0))
    assert len(ran.of("system.notified")) == fires


def test_a_trigger_and_a_task_of_the_same_name_both_spawn(file: Path) -> None:
    same = trigger("one", "agent_error", "spawn_agent", agents=("helper",))
    ran = play(two(about(task("one", "a"), any=[HELP]), triggers=[same]), file, hands=exits(3))
    told = [spawned_by(a.spec.spawn) for a in ran.session.agents.values() if a.spec.spawn]
    seq = ran.decisions("on_error")[0].cause
    assert told == [
        f"on_error of one, because of event {seq}",
        f"trigger one, because of event {seq}",
    ]
    assert not ran.of("agent.refused")


REACTIONS: Mapping[str, list[Reaction]] = {
    "retry": [RETRY, NOTE, LOOK, HELP],
    "skip": [LOOK, SKIP, HELP],
    "fail": [HELP, NOTE, LOOK],
    "stop": [LOOK, STOP, HELP],
}


@pytest.mark.parametrize("name", REACTIONS)
def test_wherever_the_program_dies_nothing_is_done_twice(file: Path, name: str) -> None:
    script = Script(duration=(1000, 1000), exit_code=3, output=("no luck",))
    one = about(task("one", "a", retry=TWICE), exit_3=REACTIONS[name])
    what = two(one, scripts={"one": script}, triggers=[trigger("x", "agent_error", "notify")])
    whole = play(what, file)
    first = whole.decisions("on_error")[0].seq
    for after in range(first - 12, first + 25):
        if after >= len(whole.events) - 1:
            break  # it had ended
        left = crash(whole, file.with_name(f"{after}"), after=after, torn=after % 40)
        ran = play(what, left, resume=True)
        assert recheck(what, ran.events).divergence is None
        for failed in (e for e in ran.of("agent.exited") if e.data.code):
            about_it = [d for d in ran.decisions("on_error") if d.cause == failed.seq]
            assert len(about_it) == len(
                [r for r in REACTIONS[name] if r.do not in ("retry", "skip")]
            )
        spawned = [a.spec.spawn for a in ran.session.agents.values() if a.spec.spawn]
        assert len(spawned) == len(set(spawned))


@settings(max_examples=40, deadline=None)
@given(
    codes=st.lists(st.sampled_from([0, 3, 4, 5]), min_size=1, max_size=5),
    times=st.integers(0, 3),
    rules=st.dictionaries(
        st.sampled_from(["exit_3", "exit_4", "*"]),
        st.lists(st.sampled_from([RETRY, NOTE, LOOK, HELP, SKIP]), max_size=3),
        max_size=3,
    ),
)
def test_attempts_end_as_the_rules_say(
    codes: list[int], times: int, rules: dict[str, list[Reaction]]
) -> None:
    """Against what is written down here once more, in the plainest way."""
    state, attempts = "ACTIVE", 0
    while state == "ACTIVE":
        code = codes[min(attempts, len(codes) - 1)]
        attempts += 1
        rule = rules.get(f"exit_{code}", rules.get("*"))
        if not code:
            state = "COMPLETE"
        elif rule is not None and SKIP in rule:
            state = "CANCELLED"
        elif attempts > times or (rule is not None and RETRY not in rule):
            state = "FAILED"
    one = replace(
        task("one", "a", retry=Retry(times, 1_000)),
        on_error=tuple((name, tuple(done)) for name, done in rules.items()),
    )
    with TemporaryDirectory() as folder:
        what = two(one)
        ran = play(what, Path(folder, "s"), hands=exits(*codes))
        row = ran.session.tasks[TaskId("one")]
        assert (row.state, row.attempts) == (state, attempts)
        assert recheck(what, ran.events).divergence is None
