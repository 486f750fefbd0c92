"""Hooks run before and after work, hold it up as long as they take, and may say no."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from chance import (
    GIVEN_AT_GATES,
    GIVEN_TO_AGENTS,
    OPERATORS,
    Whims,
    ended_in_order,
    plans,
    whole_sessions,
)
from hands import Hand, Hands
from hypothesis import given
from hypothesis import strategies as st

from mop_tui.agents.host import Assignment, Cancel, Told
from mop_tui.decisions.rules import Rule
from mop_tui.decisions.standard import RULES
from mop_tui.domain.actions import RunHook
from mop_tui.domain.events import AnyEvent, SystemDecided
from mop_tui.domain.feed import CancelTask, Command, Steer, Stop
from mop_tui.domain.ids import AgentId, TaskId
from mop_tui.domain.plan import Calling, Hook, HookName, HostKind, Mode, OnDoubt, Plan, Retry, Work
from mop_tui.domain.plan import Command as Program
from mop_tui.domain.sentences import sentence
from mop_tui.domain.session import Session
from mop_tui.domain.waiting import waiting_for
from mop_tui.journal import verify
from mop_tui.orchestrator.answers import PreparedAnswer
from mop_tui.orchestrator.loop import Orchestrator
from mop_tui.orchestrator.recheck import recheck
from sessions import Ran, agent, answer, crash, fixed, plan, play, question, task, trigger

A, ONE = AgentId("a"), TaskId("one")


def real(what: Plan) -> Plan:
    """Return a plan whose agents all are real."""
    agents = {name: replace(s, host=HostKind.COMMAND) for name, s in what.agents.items()}
    kinds = {name: replace(k, host=HostKind.COMMAND) for name, k in what.kinds.items()}
    return replace(what, agents=agents, kinds=kinds)


class Moody(Whims):
    """Plays hooks, too, which succeed, fail, hang or cannot be run as chance will have it."""

    def behave(self, hand: Hand, heard: Told | None) -> None:
        if hand.job.hook is None:
            super().behave(hand, heard)
        elif self._chance.random() < 0.9:
            hand.after(self._chance.choice([0, 1, 5]), hand.exit, self._chance.choice([0, 0, 0, 1]))


@st.composite
def hooked(draw: st.DrawFn) -> Plan:
    """Plans whose session, agents and tasks have hooks, or not."""
    what = real(draw(plans()))

    def some(*names: HookName) -> dict[HookName, Hook]:
        chosen = draw(st.sets(st.sampled_from(names)))
        return {name: Hook(Program((name,)), timeout_ms=8_000) for name in names if name in chosen}

    return replace(
        what,
        session_hooks=some("on_start", "on_end", "call"),
        calling=Calling(command_ms=draw(st.sampled_from([None, 0, 3_000, 15_000]))),
        agent_hooks={name: some("on_start", "pre_task", "post_task") for name in what.agents},
        task_hooks={name: some("pre_task", "post_task") for name in what.tasks},
    )


@whole_sessions(40)
@given(
    what=hooked(),
    answers=GIVEN_AT_GATES,
    more=GIVEN_TO_AGENTS,
    operator=OPERATORS,
    stop=st.sampled_from([None, None, 0.0, 4.0, 20.0]),
    seed=st.integers(0, 1000),
    deaths=st.lists(st.tuples(st.floats(0, 1), st.integers(0, 60)), max_size=2),
    on_doubt=st.sampled_from([None, "retry", "fail", "ask"]),
)
def test_whatever_hooks_do_and_whenever_the_program_dies_sessions_end_in_order(
    what: Plan,
    answers: list[PreparedAnswer],
    more: list[PreparedAnswer],
    operator: list[tuple[float, Command]],
    stop: float | None,
    seed: int,
    deaths: list[tuple[float, int]],
    on_doubt: OnDoubt | None,
) -> None:
    tasks = {name: replace(spec, on_doubt=on_doubt) for name, spec in what.tasks.items()}
    what = replace(what, tasks=tasks)
    commands = [*operator, *([] if stop is None else [(stop, Stop("enough"))])]
    with TemporaryDirectory() as folder:
        path = Path(folder) / "s.jsonl"
        ran = play(
            what,
            path,
            seed=seed,
            answers=[*answers, *more],
            operator=commands,
            hands=Moody(seed).hands(),
            mode=Mode.LIVE,
        )
        ended_in_order(ran)
        for number, (share, torn) in enumerate(deaths):
            after = min(round(share * len(ran.events)), len(ran.events) - 1)
            died = crash(ran, path.with_name(f"{number}.jsonl"), after=after, torn=torn)
            hands = Moody(seed + number + 1).hands()
            ran = play(
                what, died, seed=seed, answers=[*more], hands=hands, mode=Mode.LIVE, resume=True
            )
            ended_in_order(ran)
        assert verify(ran.path).exit_code == 0
        assert recheck(what, ran.events).divergence is None
        intended = [e.data.action for e in ran.of("system.intended")]
        assert len(set(intended)) == len(intended)


Ended = Callable[[Hand], None]


def ends(code: int = 0, after: float = 2, last: str = "") -> Ended:
    """Play a hook that takes so long and ends with a code, or never ends if that is negative."""
    return lambda hand: None if code < 0 else hand.after(after, hand.exit, code, last)


def in_turn(*how: Ended) -> Ended:
    """Play a hook in one way after another."""
    ways = iter(how)

    def end(hand: Hand) -> None:
        next(ways)(hand)

    return end


def with_hooks(**hooks: Ended) -> Hands:
    """Play agents whose work takes 10 seconds, and hooks as told; others succeed in 2 seconds."""

    def behave(hand: Hand, heard: Told | None) -> None:
        if hand.job.hook is not None:
            hooks.get(hand.job.hook.name, ends())(hand)
        elif isinstance(heard, Assignment) and hand.job.assignment is not None:
            hand.after(10, hand.exit, 0, "the work")
        elif isinstance(heard, Assignment):
            hand.after(10, hand.done, "the work")
        elif isinstance(heard, Cancel):
            hand.done("", "cancelled")

    return Hands(behave)


def of_one(*hooks: HookName, for_session: bool = False, **more: Iterable[HookName]) -> Plan:
    """Return a plan of one agent and one task, with hooks of the agent and of others."""
    crew = [agent("a", real=True, for_session=for_session)]
    return plan(crew, [task("one", "a")], hooks={"a": hooks, **more})


def run(what: Plan, file: Path, hands: Hands | None = None, **more: object) -> Ran:
    """Run a plan for real, as far as the virtual clock goes, and check what always holds."""
    ran = play(what, file, hands=hands or with_hooks(), mode=Mode.LIVE, **more)  # type: ignore[arg-type]
    ended_in_order(ran)
    assert recheck(what, ran.events).divergence is None
    return ran


def began(ran: Ran) -> list[tuple[int, str]]:
    """Return when (in seconds) which hooks and processes were ordered."""
    return [
        (event.at // 1000, event.data.about or "process")
        for event in ran.of("system.intended")
        if event.data.effect in ("run_hook", "start_process", "hand_task")
    ]


def ordered_to_end(ran: Ran) -> list[str]:
    return [e.data.about for e in ran.of("system.intended") if e.data.effect == "stop_hook"]


ALL_OF_ONE = of_one("on_start", "pre_task", "post_task", session=["on_start", "on_end"])


def test_every_hook_has_its_moment(file: Path) -> None:
    ran = run(ALL_OF_ONE, file)
    assert began(ran) == [
        *((0, "on_start"), (2, "on_start"), (4, "pre_task")),
        *((6, "process"), (16, "post_task"), (18, "on_end")),
    ]
    assert ran.agent_states("a") == [
        *((2, "INITIALIZING"), (4, "AVAILABLE"), (4, "ASSIGNED"), (6, "ACTIVE"), (18, "COMPLETE")),
    ]
    assert ran.states("one")[1:] == [(4, "ASSIGNED"), (6, "ACTIVE"), (18, "COMPLETE")]
    assert ran.session.tasks[ONE].output == "the work"
    assert (ran.session.outcome, ran.session.at) == ("complete", 20_000)
    assert not ran.issues()


def test_an_agent_that_lives_for_the_session_has_its_process_first(file: Path) -> None:
    ran = run(of_one("on_start", "pre_task", "post_task", for_session=True), file)
    assert began(ran) == [
        *((0, "process"), (0, "on_start"), (2, "pre_task"), (4, "process"), (14, "post_task")),
    ]
    assert ran.session.tasks[ONE].output == "the work"
    assert ran.session.outcome == "complete"


def test_what_stands_nearest_to_the_task_wins(file: Path) -> None:
    what = of_one("pre_task", "post_task", one=["pre_task"])
    near = replace(what.task_hooks[ONE]["pre_task"], command=Program(("nearer",)))
    ran = run(replace(what, task_hooks={ONE: {"pre_task": near}}), file)
    commands = [e.data.command for e in ran.of("system.intended") if e.data.effect == "run_hook"]
    assert commands == [("nearer",), ("post_task",)]


def test_simulated_agents_run_no_hooks_and_lose_no_time(file: Path) -> None:
    what = of_one("on_start", "pre_task", "post_task", session=["on_start", "on_end"])
    simulated = {A: agent("a")}
    work = {ONE: Work(script=fixed(10))}
    ran = play(replace(what, agents=simulated, task_work=work), file)
    assert began(ran)[0] == (0, "on_start")
    assert len(began(ran)) == 6
    assert all(event.data.would for event in ran.of("system.intended"))
    assert ran.session.at == 10_000
    assert ran.session.outcome == "complete"
    assert "would run the pre_task hook of a: pre_task" in map(sentence, ran.events)


@pytest.mark.parametrize("for_session", [False, True])
@pytest.mark.parametrize(
    ("how", "said"),
    [
        (ends(3, last="no room"), "ended with exit code 3: no room"),
        (ends(-1), "took longer than 20 s"),
    ],
)
def test_an_agent_whose_start_hook_fails_is_out_and_you_are_told(
    file: Path, how: Ended, said: str, *, for_session: bool
) -> None:
    ran = run(of_one("on_start", for_session=for_session), file, with_hooks(on_start=how))
    assert [state for _, state in ran.agent_states("a")] == ["INITIALIZING", "FAILED"]
    [issue, _] = ran.session.issues.values()
    assert issue.text == f"a could not start: its on_start hook {said}"
    assert (issue.severity, issue.agent) == ("critical", "a")
    assert "a+on_start.log" in issue.suggestion
    assert ran.session.outcome == "incomplete"
    assert not ran.session.tasks[ONE].attempts


def test_an_agent_that_the_operator_restarts_tries_its_start_hook_again(file: Path) -> None:
    what = plan(
        [agent("a", real=True), agent("b", real=True)],
        [task("one", "a"), task("two", "b")],
        hooks={"a": ["on_start"]},
    )
    hands = with_hooks(on_start=in_turn(ends(1), ends(0)))
    ran = run(what, file, hands, operator=[(5.0, Steer("restart", A))])
    assert ran.session.outcome == "complete"
    assert ran.states("one")[-1] == (17, "COMPLETE")


@pytest.mark.parametrize("for_session", [False, True])
def test_a_task_whose_first_hook_fails_is_tried_again_as_often_as_others(
    file: Path, *, for_session: bool
) -> None:
    what = of_one("pre_task", for_session=for_session)
    what = replace(what, tasks={ONE: task("one", "a", retry=Retry(1, 1_000))})
    ran = run(what, file, with_hooks(pre_task=ends(1, last="not now")))
    [first, last] = ran.issues()
    assert first == "one failed: its pre_task hook ended with exit code 1: not now"
    assert last.startswith("one failed (after 2 attempts): its pre_task hook ended")
    assert [kind for _, kind in began(ran)].count("pre_task") == 2
    assert "ACTIVE" not in [state for _, state in ran.states("one")]
    assert ran.session.outcome == "incomplete"
    assert ran.session.agents[A].incarnation == (1 if for_session else 0), "nothing was begun"


@pytest.mark.parametrize("for_session", [False, True])
def test_work_that_the_last_hook_does_not_find_good_is_done_again(
    file: Path, *, for_session: bool
) -> None:
    what = of_one("post_task", for_session=for_session)
    what = replace(what, tasks={ONE: task("one", "a", retry=Retry(1, 1_000))})
    ran = run(what, file, with_hooks(post_task=in_turn(ends(1), ends(0))))
    assert ran.issues() == ["one failed: its post_task hook ended with exit code 1"]
    [delivered] = ran.of("task.output")
    found_good = [e.seq for e in ran.of("system.done") if e.data.effect == "run_hook"]
    assert delivered.seq > found_good[-1], "not before it was found good"
    assert ran.session.tasks[ONE].retries == 1
    assert ran.session.outcome == "complete"


def test_the_time_of_the_last_hook_counts_for_the_attempt(file: Path) -> None:
    what = of_one("post_task")
    what = replace(what, tasks={ONE: task("one", "a", timeout=15)})
    ran = run(what, file, with_hooks(post_task=ends(-1)))
    assert ran.states("one")[-1] == (15, "FAILED")
    assert ran.issues() == ["one failed: a took longer than 15 s"]
    assert ordered_to_end(ran) == ["post_task"]


@pytest.mark.parametrize(("hook", "at"), [("pre_task", 1.0), ("post_task", 11.0)])
@pytest.mark.parametrize("for_session", [False, True])
@pytest.mark.parametrize("command", [CancelTask(ONE), Steer("stop", A), Stop("enough")])
def test_what_is_not_wanted_any_more_has_its_hook_ended(
    file: Path, hook: HookName, at: float, command: Command, *, for_session: bool
) -> None:
    what = of_one(hook, for_session=for_session)
    ran = run(what, file, with_hooks(**{hook: ends(-1)}), operator=[(at, command)])
    assert ordered_to_end(ran) == [hook]
    assert ran.states("one")[-1] == (int(at), "CANCELLED")
    assert ran.session.at == round(at * 1000)
    assert not ran.of("task.output")


def test_the_operator_cannot_pause_what_a_hook_is_about(file: Path) -> None:
    ran = run(of_one("post_task"), file, operator=[(11.0, Steer("pause", A))])
    assert ran.refusals() == ["its post_task hook runs; it can be paused after that"]
    assert ran.session.outcome == "complete"


def test_a_session_whose_start_hook_fails_ends_and_nothing_was_run(file: Path) -> None:
    what = of_one(session=["on_start", "on_end"])
    ran = run(what, file, with_hooks(on_start=ends(1, last="no network")))
    assert began(ran) == [(0, "on_start")]
    assert ran.issues() == [
        "the session's on_start hook ended with exit code 1: no network",
    ]
    [issue] = ran.session.issues.values()
    assert issue.severity == "critical"
    assert "+on_start.log" in issue.suggestion
    assert ran.session.outcome == "incomplete"
    assert "hook failed" in ran.session.outcome_reason


def test_a_session_whose_end_hook_fails_ends_incomplete(file: Path) -> None:
    ran = run(of_one(session=["on_end"]), file, with_hooks(on_end=ends(-1)))
    assert ran.issues() == ["the session's on_end hook took longer than 20 s"]
    assert (ran.session.outcome, ran.session.at) == ("incomplete", 30_000)
    assert ran.states("one")[-1] == (10, "COMPLETE")


def test_who_stops_the_session_waits_for_its_end_hook_and_may_stop_that_too(file: Path) -> None:
    ran = run(of_one(session=["on_end"]), file, operator=[(5.0, Stop("enough"))])
    assert began(ran)[-1] == (5, "on_end")
    assert (ran.session.outcome, ran.session.at) == ("stopped", 7_000)
    twice = [(5.0, Stop("enough")), (6.0, Stop("now"))]
    impatient = file.with_name("impatient.jsonl")
    ran = run(of_one(session=["on_end"]), impatient, with_hooks(on_end=ends(-1)), operator=twice)
    assert (ran.session.outcome, ran.session.at) == ("stopped", 6_000)
    assert not ran.issues()


def test_the_end_hook_runs_where_only_questions_are_left(file: Path) -> None:
    what = of_one(session=["on_end"])
    what = replace(
        what,
        tasks={ONE: task("one", "a", gate="g")},
        questions={spec.name: spec for spec in [question("g")]},
    )
    ran = run(what, file)
    assert [kind for _, kind in began(ran)] == ["on_end"]
    assert ran.session.outcome == "waiting"


def test_a_start_hook_does_not_hold_a_session_in_which_nothing_is_left_to_do(file: Path) -> None:
    what = plan(
        [agent("a", real=True), agent("b", "dig", real=True)],
        [task("one", "a")],
        hooks={"b": ["on_start"]},
    )
    ran = run(what, file, with_hooks(on_start=ends(-1)))
    assert (ran.session.outcome, ran.session.at) == ("complete", 10_000)
    assert not ran.issues()


def test_what_comes_while_the_session_is_prepared_fires_nothing_and_times_go_on_coming(
    file: Path,
) -> None:
    what = replace(
        of_one(session=["on_start"]),
        triggers=(trigger("x", "schedule", "notify", interval_ms=4_000),),
    )
    ran = run(what, file, with_hooks(on_start=ends(after=5)))
    assert [event.at // 1000 for event in ran.of("system.scheduled")] == [4, 8, 12]
    assert [event.data.reason for event in ran.decisions("trigger/x")] == [
        "it is due every 4 s, but the session has not begun yet",
        "it is due every 4 s",
        "it is due every 4 s",
    ]


def test_a_process_that_ends_while_a_hook_runs_is_missed_after_that(file: Path) -> None:
    def behave(hand: Hand, heard: Told | None) -> None:
        if hand.job.hook is not None:
            hand.after(2, hand.exit, 0)
        elif heard is None and hand.incarnation == 1:
            hand.after(1, hand.exit, 1)
        elif isinstance(heard, Assignment):
            hand.after(5, hand.done, "the work")

    ran = run(of_one("pre_task", for_session=True), file, Hands(behave))
    assert ran.session.agents[A].incarnation == 2
    assert [kind for _, kind in began(ran)].count("pre_task") == 2
    assert ran.session.outcome == "complete"


@pytest.mark.parametrize("hook", ["pre_task", "post_task"])
def test_the_screen_says_which_hook_is_waited_for(file: Path, hook: HookName) -> None:
    said: set[str] = set()

    def look(orchestrator: Orchestrator, event: AnyEvent) -> None:
        if event.kind == "system.intended" and event.data.effect == "run_hook":
            snapshot = orchestrator.session.snapshot()
            said.add(waiting_for(snapshot, snapshot.tasks[ONE]))
            said.add(sentence(event))

    run(of_one(hook), file, during=look)
    assert said == {f"waits for its {hook} hook", f"about to run the {hook} hook of a: {hook}"}


def run_after_edits(_plan: Plan, session: Session, event: AnyEvent) -> Iterator[SystemDecided]:
    """Take the messages of agents for news of what they edited."""
    said = event.data
    hook = RunHook(said.agent, session.agents[said.agent].task, "post_edit", (said.text,))
    yield SystemDecided("run_after_edits", "yes", f"{said.text} was edited", (hook,), said.agent)


@pytest.mark.parametrize("code", [0, 1])
def test_nobody_waits_for_a_hook_after_an_edit_and_its_failure_is_a_warning(
    file: Path, monkeypatch: pytest.MonkeyPatch, code: int
) -> None:
    more = Rule("run_after_edits", ("agent.messaged",), run_after_edits)
    monkeypatch.setattr("sessions.RULES", (*RULES, more))

    def behave(hand: Hand, heard: Told | None) -> None:
        if hand.job.hook is not None:
            hand.after(20, hand.exit, code, "not tidy")
        elif isinstance(heard, Assignment):
            hand.message("operator", "src/a.py")
            hand.after(10, hand.exit, 0, "the work")

    hands = Hands(behave)
    ran = play(of_one("post_edit"), file, hands=hands, mode=Mode.LIVE)
    ended_in_order(ran)
    [hook] = [job.hook for job in hands.started if job.hook is not None]
    assert (hook.name, hook.agent, hook.files) == ("post_edit", "a", ("src/a.py",))
    assert ran.states("one")[-1] == (10, "COMPLETE")
    assert (ran.session.outcome, ran.session.at) == ("complete", 20_000)
    told = [(issue.severity, issue.text) for issue in ran.session.issues.values()]
    failed = "the post_edit hook of a ended with exit code 1: not tidy"
    assert [one for one in told if "hook" in one[1]] == ([("warning", failed)] if code else [])


# -- the program dies ---------------------------------------------------------------------------


def died_while(what: Plan, file: Path, name: str, hands: Hands | None = None) -> Path:
    """Return the file of a session whose program died while a hook of that name ran."""
    whole = run(what, file, hands)
    intended = next(
        e.seq
        for e in whole.of("system.intended")
        if e.data.effect == "run_hook" and e.data.about == name
    )
    return crash(whole, file.with_name("crashed.jsonl"), after=intended)


@pytest.mark.parametrize("for_session", [False, True])
@pytest.mark.parametrize("hook", ["pre_task", "post_task"])
@pytest.mark.parametrize("on_doubt", ["retry", "fail", "ask"])
def test_a_hook_in_doubt_is_as_its_task_in_doubt(
    file: Path, hook: HookName, on_doubt: OnDoubt, *, for_session: bool
) -> None:
    what = of_one("pre_task", "post_task", for_session=for_session)
    what = replace(what, tasks={ONE: task("one", "a", on_doubt=on_doubt)})
    path = died_while(what, file, hook)
    ran = run(what, path, resume=True, answers=[answer("doubt/one", "retry")])
    assert [e.data.lost for e in ran.of("system.done") if e.data.lost][-1]
    if on_doubt == "fail":
        assert ran.issues() == ["one failed: the program ended while it was being done"]
        assert not ran.of("task.output")
        return
    assert len(ran.of("user.asked")) == (on_doubt == "ask")
    assert [kind for _, kind in began(ran)].count("pre_task") == 2
    assert ran.session.tasks[ONE].output == "the work"
    assert ran.session.outcome == "complete"


@pytest.mark.parametrize("for_session", [False, True])
def test_a_start_hook_in_doubt_is_run_again_with_its_agent(
    file: Path, *, for_session: bool
) -> None:
    what = of_one("on_start", for_session=for_session)
    ran = run(what, died_while(what, file, "on_start"), resume=True)
    assert [kind for _, kind in began(ran)].count("on_start") == 2
    assert ran.session.outcome == "complete"
    assert not ran.issues()


@pytest.mark.parametrize("hook", ["on_start", "on_end"])
def test_a_hook_of_the_session_in_doubt_is_run_again(file: Path, hook: HookName) -> None:
    what = of_one(session=[hook])
    ran = run(what, died_while(what, file, hook), resume=True)
    assert [kind for _, kind in began(ran)].count(hook) == 2
    assert ran.session.outcome == "complete"
    assert not ran.issues()


def test_what_was_delivered_before_the_last_hook_survives_the_program(file: Path) -> None:
    what = of_one("post_task")
    whole = run(what, file)
    done = next(e.seq for e in whole.of("system.done") if e.cause == _hook_seq(whole))
    path = crash(whole, file.with_name("crashed.jsonl"), after=done)
    ran = run(what, path, resume=True)
    assert ran.session.tasks[ONE].output == "the work"
    assert len(ran.of("agent.exited")) == 1, "it was not done again"


def _hook_seq(ran: Ran) -> int:
    return next(e.seq for e in ran.of("system.intended") if e.data.effect == "run_hook")
