"""What sessions leave to be learnt from: at their end, by `train`, and as `model` tells it."""

import json
import os
import stat
import subprocess
import time
from collections.abc import Callable
from dataclasses import replace
from math import inf
from pathlib import Path
from typing import Any

import programs
import pytest
from records import another
from running import Running
from terminal import ENTER, Terminal

from mop_tui.domain.plan import Mode
from mop_tui.foresight.store import Store, usual_folder

Mop = Callable[..., subprocess.CompletedProcess[str]]
Answers = Callable[[str], Path]
SESSIONS = Path(__file__).parents[2] / "sessions"

WORK = """
session: {id: dig, task: build, vars: {place: here}}
agent_types: {worker: {model: haiku}}
teams: {crew: {agents: [{id: ann, type: worker}, {id: ben, type: worker}]}}
tasks:
  make: {agent: ann, run: [sh, -c, "echo made"], duration: 2s}
  ship: {agent: ben, needs: [make], run: [sh, -c, "echo shipped"]}
"""
LONG = """
session: {id: long}
agent_types: {worker: {}}
teams: {crew: {agents: [{id: ann, type: worker}]}}
tasks: {slow: {agent: ann, run: {shell: "echo begun; until test -e go-on; do sleep 0.05; done"}}}
"""
CANARIES = ("correct-horse-battery", "in-the-output", "in-the-memory", "why-it-is-so")
"""An answer that is secret, and what else is said in a session: output, memory, a reason."""
TALKATIVE = """
session: {id: deploy}
agent_types: {worker: {}}
teams: {crew: {agents: [{id: ann, type: worker}, {id: ben, type: worker}]}}
tasks:
  look: {agent: ann, gate: sure, run: {shell: "cat said"}}
  ship: {agent: ben, gate: key, needs: [look], run: {shell: "read -r it; echo $it; cat said"}}
questions:
  sure: {question: "Sure?", question_type: approval}
  key: {question: "The key?", question_type: input, input_type: password}
"""


@pytest.fixture
def work(tmp_path: Path) -> Path:
    path = tmp_path / "work.yaml"
    path.write_text(WORK, encoding="utf-8")
    return path


def store() -> Store:
    return Store(usual_folder())


def model(mop: Mop, *words: str) -> dict[str, Any]:
    done = mop("model", "--json", *words)
    assert done.returncode == 0, done.stderr
    told: dict[str, Any] = json.loads(done.stdout)
    return told


# -- at the end of a session ------------------------------------------------------------------


def test_a_session_that_is_complete_is_learnt_from_and_says_so(mop: Mop, work: Path) -> None:
    first, second = (mop("run", work, "--headless") for _ in range(2))
    assert first.returncode == second.returncode == 0
    assert "\nlearnt from: task build, 1 session known\n" in f"\n{first.stderr}"
    assert "\nlearnt from: task build, 2 sessions known\n" in f"\n{second.stderr}"
    one, other = store().read().records
    assert one.run != other.run
    assert (one.task, one.mode, one.success, one.outcome) == ("build", "live", True, "complete")
    assert [(it.id, it.agent_type, it.model, it.planned, it.expected_ms) for it in one.tasks] == [
        ("make", "worker", "haiku", True, 2_000),
        ("ship", "worker", "haiku", True, None),
    ]
    assert 0 < sum(it.work_ms for it in one.tasks) <= one.execution_ms
    assert (one.team_composition, one.agent_types) == ({"crew": 2}, {"worker": 2})
    assert one.variables == {"place": "here"}


def test_how_it_was_run_is_what_is_kept(mop: Mop, work: Path) -> None:
    mop("run", work, "--headless", "--set", "place=there")
    [record] = store().read().records
    assert record.variables == {"place": "there"}


def test_without_a_name_of_what_it_does_its_id_is_one(mop: Mop, tmp_path: Path) -> None:
    (tmp_path / "work.yaml").write_text(WORK.replace(" task: build,", ""), encoding="utf-8")
    assert "learnt from: task dig," in mop("run", "work.yaml", "--headless").stderr


