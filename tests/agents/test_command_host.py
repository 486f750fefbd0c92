"""What holds for real processes: their groups, their output, their environment."""

import asyncio
import os
import signal
from pathlib import Path

import pytest
from real_processes import A, Trial, eventually

from mop_tui.agents.command import use_pidfd_child_watcher
from mop_tui.agents.groups import living
from mop_tui.agents.hearing import REPORT_LINES
from mop_tui.agents.host import (
    Assignment,
    Erred,
    Output,
    Progressed,
    Started,
    StartFailed,
)
from mop_tui.agents.launch import base_environment
from mop_tui.agents.output import LINE_CHARACTERS
from mop_tui.domain.plan import Command, ErrorPattern
from sessions import task


async def test_a_process_leads_its_own_group(trial: Trial) -> None:
    trial.program("sleep", "60")
    await trial.until(Started)
    assert os.getpgid(trial.pid) == trial.pid != os.getpgid(0)
    assert trial.host.groups() == {(A, 1): trial.pid}


async def test_a_process_that_ignores_sigterm_is_ended_by_force(trial: Trial) -> None:
    trial.script("trap '' TERM; echo ready; while :; do sleep 1; done")
    await trial.until(Output)
    trial.host.stop(A, 1)
    assert (await trial.ended()).signal == "SIGKILL"


async def test_a_stopped_process_can_still_be_ended(trial: Trial) -> None:
    trial.program("sleep", "60")
    await trial.until(Started)
    os.kill(trial.pid, signal.SIGSTOP)
    trial.host.stop(A, 1)
    assert (await trial.ended()).signal == "SIGTERM"


async def test_what_a_process_leaves_behind_is_ended(trial: Trial) -> None:
    trial.script("sleep 600 & echo left; exit 0")
    assert (await trial.ended()).code == 0
    await eventually(lambda: not living(frozenset({trial.pid})))


async def test_a_child_that_fled_the_group_does_not_hold_up_the_exit(trial: Trial) -> None:
    trial.script("setsid sleep 600 & echo left")
    gone = await asyncio.wait_for(trial.ended(), 10)
    assert (gone.code, gone.result) == (0, "left")
    await eventually(lambda: trial.alive() == [])


async def test_all_output_is_in_the_log_and_a_bounded_tail_in_the_reports(trial: Trial) -> None:
    trial.python("for i in range(100_000): print('line', i)")
    await trial.ended()
    log = trial.log().splitlines()
    assert log.index("line 0") < 3
    assert log[-2] == "line 99999"
    assert log[-1] == "[exit code 0]"
    reports = trial.of(Output)
    assert all(len(report.lines) <= REPORT_LINES for report in reports)
    assert sum(len(report.lines) + report.dropped for report in reports) == 100_000
    assert trial.lines[-1] == "line 99999"


async def test_a_line_without_end_is_cut_in_reports_and_whole_in_the_log(trial: Trial) -> None:
    trial.python("print('x' * 1_000_000, end='')")
    await trial.ended()
    [line] = trial.lines
    assert line == "x" * LINE_CHARACTERS + "…"
    assert trial.log().count("x") >= 1_000_000


async def test_control_characters_are_shown_not_obeyed(trial: Trial) -> None:
    trial.script(r"printf '\033[2Jgone\007\302\233\342\200\256\n'")
    await trial.ended()
    assert trial.lines == ["␛[2Jgone␇<009B><202E>"]


async def test_a_progress_bar_is_a_line_for_each_time_it_is_drawn(trial: Trial) -> None:
    trial.script(r"printf '10%%\r20%%\r\n'; printf 'dos\r\n'")
    await trial.ended()
    assert trial.lines == ["10%", "20%", "dos"]


async def test_bytes_that_are_no_text_are_no_trouble(trial: Trial) -> None:
    trial.python(
        "import os, random\n"
        "random.seed(1)\n"
        "for _ in range(64): os.write(1, random.randbytes(16384))\n"
        "os.write(1, b'\\n\\xff\\xfe ok\\n')"
    )
    gone = await trial.ended()
    assert gone.code == 0
    assert trial.lines[-1] == "\ufffd\ufffd ok"


async def test_a_process_that_listens_to_nothing_has_no_input(trial: Trial) -> None:
    trial.script("cat; echo read it all", Command((), stdin="none"))
    await trial.ended()
    assert trial.lines == ["read it all"]


