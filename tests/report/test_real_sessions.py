"""Reports of sessions whose agents are real processes."""

from pathlib import Path

import programs
from figures import assert_consistent, worked

from mop_tui.domain.plan import Mode
from mop_tui.domain.task_lifecycle import TaskState
from mop_tui.report.as_json import as_json
from mop_tui.report.gathering import gather
from mop_tui.report.markdown import markdown
from mop_tui.report.summary import TaskPart

LAYOUT = """
session: {id: real, project: Test, goal: Show what is told, max_agents: 2}
agent_types:
  worker: {skills: [work]}
teams:
  crew: {agents: [{id: a, type: worker}, {id: b, type: worker}]}
tasks:
  make:
    agent: a
    run: [sh, -c, 'echo "<script>|# made it"']
    duration: 1s
  ship:
    agent: b
    needs: [make]
    gate: sure
    duration: 1s
    run: [sh, -c, "sleep 0.2; echo shipped it"]
  fails:
    agent: b
    retry: {times: 1, delay: 100ms}
    duration: 1s
    run: [sh, -c, "echo no luck; exit 3"]
questions:
  sure:
    question: Ship it now?
    question_type: approval
"""
ANSWERS = "- {question: sure, value: approve, reason: it is well made}\n"


def test_a_session_of_real_processes(tmp_path: Path) -> None:
    (tmp_path / "real.yaml").write_text(LAYOUT, encoding="utf-8")
    (tmp_path / "answers.yaml").write_text(ANSWERS, encoding="utf-8")
    options = ("--headless", "--trust", "--session-file", "s.jsonl", "--answers", "answers.yaml")
    done = programs.run("run", "real.yaml", *options, cwd=tmp_path)
    assert "incomplete" in done.stdout + done.stderr
    path = tmp_path / "s.jsonl"
    summary = gather(path)
    assert_consistent(summary)
    assert (summary.mode, summary.outcome) == (Mode.LIVE, "incomplete")
    tasks: dict[str, TaskPart] = {task.id: task for task in summary.tasks}
    assert {name: it.work_ms for name, it in tasks.items() if it.work_ms} == worked(path)
    assert tasks["make"].output == "<script>|# made it"
    assert tasks["ship"].work_ms >= 200
    assert (tasks["fails"].state, tasks["fails"].attempts) == (TaskState.FAILED, 2)
    (asked,) = summary.questions
    assert (asked.value, asked.reason, asked.task) == ("approve", "it is well made", "ship")
    assert summary.resumptions == 0
    page = markdown(summary)
    assert "<script>" not in page.replace("`<script>", "")
    assert '"output": "<script>|# made it"' in as_json(summary)