def test_with_json_only_events_are_printed(mop: Mop, work: Path) -> None:
    done = mop("run", work, "--headless", "--json")
    assert done.stderr == ""
    assert json.loads(done.stdout.splitlines()[-1])["kind"] == "system.ended"
    assert len(store().read().records) == 1


def test_rehearsals_are_not_learnt_from_by_themselves(mop: Mop, work: Path) -> None:
    done = mop("run", work, "--headless", "--rehearse")
    assert done.returncode == 0
    assert "learnt" not in done.stderr + done.stdout
    assert not store().folder.exists()


@pytest.mark.parametrize(
    "changes",
    [
        ("echo shipped", "exit 1"),  # which fails
        ("session: {", "session: {learn: false, "),
        (
            "tasks:",
            'tasks:\n  wait: {agent: ann, gate: sure, run: ["true"]}',
            "$",
            "\nquestions: {sure: {question: Q}}",
        ),
    ],
    ids=["failed", "not wanted", "waiting"],
)
def test_other_sessions_are_not_learnt_from(
    mop: Mop, tmp_path: Path, changes: tuple[str, ...]
) -> None:
    text = WORK
    for old, new in zip(changes[::2], changes[1::2], strict=True):
        text = text + new if old == "$" else text.replace(old, new)
    (tmp_path / "work.yaml").write_text(text, encoding="utf-8")
    done = mop("run", "work.yaml", "--headless")
    assert "the session ended" in done.stdout
    assert "learnt" not in done.stderr
    assert not store().folder.exists()


@pytest.mark.parametrize("as_json", [[], ["--json"]])
def test_where_nothing_can_be_kept_it_says_why_and_the_session_stays_complete(
    mop: Mop, work: Path, tmp_path: Path, as_json: list[str]
) -> None:
    (tmp_path / "data").touch()
    env = {"XDG_DATA_HOME": str(tmp_path / "data")}
    done = mop("run", work, "--headless", "--no-report", *as_json, env=env)
    assert done.returncode == 0
    assert done.stderr.endswith(
        f"nothing is learnt from this session: {tmp_path}/data/mop-tui: records cannot be written"
        " there: Not a directory.\n"
    )
    [file] = (tmp_path / "sessions").glob("*.jsonl")
    assert mop("verify", file).returncode == 0


def test_a_damaged_record_of_another_session_is_in_nobodys_way(mop: Mop, work: Path) -> None:
    store().add(another("odd", task="build"))
    (store().folder / "odd.json").write_text('{"run":"odd","task":"build",', encoding="utf-8")
    done = mop("run", work, "--headless", "--no-report")
    assert (done.returncode, done.stderr) == (0, "learnt from: task build, 1 session known\n")


def test_a_session_that_was_resumed_is_one_session(tmp_path: Path, mop: Mop) -> None:
    with Running(tmp_path, LONG) as session:
        session.kill()
        assert mop("train", "it.jsonl").stdout.startswith("left out")
        session.resume()
        session.go_on()
        assert session.wait() == 0
    [record] = store().read().records
    assert record.task == "long"
    assert record.tasks[0].attempts == 2


def test_a_session_whose_terminal_has_gone_is_learnt_from(tmp_path: Path, mop: Mop) -> None:
    (tmp_path / "long.yaml").write_text(LONG, encoding="utf-8")
    with Terminal("run", "long.yaml", "--session-file", "it.jsonl", cwd=tmp_path) as terminal:
        terminal.until("begun")
        terminal.close()
        (tmp_path / "go-on").touch()
        terminal.until_true(store().runs, "a record")
        assert terminal.wait() == 0
    assert mop("train", "it.jsonl").stdout.startswith("known already")


def _leave(terminal: Terminal) -> None:
    """Press q, and once more if that was taken for a key meant for the question that has gone."""
    pressed = -inf

    def left() -> bool:
        nonlocal pressed
        if time.monotonic() - pressed > 1:
            terminal.press("q")
            pressed = time.monotonic()
        return "learnt from" in terminal.display

    terminal.until_true(left, "the end of the program")


