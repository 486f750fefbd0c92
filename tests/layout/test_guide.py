"""The blocks of the orchestration guide load as they stand there.

Those of questions are run already. The others are understood to the last key, and refused with one
sentence for the whole section, because nothing would follow from them yet.
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
    PROBLEM,
    RECOVERY,
    SESSION,
    SKILL,
    START,
    STRATEGIES,
    TRIGGERS,
    TYPED,
)

from mop_tui.domain.ids import QuestionName
from mop_tui.layout import LayoutError, load, yaml_text
from mop_tui.layout.form import formed
from mop_tui.layout.guide import normalised

Write = Callable[[str], Path]

NOT_YET = "is understood, but this version does not act on it yet; leave it out"


def refused(path: Path) -> list[tuple[str, str]]:
    with pytest.raises(LayoutError) as error:
        load(path)
    return [(problem.path, problem.message) for problem in error.value.problems]


def canonical(text: str) -> dict[str, Any]:
    """Return a layout in its canonical form, whether anything acts on it or not."""
    tree, found = yaml_text.parse(text, "layout.yaml")
    assert found == []
    assert normalised(tree) == []
    form = formed(tree)
    assert form.found == []
    return form.layout.model_dump(mode="json", by_alias=True, exclude_defaults=True)


@pytest.mark.parametrize(
    ("block", "section"),
    [
        (FILES, "triggers"),
        (SKILL, "triggers"),
        (CHAIN, "triggers"),
        (RECOVERY, "triggers"),
        (HEALTH, "health_checks"),
        (STRATEGIES, "strategies"),
        (TRIGGERS, "triggers"),
    ],
)
def test_a_block_as_it_stands_lacks_nothing_but_somebody_to_act_on_it(
    write: Write, block: str, section: str
) -> None:
    assert refused(write(SESSION + FRAME + block)) == [(section, NOT_YET)]


def test_the_trigger_blocks_are_items_of_one_list_bare_or_wrapped() -> None:
    bare = canonical(SESSION + FRAME + FILES)["triggers"]
    assert bare == [
        {
            "type": "file_created",
            "path_pattern": "environments/*/observability/obi-*.yaml",
            "action": "spawn_agent",
            "agent_type": "obi-specialist",
            "task": "Deploy OBI configuration",
        }
    ]
    items = "\n".join(
        "  - " + block.strip().replace("\n", "\n    ") for block in (FILES, SKILL, CHAIN, RECOVERY)
    )
    wrapped = canonical(f"{SESSION}{FRAME}triggers:\n{items}\n")["triggers"]
    assert [trigger["type"] for trigger in wrapped] == [
        *("file_created", "task_created", "dependency_ready", "agent_error")
    ]
    assert wrapped[:1] == bare
    assert wrapped[2]["agents"] == ["obi-specialist", "grafana-specialist", "alloy-specialist"]


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


def test_of_a_session_start_only_what_has_no_effect_yet_is_refused(write: Write) -> None:
    assert refused(write(FRAME + START)) == [
        (f"orchestrate_session_start.{key}", NOT_YET)
        for key in ("topology", "auto_spawn", "monitoring_interval", "dashboard_enabled")
    ]


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


def test_what_follows_from_an_answer_is_a_named_rule_in_place_of_a_callback(
    write: Write,
) -> None:
    asked = (
        PROBLEM.rstrip("}").rstrip() + ",\n  on_answer: {increase_quota: [{create_task: {}}]}\n}"
    )
    gated = FRAME.replace("{agent: worker}", "{agent: worker, gate: ask}")
    assert refused(write(f"{SESSION}{gated}questions:\n  ask: {asked}\n")) == [
        ("questions.ask.on_answer", NOT_YET)
    ]


def test_what_is_said_in_both_ways_is_told(write: Write) -> None:
    said = refused(write("session: {project: Mine}\n" + FRAME + START))
    assert ("session.project", "is said twice, here and in the guide's way") in said
