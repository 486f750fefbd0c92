"""What a sound layout becomes."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from mop_tui.domain.ids import AgentId, MemoryKey, QuestionName, TaskId
from mop_tui.domain.plan import (
    Command,
    HostKind,
    QuestionSpec,
    Script,
    ScriptedError,
    TaskSpec,
    TeamSpec,
)
from mop_tui.domain.priority import Priority
from mop_tui.layout import LayoutError, load, plan_of

Write = Callable[[str], Path]

WHOLE = """\
session:
  session_id: canal
  project: The canal
  goal: Water flows
  max_agents: 5
  vars:
    depth: 3 m
    order: dig ${depth} in ${layout.dir}
agent_types:
  digger:
    model: large
    skills: [dig, carry]
    run: [spade, "${order}"]
    sim: {duration: [10s, 20s], output: [dug]}
  clerk: {}
teams:
  field-crew:
    lead: ann
    agents:
      - digger
      - {id: ann, type: digger, model: small, skills: [carry, lead], run: [excavator]}
  office:
    name: The office
    agents: [clerk]
tasks:
  dig-trench:
    requires_skill: dig
    provides: [canal/trench]
    duration: 1h30m
    priority: medium
  survey:
    title: Look at the trench
    agent: ann
    needs: [dig-trench]
    duration: 90
    sim:
      memory: {canal/level: {status: complete, value: 4.5}}
      errors: [{type: too_deep, message: by 3 m}, {type: wet}]
  open:
    agent: clerk
    needs: ["memory:canal/trench", survey, survey]
    priority: critical
    gate: flood
    run: {shell: "echo open > gate", cwd: "${layout.dir}", env: {LEVEL: "1"}}
questions:
  flood:
    question: Let ${depth} of water in?
    context: {survey: "${tasks.survey.output}", nothing: null, notes: [1, true, x]}
    timeout: 10m
    required: true
    default: reject
    on_reject: stop_session
    class: dangerous
limits: {live: 2}
"""


def test_a_layout_becomes_a_plan(write: Write) -> None:
    plan = load(write(WHOLE)).plan

    assert (plan.id, plan.project, plan.goal) == ("canal", "The canal", "Water flows")
    assert plan.teams == (
        TeamSpec(plan.teams[0].id, "Field crew", (AgentId("digger"), AgentId("ann"))),
        TeamSpec(plan.teams[1].id, "The office", (AgentId("clerk"),)),
    )
    assert [team.id for team in plan.teams] == ["field-crew", "office"]
    assert plan.tasks[TaskId("open")] == TaskSpec(
        id=TaskId("open"),
        title="Open",
        agent=AgentId("clerk"),
        priority=Priority.CRITICAL,
        needs_tasks=(TaskId("survey"),),
        needs_keys=(MemoryKey("canal/trench"),),
        gate=QuestionName("flood"),
    )
    assert plan.tasks[TaskId("dig-trench")] == TaskSpec(
        id=TaskId("dig-trench"),
        title="Dig trench",
        requires_skill="dig",
        provides=(MemoryKey("canal/trench"),),
        expected_ms=5_400_000,
    )
    assert plan.tasks[TaskId("survey")].expected_ms == 90_000
    assert plan.questions[QuestionName("flood")] == QuestionSpec(
        name=QuestionName("flood"),
        question="Let ${depth} of water in?",
        context=(
            ("survey", "${tasks.survey.output}"),
            ("nothing", None),
            ("notes", [1, True, "x"]),
        ),
        timeout_ms=600_000,
        required=True,
        default="reject",
        on_reject="stop_session",
        dangerous=True,
    )


def test_an_agent_has_what_its_type_has_unless_it_says_otherwise(write: Write) -> None:
    agents = load(write(WHOLE)).plan.agents

    digger, ann = agents[AgentId("digger")], agents[AgentId("ann")]
    assert (digger.type, digger.model, digger.skills) == ("digger", "large", ("dig", "carry"))
    assert (ann.type, ann.model, ann.skills) == ("digger", "small", ("dig", "carry", "lead"))
    assert (digger.lead, ann.lead) == (False, True)


def test_what_stands_nearest_to_the_task_says_how_it_is_done(write: Write) -> None:
    plan = load(write(WHOLE)).plan
    digger, ann, clerk = (plan.agents[AgentId(name)] for name in ("digger", "ann", "clerk"))

    assert plan.work(digger, TaskId("dig-trench")).command == Command(("spade", "${order}"))
    assert plan.work(ann, TaskId("dig-trench")).command == Command(("excavator",))
    assert plan.work(ann, TaskId("dig-trench")).script == Script((10_000, 20_000), ("dug",))
    assert plan.work(ann, TaskId("survey")).script == Script(
        memory=((MemoryKey("canal/level"), {"status": "complete", "value": 4.5}),),
        errors=(ScriptedError("too_deep", "by 3 m"), ScriptedError("wet")),
    )
    shell = plan.work(clerk, TaskId("open")).command
    assert shell is not None
    assert (shell.argv, shell.shell) == (("echo open > gate",), True)
    assert (shell.cwd, shell.env) == ("${layout.dir}", (("LEVEL", "1"),))


def test_texts_stay_as_they_are_written(write: Write) -> None:
    loaded = load(write(WHOLE))

    assert list(loaded.plan.variables.items()) == [
        ("depth", "3 m"),
        ("order", "dig ${depth} in ${layout.dir}"),
    ]
    assert str(loaded.directory) not in json.dumps(loaded.document)


def test_the_directory_is_that_of_the_layout_itself_and_not_of_a_link(
    write: Write, tmp_path: Path
) -> None:
    path = write(WHOLE)
    (tmp_path / "elsewhere").mkdir()
    link = tmp_path / "elsewhere" / "link.yaml"
    link.symlink_to(path)

    assert load(link).directory == path.resolve().parent


@pytest.mark.parametrize(
    ("max_agents", "limits", "expected"),
    [
        ("", "", None),
        ("max_agents: 3", "", 3),
        ("", "limits: {live: 4}", 4),
        ("max_agents: 3", "limits: {live: 4}", 3),
        ("max_agents: 5", "limits: {live: 4}", 4),
    ],
)
def test_the_smaller_limit_holds(
    write: Write, max_agents: str, limits: str, expected: int | None
) -> None:
    path = write(f"""\