def test_no_secret_and_nothing_that_was_said_is_kept(tmp_path: Path) -> None:
    secret, output, memory, reason = CANARIES
    set_memory = {"mop": "memory", "key": "k", "value": memory}
    (tmp_path / "said").write_text(f"{output}\n{json.dumps(set_memory)}\n", encoding="utf-8")
    (tmp_path / "deploy.yaml").write_text(TALKATIVE, encoding="utf-8")
    words = ["run", "deploy.yaml", "--session-file", "it.jsonl"]
    with Terminal(*words, cwd=tmp_path) as terminal:
        terminal.until("Sure?")
        said = ["answer", "it.jsonl", "sure", "approve", "--reason", reason]
        assert programs.run(*said, cwd=tmp_path).returncode == 0
        terminal.until("The key?")
        assert (
            programs.run("answer", "it.jsonl", "key", cwd=tmp_path, typed=f"{secret}\n").returncode
            == 0
        )
        terminal.until("all of 2 tasks complete")
        _leave(terminal)
        assert terminal.wait() == 0
        assert "learnt from: task deploy, 1 session known" in terminal.display
    [path] = store().folder.iterdir()
    kept = path.read_text(encoding="utf-8")
    assert [it for it in CANARIES if it in kept] == []
    recorded = (tmp_path / "it.jsonl").read_text(encoding="utf-8")
    assert [it for it in CANARIES if it not in recorded] == [secret], "all else was really said"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert set(store().read().records[0].waits) == {"sure", "key"}


# -- train ------------------------------------------------------------------------------------


def test_what_was_learnt_from_at_its_end_is_known_already(mop: Mop, work: Path) -> None:
    mop("run", work, "--headless")
    [before] = store().read().records
    done = mop("train")
    assert done.returncode == 0
    assert done.stdout.startswith("known already  sessions/dig-")
    assert store().read().records == (before,), "the file tells what the state told"
    store().forget([before.run])
    assert mop("train").stdout.startswith("learnt  ")
    assert store().read().records == (before,)


def test_each_session_is_told_of(mop: Mop, work: Path, tmp_path: Path) -> None:
    folder = tmp_path / "sessions"
    mop("run", work, "--headless", "--rehearse", "--session-file", tmp_path / "rehearsed.jsonl")
    folder.mkdir()
    whole = (tmp_path / "rehearsed.jsonl").read_bytes()
    lines = whole.splitlines(keepends=True)
    (folder / "a-good.jsonl").write_bytes(whole)
    changed = lines[9].replace(b'"at":', b'"at":1', 1)
    (folder / "b-changed.jsonl").write_bytes(b"".join((*lines[:9], changed, *lines[10:])))
    (folder / "c-cut.jsonl").write_bytes(b"".join(lines[:-1]))
    (folder / "d-header.jsonl").write_bytes(whole.replace(b'"seed":0', b'"seed":1', 1))
    (folder / "e-other.jsonl").write_text('{"a": 1}\n', encoding="utf-8")
    (folder / "f-empty.jsonl").touch()
    work.write_text(WORK.replace("echo shipped", "exit 1"), encoding="utf-8")
    mop("run", work, "--headless", "--session-file", folder / "g-failed.jsonl")
    work.write_text(WORK.replace("session: {", "session: {learn: false, "), encoding="utf-8")
    mop("run", work, "--headless", "--session-file", folder / "h-private.jsonl")
    done = mop("train", "--json")
    told = [json.loads(line) for line in done.stdout.splitlines()]
    assert [(Path(it["file"]).stem, it["result"]) for it in told] == [
        ("a-good", "learnt"),
        ("b-changed", "damaged"),
        ("c-cut", "left_out"),
        ("d-header", "damaged"),
        ("g-failed", "left_out"),
        ("h-private", "left_out"),
    ]
    why = {Path(it["file"]).stem: it.get("why", "") for it in told}
    assert why["b-changed"].startswith("line 10: ")
    assert "interrupted" in why["c-cut"]
    assert why["d-header"].startswith("line 1: the header was changed")
    assert why["g-failed"].startswith("it ended incomplete: ")
    assert why["h-private"] == "its layout says learn: false"
    assert done.returncode == 2
    assert [it.mode for it in store().read().records] == [Mode.REHEARSAL]


