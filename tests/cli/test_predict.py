"""`mop-tui predict`: what sessions, rehearsed by the program itself, let expect of the next one."""

import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from records import another

from mop_tui.foresight.store import Store, usual_folder

Mop = Callable[..., subprocess.CompletedProcess[str]]

PLATFORM = """
session: {id: platform, task: deploy_complete_platform, topology: mesh}
agent_types:
  architect: {model: opus, skills: [design]}
  engineer: {model: sonnet, skills: [build], lifetime: session, run: [sleep, "1"]}
  tester: {skills: [test]}
models: {opus: {price: 9}, sonnet: {price: 3}}
teams:
  platform:
    lead: chief
    agents: [{id: chief, type: architect}, {id: ann, type: engineer}, {id: ben, type: engineer}]
  quality: {agents: [tester]}
tasks:
  design: {agent: chief, duration: 20m, sim: {duration: [15m, 25m]}}
  north: {agent: ann, needs: [design], duration: 1h, sim: {duration: [50m, 80m]}}
  east: {agent: ann, needs: [design], duration: 1h, sim: {duration: [50m, 80m]}}
  south: {agent: ben, needs: [design], duration: 1h, sim: {duration: [50m, 80m]}}
  west: {requires_skill: build, needs: [design], duration: 1h, sim: {duration: [50m, 80m]}}
  check: {agent: tester, needs: [north, east, south, west], duration: 10m}
"""


def rehearse(mop: Mop, folder: Path, text: str, times: int, name: str = "platform") -> None:
    """Rehearse a layout some times, each time by other chance, and learn from that."""
    path = folder / f"{name}.yaml"
    path.write_text(text, encoding="utf-8")
    files = [f"{name}-{seed}.jsonl" for seed in range(times)]
    for seed, file in enumerate(files):
        rehearsed = ("--rehearse", "--headless", "--seed", str(seed), "--session-file", file)
        done = mop("run", path, *rehearsed)
        assert done.returncode == 0, done.stderr
    assert mop("train", *files).returncode == 0


@pytest.fixture
def platform(mop: Mop, tmp_path: Path) -> str:
    """Four rehearsals of a platform are known."""
    rehearse(mop, tmp_path, PLATFORM, 4)
    return "deploy_complete_platform"


def predicted(mop: Mop, what: str | Path, *options: str) -> dict[str, Any]:
    done = mop("predict", what, "--rehearsed", "--json", *options)
    assert done.returncode == 0, done.stdout + done.stderr
    told: dict[str, Any] = json.loads(done.stdout)
    return told


def output(mop: Mop, what: str | Path, *options: str) -> dict[str, Any]:
    told: dict[str, Any] = predicted(mop, what, *options)["output_prediction"]
    return told


def test_what_no_session_was_run_with_is_told(mop: Mop, tmp_path: Path) -> None:
    with_size = PLATFORM.replace("topology: mesh}", 'topology: mesh, vars: {items: "20", to: a}}')
    rehearse(mop, tmp_path, with_size, 3)
    path = tmp_path / "platform.yaml"
    said = "No session had {} as it is set here, nor nearly so"
    for value, told in {"20": False, "25": False, "40": True, "5": True}.items():
        assumed = predicted(mop, path, "--set", f"items={value}")["assumptions"]
        assert any(it.startswith(said.format("items")) for it in assumed) is told, value
    assumed = predicted(mop, path, "--set", "items=90", "--set", "to=b")["assumptions"]
    assert any(it.startswith(said.format("items and to")) for it in assumed)


# -- what is told -----------------------------------------------------------------------------


