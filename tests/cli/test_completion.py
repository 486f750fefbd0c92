"""Shells complete command lines: tried in the shells themselves, where they are installed."""

import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from running import Running, eventually
from terminal import TAB, Terminal

from mop_tui.cli.completing import SHELLS
from mop_tui.cli.contents import SUMMARIES

Mop = Callable[..., subprocess.CompletedProcess[str]]
RECORDED = Path(__file__).parents[2] / "sessions" / "python-release.jsonl"
NO_LINE = "\x15"
"""Ctrl-U empties the command line."""
BEGIN = {
    "bash": (["bash", "--norc", "--noprofile", "-i"], 'eval "$(mop-tui completion bash)"'),
    "zsh": (
        ["zsh", "-f", "-i"],
        'autoload -U compinit && compinit -u -D; eval "$(mop-tui completion zsh)"',
    ),
    "fish": (["fish", "--no-config"], "mop-tui completion fish | source"),
}
"""How each shell is started without anybody's settings, and what makes it complete."""
LAYOUT = "session: {id: first, vars: {name: World, place: here}}\n"


@pytest.fixture
def here(tmp_path: Path) -> Path:
    """A folder with layouts, and a session that has ended."""
    for name in ("first.yaml", "my layout.yaml", "folder/inner.yaml", "notes.txt"):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(LAYOUT, encoding="utf-8")
    (tmp_path / "sessions").mkdir()
    shutil.copy(RECORDED, tmp_path / "sessions" / "done.jsonl")
    return tmp_path


@pytest.fixture
def live(here: Path) -> Iterator[Path]:
    """The same folder, and a session that runs and asks."""
    with Running(here, session="sessions/live.jsonl") as running:
        eventually(lambda: b'"kind":"user.asked"' in running.session.read_bytes())
        yield here


def asked(folder: Path, words: str, shell: str = "zsh", *, home: str = "") -> list[str]:
    """Return what a shell is told that asks how `mop-tui` and these words could go on."""
    bash = {"COMP_LINE": f"mop-tui {words}", "COMP_WORDBREAKS": " \t\n\"'><=;|&(:"}
    *whole, begun = words.split(" ")
    arguments = [] if shell == "bash" else [*shlex.split(" ".join(whole)), begun]
    done = subprocess.run(
        [sys.executable, "-m", "mop_tui", *arguments],
        cwd=folder,
        env={**os.environ, "MOP_COMPLETE": shell, "HOME": home, **bash},
        capture_output=True,
        encoding="utf-8",
        check=True,
    )
    assert done.stderr == ""
    return done.stdout.splitlines()


# -- what is suggested ----------------------------------------------------------------------------


def test_commands_come_in_their_order_with_what_they_do(here: Path) -> None:
    assert asked(here, "") == [f"{name}\t{summary}" for name, summary in SUMMARIES.items()]
    assert [line.partition("\t")[0] for line in asked(here, "re")] == [
        "resume",
        "replay",
        "report",
    ]


def test_options_come_with_the_first_sentence_of_their_help(here: Path) -> None:
    assert asked(here, "events done --fo") == [
        "--follow\tPrint what happens until the session ends"
    ]
    assert "--answers\tAnswers written down beforehand" in asked(here, "run --")


def test_layouts_are_those_that_come_along_and_files(here: Path) -> None:
    told = asked(here, "run ")
    assert "mop-platform\tcomes with mop-tui" in told
    assert {"first.yaml", "my layout.yaml", "folder/"} < set(told)
    assert "notes.txt" not in told
    assert asked(here, "plan folder/") == ["folder/inner.yaml"]
    assert asked(here, "run first.yaml --set pl") == ["place=\there"]
    assert asked(here, "predict first.yaml --set pl") == ["place=\there"]
    assert "pace=" in "".join(asked(here, "predict complete-orchestration --set "))
    assert asked(here, "predict first.yaml --set x") == asked(here, "predict nothing --set ") == []
    assert asked(here, "predict first.yaml --budget ") == ["low", "medium", "high"]


def test_running_sessions_come_first_and_alone_where_they_are_needed(live: Path) -> None:
    assert asked(live, "replay ") == ["live\trunning", "done\tended"]
    for command in ("answer", "attach", "tell", "feedback"):
        assert asked(live, f"{command} ") == ["live\trunning"], command
    assert asked(live, "resume ") == []
    assert asked(live, "verify sessions/d") == ["sessions/done.jsonl"]


def test_interrupted_sessions_are_what_can_be_resumed(here: Path) -> None:
    lines = RECORDED.read_bytes().splitlines(keepends=True)
    (here / "sessions" / "cut.jsonl").write_bytes(b"".join(lines[:50]))
    assert asked(here, "resume ") == ["cut\tinterrupted"]


def test_of_a_session_its_questions_answers_agents_and_tasks_are_suggested(live: Path) -> None:
    assert asked(live, "answer live ") == ["sure\tShip it now?"]
    assert asked(live, "answer live q") == ["q1\tShip it now?"]
    assert asked(live, "answer live sure ") == ["approve", "reject"]
    assert asked(live, "answer done ") == []
    assert asked(live, "tell live b") == ["ben\tagent"]
    assert asked(live, "feedback live s") == ["slow\ttask", "ship\ttask"]
    assert asked(live, "feedback live task:s") == ["task:slow\ttask", "task:ship\ttask"]
    assert asked(live, "events live --agent ") == ["ann\tagent", "ben\tagent"]
    assert asked(live, "events live --task=sh") == ["ship\ttask"]


