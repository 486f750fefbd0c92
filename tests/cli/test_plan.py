"""`mop-tui plan`: what running a layout would come to, told without running it."""

import json
import re
import subprocess
from collections.abc import Callable
from pathlib import Path

Mop = Callable[..., subprocess.CompletedProcess[str]]

WORKS = """
session: {id: works, goal: Build and ship, max_agents: 2, vars: {what: wheel}}
agent_types:
  worker: {skills: [build], run: [echo, "${what}"]}
teams:
  crew: {agents: [{id: ann, type: worker}, {id: ben, type: worker}]}
tasks:
  lint: {agent: ann, duration: 10s}
  build: {requires_skill: build, duration: 1m, provides: [wheel], run: [make, "${what}"]}
  try: {agent: ben, needs: [lint, "memory:wheel"], duration: 30s}
  ship: {agent: ann, needs: [try], gate: sure, run: {shell: "touch shipped", cwd: out}}
questions:
  sure: {question: "Ship the ${what}?", question_type: approval}
"""


def planned(mop: Mop, folder: Path, *options: str) -> str:
    (folder / "works.yaml").write_text(WORKS, encoding="utf-8")
    done = mop("plan", "works.yaml", *options, env={"COLUMNS": "80"})
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_tasks_stand_in_waves_each_after_what_it_needs(mop: Mop, tmp_path: Path) -> None:
    text = planned(mop, tmp_path)
    assert text.splitlines()[:14] == [
        "works  Build and ship",
        "4 tasks, 2 agents, at most 2 at work at a time",
        "",
        "Wave 1",
        "  lint   ann            10 s",
        "  build  any build      60 s",
        "",
        "Wave 2",
        "  try    ben            30 s  after lint and build",
        "",
        "Wave 3",
        "  ship   ann               ?  after try",
        "",
        "Critical path: build > try > ship; 90 s at least, and 1 task does not say how",
    ]


def test_gates_and_commands_are_told_with_variables_filled_in(mop: Mop, tmp_path: Path) -> None:
    text = planned(mop, tmp_path, "--set", "what=tarball")
    assert "before ship: Ship the tarball? (approval)" in text
    assert "  build: make tarball\n" in text
    assert "  ship: touch shipped   (in out)\n" in text


def test_as_json_it_is_one_object(mop: Mop, tmp_path: Path) -> None:
    told = json.loads(planned(mop, tmp_path, "--json"))
    assert told["waves"] == [["lint", "build"], ["try"], ["ship"]]
    assert told["critical_path"] == ["build", "try", "ship"]
    assert told["least_ms"] == 90_000
    assert told["tasks_without_duration"] == 1
    assert told["gates"] == [{"task": "ship", "question": "sure"}]
    assert {"task": "build", "command": "make wheel"} in told["commands"]


