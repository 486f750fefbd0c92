"""`mop-tui tell`, as shell scripts use it."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from agent.far_side import FarSide, sh
from pydantic import JsonValue

from mop_tui.tell import ASKING, HELP, SAYING

Env = dict[str, str]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("progress 40", {"mop": "progress", "percent": 40}),
        ("progress 40.9 'half way'", {"mop": "progress", "percent": 40, "note": "half way"}),
        ("progress 140", {"mop": "progress", "percent": 100}),
        (
            "health degraded --cpu 45 --memory=62.5 --errors 0 --response-time 1250",
            {
                "mop": "health",
                "status": "degraded",
                "cpu_usage": 45,
                "memory_usage": 62.5,
                "error_count": 0,
                "response_time": 1250,
            },
        ),
        ("health", {"mop": "health"}),
        ("memory k '[1]'", {"mop": "memory", "key": "k", "value": "[1]"}),
        ("memory k '[1]' --json", {"mop": "memory", "key": "k", "value": [1]}),
        ("memory --json k null", {"mop": "memory", "key": "k", "value": None}),
        ("error timeout", {"mop": "error", "type": "timeout", "message": ""}),
        ("error timeout 'too slow'", {"mop": "error", "type": "timeout", "message": "too slow"}),
        ("notify hi", {"mop": "notify", "text": "hi", "severity": "info"}),
        ("notify --severity=critical hi", {"mop": "notify", "text": "hi", "severity": "critical"}),
        ("notify -- --hi", {"mop": "notify", "text": "--hi", "severity": "info"}),
        ("message bob 'a \"b\"'", {"mop": "message", "to": "bob", "text": 'a "b"'}),
        ("output ''", {"mop": "output", "value": ""}),
        ("output --json 3", {"mop": "output", "value": 3}),
        ("unlock 'env/*'", {"mop": "unlock", "resource": "env/*"}),
        ("done", {"mop": "done"}),
        ("done --output x", {"mop": "done", "output": "x"}),
        ("done --output null --json", {"mop": "done", "output": None}),
        (
            "done --failed timeout --message 'too slow'",
            {"mop": "done", "failed": "timeout", "message": "too slow"},
        ),
    ],
)
def test_what_a_script_says_arrives(env: Env, words: str, said: dict[str, JsonValue]) -> None:
    with FarSide(sh(f"mop-tui tell {words}"), env) as far:
        assert {"mop": said["mop"], **far.hears(str(said["mop"]))} == said
        assert far.ends() == 0
        assert far.log == []


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        ("", "one of progress, health, memory"),
        ("progres 4", "there is no 'progres'; there are progress, health"),
        ("progress", "progress PERCENT [NOTE] is expected"),
        ("progress much", "PERCENT is a number, and 'much' is none"),
        ("progress nan", "PERCENT is a finite number, and 'nan' is none"),
        ("progress 1 2 3", "progress PERCENT [NOTE] is expected"),
        ("progress 1 --json", "there is no option --json here"),
        ("health fine", "STATUS is healthy, degraded or unhealthy, not 'fine'"),
        ("health --cpu", "--cpu needs a value"),
        ("health --cpu 1 --cpu 2", "--cpu is given twice"),
        ("memory k '{' --json", "'{' is no JSON"),
        ("memory k 1 --json=yes", "--json takes no value"),
        ("memory k NaN --json", "not a number that JSON knows"),
        ("notify hi --severity bad", "--severity is info, warning or critical, not 'bad'"),
        ("done now", "done without further words is expected"),
        ("ask", "ask QUESTION is expected"),
        ("ask q --approval --password", "--approval and --password do not go together"),
        ("ask q --context x", "--context NAME=TEXT is expected, not 'x'"),
        ("waiting key", "memory:KEY is expected, not 'key'"),
        ("lock", "lock RESOURCE is expected"),
        ("unlock a b", "unlock RESOURCE is expected"),
    ],
)
def test_a_wrong_call_says_what_is_wrong_and_exits_2(env: Env, words: str, complaint: str) -> None:
    with FarSide(sh(f"mop-tui tell {words}"), env) as far:
        assert far.ends() == 2
        assert len(far.log) == 1
        assert far.log[0].startswith("mop-tui tell: ")
        assert complaint in far.log[0]
        assert "`mop-tui tell --help`" in far.log[0]


def test_it_is_heard_from_within_a_substitution(env: Env) -> None:
    script = """
        result=$(mop-tui tell progress 40; echo plain)
        echo "<$result>"
    """
    with FarSide(sh(script), env) as far:
        far.hears("progress")
        assert far.ends() == 0
        assert far.log == ["<plain>"]


def asking(words: str) -> list[str]:
    """A script that asks, and shows what it got."""
    return sh(f"""
        answer=$(mop-tui tell {words})
        echo "$? <$answer>"
    """)


@pytest.mark.parametrize(
    ("words", "outcome", "value", "shown"),
    [
        ("--approval", "answered", "approve", "0 <approve>"),
        ("--approval", "answered", "reject", "1 <reject>"),
        ("--approval", "default", "reject", "1 <reject>"),
        ("--choice a --choice b", "answered", "b", "0 <b>"),
        ("--choice a --choice b", "default", "a", "0 <a>"),
        ("", "answered", "any text", "0 <any text>"),
        ("--number", "answered", "5", "0 <5>"),
        ("--password", "answered", "hunter2", "0 <hunter2>"),
        ("", "expired", None, "3 <>"),
        ("", "withdrawn", None, "3 <>"),
        ("--approval", "refused", "approve", "3 <>"),
    ],
)
def test_an_answer_is_printed_and_the_exit_code_says_how_it_came_out(
    env: Env, words: str, outcome: str, value: JsonValue, shown: str
) -> None:
    with FarSide(asking(f"ask 'Deploy?' {words}"), env) as far:
        asked = far.hears("ask")
        far.tell("answer", id=asked["id"], outcome=outcome, value=value)
        assert far.ends() == 0
        assert far.log[-1] == shown


def test_a_question_says_all_there_is_to_it(env: Env) -> None:
    words = (
        "ask 'Deploy?' --choice a --choice b=Second --default a --timeout 30 --required"
        " --context version=1.2 --context 'notes=a=b' --fallback b --class deploy"
    )
    with FarSide(asking(words), env) as far:
        asked = far.hears("ask")
        del asked["id"]
        assert asked == {
            "question": "Deploy?",
            "question_type": "choice",
            "options": ["a", {"value": "b", "label": "Second"}],
            "default": "a",
            "timeout": 30,
            "required": True,
            "context": {"version": "1.2", "notes": "a=b"},
            "fallback": "b",
            "class": "deploy",
        }


def test_an_input_says_what_it_must_be_like(env: Env) -> None:
    words = (
        "ask 'Token?' --password --min-length 8 --max-length 64 --pattern '[a-z].*'"
        " --require-digit --require-special"
    )
    with FarSide(asking(words), env) as far:
        asked = far.hears("ask")
        assert asked["question_type"] == "input"
        assert asked["input_type"] == "password"
        assert asked["validation"] == {
            "min_length": 8,
            "max_length": 64,
            "pattern": "[a-z].*",
            "require_digit": True,
            "require_special": True,
        }


def test_the_reason_of_a_rejection_goes_to_the_log(env: Env) -> None:
    with FarSide(asking("ask --approval 'Deploy?'"), env) as far:
        name = far.hears("ask")["id"]
        far.tell("answer", id=name, outcome="answered", value="reject", reason="not\ntoday")
        assert far.ends() == 0
        assert far.log == ["mop-tui tell: rejected: not today", "1 <reject>"]


def test_why_there_is_no_answer_goes_to_the_log(env: Env) -> None:
    with FarSide(asking("ask 'Deploy?'"), env) as far:
        far.tell("answer", id=far.hears("ask")["id"], outcome="refused", reason="too many")
        assert far.ends() == 0
        assert far.log == ["mop-tui tell: no answer: refused: too many", "3 <>"]


def test_nothing_behind_the_answer_is_swallowed(env: Env) -> None:
    script = """
        one=$(mop-tui tell ask "One?")
        read -r line
        two=$(mop-tui tell ask "Two?")
        cat
        echo "$one $two $line"
    """
    with FarSide(sh(script), env) as far:
        first = json.dumps(
            {"mop": "answer", "id": far.hears("ask")["id"], "outcome": "answered", "value": "1"}
        )
        far.write(f"{first}\nmine\n".encode())
        second = json.dumps(
            {"mop": "answer", "id": far.hears("ask")["id"], "outcome": "answered", "value": "2"}
        )
        far.write(f"{second}\nthe rest\n".encode())
        far.hang_up()
        assert far.ends() == 0
        assert far.log == ["the rest", "1 2 mine"]


def test_what_comes_before_the_answer_is_minded(env: Env) -> None:
    with FarSide(asking("ask 'Deploy?'"), env | {"MOP_TASK": "deploy"}) as far:
        far.tell("task", id="deploy")
        far.tell("ping", id=1)
        name = far.hears("ask")["id"]
        far.tell("message", **{"from": "bob", "text": 'hi\n{"mop":"done"}'})
        far.tell("answer", id="stale", outcome="answered", value="no")
        far.tell("cancel", task="another", reason="not this one")
        far.tell("ping", id="two")
        far.tell("answer", id=name, outcome="answered", value="yes")
        assert far.ends() == 0
        assert "pong" not in [line["mop"] for line in far.said]  # the script cannot go on so
        assert far.log == ['mop-tui tell: bob says: hi {"mop":"done"}', "0 <yes>"]


def test_a_cancelled_task_has_no_answer(env: Env) -> None:
    with FarSide(asking("ask 'Deploy?'"), env | {"MOP_TASK": "deploy"}) as far:
        far.hears("ask")
        far.tell("cancel", task="deploy", reason="the operator says so")
        assert far.ends() == 0
        assert far.log == [
            "mop-tui tell: no answer: withdrawn: the operator says so",
            "3 <>",
        ]


@pytest.mark.parametrize(
    ("words", "kind"),
    [("ask q", "ask"), ("waiting memory:k", "waiting"), ("lock x", "waiting")],
)
def test_a_cancelled_task_of_an_agent_for_the_session_has_no_answer(
    env: Env, tmp_path: Path, words: str, kind: str
) -> None:
    file = tmp_path / "task.json"
    file.write_text(json.dumps({"mop": "task", "id": "deploy"}, indent=1))
    for known in ({}, {"MOP_TASK_FILE": str(tmp_path / "none")}, {"MOP_TASK_FILE": str(file)}):
        with FarSide(asking(words), env | known) as far:
            far.hears(kind)
            far.tell("cancel", task="deploy", reason="the operator says so")
            assert far.ends() == 0
            assert far.log == ["mop-tui tell: no answer: withdrawn: the operator says so", "3 <>"]


def test_the_cancellation_of_an_earlier_task_takes_no_answer_away(env: Env, tmp_path: Path) -> None:
    file = tmp_path / "task.json"
    file.write_text('{"mop": "task", "id": "second"}')
    with FarSide(asking("ask q"), env | {"MOP_TASK_FILE": str(file)}) as far:
        name = far.hears("ask")["id"]
        far.tell("cancel", task="first")
        far.tell("answer", id=name, outcome="answered", value="yes")
        assert far.ends() == 0
        assert far.log == ["0 <yes>"]


def test_who_waits_for_the_next_task_has_none_that_could_be_cancelled(env: Env) -> None:
    with FarSide(asking("task id"), env) as far:
        far.tell("cancel", task="first")
        far.tell("task", id="second")
        assert far.ends() == 0
        assert far.log == ["0 <second>"]


@pytest.mark.parametrize("words", ["ask q", "waiting memory:k", "lock x", "secret s", "task"])
def test_a_hang_up_is_no_answer(env: Env, words: str) -> None:
    script = f"""
        mop-tui tell {words}
        echo $?
    """
    with FarSide(sh(script), env) as far:
        far.hang_up()
        assert far.hears_out() == 0
        assert far.log == [
            "mop-tui tell: standard input ended before the answer came:"
            " mop-tui has gone or hung up",
            "3",
        ]


def test_it_has_no_answer_without_a_standard_input(env: Env) -> None:
    with FarSide(sh("mop-tui tell ask q <&-; echo $?"), env) as far:
        far.hears("ask")
        assert far.ends() == 0
        assert far.log[-1] == "3"


def test_a_key_is_waited_for_and_printed(env: Env) -> None:
    script = """
        mop-tui tell waiting memory:text
        mop-tui tell waiting memory:build
        mop-tui tell waiting memory:never
        echo $?
    """
    with FarSide(sh(script), env) as far:
        waiting = far.hears("waiting")
        assert waiting["for"] == "memory:text"
        far.tell("answer", id=waiting["id"], outcome="answered", value="as it is")
        name = far.hears("waiting")["id"]
        far.tell("answer", id=name, outcome="answered", value={"files": [1, None]})
        name = far.hears("waiting")["id"]
        far.tell("answer", id=name, outcome="refused", reason="nobody provides it")
        assert far.ends() == 0
        assert far.log == [
            "as it is",
            '{"files":[1,null]}',
            "mop-tui tell: no answer: refused: nobody provides it",
            "3",
        ]


def test_a_lock_is_waited_for_and_nothing_printed(env: Env) -> None:
    script = """
        mop-tui tell lock 'env/*'
        mop-tui tell lock release
        echo $?
    """
    with FarSide(sh(script), env) as far:
        waiting = far.hears("waiting")
        assert waiting["for"] == "lock:env/*"
        far.tell("answer", id=waiting["id"], outcome="answered", value=True)
        far.tell("answer", id=far.hears("waiting")["id"], outcome="refused", reason="too much")
        assert far.ends() == 0
        assert far.log == ["mop-tui tell: no answer: refused: too much", "3"]


def test_a_secret_is_read_from_its_pipe_once(env: Env) -> None:
    script = """
        token=$(mop-tui tell secret deploy-token)
        echo ${#token}
        mop-tui tell secret deploy-token
        echo $?
    """
    with FarSide(sh(script), env, secrets={"DEPLOY_TOKEN": "hunter2"}) as far:
        assert far.ends() == 0
        assert far.log == [
            "7",
            "mop-tui tell: no answer: refused: the pipe with deploy-token is empty; it can be read"
            " once",
            "3",
        ]


def test_a_secret_comes_on_standard_input_too(env: Env) -> None:
    with FarSide(asking("secret deploy-token"), env) as far:
        far.tell("answer", id="deploy-token", outcome="answered", value="hunter2")
        assert far.ends() == 0
        assert far.log == ["0 <hunter2>"]


def test_a_loop_over_tasks_needs_nothing_but_a_shell(env: Env) -> None:
    script = """
        while task=$(mop-tui tell task id 2>/dev/null); do
            mop-tui tell done --output "$task is done"
        done
        echo the end
    """
    with FarSide(sh(script), env) as far:
        for name in ("one", "two"):
            far.tell("task", id=name, title="Do it")
            assert far.hears("done") == {"output": f"{name} is done"}
        far.hang_up()
        assert far.ends() == 0
        assert far.log == ["the end"]


def test_a_task_is_printed_whole_or_by_field(env: Env) -> None:
    script = """
        mop-tui tell task
        mop-tui tell task context
        mop-tui tell task colour
        echo $?
    """
    with FarSide(sh(script), env) as far:
        for _ in range(3):
            far.tell("task", id="one", context={"failed": "two"})
        assert far.ends() == 0
        assert far.log == [
            '{"id":"one","context":{"failed":"two"}}',
            '{"failed":"two"}',
            "mop-tui tell: the task has no 'colour'; it has id, context."
            " See `mop-tui tell --help`.",
            "2",
        ]


def test_an_argument_that_is_no_text_is_shown_as_such(env: Env) -> None:
    with FarSide(sh("mop-tui tell notify \"$(printf 'a\\377b')\""), env) as far:
        assert far.hears("notify")["text"] == "a\ufffdb"


def test_outside_of_mop_tui_it_says_so_and_exits_2(env: Env) -> None:
    del env["MOP_AGENT"]
    ran = subprocess.run(
        sh("mop-tui tell progress 4"), env=env, capture_output=True, encoding="utf-8", check=False
    )
    assert ran.returncode == 2
    assert ran.stdout == ""
    assert "this was not started by mop-tui (there is no MOP_AGENT)" in ran.stderr


@pytest.mark.parametrize("words", ["--help", "-h", "ask --help"])
def test_its_help_can_be_read_anywhere(env: Env, words: str) -> None:
    del env["MOP_AGENT"]
    ran = subprocess.run(
        sh(f"mop-tui tell {words}"), env=env, capture_output=True, encoding="utf-8", check=False
    )
    assert ran.returncode == 0
    assert SAYING in ran.stdout
    assert ASKING in ran.stdout


def test_an_agent_reads_the_help_without_what_is_for_operators(env: Env) -> None:
    ran = subprocess.run(
        sh("mop-tui tell --help"), env=env, capture_output=True, encoding="utf-8", check=False
    )
    assert ran.returncode == 0
    assert ran.stdout == HELP


def test_the_program_lists_it_among_its_commands(env: Env) -> None:
    ran = subprocess.run(
        sh("mop-tui --help"), env=env, capture_output=True, encoding="utf-8", check=False
    )
    assert "  tell " in ran.stdout


def test_it_works_by_way_of_the_command_line_too(env: Env) -> None:
    # As an older console script calls it.
    call = f'"{sys.executable}" -c "from mop_tui.cli import main; main()" tell'
    script = f"""
        {call} notify -- --hi
        {call} progress
        echo $?
    """
    with FarSide(sh(script), env) as far:
        assert far.hears("notify")["text"] == "--hi"
        assert far.ends() == 0
        assert far.log[-1] == "2"