session:
  id: small
  {max_agents}
agent_types: {{worker: {{run: [work]}}}}
teams: {{crew: {{agents: [worker]}}}}
tasks: {{work: {{agent: worker}}}}
{limits}
""")

    assert load(path).plan.max_agents == expected


HOSTS = """\
session: {id: hosts}
agent_types:
  typed: {run: [a]}
  bare: {sim: {output: [x]}}
teams:
  all:
    agents:
      - typed
      - {id: own, type: bare, run: [b]}
      - {id: pinned, type: bare}
      - {id: skilled, type: bare, skills: [c]}
      - {id: player, type: bare}
tasks:
  of-pinned: {agent: pinned, run: [x]}
  of-skilled: {requires_skill: c, run: [x]}
  of-player: {agent: player}
"""


def test_an_agent_runs_commands_if_any_is_at_hand(write: Write) -> None:
    hosts = {agent.id: agent.host for agent in load(write(HOSTS)).plan.agents.values()}

    assert hosts == {
        "typed": HostKind.COMMAND,
        "own": HostKind.COMMAND,
        "pinned": HostKind.COMMAND,
        "skilled": HostKind.COMMAND,
        "player": HostKind.SIMULATED,
    }


def test_in_a_rehearsal_every_agent_is_simulated(write: Write) -> None:
    loaded = load(write(HOSTS), rehearse=True)

    assert {agent.host for agent in loaded.plan.agents.values()} == {HostKind.SIMULATED}
    assert plan_of(loaded.document, rehearse=True) == loaded.plan


def test_a_rehearsal_needs_neither_run_nor_sim(write: Write) -> None:
    path = write("""\
session: {id: bare}
agent_types: {worker: {}}
teams: {crew: {agents: [worker]}}
tasks: {work: {agent: worker, duration: 3s}}
""")

    assert list(load(path, rehearse=True).plan.tasks) == ["work"]
    with pytest.raises(LayoutError, match="nothing says how to do it"):
        load(path)


def test_one_who_runs_commands_needs_one_for_every_task(write: Write) -> None:
    path = write("""\
session: {id: half}
agent_types: {worker: {}}
teams: {crew: {agents: [worker]}}
tasks:
  real: {agent: worker, run: [work]}
  played: {agent: worker, sim: {output: [done]}}