def test_a_session_is_told_in_the_words_of_the_guide(mop: Mop) -> None:
    done = mop("train", "--json", SESSIONS / "mop-platform.jsonl")
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    [record] = store().read().records
    assert told["session_id"] == "mop-platform"
    assert told["pattern_type"] == "workflow"
    assert told["input_data"] == {
        "task": "mop-platform",
        "team_composition": {"platform": 6, "devops": 5, "observability": 5},
        "execution_time": record.execution_ms / 1000,
        "success": True,
    }


def test_what_is_asked_for_by_name_and_is_no_session_is_told(mop: Mop, work: Path) -> None:
    done = mop("train", work)
    assert done.returncode == 2
    assert " ".join(done.stdout.split()).startswith(f"not read {work}: it is no session file")
    missing = mop("train", "nowhere")
    assert missing.returncode == 2
    assert "there is no such session file" in missing.stderr


def test_where_there_are_no_sessions_it_says_so(mop: Mop, tmp_path: Path) -> None:
    done = mop("train")
    assert (done.returncode, done.stdout) == (0, "")
    assert done.stderr == "No sessions here: there is no folder sessions.\n"
    (tmp_path / "sessions").mkdir()
    assert mop("train").stderr == "No sessions in sessions.\n"


def test_a_session_that_runs_is_left_alone(tmp_path: Path, mop: Mop) -> None:
    with Running(tmp_path):
        done = mop("train", "it.jsonl")
    assert done.stdout.startswith("left out       it.jsonl: it has not ended yet\n")
    assert done.returncode == 0


def test_what_cannot_be_kept_is_told_of_each(mop: Mop, tmp_path: Path) -> None:
    (tmp_path / "data").touch()
    files = [SESSIONS / "mop-platform.jsonl", SESSIONS / "python-release.jsonl"]
    done = mop("train", "--json", *files, env={"XDG_DATA_HOME": str(tmp_path / "data")})
    assert done.returncode == 2
    told = [json.loads(line) for line in done.stdout.splitlines()]
    assert [it["result"] for it in told] == ["not_kept", "not_kept"]
    assert all("cannot be written" in it["why"] for it in told)


# -- model ------------------------------------------------------------------------------------


def test_nothing_is_known_in_the_beginning(mop: Mop) -> None:
    done = mop("model")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("Nothing is known yet.")
    assert model(mop)["tasks"] == []


def test_sessions_make_a_model(mop: Mop) -> None:
    times = {"a": 60, "b": 90, "c": 150}
    for run, seconds in times.items():
        teams = {"crew": 2, "others": 1} if run == "c" else {"crew": 2}
        topology = "star" if run == "c" else "mesh"
        store().add(
            another(
                run,
                execution_ms=seconds * 1000,
                team_composition=teams,
                topology=topology,
                overhead={"star": 0.25} if run == "c" else {},
                waits={"sure": seconds * 100},
            )
        )
    told = model(mop, "build")
    assert (told["model"], told["pattern_type"]) == ("workflow_optimizer", "workflow")
    [task] = told["tasks"]
    live = task["live"]
    assert (task["task"], task["enough"], live["sessions"]) == ("build", True, 3)
    assert live["execution_time"] == {"count": 3, "median": 90, "low": 60, "high": 150}
    assert live["team_size"] == {"count": 3, "median": 2, "low": 2, "high": 3}
    assert live["team_composition"]["others"] == {"count": 3, "median": 0, "low": 0, "high": 1}
    assert {shape: it["sessions"] for shape, it in live["topologies"].items()} == {
        "mesh": 2,
        "star": 1,
    }
    assert live["topologies"]["star"]["overhead"]["median"] == 0.25
    assert live["agent_types"] == {"worker": {"count": 3, "median": 50, "low": 50, "high": 50}}
    assert live["waits"]["sure"] == {"count": 3, "median": 9, "low": 6, "high": 15}
    assert [it["session_id"] for it in live["patterns"]] == ["a", "b", "c"]


