"""`mop-tui answer`: from another terminal, to a session that a real program runs."""

import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import programs
import pytest
from running import ASKING, Running, eventually
from terminal import ENTER, Terminal

Mop = Callable[..., subprocess.CompletedProcess[str]]

ALL = """
session: {id: all}
agent_types: {worker: {}}
teams: {crew: {agents: [{id: ann, type: worker}, {id: ben, type: worker}]}}
tasks:
  slow:
    agent: ann
    run:
      shell: |
        echo '{"mop": "ask", "id": "colour", "question": "Which colour?", "question_type": "choice",
         "options": ["red", "blue"]}' | tr -d '\\n'; echo; read -r answer; echo "told $answer"
        until test -e go-on; do sleep 0.05; done
  one: {agent: ben, gate: danger, run: {shell: "echo one"}}
  two: {agent: ben, gate: danger, run: {shell: "echo two"}}
  three: {agent: ben, gate: token, run: {shell: "echo three"}}
  four: {agent: ben, gate: port, run: {shell: "echo four"}}
questions:
  danger: {question: "Delete everything?", question_type: approval, class: dangerous}
  token:
    {question: "The token?", question_type: input, input_type: password, timeout: 10m,
     validation: {min_length: 8}}
  port:
    {question: "Which port?", question_type: input, input_type: number, validation: {maximum: 99}}
"""
CANARY = "correct-horse-battery"


@pytest.fixture
def asking(tmp_path: Path) -> Iterator[Running]:
    with Running(tmp_path) as running:
        yield running