def test_it_is_told_in_the_words_of_the_guide(mop: Mop, platform: str) -> None:
    told = predicted(mop, platform, "--max-time", "10800", "--budget", "medium")
    assert (told["model"], told["pattern_type"]) == ("workflow_optimizer", "workflow")
    asked = told["input_data"]
    assert asked["task"] == "deploy_complete_platform"
    assert asked["team_composition"] == {"platform": 3, "quality": 1}
    assert asked["constraints"] == {"max_time": 10_800, "budget": "medium"}
    assert 7_200 < asked["execution_time"] < 14_400
    assert asked["success"] is True
    it = told["output_prediction"]
    assert it["optimal_team_size"] == sum(it["team_composition"].values())
    assert it["team_composition"]["platform"] == sum(it["agent_types"]["platform"].values())
    assert it["recommended_topology"] == "mesh"
    assert it["critical_path"][0] == "design"
    assert it["critical_path"][-1] == "check"
    assert it["range"]["low"] <= it["range"]["high"]
    assert it["range"]["coverage"] == pytest.approx(3 / 5)
    assert told["sessions"] == 4
    assert told["cost_unit"] == "price"
    assert told["layout"]["team_size"] == 4


def test_what_is_asked_for_changes_what_is_recommended(mop: Mop, platform: str) -> None:
    free = output(mop, platform)
    assert free["agent_types"]["platform"] == {"architect": 1, "engineer": 4}
    slow = output(mop, platform, "--max-time", "10h")
    assert slow["agent_types"]["platform"]["engineer"] == 1
    assert slow["estimated_duration"] > free["estimated_duration"]
    assert slow["fits"] == {"max_time": True, "max_time_at_upper_end": True, "budget": None}
    never = output(mop, platform, "--max-time", "1h")
    assert never["fits"]["max_time"] is False
    assert never["estimated_duration"] == free["estimated_duration"]
    poor = output(mop, platform, "--budget", str(slow["cost"]))
    assert poor["fits"]["budget"] is True
    assert poor["cost"] <= slow["cost"]
    assert output(mop, platform, "--budget", "0.01")["fits"]["budget"] is False


def test_the_recommended_team_takes_as_long_as_was_predicted(
    mop: Mop, tmp_path: Path, platform: str
) -> None:
    told = output(mop, platform)
    hands = ", ".join(f"{{id: e{number}, type: engineer}}" for number in range(4))
    chief = "agents: [{id: chief, type: architect}, "
    changed = PLATFORM.replace("{id: ann, type: engineer}, {id: ben, type: engineer}", hands)
    for pin in ("agent: ann", "agent: ben"):
        changed = changed.replace(pin, "requires_skill: build")
    changed = changed.replace("id: platform, task: deploy_complete_platform", "id: recommended")
    assert f"{chief}{hands}" in changed
    rehearse(mop, tmp_path, changed, 4, "recommended")
    took = [
        record.execution_ms / 1000 for record in Store(usual_folder()).read("recommended").records
    ]
    assert len(took) == 4
    # The slowest of four parts by chance ends the whole, so it takes longer than by their means.
    assert told["estimated_duration"] * 0.9 < sum(took) / 4 < told["estimated_duration"] * 1.3


def test_what_was_learnt_changes_what_is_recommended(
    mop: Mop, tmp_path: Path, platform: str
) -> None:
    before = output(mop, platform)
    longer = PLATFORM.replace("task: deploy_complete_platform", "task: harder")
    for quarter in ("north", "south", "west"):
        longer = longer.replace(f"{quarter}: {{", f"{quarter}: {{priority: low, ")
    longer = longer.replace(
        "needs: [design], duration: 1h, sim: {duration: [50m, 80m]}}\n  south",
        "needs: [design], duration: 1h, sim: {duration: [5h, 6h]}}\n  south",
    )
    rehearse(mop, tmp_path, longer, 3, "harder")
    after = output(mop, "harder")
    assert after["critical_path"] == ["design", "east", "check"]
    assert after["estimated_duration"] > 5 * 3_600
    assert after["optimal_team_size"] < before["optimal_team_size"]


def test_a_layout_that_was_never_run_is_told_of_by_its_task(
    mop: Mop, tmp_path: Path, platform: str
) -> None:
    wider = PLATFORM + "  extra: {requires_skill: build, needs: [check]}\n"
    (tmp_path / "wider.yaml").write_text(wider, encoding="utf-8")
    told = predicted(mop, "wider.yaml")
    assert told["input_data"]["task"] == platform
    assert told["output_prediction"]["critical_path"][-1] == "extra"
    assert any(it.startswith("No session tells of 1 of 7 tasks") for it in told["assumptions"])