def test_in_words_it_fits_eighty_columns(mop: Mop) -> None:
    for number in range(30):
        store().add(
            another(
                f"{number:032}",
                task="deploy_complete_platform_" + "x" * 39,
                team_composition={f"a-rather-long-team-{team}": team for team in range(9)},
            )
        )
    store().add(another("a"))
    for words in (["model"], ["model", "deploy_complete_platform_" + "x" * 39]):
        done = mop(*words, env={"COLUMNS": "80"})
        assert done.returncode == 0
        lines = [line for line in done.stdout.splitlines() if " " in line]
        assert len(lines) > 3
        assert [line for line in lines if len(line) > 80 and str(store().folder) not in line] == []
    assert "30 live sessions, enough for forecasts" in done.stdout
    assert "and 10 before" in done.stdout


def test_too_few_sessions_are_not_enough(mop: Mop) -> None:
    store().add(another("a"))
    store().add(another("b"))
    for run in "cdef":
        store().add(another(run, mode=Mode.REHEARSAL))
    said = mop("model").stdout
    assert "2 live sessions: not enough for forecasts yet (2 of 3)" in said
    assert "4 rehearsed sessions, enough for forecasts" in said
    [task] = model(mop)["tasks"]
    assert (task["enough"], task["live"]["enough"], task["rehearsal"]["enough"]) == (
        False,
        False,
        True,
    )
    assert task["live"]["forecasts"] is None


def test_sessions_that_go_alike_are_foretold_well_and_odd_ones_are_not(
    mop: Mop, work: Path
) -> None:
    for _ in range(3):
        mop("run", work, "--headless", "--rehearse")
    mop("train")
    [task] = model(mop)["tasks"]
    assert task["rehearsal"]["forecasts"]["error"] < 0.05
    records = store().read().records
    for number, record in enumerate(records):
        slow = number + 1
        store().add(
            another(
                record.run,
                task=record.task,
                mode=record.mode,
                layout=record.layout,
                tasks=record.tasks,
                execution_ms=record.execution_ms * slow,
            )
        )
    [task] = model(mop)["tasks"]
    assert task["rehearsal"]["forecasts"]["error"] > 0.3


def test_how_many_were_foretold_is_told(mop: Mop, work: Path) -> None:
    mop("run", work, "--headless", "--rehearse")
    mop("train")
    [first] = store().read().records
    for number in range(24):
        store().add(replace(first, run=f"r{number}"))
    said = " ".join(mop("model").stdout.split())
    assert "forecasts each of the latest 20 sessions foretold from the others: 0.0 % off" in said
    assert "80 % take 1.00 to 1.00 times as long as foretold" in said


def test_a_layout_is_told_by_which_task_it_is_known(mop: Mop, work: Path) -> None:
    store().add(another("aaaa1", task="build", layout={"session": {"id": "dig", "task": "build"}}))
    for name in ("dig", str(work)):
        done = mop("model", name)
        assert done.returncode == 2
        said = f"{name}: is a layout, and its task is build: mop-tui model build\n"
        assert done.stderr == said
    done = mop("predict", "dig")
    assert done.stderr.endswith("are of the task build: mop-tui predict build\n")
    assert "is a layout" not in mop("model", "mop-platform").stderr


def test_an_unknown_task_is_told_with_what_may_be_meant(mop: Mop) -> None:
    assert mop("model", "x").stderr == "x: nothing is known of this task, nor of any other\n"
    store().add(another("a"))
    done = mop("model", "buidl")
    assert done.returncode == 2
    assert done.stderr == "buidl: nothing is known of this task (did you mean build?)\n"
    assert mop("model", "zzz").stderr == "zzz: nothing is known of this task; known are build\n"


