"""The blocks of the orchestration guide load as they stand there.

What they say is done; keys that nothing would follow from yet are refused by name.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from guide_blocks import (
    APPROVAL,
    CHAIN,
    CHOICE,
    FILES,
    FRAME,
    HEALTH,
    MONITOR,
    PROBLEM,
    RECOVERY,
    SESSION,
    SKILL,
    START,
    STRATEGIES,
    TRIGGERS,
    TYPED,
)

from mop_tui.domain.ids import AgentId, MemoryKey, QuestionName, TaskId, TeamId, TriggerName
from mop_tui.domain.priority import Priority
from mop_tui.domain.reactions import Reaction
from mop_tui.domain.strategies import Strategy
from mop_tui.domain.triggers import TriggerSpec
from mop_tui.layout import LayoutError, load, yaml_text
from mop_tui.layout.form import formed
from mop_tui.layout.guide import normalised

Write = Callable[[str], Path]

PLATFORM = """
agent_types:
  worker: {skills: [kubernetes], run: [echo, working]}
  obi-specialist: {run: [echo, working]}
  grafana-specialist: {run: [echo, working]}
  alloy-specialist: {run: [echo, working]}
  kubernetes-architect: {run: [echo, working]}
  devops-troubleshooter: {run: [echo, working]}
teams:
  crew: {agents: [worker]}
tasks:
  first: {agent: worker, provides: [swarm/platform/namespace-ready]}
  design: {requires_skill: kubernetes, complexity: high}
  deploy: {agent: worker, environment: production}