def test_a_choice_is_suggested_with_its_labels(here: Path) -> None:
    session = here / "sessions" / "choice.jsonl"
    recorded = (RECORDED.parent / "mop-platform.jsonl").read_bytes().splitlines(keepends=True)
    asks = next(place for place, line in enumerate(recorded) if b'"kind":"user.asked"' in line)
    session.write_bytes(b"".join(recorded[: asks + 1]))
    assert asked(here, "answer choice tempo-storage ") == [
        "s3\tAWS S3",
        "gcs\tGoogle Cloud Storage",
        "local\tLocal storage",
    ]


def test_kinds_of_events_are_suggested_with_patterns_for_all_of_a_category(here: Path) -> None:
    assert asked(here, "events done --kind ta") == [
        "task.*",
        "task.created",
        "task.output",
        "task.reassigned",
        "task.refused",
        "task.transitioned",
    ]


def test_what_was_learnt_is_suggested_by_its_task(
    mop: Mop, here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(here / "data"))
    assert mop("train").returncode == 0
    assert asked(here, "model ") == ["python-release\tlearnt from 1 session"]
    assert asked(here, "model --forget py") == ["python-release\tlearnt from 1 session"]
    assert asked(here, "predict py") == ["python-release\tlearnt from 1 session"]
    assert asked(here, "predict mop") == ["mop-platform\tcomes with mop-tui"]
    assert asked(here, "report done --format ") == ["md", "html", "json"]


@pytest.mark.parametrize(
    "words", ["replay /nowhere/", "answer nobody ", "events nobody --agent ", "nothing ", "run ~x/"]
)
def test_where_there_is_nothing_to_suggest_there_is_silence(here: Path, words: str) -> None:
    assert asked(here, words) == []


def test_files_that_are_no_sessions_do_no_harm(here: Path) -> None:
    for name, content in {"empty": b"", "binary": bytes(range(256)) * 50, "text": b"{}\n"}.items():
        (here / "sessions" / f"{name}.jsonl").write_bytes(content)
        assert asked(here, f"answer {name} ") == []
        assert asked(here, f"events {name} --agent ") == []
    (here / "sessions" / "folder.jsonl").mkdir()
    assert "done\tended" in asked(here, "verify ")


def test_a_home_directory_stays_as_it_was_typed(here: Path) -> None:
    assert asked(here / "folder", "run ~/fi", home=str(here)) == ["~/first.yaml"]


def test_bash_gets_words_quoted_and_without_what_it_keeps(live: Path) -> None:
    assert asked(live, "check my", "bash") == ["my\\ layout.yaml"]
    assert asked(live, "check my\\ l", "bash") == ["my\\ layout.yaml"]
    assert asked(live, 'check "my l', "bash") == ["my layout.yaml"]
    assert asked(live, "feedback live agent:a", "bash") == ["ann"]
    assert asked(live, "run first.yaml --set=pl", "bash") == ["place="]
    assert asked(live, "events done --kind ta", "bash")[0] == "task.\\*"


@pytest.mark.parametrize(
    "words", ["", "run m", "replay ", "answer done ", "feedback done ", "tell ", "check --"]
)
def test_nothing_is_loaded_that_takes_long(here: Path, words: str) -> None:
    done = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "mop_tui", *words.split(" ")],
        cwd=here,
        env={**os.environ, "MOP_COMPLETE": "fish"},
        capture_output=True,
        encoding="utf-8",
        check=True,
    )
    loaded = {line.rpartition("|")[2].strip() for line in done.stderr.splitlines()}
    assert "click" in loaded
    assert not loaded & {"textual", "pydantic", "networkx", "mop_tui.domain.events"}


# -- in shells ------------------------------------------------------------------------------------


@pytest.fixture
def env(live: Path) -> dict[str, str]:
    """The environment of a shell that finds `mop-tui`, and no settings of anybody."""
    program = live / "bin" / "mop-tui"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\nexec {sys.executable} -m mop_tui "$@"\n', encoding="utf-8")
    program.chmod(0o755)
    home = live / "home"
    home.mkdir()
    return {
        "PATH": f"{program.parent}{os.pathsep}{os.environ['PATH']}",
        "HOME": str(home),
        "XDG_CONFIG_HOME": str(home),
        "XDG_DATA_HOME": str(home),
        "PS1": "ready> ",
        "LC_ALL": "C.UTF-8",
    }


@pytest.mark.parametrize("shell", SHELLS)
def test_a_shell_completes(shell: str, live: Path, env: dict[str, str]) -> None:
    if shutil.which(shell) is None:
        pytest.skip(f"{shell} is not installed")
    program, begin = BEGIN[shell]
    with Terminal(cwd=live, env=env, program=program, columns=100) as terminal:
        terminal.press(f"{begin}; echo be''gun\r")
        terminal.until("begun")
        for typed, completed in {
            "mop-tui ver": "mop-tui verify ",
            "mop-tui check fi": "mop-tui check first.yaml ",
            "mop-tui check fold": "mop-tui check folder/",
            "mop-tui plan my": "mop-tui plan my\\ layout.yaml ",
            "mop-tui run first.yaml --set pl": "mop-tui run first.yaml --set place=",
            "mop-tui attach ": "mop-tui attach live ",
            "mop-tui answer live s": "mop-tui answer live sure ",
            "mop-tui feedback live agent:a": "mop-tui feedback live agent:ann ",
            "mop-tui events live --task sl": "mop-tui events live --task slow ",
        }.items():
            terminal.press(typed, TAB, "x")
            terminal.until(f"{completed}x")
            terminal.press(NO_LINE)
        if shell != "bash":
            terminal.press("mop-tui re", TAB)
            terminal.until(SUMMARIES["resume"], SUMMARIES["replay"])
            terminal.press(NO_LINE)
        terminal.press("exit\r")
        terminal.wait()