def test_what_cannot_be_read_is_told(mop: Mop) -> None:
    store().add(another("a"))
    bad = store().folder / "bad.json"
    bad.write_text("{", encoding="utf-8")
    done = mop("model")
    assert done.returncode == 0
    assert done.stderr == f"{bad}: it is damaged: it is no whole JSON.\n"
    assert model(mop)["unread"] == [f"{bad}: it is damaged: it is no whole JSON."]


def test_names_that_could_steer_a_terminal_are_harmless(mop: Mop) -> None:
    store().add(another("a", task="\x1b[31mred", started="\x1b]0;x\x07", agent_types={}))
    (store().folder / "\x1b[2J.json").write_text("{", encoding="utf-8")
    done = mop("model")
    assert "\x1b" not in done.stdout + done.stderr
    assert "red" in done.stdout


# -- forgetting -------------------------------------------------------------------------------


def test_one_session_or_a_whole_task_is_forgotten(mop: Mop) -> None:
    for run in ("aaaa1", "aaaa2", "bbbb1"):
        store().add(another(run, task="dig" if run == "bbbb1" else "build"))
    assert mop("model", "--forget", "aaaa1", "--yes").stdout == "aaaa1: 1 record removed\n"
    assert store().runs() == ["aaaa2", "bbbb1"]
    assert mop("model", "--forget", "bbbb", "--yes").stdout == "bbbb: 1 record removed\n"
    store().add(another("cccc1"))
    assert mop("model", "--forget", "build", "--yes").stdout == "build: 2 records removed\n"
    assert store().runs() == []


def test_what_cannot_be_read_is_forgotten_by_its_name(mop: Mop) -> None:
    store().add(another("aaaa1"))
    (store().folder / "aaaa1.json").write_text("{", encoding="utf-8")
    assert mop("model", "--forget", "aaaa1", "--yes").returncode == 0
    assert store().runs() == []


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (["--forget", "aaaa"], "aaaa: 2 runs begin so; give more of the id"),
        (["--forget", "aaa"], "aaa: there is no record of such a run or task"),
        (["--forget", ""], ": there is no record of such a run or task"),
        (["--forget", "../x"], "../x: there is no record of such a run or task"),
        (["--forget", "aaaa1"], "nobody is here to agree to removing 1 record"),
        (["--forget", "aaaa1", "build"], "--forget stands alone"),
        (["--forget", "aaaa1", "--json"], "--forget stands alone"),
        (["--yes"], "--yes goes with --forget"),
    ],
)
def test_nothing_is_removed_by_accident(mop: Mop, words: list[str], why: str) -> None:
    for run in ("aaaa1", "aaaa2"):
        store().add(another(run))
    done = mop("model", *words)
    assert done.returncode == 2
    assert why in done.stderr
    assert store().runs() == ["aaaa1", "aaaa2"]


def test_at_a_terminal_it_asks_first(tmp_path: Path) -> None:
    for run in ("aaaa1", "aaaa2"):
        store().add(another(run))
    with Terminal("model", "--forget", "build", cwd=tmp_path) as terminal:
        terminal.until("aaaa1", "aaaa2", "Remove these records?")
        terminal.press("n", ENTER)
        assert terminal.wait() == 2
        assert "build: nothing was removed" in terminal.display
    assert store().runs() == ["aaaa1", "aaaa2"]
    with Terminal("model", "--forget", "aaaa2", cwd=tmp_path) as terminal:
        terminal.until("aaaa2  2026-01-01 10:00  build, live", "Remove this record?")
        terminal.press("y", ENTER)
        assert terminal.wait() == 0
    assert store().runs() == ["aaaa1"]


def test_tests_write_nothing_into_the_data_of_whoever_runs_them() -> None:
    assert Path(os.environ["XDG_DATA_HOME"]) in usual_folder().parents
    assert Path.home() not in usual_folder().parents
