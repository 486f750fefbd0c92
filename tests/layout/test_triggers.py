"""Layouts with triggers that are sound, what they come to, and what is advised about them.

What is wrong with triggers stands in `wrong_layouts.txt`.
"""

from collections.abc import Callable
from pathlib import Path

import pytest

from mop_tui.domain.ids import AgentId, MemoryKey, TaskId
from mop_tui.domain.plan import HostKind
from mop_tui.layout import LayoutError, load
from mop_tui.layout.provisions import Provisions

Write = Callable[[str], Path]

FRAME = """
session: {id: dig}
agent_types:
  worker: {skills: [dig], run: [echo, dug]}
  welder: {skills: [weld], run: [echo, welded]}
  idler: {}
teams:
  crew: {agents: [{id: ann, type: worker}]}
tasks:
  first: {agent: ann, provides: [hole/dug]}
"""


def advised(path: Path) -> list[str]:
    unused = "no agent is of this type"
    warnings = load(path).warnings
    return [f"{one.path}: {one.message}" for one in warnings if one.message != unused]


@pytest.mark.parametrize(
    "more",
    [
        '  second: {agent: ann, needs: ["memory:go"]}\n'
        "trigger: {type: file_created, path_pattern: go, action: set_memory, set: {go: true}}",
        "  second: {requires_skill: weld}\n"
        "trigger: {type: memory_key, key: hole/dug, action: spawn_agent, agent_type: welder}",
        "  second: {requires_skill: deep}\n"
        "trigger: {type: task_created, requires_skill: deep, action: spawn_agent,"
        " agent_type: worker}",
        "  second: {requires_skill: deep, run: [echo]}\n"
        "trigger: {type: task_created, action: spawn_agent, agent_type: idler}",
        "  second: {agent: ann, title: Weld it}\n"
        "trigger: {type: task_created, requires_skill: weld, action: notify}",
        "  second: {agent: ann, environment: production}\n"
        "trigger: {name: sure, type: environment_deploy, environment: production,"
        " action: ask_human}\n"
        "unattended_answers: {sure: approve}",
        "triggers:\n"
        "  - {type: agent_error, action: spawn_agent, agent_type: worker, task: Help}\n"
        "  - {type: agent_health, status: unhealthy, action: restart_agent, agent: worker-2}",
        "trigger: {type: event, kind: task.transitioned, action: notify,"
        ' when: {event.to_state: {in: [COMPLETE, FAILED]}, "memory:hole/dug": {ne: 1},'
        " task.attempts: {ge: 2}}}",
        "trigger: {type: memory_key, key: hole/dug, action: notify,"
        ' when: {event.value.status.code: {gt: 3}}, task: "${event.value.who}"}',
    ],
    ids=[
        *("key by a trigger", "skill by a trigger", "skill that is lent", "run of the task"),
        *("skill in a title", "answer to a trigger", "agent by number", "conditions", "open value"),
    ],
)
def test_what_triggers_bring_about_may_be_relied_on(write: Write, more: str) -> None:
    assert advised(write(f"{FRAME}{more}\n")) == []


def test_whoever_is_spawned_for_a_task_that_says_what_to_run_runs_it(write: Write) -> None:
    text = FRAME + "  second: {requires_skill: deep, run: [echo]}\n"
    trigger = "trigger: {type: task_created, action: spawn_agent, agent_type: idler}\n"
    path = write(text + trigger)
    assert load(path).plan.kinds["idler"].host is HostKind.COMMAND
    assert load(path, rehearse=True).plan.kinds["idler"].host is HostKind.SIMULATED


def test_a_task_may_be_meant_for_an_agent_whose_team_waits(write: Write) -> None:
    text = FRAME.replace(
        "tasks:", "  late: {start: trigger, agents: [{id: zoe, type: welder}]}\ntasks:"
    )
    text += "  second: {agent: zoe}\n"
    for action in (
        "spawn_late_team",
        "spawn_agent, agents: [zoe]",
        "spawn_agent, agent_type: welder",
    ):
        trigger = f"trigger: {{type: memory_key, key: hole/dug, action: {action}}}\n"
        plan = load(write(text + trigger)).plan
        assert [team.waits for team in plan.teams][:2] == [False, True]
        assert plan.tasks[TaskId("second")].agent == "zoe"


