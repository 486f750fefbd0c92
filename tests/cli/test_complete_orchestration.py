"""The complete example of the orchestration guide, driven by keys from its beginning to its end.

All agents are real programs. What happens by itself in it is followed in the session file, over its
causes, to what was measured or said.
"""

import json
import re
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from guide_blocks import START, STRATEGIES, TRIGGERS
from terminal import ENTER, Terminal

EXAMPLE = Path(__file__).parents[2] / "layouts" / "complete-orchestration.yaml"
PAUSED = "Workflow paused - awaiting approval for production deployment"
REVIEW = "Review changes and test results before approving"
PLATFORM = (
    "kubernetes-architect",
    *(f"platform-engineer-{name}" for name in ("dev", "staging", "prod")),
)
OBSERVABILITY = ("obi-specialist", "grafana-specialist", "alloy-specialist")
TROUBLESHOOTER = "devops-troubleshooter-1"
Event = dict[str, Any]
Mop = Callable[..., subprocess.CompletedProcess[str]]


def _start(folder: Path, pace: str) -> Terminal:
    """Run it on a screen of the usual size; a pace of 0.05 takes seconds."""
    file = str(folder / "it.jsonl")
    how = ("--set", f"pace={pace}", "--session-file", file)
    return Terminal("run", str(EXAMPLE), *how, cwd=folder)


def _events(folder: Path) -> list[Event]:
    """Return what is recorded so far: of the last line, which may be half-written, nothing."""
    lines = (folder / "it.jsonl").read_text(encoding="utf-8").split("\n")[1:-1]
    return [json.loads(line) for line in lines]


def _of(events: list[Event], kind: str, **data: object) -> list[Event]:
    """Return the events of a kind that say so."""
    return [
        event for event in events if event["kind"] == kind and data.items() <= event["data"].items()
    ]


def _causes(events: list[Event], event: Event) -> Iterator[Event]:
    """Yield what led to an event, the latest first."""
    while event["cause"] is not None:
        event = events[event["cause"] - 1]
        yield event


def _outputs(events: list[Event]) -> dict[str, str]:
    return {it["data"]["task"]: it["data"]["value"] for it in _of(events, "task.output")}


def _read(folder: Path, path: str) -> Any:
    return yaml.safe_load((folder / "it.work/platform" / path).read_text(encoding="utf-8"))


def _check_the_first_two_waves(events: list[Event]) -> None:
    """Check who was there at the beginning, and who came because of the key."""
    brought: dict[str, list[str]] = {}
    for event in _of(events, "agent.spawned"):
        decided, about, *_ = _causes(events, event)
        brought.setdefault(decided["data"]["rule"], []).append(event["data"]["agent"])
        if decided["data"]["rule"] == "trigger/platform_namespace_ready":
            assert about["kind"] == "system.memory_set"
            assert about["data"]["key"] == "swarm/platform/namespace-ready"
            assert about["data"]["agent"] == "kubernetes-architect"
    assert brought == {
        "open_session": [*PLATFORM],
        "trigger/platform_namespace_ready": [*OBSERVABILITY],
        "trigger/deployment_error": [TROUBLESHOOTER],
    }


def _check_what_was_mended(folder: Path, events: list[Event]) -> None:
    """Check that a real fault brought the troubleshooter, and that its file is right since."""
    fault = "services/obi.yaml: image registry.example/obi:latest is not pinned to a version"
    (erred,) = _of(events, "agent.erred")
    assert (erred["data"]["type"], erred["data"]["message"]) == ("deployment_failed", fault)
    (spawned,) = _of(events, "agent.spawned", agent=TROUBLESHOOTER)
    assert erred in list(_causes(events, spawned))
    (mended,) = _of(events, "system.memory_set", key="swarm/devops/mended")
    assert mended["data"]["agent"] == TROUBLESHOOTER
    assert _read(folder, "services/obi.yaml")["image"] == "registry.example/obi:1.4.2"
    assert _read(folder, "clusters/staging/obi.yaml") == _read(folder, "services/obi.yaml")


def _check_that_agents_were_watched(events: list[Event]) -> None:
    """Check that what processes use was measured, and that they answered pings."""
    health = _of(events, "agent.health")
    pinged = {it["data"]["agent"] for it in health if it["data"]["source"] == "ping"}
    measured = [it["data"] for it in health if it["data"]["source"] == "measured"]
    # The architect mostly waits, and who waits is not asked how it is.
    assert {*PLATFORM[1:]} <= pinged
    assert {*PLATFORM} <= {it["agent"] for it in measured}
    assert any((it["memory_usage"] or 0) > 0 for it in measured)


def _check_why_the_topology_changed(events: list[Event]) -> None:
    """Check that the shape was switched because of what was measured twice."""
    (changed,) = _of(events, "system.topology_changed")
    assert changed["data"]["to_shape"] == "mesh"
    rules = [it for it in _causes(events, changed) if it["kind"] == "system.decided"]
    assert rules[0]["data"]["rule"] == "adapt/change_topology"
    sampled = next(it for it in _causes(events, changed) if it["kind"] == "system.sampled")
    (found,) = (
        it for it in sampled["data"]["findings"] if it["trigger"] == "coordination_overhead_high"
    )
    assert found["value"] > 30


def _check_what_is_left(mop: Mop, folder: Path) -> None:
    """Check the report, what was learnt, and that the saved session is whole."""
    told = (folder / "it.report.md").read_text(encoding="utf-8")
    assert "Deploy complete MOP infrastructure" in told
    assert TROUBLESHOOTER in told
    assert PAUSED in told
    assert "change_topology" in told
    shown = (folder / "it.report.html").read_text(encoding="utf-8")
    assert "<svg" in shown
    assert PAUSED in shown
    known = mop("model", "deploy_complete_platform")
    assert known.returncode == 0, known.stderr
    assert "deploy_complete_platform" in known.stdout
    assert "platform-engineer" in known.stdout
    verified = mop("verify", "--decisions", folder / "it.jsonl")
    assert verified.returncode == 0, verified.stdout + verified.stderr