async def test_the_environment_is_small_and_look_ups_are_filled_in(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MY_TOKEN", "hunter2")
    monkeypatch.setenv("WANTED", "this")
    use_pidfd_child_watcher()
    trial = Trial(tmp_path)
    wants = Command(
        (), cwd="${here}", env=(("GREETING", "${here}"),), inherit_env=("WANTED", "MISSING")
    )
    trial.script("echo CWD=$(pwd); env", wants)
    await trial.ended()
    variables = dict(line.split("=", 1) for line in trial.lines)
    assert variables["GREETING"] == str(tmp_path)
    assert variables["CWD"] == str(tmp_path)
    assert (variables["MOP_AGENT"], variables["MOP_TASK"]) == ("a", "t")
    assert variables["MOP_RUN"] == trial.run
    assert variables["WANTED"] == "this"
    assert not {"MY_TOKEN", "MISSING"} & set(variables)
    await trial.host.close()


def test_only_what_is_listed_is_inherited() -> None:
    own = {"PATH": "/bin", "PIP_INDEX_URL": "x", "HTTPS_PROXY": "y", "AWS_SECRET": "z"}
    base = base_environment(own)
    assert base.pop("PATH").split(os.pathsep)[0] == "/bin"
    assert base == {"PIP_INDEX_URL": "x", "HTTPS_PROXY": "y"}


async def test_a_task_is_also_told_in_a_file_for_its_reader_only(trial: Trial) -> None:
    assignment = Assignment(task("t", "a"), attempt=2, context={"failed": "lint"})
    trial.script('cat "$MOP_TASK_FILE"; stat -c %a "$MOP_TASK_FILE"', assignment=assignment)
    await trial.ended()
    text = "".join(trial.lines[:-1])
    assert '"attempt": 2' in text
    assert '"failed": "lint"' in text
    assert trial.lines[-1] == "600"
    assert list(trial.logs.with_suffix(".tasks").iterdir()) == []


async def test_a_session_long_process_finds_each_task_in_the_file(trial: Trial) -> None:
    trial.script('while read -r _; do grep title "$MOP_TASK_FILE"; done', session=True)
    for name in ("one", "two"):
        trial.tell(Assignment(task(name)))
        await trial.until_line(f' "title": "{name}",')


async def test_logs_are_for_their_owner_only(trial: Trial) -> None:
    trial.program("true")
    await trial.ended()
    assert (trial.logs / "a.log").stat().st_mode & 0o077 == 0
    assert trial.logs.stat().st_mode & 0o077 == 0


async def test_a_full_disk_costs_the_log_and_nothing_else(trial: Trial) -> None:
    trial.logs.mkdir()
    (trial.logs / "a.log").symlink_to("/dev/full")
    trial.program("echo", "hello")
    assert (await trial.ended()).code == 0
    assert trial.lines[0] == "hello"
    problems = [report.message for report in trial.of(Erred)]
    assert problems == ["the log is incomplete: No space left on device"]


async def test_nothing_is_started_while_the_host_closes(trial: Trial) -> None:
    await trial.host.close()
    trial.program("sleep", "60")
    assert (await trial.until(StartFailed)).error == "the session is ending"


async def test_what_is_stopped_before_its_start_is_not_started(trial: Trial) -> None:
    trial.program("sleep", "60")
    trial.host.stop(A, 1)
    failed = await trial.until(StartFailed)
    assert failed.error == "it was stopped before it was started"
    assert trial.of(Started) == []


async def test_when_an_agent_wrote_last_is_known(trial: Trial) -> None:
    trial.script("read -r go; echo hello; read -r on", session=True)
    await trial.until(Started)
    assert trial.host.last_output() == {}
    trial.tell(Assignment(task("t")))
    await trial.until_line("hello")
    assert list(trial.host.last_output()) == [(A, 1)]


# -- programs that know nothing of the protocol ---------------------------------------------------


async def test_an_exit_code_names_the_error_behind_it(trial: Trial) -> None:
    trial.script("exit 3", Command((), exit_codes=((3, "deployment_failed"),)))
    gone = await trial.ended()
    assert (gone.code, gone.failed, gone.done) == (3, "deployment_failed", False)


async def test_a_line_that_matches_a_pattern_is_an_error_of_its_type(trial: Trial) -> None:
    knows = Command((), error_patterns=(ErrorPattern("oom", "out of (memory|luck)"),))
    trial.script("echo fine; echo we are out of luck; echo fine", knows)
    await trial.ended()
    assert trial.of(Erred) == [Erred(A, 1, "oom", "we are out of luck", "pattern")]
    assert trial.lines == ["fine", "we are out of luck", "fine"]


async def test_errors_of_one_type_are_counted_when_they_come_too_fast(trial: Trial) -> None:
    knows = Command((), error_patterns=(ErrorPattern("e", "^bad"), ErrorPattern("other", "worse")))
    trial.script("for i in 1 2 3 4 5; do echo bad $i; done; echo worse", knows)
    await trial.ended()
    first, *rest = trial.of(Erred)
    assert first.message == "bad 1"
    assert [(e.type, e.message) for e in rest] == [("other", "worse"), ("e", "bad 5 (and 3 more)")]


@pytest.mark.parametrize(
    ("pattern", "line", "percent"),
    [
        (r"(\d+)%", "copied 40% so far", 40),
        (r"(\d+) of (\d+)", "test 30 of 60", 50),
        (r"(\d+) of (\d+)", "test 30 of 0", None),
        (r"(\w+)%", "many%", None),
        (r"(\d+)%", "400%", None),
    ],
)
async def test_progress_is_read_from_output(
    trial: Trial, pattern: str, line: str, percent: int | None
) -> None:
    trial.script(f"echo '{line}'", Command((), progress_patterns=(pattern,)))
    await trial.ended()
    assert [p.percent for p in trial.of(Progressed)] == ([] if percent is None else [percent])