def test_it_is_told_in_eighty_columns(mop: Mop, platform: str) -> None:
    done = mop(
        *("predict", platform, "--rehearsed", "--max-time", "3h", "--budget", "20"),
        env={"COLUMNS": "80"},
    )
    assert done.returncode == 0
    lines = done.stdout.splitlines()
    assert all(len(line) <= 80 for line in lines)
    assert lines[0] == "deploy_complete_platform, as 4 rehearsals let expect it"
    for said in ("agents, mesh: about", "It fits into 3 h", "your layout's", "critical path, "):
        assert said in done.stdout


# -- where nothing can be told ----------------------------------------------------------------


def test_with_too_few_sessions_nothing_is_told(mop: Mop, tmp_path: Path) -> None:
    for number in (1, 2):
        rehearse(mop, tmp_path, PLATFORM.replace("id: platform", f"id: p{number}"), 1, f"p{number}")
        done = mop("predict", "deploy_complete_platform", "--rehearsed")
        assert done.returncode == 1
        assert f"not enough rehearsals yet ({number} of 3)" in done.stdout
    live = mop("predict", "deploy_complete_platform", "--json")
    assert live.returncode == 1
    told = json.loads(live.stdout)
    assert told["output_prediction"] is None
    assert (told["sessions"], told["sessions_needed"]) == (0, 3)
    assert "mop-tui train learns" in mop("predict", "deploy_complete_platform").stderr
    assert told["why"] == "not enough sessions yet (0 of 3)"


def test_rehearsals_tell_nothing_of_real_sessions(mop: Mop, platform: str) -> None:
    done = mop("predict", platform)
    assert done.returncode == 1
    assert "not enough sessions yet (0 of 3); there are 4 rehearsals" in done.stdout


def test_real_sessions_are_told_of(mop: Mop, tmp_path: Path) -> None:
    text = """
session: {id: quick}
agent_types: {worker: {}}
teams: {crew: {agents: [{id: ann, type: worker}, {id: ben, type: worker}]}}
tasks:
  make: {agent: ann, run: [sh, -c, "echo made"]}
  ship: {agent: ben, needs: [make], run: [sh, -c, "echo shipped"]}
"""
    (tmp_path / "quick.yaml").write_text(text, encoding="utf-8")
    for _ in range(3):
        assert mop("run", "quick.yaml", "--headless").returncode == 0
    done = mop("predict", "quick", "--json")
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert told["output_prediction"]["critical_path"] == ["make", "ship"]
    assert told["output_prediction"]["optimal_team_size"] == 1
    assert told["cost_unit"] == "agent-hours"


# -- what is no task, no layout, no time and no budget ----------------------------------------


def test_an_unknown_task_is_told_with_what_may_be_meant(mop: Mop, platform: str) -> None:
    done = mop("predict", "deploy_complete_platfrom")
    assert done.returncode == 2
    assert f"(did you mean {platform}?)" in done.stderr
    assert f"known are {platform}" in mop("predict", "zzz").stderr


def test_without_anything_known_that_is_said(mop: Mop) -> None:
    done = mop("predict", "zzz")
    assert done.returncode == 2
    assert (
        "zzz: nothing is known of this task, nor of any other, and it is no layout" in done.stderr
    )
    assert (
        mop("predict", "python-release").stdout
        == "python-release: not enough sessions yet (0 of 3)\n"
    )
    assert "no-such.yaml" in mop("predict", "no-such.yaml").stderr


@pytest.mark.parametrize(
    ("option", "value", "said"),
    [
        ("--max-time", "soon", "is not a duration"),
        ("--max-time", "-5", "is not a duration between nothing and a year"),
        ("--max-time", "inf", "is not a duration"),
        ("--budget", "lots", "is no budget; write low, medium, high or a number"),
        ("--budget", "-1", "is no budget"),
        ("--budget", "nan", "is no budget"),
        ("--budget", "1e300", "is no budget"),
        ("--set", "x=1", "--set goes with a LAYOUT"),
    ],
)
def test_what_means_nothing_is_refused(mop: Mop, option: str, value: str, said: str) -> None:
    Store(usual_folder()).add(another("one", task="it"))
    done = mop("predict", "it", option, value)
    assert done.returncode == 2
    assert said in done.stderr