def test_the_whole_example_runs_to_its_end_and_production_is_approved(
    mop: Mop, tmp_path: Path
) -> None:
    def recorded(kind: str, **data: object) -> Callable[[], object]:
        return lambda: _of(_events(tmp_path), kind, **data)

    with _start(tmp_path, "1") as terminal:
        terminal.until("LIVE", "Platform Team")
        terminal.until_true(
            recorded("agent.spawned", agent="obi-specialist"), "the observability team"
        )
        terminal.until_true(
            recorded("task.transitioned", task="alloy", to_state="COMPLETE"), "the pipelines"
        )
        terminal.until_true(recorded("system.topology_changed"), "another topology")
        terminal.until_true(recorded("agent.spawned", agent=TROUBLESHOOTER), "a troubleshooter")
        terminal.until(PAUSED[:40], REVIEW[:40], "y or n chooses")
        assert not (tmp_path / "it.work/platform/clusters/prod").exists()
        terminal.press("y")
        terminal.until("Enter approves")
        terminal.press(ENTER)
        terminal.until("all of 11 tasks complete")
        terminal.press("q")
        assert terminal.wait() == 0

    events = _events(tmp_path)
    _check_the_first_two_waves(events)
    _check_what_was_mended(tmp_path, events)
    _check_that_agents_were_watched(events)
    _check_why_the_topology_changed(events)
    (answered,) = _of(events, "user.answered")
    assert (answered["data"]["value"], answered["data"]["by"]) == ("approve", "operator")
    (began,) = _of(events, "task.transitioned", task="deploy-prod", to_state="ASSIGNED")
    assert answered["seq"] < began["seq"]
    outputs = _outputs(events)
    assert outputs["test-staging"] == "PASS: 5 of 5 checks"
    assert outputs["deploy-prod"] == "prod runs obi, grafana, alloy"
    assert _read(tmp_path, "clusters/prod/obi.yaml")["image"] == "registry.example/obi:1.4.2"
    addresses = [
        yaml.safe_load(path.read_text(encoding="utf-8"))["addresses"]
        for path in (tmp_path / "it.work/platform/environments").glob("*/*.yaml")
    ]
    assert len({*addresses}) == len(addresses) == 36
    _check_what_is_left(mop, tmp_path)


def test_production_that_is_rejected_is_left_alone(mop: Mop, tmp_path: Path) -> None:
    with _start(tmp_path, "0.05") as terminal:
        terminal.until(PAUSED[:40], REVIEW[:40], "y or n chooses")
        terminal.press("n")
        terminal.until("Why not?", "Say why")
        terminal.press(*"Friday", ENTER)
        terminal.until_gone("Why not?")
        terminal.until_true(lambda: _of(_events(tmp_path), "system.ended"), "the end")
        terminal.press("q")
        assert terminal.wait() == 1

    events = _events(tmp_path)
    _check_the_first_two_waves(events)
    _check_what_was_mended(tmp_path, events)
    (answered,) = _of(events, "user.answered")
    assert (answered["data"]["value"], answered["data"]["reason"]) == ("reject", "Friday")
    (cancelled,) = _of(events, "task.transitioned", to_state="CANCELLED")
    assert cancelled["data"]["task"] == "deploy-prod"
    assert answered in list(_causes(events, cancelled))
    assert not (tmp_path / "it.work/platform/clusters/prod").exists()
    assert (tmp_path / "it.work/platform/clusters/staging/obi.yaml").exists()
    assert "Friday" in (tmp_path / "it.report.md").read_text(encoding="utf-8")
    known = mop("model", "deploy_complete_platform")
    assert "platform-engineer" not in known.stdout, "only what succeeded is learnt from"


@pytest.mark.parametrize("block", [START, TRIGGERS, STRATEGIES])
def test_what_the_guide_says_stands_in_it_word_for_word(block: str) -> None:
    assert block.strip() in EXAMPLE.read_text(encoding="utf-8")


def test_the_first_wave_is_that_of_the_guide() -> None:
    tasks = yaml.safe_load(EXAMPLE.read_text(encoding="utf-8"))["tasks"]
    assert [(task["agent"], task["title"]) for task in tasks.values()][:4] == [
        ("kubernetes-architect", "Design and lead platform deployment"),
        ("platform-engineer-dev", "Configure dev environment"),
        ("platform-engineer-staging", "Configure staging environment"),
        ("platform-engineer-prod", "Configure prod environment"),
    ]


def test_it_explains_each_of_its_sections() -> None:
    """It is the layout to learn from."""
    lines = EXAMPLE.read_text(encoding="utf-8").splitlines()
    sections = [number for number, line in enumerate(lines) if re.match(r"[a-z_]+:", line)]
    assert len(sections) == 11
    assert [lines[number] for number in sections if not lines[number - 1].startswith("#")] == []


def test_its_rehearsal_takes_two_hours_and_needs_nobody(mop: Mop, tmp_path: Path) -> None:
    file = tmp_path / "it.jsonl"
    done = mop("run", EXAMPLE, "--rehearse", "--seed", "3", "--session-file", file)
    assert done.returncode == 0, done.stderr
    events = _events(tmp_path)
    assert 60 < events[-1]["at"] / 60_000 < 120
    _check_the_first_two_waves(events)
    _check_why_the_topology_changed(events)
    verified = mop("verify", "--decisions", file)
    assert verified.returncode == 0, verified.stdout
