"""The rehearsal of illness shows what the head of its layout promises, whatever the chance."""

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from mop_tui.domain.events import AnyEvent
from mop_tui.journal import JournalFile

Mop = Callable[..., subprocess.CompletedProcess[str]]
ILLNESS = Path(__file__).parents[2] / "layouts" / "illness.yaml"


def rehearsed(mop: Mop, file: Path, seed: str) -> list[AnyEvent]:
    done = mop(
        *("run", ILLNESS, "--rehearse", "--headless", "--speed", "max", "--seed", seed),
        *("--session-file", file),
    )
    assert done.returncode == 0, done.stderr
    with JournalFile.open(file) as journal:
        return list(journal)


def states(events: list[AnyEvent], agent: str) -> list[str]:
    """Return the states of health that an agent went through, and its recoveries as ACTIVE."""
    shown = []
    for event in events:
        if event.kind == "agent.transitioned" and event.data.agent == agent:
            state, trigger = event.data.to_state, event.data.trigger
            if state in ("DEGRADED", "UNHEALTHY") or trigger == "performance_recovered":
                shown.append(str(state))
    return shown


def done_by(events: list[AnyEvent], task: str) -> list[str]:
    """Return who began a task, one attempt after the other."""
    moves = (event.data for event in events if event.kind == "task.transitioned")
    return [move.agent for move in moves if move.task == task and move.to_state == "ACTIVE"]


def restarts(events: list[AnyEvent], agent: str) -> list[str]:
    """Return the verdicts about starting an agent again."""
    decided = (event.data for event in events if event.kind == "system.decided")
    return [it.verdict for it in decided if it.rule == "restart_unhealthy" and it.agent == agent]


@pytest.mark.parametrize("seed", ["0", "1", "2"])
def test_each_kind_of_illness_is_found_and_handled(mop: Mop, tmp_path: Path, seed: str) -> None:
    events = rehearsed(mop, tmp_path / "illness.jsonl", seed)

    for agent in ("slow-answers", "errors"):
        assert states(events, agent) == ["DEGRADED", "ACTIVE"]
        assert restarts(events, agent) == []
    assert states(events, "overworked") == ["DEGRADED", "UNHEALTHY", "ACTIVE"]
    assert restarts(events, "overworked") == ["no"], "it works all the same"
    assert states(events, "memory")[-1] == "UNHEALTHY"
    assert restarts(events, "memory") == ["yes"]
    assert states(events, "hanging") == ["UNHEALTHY"]
    assert restarts(events, "hanging") == ["yes"]
    assert states(events, "killed") == [], "a death is no illness"
    assert done_by(events, "be-killed") == ["killed", "killed"]
    assert states(events, "slow-work") == ["DEGRADED"]
    assert done_by(events, "carry") == ["slow-work", "relief"]
    assert states(events, "critical") == ["UNHEALTHY"]
    assert done_by(events, "operate") == ["critical", "stand-in"]
    assert states(events, "hopeless") == ["UNHEALTHY"] * 3
    assert restarts(events, "hopeless") == ["yes", "yes", "no"]

    told = [
        event
        for event in events
        if event.kind == "system.intended"
        and event.data.effect == "tell"
        and event.data.agent == "head-nurse"
    ]
    ill = [it for it in events if it.kind == "agent.transitioned" and it.data.trigger in _HEALTH]
    assert len(told) == len(ill), "the coordinator is told of each illness and each recovery"
    assert events[-1].data.outcome == "complete"
    assert events[-1].at < 15 * 60_000


_HEALTH = (
    "performance_threshold_exceeded",
    "performance_recovered",
    "degradation_timeout",
    "health_check_failed",
)
