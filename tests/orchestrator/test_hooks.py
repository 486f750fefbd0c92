"""Hooks run before and after work, hold it up as long as they take, and may say no."""

from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

from chance import (
    GIVEN_AT_GATES,
    GIVEN_TO_AGENTS,
    OPERATORS,
    Whims,
    ended_in_order,
    plans,
    whole_sessions,
)
from hands import Hand
from hypothesis import given
from hypothesis import strategies as st

from mop_tui.agents.host import Told
from mop_tui.domain.feed import Command, Stop
from mop_tui.domain.ids import AgentId, TaskId
from mop_tui.domain.plan import Command as Program
from mop_tui.domain.plan import Hook, HookName, HostKind, Mode, OnDoubt, Plan
from mop_tui.journal import verify
from mop_tui.orchestrator.answers import PreparedAnswer
from mop_tui.orchestrator.recheck import recheck
from sessions import crash, play

A, ONE = AgentId("a"), TaskId("one")
OF_AGENTS: tuple[HookName, ...] = ("on_start", "pre_task", "post_task", "post_edit")


def real(what: Plan) -> Plan:
    """Return a plan whose agents all are real."""
    agents = {name: replace(s, host=HostKind.COMMAND) for name, s in what.agents.items()}
    return replace(what, agents=agents)


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
        session_hooks=some("on_start", "on_end"),
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