""")

    with pytest.raises(LayoutError) as refused:
        load(path)
    (problem,) = refused.value.problems
    assert (problem.line, problem.column, problem.path) == (6, 3, "tasks.played")
    assert problem.message == (
        "nothing says what to run: neither the task nor agent 'worker' nor its type has a run; "
        "only a rehearsal can play its sim"
    )


KEY_BY_SIM = """\
session: {id: key}
agent_types: {worker: {}}
teams: {crew: {agents: [worker]}}
tasks:
  make: {agent: worker, sim: {memory: {part/made: true}}%s}
  take: {agent: worker, needs: ["memory:part/made"], sim: {}%s}
"""


def test_a_script_provides_the_keys_it_sets(write: Write) -> None:
    path = write(KEY_BY_SIM % ("", ""))

    assert load(path).plan.tasks[TaskId("take")].needs_keys == ("part/made",)


def test_a_script_that_nobody_plays_provides_nothing(write: Write) -> None:
    path = write(KEY_BY_SIM % (", run: [make]", ", run: [take]"))

    assert load(path, rehearse=True).plan.tasks[TaskId("take")].needs_keys == ("part/made",)
    with pytest.raises(LayoutError, match="no task provides the memory key 'part/made'"):
        load(path)


def test_a_key_of_several_providers_closes_no_circle(write: Write) -> None:
    path = write("""\
session: {id: either}
agent_types: {worker: {run: [work]}}
teams: {crew: {agents: [worker]}}
tasks:
  early: {agent: worker, provides: [ready]}
  middle: {agent: worker, needs: ["memory:ready"]}
  late: {agent: worker, needs: [middle], provides: [ready]}
""")

    assert list(load(path).plan.tasks) == ["early", "middle", "late"]


def test_circles_that_share_no_task_are_all_told(write: Write) -> None:
    path = write("""\
session: {id: circles}
agent_types: {worker: {run: [work]}}
teams: {crew: {agents: [worker]}}
tasks:
  a: {agent: worker, needs: [b]}
  b: {agent: worker, needs: [c]}
  c: {agent: worker, needs: [a]}
  d: {agent: worker, needs: [a, e]}
  e: {agent: worker, needs: [d]}
""")

    with pytest.raises(LayoutError) as refused:
        load(path)
    assert [problem.message for problem in refused.value.problems] == [
        "waits for itself: a needs b, b needs c, c needs a",
        "waits for itself: d needs e, e needs d",
    ]


def test_the_operators_values_replace_those_of_the_layout(write: Write) -> None:
    loaded = load(write(WHOLE), overrides={"depth": "4 m"})

    assert loaded.plan.variables["depth"] == "4 m"
    assert loaded.document["session"] == {
        "id": "canal",
        "project": "The canal",
        "goal": "Water flows",
        "max_agents": 5,
        "vars": {"depth": "4 m", "order": "dig ${depth} in ${layout.dir}"},
    }
    assert plan_of(loaded.document) == loaded.plan


def test_nothing_is_looked_up_in_the_operators_values(write: Write) -> None:
    loaded = load(write(WHOLE), overrides={"depth": "${order} $${x} ${"})

    assert loaded.plan.variables["depth"] == "$${order} $$${x} $${"


def test_the_operator_cannot_set_what_the_layout_does_not_declare(write: Write) -> None:
    path = write(WHOLE)

    with pytest.raises(LayoutError) as refused:
        load(path, overrides={"dept": "4 m", "zzz": "1", "depth": "\udcff"})
    assert str(refused.value).splitlines() == [
        f"{path}:6:3: --set dept: the layout has no such variable (did you mean depth?)",
        f"{path}:6:3: --set zzz: the layout has no such variable; it has depth, order",
        f"{path}:6:3: --set depth: is given something that is not UTF-8 text",
    ]


def test_a_plan_can_be_made_again_from_the_recorded_document(write: Write) -> None:
    loaded = load(write(WHOLE))
    recorded = json.loads(json.dumps(loaded.document))

    again = plan_of(recorded)

    assert again == loaded.plan
    assert list(again.tasks) == list(loaded.plan.tasks)
    assert list(again.agents) == list(loaded.plan.agents)


def test_a_recorded_document_that_is_no_layout_is_refused(write: Write) -> None:
    document = load(write(WHOLE)).document
    del document["teams"]

    with pytest.raises(LayoutError) as refused:
        plan_of(document)
    assert [(problem.path, problem.message) for problem in refused.value.problems][:2] == [
        ("teams", "holds no team: there is nobody to do anything"),
        ("tasks.survey.agent", "there is no agent 'ann'"),
    ]


def test_short_and_long_forms_are_the_same_document(write: Write) -> None:
    short = """\