def test_nothing_is_run_and_nothing_written(mop: Mop, tmp_path: Path) -> None:
    planned(mop, tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["works.yaml"]


def test_a_layout_that_is_wrong_has_no_plan(mop: Mop, tmp_path: Path) -> None:
    (tmp_path / "wrong.yaml").write_text(WORKS.replace("[try]", "[tri]"), encoding="utf-8")
    done = mop("plan", "wrong.yaml")
    assert done.returncode == 2
    assert "there is no task 'tri' (did you mean try?)" in done.stderr


def test_bundled_layouts_are_planned_by_their_names(mop: Mop) -> None:
    for line in mop("layouts").stdout.splitlines():
        done = mop("plan", line.split()[0], env={"COLUMNS": "40"})
        assert done.returncode == 0, done.stderr
        assert "Wave 1" in done.stdout


def test_a_name_that_is_almost_right_is_suggested(mop: Mop) -> None:
    done = mop("plan", "agent-tour")
    assert done.returncode == 2
    assert "did you mean agents-tour?" in done.stderr


def test_a_file_goes_before_a_bundled_layout(mop: Mop, tmp_path: Path) -> None:
    (tmp_path / "agents-tour").write_text(WORKS, encoding="utf-8")
    assert mop("plan", "agents-tour").stdout.startswith("works  Build and ship")


TRIGGERED = """
session: {id: works, vars: {what: wheel}}
agent_types:
  worker: {run: [echo, working]}
  smith: {run: [hammer, "${what}"]}
teams:
  crew: {agents: [{id: ann, type: worker}]}
  late: {start: trigger, agents: [{id: zoe, type: worker}]}
tasks:
  lint: {agent: ann}
  tidy: {agent: zoe}
triggers:
  - {type: file_created, path_pattern: "in/*.txt", action: spawn_agent, agent_type: smith,
     task: "Forge ${event.path} into a ${what}"}
  - {type: agent_error, error_type: broken, action: spawn_troubleshooter, agent_type: smith}
  - {type: event, kind: task.transitioned, when: {event.to_state: FAILED}, action: notify}
  - {name: soon, type: schedule, interval: 30s, action: spawn_late_team}
"""


def test_triggers_are_told_with_what_they_wait_for_and_do(mop: Mop, tmp_path: Path) -> None:
    (tmp_path / "works.yaml").write_text(TRIGGERED, encoding="utf-8")
    text = mop("plan", "works.yaml", env={"COLUMNS": "100"}).stdout
    triggers, _, commands = text.partition("Triggers\n")[2].partition("\n\n")
    assert triggers.splitlines() == [
        "  on file created in/*.txt: spawn smith: Forge ${event.path} into a wheel",
        "  on agent error broken: spawn smith",
        "  on event task.transitioned if event.to_state is FAILED: notify you",
        "  on schedule every 30 s: spawn team late",
    ]
    assert "  smith, if spawned: hammer wheel\n" in commands

    told = json.loads(mop("plan", "works.yaml", "--json").stdout)
    assert told["triggers"][3] == {
        "name": "soon",
        "type": "schedule",
        "action": "spawn_team",
        "on": "schedule every 30 s",
        "does": "spawn team late",
    }
    assert told["commands_of_spawned"] == [{"agent_type": "smith", "command": "hammer wheel"}]


def test_neither_plan_nor_check_runs_or_watches_anything(mop: Mop, tmp_path: Path) -> None:
    layout = TRIGGERED.replace("[hammer,", "[touch, was-here,").replace("[echo,", "[touch, there,")
    (tmp_path / "works.yaml").write_text(layout, encoding="utf-8")
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a.txt").touch()
    for command in ("plan", "check"):
        done = mop(command, "works.yaml")
        assert done.returncode == 0, done.stderr
    assert sorted(path.name for path in tmp_path.iterdir()) == ["in", "works.yaml"]


PLAYED = """
session: {id: played, vars: {size: "1"}}
agent_types: {worker: {sim: {output: [done]}}}
teams: {crew: {agents: [{id: ann, type: worker}]}}
tasks:
  dig: {agent: ann, duration: 10m}
  fill: {agent: ann, needs: [dig], duration: 20m}
"""


def rehearsed(mop: Mop, folder: Path, seed: str) -> None:
    file = folder / f"{seed}.jsonl"
    done = mop("run", "played.yaml", "--headless", "--seed", seed, "--session-file", file)
    assert done.returncode == 0, done.stderr
    assert mop("train", file).returncode == 0


def test_how_long_it_will_take_is_told_from_three_sessions_on(mop: Mop, tmp_path: Path) -> None:
    (tmp_path / "played.yaml").write_text(PLAYED, encoding="utf-8")
    for known, seed in enumerate("123"):
        text = mop("plan", "played.yaml").stdout
        assert f"Expected length: not enough sessions yet ({known} of 3)." in text
        rehearsed(mop, tmp_path, seed)
    text = mop("plan", "played.yaml", "--set", "size=2").stdout
    assert "Critical path: dig > fill; 30 min at least." in text
    said = re.search(
        r"Expected length: (\d+) min, learnt from 3 sessions; in 5 of 10 cases (\d+) min to (\d+)"
        r" min\.",
        " ".join(text.split()),
    )
    assert said is not None, text
    length, soonest, latest = map(int, said.groups())
    assert soonest <= length <= latest
    told = json.loads(mop("plan", "played.yaml", "--json").stdout)["expected"]
    assert (told["sessions"], told["sessions_needed"], told["coverage"]) == (3, 3, 0.5)
    assert told["soonest_ms"] <= told["length_ms"] <= told["latest_ms"]


def test_sessions_that_did_something_else_tell_of_no_length(mop: Mop, tmp_path: Path) -> None:
    (tmp_path / "played.yaml").write_text(PLAYED, encoding="utf-8")
    for seed in "123":
        rehearsed(mop, tmp_path, seed)
    other = PLAYED.replace("worker", "smith").replace("dig", "forge").replace("fill", "file")
    (tmp_path / "other.yaml").write_text(other, encoding="utf-8")
    text = " ".join(mop("plan", "other.yaml").stdout.split())
    assert "Expected length: unknown. The sessions that are known of this task had no task" in text
    assert json.loads(mop("plan", "other.yaml", "--json").stdout)["expected"]["length_ms"] is None


def test_what_cannot_be_read_of_earlier_sessions_is_told(mop: Mop, tmp_path: Path) -> None:
    (tmp_path / "played.yaml").write_text(PLAYED, encoding="utf-8")
    data = tmp_path / "data"
    (data / "mop-tui").mkdir(parents=True)
    (data / "mop-tui" / "workflows").write_text("no folder")
    env = {"XDG_DATA_HOME": str(data)}
    done = mop("plan", "played.yaml", env=env)
    assert done.returncode == 0
    assert "Expected length: unknown." in done.stdout
    ran = mop("run", "played.yaml", "--headless", "--session-file", "it.jsonl", env=env)
    assert ran.returncode == 0
    assert str(data) in ran.stderr
