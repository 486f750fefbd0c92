"""What is advised against is told with its place, and keeps nothing from being run."""

from collections.abc import Callable
from pathlib import Path

import pytest

from mop_tui.layout import LayoutError, load

Write = Callable[[str], Path]

SOUND = """
session: {id: dig}
agent_types:
  worker: {skills: [dig], run: [echo, dug]}
teams:
  crew: {agents: [worker]}
tasks:
  first: {agent: worker}
"""


def advised(path: Path, *, rehearse: bool = False) -> list[str]:
    warnings = load(path, rehearse=rehearse).warnings
    return [str(warning).removeprefix(f"{path}:") for warning in warnings]


def test_a_sound_layout_needs_no_advice(write: Write) -> None:
    assert advised(write(SOUND)) == []


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (
            "[worker]}",
            "[worker, {id: idler, type: worker}]}\n  spare: {agents: [{id: rest, type: other}]}",
            "8:20: warning: teams.spare.agents[0]: agent 'rest' has no task it could do",
        ),
        (
            "  first:",
            "  dig: {requires_skill: dig}\n  first:",
            "",
        ),
        (
            "  worker: {",
            "  worker: {model: opsu, ",
            "",
        ),
        (
            "{skills: [dig], run: [echo, dug]}\nteams:\n  crew: {agents: [worker]}",
            "{skills: [dig], run: [echo, dug], model: opus}\nmodels: {opus: {price: 3}}\n"
            "teams:\n  crew: {agents: [{type: worker, model: opsu}]}",
            "7:41: warning: teams.crew.agents[0].model: has no price, though others do: what a "
            "team costs cannot be told (did you mean opus?)",
        ),
        (
            "teams:\n",
            "models: {opus: {price: 3}}\nteams:\n",
            "5:10: warning: models.opus: no agent uses this model",
        ),
        (
            "teams:",
            "  unused: {}\nteams:",
            "5:3: warning: agent_types.unused: no agent is of this type",
        ),
        (
            "{agent: worker}",
            "{agent: worker}\nquestions:\n  sure: {question: Sure}",
            "10:3: warning: questions.sure: no task has this question as its gate, "
            "and no trigger asks it",
        ),
        (
            "{agent: worker}",
            "{agent: worker, locks: [RAEDME.md]}\n  next: {agent: worker, locks: [README.md]}\n"
            "  last: {agent: worker, locks: ['*.md']}",
            "",
        ),
        (
            "{agent: worker}",
            "{agent: worker, locks: [relaese]}\n  next: {agent: worker, locks: [release]}\n"
            "  last: {agent: worker, locks: [release]}",
            "8:34: warning: tasks.first.locks[0]: keeps nobody waiting, for nobody else locks or "
            "owns what may be the same (did you mean release?)",
        ),
        (
            "{agent: worker}",
            "{agent: worker, locks: [a/b], owns: [a/]}",
            "8:34: warning: tasks.first.locks[0]: keeps nobody waiting, for nobody else locks or "
            "owns what may be the same",
        ),
        (
            "{agent: worker}",
            "{agent: worker, duration: 1m, timeout: 30s}",
            "8:49: warning: tasks.first.timeout: is shorter than the 1m the task is expected to "
            "take",
        ),
        (
            "[worker]}\ntasks:\n  first: {agent: worker}",
            "[worker, {id: judge, type: worker}]}\ntasks:\n"
            "  first: {agent: worker, review: {by: judge, duration: 1m, timeout: 30s}}",
            "8:69: warning: tasks.first.review.timeout: is shorter than the 1m the review is "
            "expected to take",
        ),
        (
            "tasks:\n  first: {agent: worker}",
            "tasks:\n  first: {agent: worker, retry: 1, on_error: {timeout: [retry]}}",
            "8:47: warning: tasks.first.on_error.timeout: comes only if an agent calls an error so "
            "itself, for the task may take for ever; give it a timeout",
        ),
        (
            "run: [echo,",
            "run: [no-such-program-anywhere,",
            "4:33: warning: agent_types.worker.run[0]: the program 'no-such-program-anywhere' is "
            "not on the PATH",
        ),
        (
            "run: [echo,",
            'run: ["${layout.dir}/dig.sh",',
            "4:33: warning: agent_types.worker.run[0]: there is no program {folder}/dig.sh yet",
        ),
        (
            "run: [echo, dug]",
            "run: {command: [echo], cwd: /no/such/folder}",
            "4:55: warning: agent_types.worker.run.cwd: there is no folder /no/such/folder yet",
        ),
        ("run: [echo,", 'run: ["${session.workspace}/dig.sh",', ""),
        ("run: [echo,", 'run: ["${python}",', ""),
        (
            "teams:",
            "  spare: {run: [echo]}\n"
            "triggers: [{type: agent_error, action: spawn_agent, agent_type: spare}]\nteams:",
            "",
        ),
    ],
    ids=[
        *("idle agent", "agent by skill"),
        *("no prices", "no price", "unused price"),
        *("unused type", "unused question"),
        *(
            "lock as a pattern",
            "lost lock",
            "lock of what is owned",
            "too short",
            "review too short",
        ),
        "no timeout",
        *("no program", "no file", "no folder", "not known yet", "python", "spawned type"),
    ],
)
def test_what_may_not_be_meant_is_told_with_its_place(
    write: Write, old: str, new: str, said: str
) -> None:
    text = SOUND.replace(old, new, 1)
    if "other" in text:
        text = text.replace("teams:", "  other: {run: [echo]}\nteams:", 1)
        text = text.replace("{agent: worker}", "{requires_skill: dig}")
    path = write(text)
    expected = [said.replace("{folder}", str(path.parent))] if said else []
    assert advised(path) == expected


def test_programs_are_not_looked_for_in_a_rehearsal(write: Write) -> None:
    assert advised(write(SOUND.replace("echo", "no-such-program")), rehearse=True) == []


def test_what_is_wrong_is_told_apart_from_what_is_only_advised_against(write: Write) -> None:
    text = SOUND.replace("{agent: worker}", "{agent: werker, duration: 1m, timeout: 30s}")
    with pytest.raises(LayoutError) as refused:
        load(write(text))
    assert [problem.path for problem in refused.value.problems] == ["tasks.first.agent"]
    assert "tasks.first.timeout" in [warning.path for warning in refused.value.warnings]