def test_a_key_that_a_trigger_sets_too_binds_to_no_task(write: Write) -> None:
    text = FRAME + '  second: {agent: ann, needs: ["memory:hole/dug"]}\n'
    bound = Provisions(load(write(text)).plan)
    assert bound.needed[TaskId("second")] == [TaskId("first")]

    trigger = "trigger: {type: agent_error, action: set_memory, set: {hole/dug: true}}\n"
    free = Provisions(load(write(text + trigger)).plan)
    assert free.needed[TaskId("second")] == []
    assert free.alternatives[TaskId("second")] == []
    assert free.complete


def test_what_a_simulated_agent_sets_counts_if_a_trigger_has_work_for_it(write: Write) -> None:
    text = FRAME.replace("idler: {}", "idler: {sim: {memory: {slept: true}}}")
    text += '  second: {agent: ann, needs: ["memory:slept"]}\n'
    with pytest.raises(LayoutError, match="no task provides the memory key 'slept'"):
        load(write(text))
    trigger = "trigger: {type: memory_key, key: hole/dug, action: spawn_agent, agent_type: idler}\n"
    plan = load(write(text + trigger)).plan
    assert MemoryKey("slept") in Provisions(plan).by_triggers


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (
            "",
            "trigger: {type: memory_key, key: hole/dag, action: notify}",
            "trigger.key: waits for the memory key 'hole/dag', which no task or trigger is said to"
            " set (did you mean hole/dug?)",
        ),
        (
            "",
            "trigger: {type: agent_error, action: notify, when: {'memory:hole/dig': 1}}",
            "trigger.when[\"memory:hole/dig\"]: waits for the memory key 'hole/dig', which no task"
            " or trigger is said to set (did you mean hole/dug?)",
        ),
        (
            "",
            "trigger: {type: memory_key, key: hole/dug, action: spawn_dependent_agents,"
            " agents: [worker]}",
            "trigger.action: spawns nobody of type worker: who has that type is there from the"
            " beginning; action: spawn_agent would bring one more",
        ),
        (
            "",
            '  second: {agent: ann, needs: ["memory:hole"]}\n'
            "trigger: {type: agent_error, action: spawn_agent, agent_type: welder}",
            "tasks.second.needs[0]: no task provides the memory key 'hole'"
            " (did you mean hole/dug?)",
        ),
        (
            "session: {id: dig}",
            "session: {id: dig, root: no/such/folder}\n"
            "trigger: {type: file_created, path_pattern: a, action: notify}",
            "session.root: there is no folder no/such/folder yet",
        ),
    ],
    ids=["unset key", "unset key in a condition", "there already", "key of a program", "no root"],
)
def test_what_is_probably_not_meant_is_told(write: Write, old: str, new: str, said: str) -> None:
    text = FRAME.replace(old, new) if old else f"{FRAME}{new}\n"
    assert advised(write(text)) == [said]


NOTHING_TO_DO = """
session: {id: dig%s}
agent_types: {worker: {run: [echo, dug]}}
triggers: [{%s}]
"""


def test_a_layout_without_tasks_is_asked_to_wait_for_its_triggers(write: Write) -> None:
    file = "type: file_created, path_pattern: a, action: spawn_agent, agent_type: worker"
    (said,) = advised(write(NOTHING_TO_DO % ("", file)))
    assert said.startswith("triggers: may never fire: without tasks the session ends")
    assert advised(write(NOTHING_TO_DO % (", keep_running: true", file))) == []

    inside = "type: memory_key, key: a, action: spawn_agent, agent_type: worker"
    said, _ = advised(write(NOTHING_TO_DO % (", keep_running: true", inside)))
    assert said.startswith("triggers: wait for each other or for you")
    with pytest.raises(LayoutError, match="triggers: can never fire: there is no task"):
        load(write(NOTHING_TO_DO % ("", inside)))


def test_in_a_rehearsal_everybody_can_do_everything(write: Write) -> None:
    text = FRAME + "trigger: {type: agent_error, action: spawn_agent, agent_type: idler}\n"
    with pytest.raises(LayoutError, match="nothing says what to do"):
        load(write(text))
    assert AgentId("ann") in load(write(text), rehearse=True).plan.agents
