"""A hook is a process under the same care as that of its agent, and not mistaken for it."""

import os
from pathlib import Path

import pytest
from real_processes import Trial, runs

from mop_tui.agents.host import Assignment, Exited, Finished, Hook, Job, Output, Remembered
from mop_tui.domain.ids import AgentId
from mop_tui.domain.plan import Command, HookName, Work
from sessions import agent, task

SHOW = 'env | grep ^MOP_ | grep -v -e _RUN -e _FD | sort; cat "$MOP_TASK_FILE" 2>/dev/null; true'


def start(
    trial: Trial,
    script: str,
    name: HookName = "pre_task",
    *,
    of: str | None = "a",
    for_task: bool = True,
    files: tuple[str, ...] = (),
) -> None:
    """Run a script as a hook."""
    hook = Hook(name, None if of is None else AgentId(of), files)
    work = Work(Command((script,), shell=True, env=(("MOP_HOOK", "mine"),), stdin="none"))
    given = Assignment(task("t", "a")) if for_task else None
    trial.host.start(Job(agent(hook.id), work, 7, given, hook), {})


async def test_it_is_told_what_it_is_about(trial: Trial) -> None:
    start(trial, SHOW)
    await trial.ended()
    told = "\n".join(trial.lines)
    for line in ("MOP_HOOK=pre_task", "MOP_AGENT=a", "MOP_TASK=t", "MOP_TASK_FILE="):
        assert f"\n{line}" in f"\n{told}"
    assert '"agent": "a"' in told, "the task file is that of its agent"
    assert "MOP_FILES" not in told


async def test_after_an_edit_it_is_told_which_files(trial: Trial) -> None:
    start(trial, 'echo "$MOP_FILES"', "post_edit", files=("src/a.py", "my notes.md"))
    await trial.ended()
    assert trial.lines == ["src/a.py", "my notes.md"]


async def test_one_of_the_session_is_about_no_agent_and_no_task(trial: Trial) -> None:
    start(trial, SHOW, "on_start", of=None, for_task=False)
    await trial.ended()
    assert [line for line in trial.lines if "INCARNATION" not in line] == ["MOP_HOOK=on_start"]


@pytest.mark.parametrize(("of", "log"), [("a", "a+pre_task.log"), (None, "+pre_task.log")])
async def test_its_log_lies_beside_that_of_its_agent(
    trial: Trial, of: str | None, log: str
) -> None:
    start(trial, "echo made ready", of=of)
    await trial.ended()
    assert "\nmade ready\n" in (trial.logs / log).read_text()


async def test_what_it_says_in_the_protocol_is_output_and_nothing_else(trial: Trial) -> None:
    said = '{"mop": "memory", "key": "k", "value": 1}'
    start(trial, f"echo '{said}'; echo '{{\"mop\": \"done\"}}'; echo last; exit 3")
    ended = await trial.ended()
    assert (ended.code, ended.result, ended.done) == (3, "last", False)
    assert not trial.of(Remembered) + trial.of(Finished)
    assert said in trial.lines


async def test_it_runs_beside_the_process_of_its_agent_and_is_ended_alone(trial: Trial) -> None:
    trial.script("echo agent; sleep 60", incarnation=7)
    await trial.until_line("agent")
    start(trial, "echo hook; sleep 60")
    await trial.until_line("hook")
    trial.host.stop(Hook("pre_task", AgentId("a")).id, 7)
    ended = await trial.until(Exited)
    assert (ended.agent, ended.signal) == ("a+pre_task", "SIGTERM")
    assert runs(trial.pid)
    assert {report.agent for report in trial.of(Output)} == {"a", "a+pre_task"}


async def test_what_it_leaves_behind_is_ended_and_what_its_agent_started_is_not(
    trial: Trial, tmp_path: Path
) -> None:
    daemon = "setsid sh -c 'echo $$ > {}; sleep 60' & while ! test -s {}; do sleep 0.02; done; "
    mine, its = tmp_path / "agent", tmp_path / "hook"
    trial.script(daemon.format(mine, mine) + "echo agent; sleep 60", incarnation=7)
    await trial.until_line("agent")
    start(trial, daemon.format(its, its))
    await trial.until(Exited)
    await trial.host._session.escapees.finished()
    assert not runs(int(its.read_text()))
    assert runs(int(mine.read_text()))
    os.kill(trial.pid, 0)