"""
"""A layout with all that the blocks name."""
SPECS = [
    (
        FILES,
        TriggerSpec(
            name=TriggerName("file-created"),
            type="file_created",
            action="spawn_agent",
            path_pattern="environments/*/observability/obi-*.yaml",
            agents=("obi-specialist",),
            task="Deploy OBI configuration",
        ),
    ),
    (
        SKILL,
        TriggerSpec(
            name=TriggerName("task-created"),
            type="task_created",
            action="spawn_agent",
            requires_skill="kubernetes",
            complexity="high",
            agents=("kubernetes-architect",),
        ),
    ),
    (
        CHAIN,
        TriggerSpec(
            name=TriggerName("dependency-ready"),
            type="dependency_ready",
            action="spawn_dependent_agents",
            key=MemoryKey("swarm/platform/namespace-ready"),
            agents=("obi-specialist", "grafana-specialist", "alloy-specialist"),
            max_fires=1,
        ),
    ),
    (
        RECOVERY,
        TriggerSpec(
            name=TriggerName("agent-error"),
            type="agent_error",
            action="spawn_troubleshooter",
            error_type="deployment_failed",
            agents=("devops-troubleshooter",),
            priority=Priority.URGENT,
        ),
    ),
]


def refused(path: Path) -> list[tuple[str, str]]:
    with pytest.raises(LayoutError) as error:
        load(path)
    return [(problem.path, problem.message) for problem in error.value.problems]


def bare(block: str) -> str:
    """Return a block as the guide has it."""
    return block


def listed(block: str) -> str:
    """Return a block as one of `triggers`, without what it is wrapped in."""
    lines = block.strip().splitlines()[1:]
    return "triggers:\n  - " + "\n    ".join(line[2:] for line in lines) + "\n"


def wrapped(block: str) -> str:
    """Return a block as one of `triggers`, as it stands."""
    return f"triggers:\n{item(block)}"


def item(block: str) -> str:
    return "  - " + block.strip().replace("\n", "\n    ") + "\n"


def canonical(text: str) -> dict[str, Any]:
    """Return a layout in its canonical form, whether anything acts on it or not."""
    tree, found = yaml_text.parse(text, "layout.yaml")
    assert found == []
    assert normalised(tree) == []
    form = formed(tree)
    assert form.found == []
    return form.layout.model_dump(mode="json", by_alias=True, exclude_defaults=True)


def test_strategies_as_they_stand_are_those_of_the_plan(write: Write) -> None:
    platform = PLATFORM.replace("  worker:", "  platform-engineer: {run: [echo]}\n  worker:")
    assert load(write(SESSION + platform + STRATEGIES)).plan.strategies == (
        Strategy("scale_up", "progress_slow", "spawn_additional_agents", max_agents=20),
        Strategy(
            "scale_down",
            "resource_constrained",
            "pause_non_critical_agents",
            keep_critical=("platform-engineer", "obi-specialist"),
        ),
        Strategy("redistribute", "agent_overloaded", "move_tasks_to_available_agents"),
        Strategy(
            "change_topology",
            "coordination_overhead_high",
            "switch_topology",
            from_shape="hierarchical",
            to_shape="mesh",
        ),
    )


def test_the_health_checks_of_the_guide_are_those_that_hold_anyway(write: Write) -> None:
    said = load(write(SESSION + FRAME + HEALTH)).plan.health
    assert (said.interval_ms, said.timeout_ms) == (30_000, 10_000)
    assert (said.failure_threshold, said.success_threshold) == (3, 1)
    assert said == load(write(SESSION + FRAME)).plan.health


def test_how_often_the_swarm_is_monitored_is_how_often_agents_are_checked(write: Write) -> None:
    held = load(write(SESSION + FRAME + MONITOR)).plan.health
    often = load(write(SESSION + FRAME + MONITOR.replace("30", "45"))).plan.health
    assert (held.interval_ms, often.interval_ms) == (30_000, 45_000)
    more = HEALTH.replace("  interval: 30s\n", "").replace("10s", "4s")
    both = load(write(SESSION + FRAME + MONITOR.replace("30", "45") + more)).plan.health
    assert (both.interval_ms, both.timeout_ms) == (45_000, 4_000)


@pytest.mark.parametrize(
    ("block", "path", "message"),
    [
        (
            MONITOR.replace("mop", "other"),
            "swarm_monitor.session_id",
            "is not the id of this session, which is swarm-mop-platform",
        ),
        (
            MONITOR + HEALTH,
            "health_checks.interval",
            "is said twice, here and in the guide's way",
        ),
        (
            MONITOR.replace("30", "1.5.2"),
            "swarm_monitor.check_interval",
            "is not a duration; write 30s, 10m, 1h30m or a number of seconds",
        ),
        (
            MONITOR.replace("check_interval", "interval"),
            "swarm_monitor.interval",
            "is not known here; known here: session_id, check_interval",
        ),
        (
            MONITOR.replace("30", "30, on_health_change: warn"),
            "swarm_monitor.on_health_change",
            "is a callback; what the guide does there is done anyway, and triggers of type"
            " agent_health do more",
        ),
        ("swarm_monitor: 30\n", "swarm_monitor", "must be a mapping with check_interval"),
    ],
)
def test_what_cannot_be_monitored_so_is_told(
    write: Write, block: str, path: str, message: str
) -> None:
    assert (path, message) in refused(write(SESSION + FRAME + block))


@pytest.mark.parametrize("form", [bare, listed, wrapped])
@pytest.mark.parametrize(("block", "spec"), SPECS, ids=lambda one: getattr(one, "name", ""))
def test_a_trigger_block_means_the_same_in_every_form(
    write: Write, form: Callable[[str], str], block: str, spec: TriggerSpec
) -> None:
    assert load(write(SESSION + PLATFORM + form(block))).plan.triggers == (spec,)


def test_all_blocks_may_stand_in_one_list(write: Write) -> None:
    items = "".join(map(item, (FILES, SKILL, CHAIN, RECOVERY)))
    plan = load(write(f"{SESSION}{PLATFORM}triggers:\n{items}")).plan
    assert plan.triggers == tuple(spec for _, spec in SPECS)


def test_the_call_of_the_whole_example_becomes_triggers(write: Write) -> None:
    team = "teams:\n  observability: {start: trigger, agents: [{id: tracer, type: worker}]}"
    platform = PLATFORM.replace("teams:", team)
    plan = load(write(SESSION + platform + TRIGGERS)).plan

    assert plan.triggers == (
        TriggerSpec(
            name=TriggerName("platform_namespace_ready"),
            type="memory_key",
            action="spawn_team",
            key=MemoryKey("swarm/platform/namespace-ready"),
            team=TeamId("observability"),
        ),
        TriggerSpec(
            name=TriggerName("deployment_error"),
            type="agent_error",
            action="spawn_troubleshooter",
            error_pattern="deployment_failed",
            agents=("devops-troubleshooter",),
            priority=Priority.URGENT,
        ),
        TriggerSpec(
            name=TriggerName("prod_deployment"),
            type="environment_deploy",
            action="ask_human",
            environment="production",
            question=QuestionName("prod_deployment"),
        ),
    )
    deployment = plan.tasks[TaskId("deploy")]
    assert (deployment.gate, deployment.gated_by) == ("prod_deployment", "prod_deployment")
    asked = plan.questions[QuestionName("prod_deployment")]
    assert (asked.question, asked.question_type) == ("Deploy to production?", "approval")


def test_of_a_call_what_leads_nowhere_is_told_where_it_stands(write: Write) -> None:
    assert [path for path, _ in refused(write(SESSION + FRAME + TRIGGERS))] == [
        "orchestrate_triggers.triggers[0].action",
        "orchestrate_triggers.triggers[1].action",
        "orchestrate_triggers.triggers[2].environment",
    ]


def test_the_trigger_blocks_are_items_of_one_list_bare_or_wrapped() -> None:
    alone = canonical(SESSION + FRAME + FILES)["triggers"]
    assert alone == [
        {
            "type": "file_created",
            "path_pattern": "environments/*/observability/obi-*.yaml",
            "action": "spawn_agent",
            "agent_type": "obi-specialist",
            "task": "Deploy OBI configuration",
        }
    ]
    items = "".join(map(item, (FILES, SKILL, CHAIN, RECOVERY)))
    all_four = canonical(f"{SESSION}{FRAME}triggers:\n{items}")["triggers"]
    assert [trigger["type"] for trigger in all_four] == [
        *("file_created", "task_created", "dependency_ready", "agent_error")
    ]
    assert all_four[:1] == alone
    assert all_four[2]["agents"] == ["obi-specialist", "grafana-specialist", "alloy-specialist"]


def test_the_arguments_of_calls_become_sections() -> None:
    made = canonical(FRAME + START + TRIGGERS + STRATEGIES + HEALTH)
    assert made["session"]["id"] == "swarm-mop-platform"
    assert made["session"]["max_agents"] == 20
    assert made["session"]["goal"] == "Deploy complete MOP infrastructure"
    assert [trigger["name"] for trigger in made["triggers"]] == [
        *("platform_namespace_ready", "deployment_error", "prod_deployment")
    ]
    assert made["triggers"][0]["action"] == "spawn_observability_team"
    assert [strategy["name"] for strategy in made["strategies"]] == [
        *("scale_up", "scale_down", "redistribute", "change_topology")
    ]
    assert made["strategies"][3] == {
        "name": "change_topology",
        "trigger": "coordination_overhead_high",
        "action": "switch_topology",
        "from": "hierarchical",
        "to": "mesh",
    }


def test_all_that_a_session_start_says_has_an_effect(write: Write) -> None:
    plan = load(write(FRAME + START)).plan
    assert (plan.id, plan.project, plan.goal, plan.max_agents, plan.monitoring_ms) == (
        *("swarm-mop-platform", "Multi-cluster Observability Platform"),
        *("Deploy complete MOP infrastructure", 20, 30_000),
    )
    assert plan.auto_spawn
    assert plan.on_screen
    without = START.replace("dashboard_enabled: true", "dashboard_enabled: false")
    assert not load(write(FRAME + without)).plan.on_screen


@pytest.mark.parametrize("asked", [APPROVAL, CHOICE, TYPED, PROBLEM])
def test_what_ask_human_is_given_is_a_question_that_can_be_a_gate(write: Write, asked: str) -> None:
    gated = FRAME.replace("{agent: worker}", "{agent: worker, gate: ask}")
    spec = load(write(f"{SESSION}{gated}questions:\n  ask: {asked}\n")).plan.questions[
        QuestionName("ask")
    ]
    match asked:
        case _ if asked is APPROVAL:
            assert (spec.timeout_ms, spec.required) == (3_600_000, True)
            assert dict(spec.context)["validation_results"] == {
                "tests_passing": True,
                "security_audit": "PASS",
                "resource_limits": "OK",
            }
        case _ if asked is CHOICE:
            assert [option.value for option in spec.options] == ["s3", "gcs", "local"]
            assert (spec.default, spec.timeout_ms) == ("s3", 1_800_000)
        case _ if asked is TYPED:
            assert (spec.validation.min_length, spec.validation.require_special) == (12, True)
        case _:
            assert spec.options[3].label == "I'll fix manually"


def test_a_bare_ask_human_is_a_question_with_a_name_of_its_own(write: Write) -> None:
    gated = FRAME.replace("{agent: worker}", "{agent: worker, gate: ask-human}")
    loaded = load(write(f"{SESSION}{gated}ask_human: {CHOICE}\n"))
    assert list(loaded.plan.questions) == ["ask-human"]


def test_what_follows_from_an_answer_is_said_by_on_answer_in_place_of_a_callback(
    write: Write,
) -> None:
    asked = PROBLEM.rstrip("}").rstrip() + (
        ",\n  on_answer: {increase_quota: [{create_task: {agent: worker, task: More}}]}\n}"
    )
    gated = FRAME.replace("{agent: worker}", "{agent: worker, gate: ask}")
    plan = load(write(f"{SESSION}{gated}questions:\n  ask: {asked}\n")).plan
    assert plan.questions[QuestionName("ask")].on_answer == (
        ("increase_quota", (Reaction("create_task", "More", AgentId("worker")),)),
    )


def test_what_is_said_in_both_ways_is_told(write: Write) -> None:
    said = refused(write("session: {project: Mine}\n" + FRAME + START))
    assert ("session.project", "is said twice, here and in the guide's way") in said
