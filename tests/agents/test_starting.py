"""Why a process is not started is said to a person; and then nothing of it is left."""

import resource
from collections.abc import Iterator
from pathlib import Path

import pytest
from real_processes import Trial

from mop_tui.agents.host import Assignment, Erred, Job, Started, StartFailed
from mop_tui.agents.launch import TOO_MANY_FILES, TaskFile
from mop_tui.domain.plan import Command, ErrorPattern, Work
from sessions import agent, task

TOO_LONG = "its command and environment are too long for the system"


def make(folder: Path, name: str, text: str, mode: int) -> str:
    path = folder / name
    path.write_text(text)
    path.chmod(mode)
    return str(path)


def open_files() -> set[int]:
    return {int(path.name) for path in Path("/proc/self/fd").iterdir()}


async def refusal(trial: Trial, command: Command) -> str:
    before = open_files()
    trial.start(command)
    failed = await trial.until(StartFailed)
    assert trial.of(Started) == []
    assert len(open_files() - before) <= 2, "the guardian's are left, and no others"
    return failed.error


async def test_a_program_that_is_not_there(trial: Trial) -> None:
    error = await refusal(trial, Command(("no-such-program",)))
    assert error == "the program no-such-program was not found"


async def test_a_program_that_may_not_be_run(trial: Trial, tmp_path: Path) -> None:
    program = make(tmp_path, "p", "#!/bin/sh\n", 0o644)
    assert await refusal(trial, Command((program,))) == f"the program {program} may not be run"


async def test_a_program_that_is_a_folder(trial: Trial, tmp_path: Path) -> None:
    error = await refusal(trial, Command((str(tmp_path),)))
    assert error == f"the program {tmp_path} is a folder"


async def test_a_file_that_is_no_program(trial: Trial, tmp_path: Path) -> None:
    program = make(tmp_path, "p", "just text\n", 0o755)
    error = await refusal(trial, Command((program,)))
    assert error == f"the file {program} is no program: it has no `#!` line that names one"


async def test_a_script_without_its_interpreter(trial: Trial, tmp_path: Path) -> None:
    program = make(tmp_path, "p", "#!/no/such/interpreter\n", 0o755)
    error = await refusal(trial, Command((program,)))
    assert error == f"the program {program} names an interpreter that was not found"


async def test_a_working_directory_that_is_none(trial: Trial, tmp_path: Path) -> None:
    error = await refusal(trial, Command(("true",), cwd="${here}/nowhere"))
    assert error == f"its working directory {tmp_path}/nowhere does not exist"


async def test_a_working_directory_that_is_a_file(trial: Trial, tmp_path: Path) -> None:
    path = make(tmp_path, "f", "", 0o644)
    error = await refusal(trial, Command(("true",), cwd=path))
    assert error == f"its working directory {path} is not a folder"


@pytest.mark.parametrize(
    ("command", "error"),
    [
        (
            Command(("true",), env=(("A=", "x"),)),
            "'A=' cannot be the name of an environment variable",
        ),
        (Command(("true",), env=(("", "x"),)), "'' cannot be the name of an environment variable"),
        (Command(("true",), env=(("A", "x\0"),)), "its command or environment holds a zero byte"),
        (Command(("true", "\0")), "its command or environment holds a zero byte"),
        (Command(()), "the layout gives it nothing to run"),
        (Command(("true", "x" * 3_000_000)), TOO_LONG),
        (
            Command(("true",), error_patterns=(ErrorPattern("e", "("),)),
            "a pattern is no regular expression: missing ), unterminated subpattern at position 0",
        ),
    ],
)
async def test_a_command_that_cannot_be_run(trial: Trial, command: Command, error: str) -> None:
    assert await refusal(trial, command) == error


async def test_an_agent_without_a_command(trial: Trial) -> None:
    trial.host.start(Job(agent("a"), Work(), 1), {})
    assert (await trial.until(StartFailed)).error == "the layout gives it nothing to run"


@pytest.fixture
def few_files() -> Iterator[None]:
    """Leave room for a handful of files, whatever is open."""
    limits = resource.getrlimit(resource.RLIMIT_NOFILE)
    highest = max(open_files())
    resource.setrlimit(resource.RLIMIT_NOFILE, (highest + 60, limits[1]))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, limits)


async def test_too_many_files_are_a_failed_start_and_no_lost_process(
    trial: Trial, few_files: None
) -> None:
    del few_files
    for number in range(40):
        trial.program("sleep", "600", name=f"a{number}")
    await trial.wait(lambda: len(trial.of(Started)) + len(trial.of(StartFailed)) == 40)
    assert len(trial.of(Started)) > 3
    assert {failed.error for failed in trial.of(StartFailed)} == {TOO_MANY_FILES}
    assert len(trial.alive()) == len(trial.of(Started))


@pytest.mark.parametrize("session", [False, True])
async def test_an_agent_without_a_task_file_works_and_it_is_said(
    trial: Trial, session: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_self: TaskFile, draft: str, _data: bytes) -> None:
        Path(draft).write_text("half")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(TaskFile, "_write", full)
    folder = trial.logs.with_suffix(".tasks")
    folder.mkdir()
    trial.script("read -r _; echo worked", session=session)
    if session:
        trial.tell(Assignment(task("t")))
    assert (await trial.ended()).result == "worked"
    problem = "there is no file with its task: No space left on device"
    assert [report.message for report in trial.of(Erred)] == [problem]
    assert list(folder.iterdir()) == []


async def test_an_incomplete_log_is_said_while_the_agent_still_runs(trial: Trial) -> None:
    trial.logs.mkdir()
    (trial.logs / "a.log").symlink_to("/dev/full")
    trial.script("echo one; sleep 0.2; echo two; sleep 600")
    report = await trial.until(Erred)
    assert (report.type, report.source) == ("log_incomplete", "host")
    assert report.message == "the log is incomplete: No space left on device"
    await trial.until_line("two")
    assert len(trial.of(Erred)) == 1


async def test_no_empty_folder_for_task_files_is_left(trial: Trial) -> None:
    trial.script("echo $MOP_TASK_FILE")
    assert (await trial.ended()).result.endswith(".json")
    assert trial.logs.with_suffix(".tasks").is_dir()
    await trial.host.close()
    assert not trial.logs.with_suffix(".tasks").exists()