session: {id: forms}
agent_types: {worker: {run: [work, hard]}}
teams: {crew: {agents: [worker]}}
tasks: {work: {agent: worker, duration: 90, sim: {duration: 5s}}}
"""
    long = """\
session: {session_id: forms}
agent_types: {worker: {run: {command: [work, hard]}}}
teams: {crew: {agents: [{type: worker}]}}
tasks: {work: {agent: worker, duration: 1m30s, sim: {duration: [5s, 5]}}}
"""

    assert load(write(short)).document == load(write(long)).document


def test_everything_wrong_is_told_at_once_in_the_order_of_the_file(write: Write) -> None:
    path = write("""\
session:
  id: many
  gaol: freedom
  vars: {a: "${b}"}
agent_types:
  worker: {run: work}
teams:
  crew:
    lead: bos
    agents: [boss, {id: boss, type: worker}]
tasks:
  one: {agent: bss, duration: soon}
  two: {agent: boss, needs: [won, two]}
  one: {agent: boss}
questions:
  ok: {question: "Go ${c}?", default: approve}
""")

    with pytest.raises(LayoutError) as refused:
        load(path)
    assert [str(problem).removeprefix(f"{path}:") for problem in refused.value.problems] == [
        "3:3: session.gaol: is not known here (did you mean goal?)",
        "4:13: session.vars.a: looks up 'b', and there is no such name; where no look-up is meant, "
        "write $${",
        "6:17: agent_types.worker.run: must be a list of words, such as [ruff, check], or a "
        "mapping with command or shell",
        "9:11: teams.crew.lead: this team has no agent 'bos' (did you mean boss?)",
        "10:14: teams.crew.agents[0]: there is no agent type 'boss'",
        "10:25: teams.crew.agents[1].id: the id 'boss' is taken by an agent of team 'crew'; each "
        "agent needs its own",
        "12:16: tasks.one.agent: there is no agent 'bss' (did you mean boss?)",
        "12:31: tasks.one.duration: is not a duration; write 30s, 10m, 1h30m or a number of "
        "seconds",
        "13:3: tasks.two: waits for itself: two needs two",
        "13:30: tasks.two.needs[0]: there is no task 'won' (did you mean two?)",
        "14:3: tasks.one: is given twice; the first is in line 12",
        "16:18: questions.ok.question: looks up 'c', and there is no such name; where no look-up "
        "is meant, write $${",
        "16:39: questions.ok.default: can only be reject: what nobody answered must never count as "
        "approved",
    ]


def test_what_is_misspelt_is_not_told_to_be_missing_as_well(write: Write) -> None:
    path = write("""\
session:
  id: typos
  var: {place: here}
agent_types:
  worker: {skil: [dig], rum: [dig, "${place}"]}
team:
  crew: {agents: [worker]}
tasks:
  one: {agnt: worker, provide: [a/b]}
  two: {requires_skill: dig, needs: ["memory:a/b", one], gate: ok}
question:
  ok: {question: "Go?"}
""")

    with pytest.raises(LayoutError) as refused:
        load(path)
    assert [str(problem).removeprefix(f"{path}:") for problem in refused.value.problems] == [
        "3:3: session.var: is not known here (did you mean vars?)",
        "5:12: agent_types.worker.skil: is not known here (did you mean skills?)",
        "5:25: agent_types.worker.rum: is not known here (did you mean run?)",
        "6:1: team: is not known here (did you mean teams?)",
        "9:9: tasks.one.agnt: is not known here (did you mean agent?)",
        "9:23: tasks.one.provide: is not known here (did you mean provides?)",
        "11:1: question: is not known here (did you mean questions?)",
    ]


def test_the_text_of_a_wrong_value_is_not_repeated(write: Write) -> None:
    path = write(WHOLE.replace('env: {LEVEL: "1"}', "env: {LEVEL: [hunter2]}"))

    with pytest.raises(LayoutError) as refused:
        load(path)
    assert "hunter2" not in str(refused.value)
    assert "must be a text, not a list" in str(refused.value)