@pytest.fixture(scope="module")
def everything(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A session with all types of questions, none of which is answered by a test that shares it."""
    with Running(tmp_path_factory.mktemp("all"), ALL) as running:
        running.until("Which colour?")
        yield running


def answer(running: Running, *words: str, typed: str = "") -> "subprocess.CompletedProcess[str]":
    """Call `mop-tui answer` without a terminal."""
    return programs.run("answer", running.session, *words, cwd=running.folder, typed=typed)


def test_what_is_asked_is_listed(asking: Running) -> None:
    listed = answer(asking)
    assert listed.returncode == 0
    assert listed.stdout.splitlines() == [
        "q1  sure, about task ship",
        "  Ship it now?",
        "    change: one line",
        "      and another",
        "  answer: approve or reject",
    ]


def test_an_answer_is_recorded_before_the_command_ends(asking: Running) -> None:
    given = answer(asking, "sure", "reject", "--reason", "not today")
    assert given.returncode == 0, given.stderr
    assert given.stdout.endswith("q1 is answered: reject\n")
    [said] = asking.events("user.answered")
    [asked] = asking.events("user.asked")
    assert (said["value"], said["reason"]) == ("reject", "not today")
    assert said["digest"] == asked["digest"]
    assert said["by"].endswith(" by answer")
    assert "(uid " in said["by"]
    assert asking.events("user.seen")
    again = answer(asking, "q1", "approve")
    assert again.returncode == 2
    assert again.stderr.startswith("q1: is answered already by ")
    asking.go_on()
    assert asking.wait() == 1


def test_an_approval_lets_the_work_go_on(asking: Running) -> None:
    assert answer(asking, "q1", "approve").returncode == 0
    asking.until("ben completed ship")
    asking.go_on()
    assert asking.wait() == 0


def test_what_is_left_out_is_read_from_standard_input(asking: Running) -> None:
    assert answer(asking, "sure", typed="approve\n").returncode == 0
    asking.until("ben completed ship")


@pytest.mark.parametrize(
    ("words", "typed", "why"),
    [
        (["nope", "x"], "", "nope: there is no such question; open are q1 (danger), q2 (danger),"),
        (
            ["danger", "approve"],
            "",
            "danger: is asked 2 times; name one of them by its id: q1 and q2.",
        ),
        (
            ["q1", "approve"],
            "",
            "q1: is dangerous, so a person has to confirm the answer at a terminal.",
        ),
        (["q1", "yes"], "", "q1: approve or reject is expected."),
        (["token", CANARY], "", "q3: a password is never given as an argument, where others can"),
        (["token"], "short\n", "q3: at least 8 characters are needed."),
        (["token"], "", "q3: there is no answer on the command line or in stdin."),
        (["port", "100"], "", "q4: must be at most 99."),
        (["port", "many"], "", "q4: a number is expected."),
        (["ann/colour", "green"], "", "q5: one of red, blue is expected."),
    ],
)
def test_what_cannot_be_an_answer_is_refused_and_says_why(
    everything: Running, words: list[str], typed: str, why: str
) -> None:
    given = answer(everything, *words, typed=typed)
    assert given.returncode == 2
    assert given.stderr.startswith(why)
    assert CANARY not in given.stderr + given.stdout
    assert everything.events("user.answered") == []


def test_a_question_that_times_out_says_when(everything: Running) -> None:
    lines = answer(everything).stdout.splitlines()
    at = lines.index("q3  token, about task three")
    assert lines[at + 2 :][:2] == ["  answer: a password", "  times out in 10 min"]


def test_a_password_reaches_its_agent_and_nothing_else(tmp_path: Path) -> None:
    layout = ASKING.replace("echo shipped", "read -r it; echo $it | wc -c; echo said $it").replace(
        "question_type: approval", "question_type: input, input_type: password"
    )
    layout = layout.replace(
        "    question_type: input, input_type: password",
        "    question_type: input\n    input_type: password",
    )
    with Running(tmp_path, layout) as running:
        given = answer(running, "sure", typed=f"{CANARY}\n")
        assert given.returncode == 0, given.stderr
        assert given.stdout.endswith("q1 is answered.\n")
        running.until("ben completed ship")
        running.go_on()
        assert running.wait() == 0
        [said] = running.events("user.answered")
        assert said["value"] == ""
    for path in tmp_path.rglob("*"):
        assert not path.is_file() or CANARY.encode() not in path.read_bytes()


def test_an_agent_is_answered_by_its_name_for_the_question(tmp_path: Path) -> None:
    with Running(tmp_path, ALL) as running:
        running.until("Which colour?")
        assert answer(running, "ann/colour", "blue").returncode == 0
        [said] = running.events("user.answered")
        assert said["value"] == "blue"


def test_what_is_dangerous_is_confirmed_by_its_name(tmp_path: Path) -> None:
    with Running(tmp_path, ALL) as running:
        words = ("answer", "it.jsonl", "q1", "approve")
        with Terminal(*words, cwd=tmp_path) as terminal:
            terminal.until("Delete everything?", "type the question's name (danger)")
            terminal.press("yes", ENTER)
            assert terminal.wait() == 2
            assert "not confirmed" in terminal.display
        assert running.events("user.answered") == []
        with Terminal(*words, cwd=tmp_path) as terminal:
            terminal.until("type the question's name (danger)")
            terminal.press("danger", ENTER)
            assert terminal.wait() == 0
        assert [said["question"] for said in running.events("user.answered")] == ["q1"]


def test_a_typed_password_is_not_shown(tmp_path: Path) -> None:
    with Running(tmp_path, ALL) as running:
        with Terminal("answer", "it.jsonl", "token", cwd=tmp_path) as terminal:
            terminal.until("Password:")
            terminal.press(CANARY, ENTER)
            assert terminal.wait() == 0
            assert CANARY not in terminal.display
        assert [said["question"] for said in running.events("user.answered")] == ["q3"]


def test_a_session_that_does_not_run_says_what_can_be_done(asking: Running) -> None:
    asking.kill()
    interrupted = answer(asking, "sure", "approve")
    assert interrupted.returncode == 2
    assert interrupted.stderr == (
        f"{asking.session}: no program runs it, and it has not ended."
        f" To let it go on: mop-tui resume {asking.session}\n"
    )


def test_a_session_that_has_ended_says_how(asking: Running) -> None:
    answer(asking, "sure", "approve")
    asking.go_on()
    assert asking.wait() == 0
    assert not asking.socket.exists()
    ended = answer(asking, "sure", "approve")
    assert ended.returncode == 2
    assert ended.stderr == (
        f"{asking.session}: has ended (complete: all of 2 tasks complete)."
        f" To see it: mop-tui replay {asking.session}\n"
    )


@pytest.mark.parametrize("name", ["it.jsonl", "it", "sessions/it.jsonl"])
def test_a_file_can_be_named_as_it_is_called(mop: Mop, tmp_path: Path, name: str) -> None:
    folder = tmp_path / "sessions"
    folder.mkdir()
    file = folder / "it.jsonl" if "/" in name else tmp_path / "it.jsonl"
    file.write_text("something else\n", encoding="utf-8")
    assert "is not a session" in mop("answer", name).stderr
    assert mop("answer", "other").stderr == (
        "other: there is no such session file, nor one of this name in sessions/;"
        " `mop-tui sessions` lists those that are there.\n"
    )


def test_an_agent_is_told(asking: Running, mop: Mop) -> None:
    told = mop("tell", asking.session, "ann", "hurry up")
    assert told.returncode == 0, told.stderr
    [said] = asking.events("user.commanded")
    assert (said["command"], said["about"], said["reason"]) == ("say", "ann", "hurry up")
    assert said["by"].endswith(" by tell")
    assert [done for done in asking.events("system.done") if done["effect"] == "tell"]


def test_who_cannot_be_told_is_said(asking: Running, mop: Mop) -> None:
    ben = mop("tell", asking.session, "ben", "hurry up")
    assert ben.returncode == 2
    assert ben.stderr == "ben: was not told: it has no process that could read it.\n"
    zoe = mop("tell", asking.session, "zoe", "hurry up")
    assert zoe.returncode == 2
    assert zoe.stderr == "zoe: there is no such agent; there are ann, ben.\n"
    few = mop("tell", asking.session, "ann")
    assert few.returncode == 2
    assert "SESSION AGENT TEXT is expected" in few.stderr


CLASSES = """
session: {id: classes, keep_running: true}
agent_types: {worker: {}}
teams: {crew: {agents: [{id: ann, type: worker}]}}
tasks:
  slow:
    agent: ann
    run:
      shell: |
        for n in 1 2 3; do
          echo '{"mop": "ask", "id": "q'$n'", "question": "May I?", "class": "pods"}'
          read -r answer; until test -e go-$n; do sleep 0.05; done
        done
"""


def test_an_answer_is_remembered_listed_and_forgotten(tmp_path: Path) -> None:
    with Running(tmp_path, CLASSES) as running:
        running.until("May I?")
        refused = answer(running, "q1", "approve", "--remember", "long")
        assert refused.stderr.startswith("--remember long: is not a duration; write 30s,")
        refused = answer(running, "q1", "approve", "--remember", "25h")
        assert refused.returncode == 2
        assert "it can be for a day at most" in refused.stderr
        assert answer(running, "q1", "approve", "--remember", "30m").returncode == 0
        listed = answer(running, "--remembered").stdout
        assert listed.startswith("q1  ann, class pods: approve, by ")
        (tmp_path / "go-1").touch()
        running.until("q2")
        eventually(lambda: len(running.events("user.answered")) == 2)
        first, second = running.events("user.answered")
        assert (second["as_before"], second["by"], second["value"]) == (
            "q1",
            first["by"],
            "approve",
        )
        assert answer(running, "--forget", "q1").returncode == 0
        assert answer(running, "--remembered").stdout == "No answer is remembered.\n"
        assert answer(running, "--forget", "q1").returncode == 2
        (tmp_path / "go-2").touch()
        eventually(lambda: len(running.events("user.asked")) == 3)
        assert "q3  ann/q3" in answer(running).stdout
