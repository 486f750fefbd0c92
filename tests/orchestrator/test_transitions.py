"""The transitions of the guide as agents make them: each in a session, by its trigger."""

from dataclasses import replace
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from domain.test_agent_lifecycle import GUIDE, rows

from mop_tui.domain.health import HealthChecks
from mop_tui.domain.ids import MemoryKey
from mop_tui.domain.plan import Ailment, Plan, Retry, Script, ScriptedStep
from sessions import Ran, agent, fixed, plan, play, task

CHECKS = HealthChecks(interval_ms=20_000, degradation_timeout_ms=120_000)
LATE = 3_000
"""Milliseconds; who answers so late is degraded."""


def ill(*, lasts_ms: int | None = None) -> Script:
    return replace(fixed(900), ailments=(Ailment(60_000, lasts_ms, response_ms=LATE),))


def of_all() -> Plan:
    """Return a plan in which agents go through all that the guide has them go through."""
    waits = replace(fixed(20), steps=(ScriptedStep("wait", MemoryKey("later")),))
    made = plan(
        [agent(name) for name in ("well", "waits", "recovers", "worsens", "fails", "retries")],
        [
            task("work", "well", provides=["later"], seconds=60),
            task("wait", "waits"),
            task("again", "well", needs=["wait"]),
            task("recover", "recovers", seconds=900),
            task("worsen", "worsens", seconds=900),
            task("fail", "fails"),
            task("retry", "retries", retry=Retry(1, 1_000)),
        ],
        scripts={
            "work": fixed(60),
            "wait": waits,
            "again": fixed(10),
            "recover": ill(lasts_ms=120_000),
            "worsen": ill(),
            "fail": fixed(5, exit_code=1),
            "retry": fixed(5, exit_code=1),
        },
    )
    return replace(made, health=CHECKS)


@cache
def ran() -> Ran:
    with TemporaryDirectory() as folder:
        return play(of_all(), Path(folder) / "it.jsonl")


def moves(name: str = "") -> list[tuple[str, str, str]]:
    """Return the moves of an agent, or of all."""
    return [
        (str(it.data.from_state), str(it.data.trigger), str(it.data.to_state))
        for it in ran().of("agent.transitioned")
        if name in ("", it.data.agent)
    ]


@pytest.mark.parametrize(("state", "trigger", "target"), rows(GUIDE))
def test_an_agent_makes_it_by_its_trigger(state: str, trigger: str, target: str) -> None:
    assert (state, trigger, target) in moves()


def test_the_states_of_who_works_are_in_the_order_of_the_guide() -> None:
    states = [moves("well")[0][0], *(move[2] for move in moves("well"))]
    ways = ["SPAWNING", "INITIALIZING", "AVAILABLE", "ASSIGNED", "ACTIVE", "COMPLETE"]
    assert states == ways + ways[2:], "and back to the pool for the next task"


def test_only_the_last_attempt_is_an_error_that_nothing_can_be_done_about() -> None:
    ends = [move[1] for move in moves("retries") if move[2] == "FAILED"]
    assert ends == ["process_exited", "unrecoverable_error"]


def test_who_waits_in_the_pool_has_no_process() -> None:
    of_well = [event for event in ran().events if getattr(event.data, "agent", None) == "well"]
    began = [
        event.at
        for event in of_well
        if event.kind == "system.intended" and event.data.effect == "start_process"
    ]
    ended = [event.at for event in of_well if event.kind == "agent.exited"]
    assert began == [0, 70_000]
    assert ended == [60_000, 80_000]
