"""What agents, programs, retries and questions of a layout become in its plan."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from pydantic import JsonValue

from mop_tui.domain.answers import Option, Validation
from mop_tui.domain.ids import AgentId, QuestionName, TaskId
from mop_tui.domain.plan import (
    AgentLimits,
    Calling,
    Command,
    ErrorPattern,
    HostKind,
    Lifetime,
    QuestionSpec,
    Retry,
    Review,
)
from mop_tui.layout import LayoutError, load, plan_of

Write = Callable[[str], Path]

DOCKS = r"""
session: {id: docks}
agent_types:
  crane:
    lifetime: session
    limits: {cpu: 2, memory: 512MiB}
    skills: [lift]
    run: [crane]
  docker:
    run:
      command: [docker]
      env: {SHIFT: late}
      inherit_env: [GH_TOKEN, LANGUAGE, GH_TOKEN]
      stdin: none
      exit_codes: {3: dropped, 137: killed}
      error_patterns: {dropped: "fell (in|off)", late: ^late}
      progress_patterns: ['(\d+)%', '(\d+) of (\d+)']
teams:
  all:
    agents:
      - crane
      - {id: small, type: crane, lifetime: task, limits: {cpu: 0.5}}
      - docker
      - {id: player, type: docker, limits: {memory: 1073741824}, lifetime: task}
tasks:
  lift: {agent: crane, timeout: 10m, retry: 2, gate: which}
  carry: {agent: docker, retry: {times: 3, delay: 2m}, gate: weight}
  again: {agent: docker, retry: {times: 1, delay: 250ms, max_delay: 5s}}
  other:
    agent: docker
    run:
      shell: carry
      error_patterns:
        [{type: late, pattern: a}, {type: dropped, pattern: b}, {type: late, pattern: c}]
questions:
  which:
    question: Which crane?
    question_type: choice
    options: [left, {value: right, label: The right one, description: Rusty}, no]
    default: no
    timeout: 1m
  weight:
    question: How heavy?
    question_type: input
    input_type: number
    validation: {minimum: 1, maximum: 9.5, max_length: 3}
    default: "7"
  key:
    question: The key?
    question_type: input
    input_type: password
    validation: {min_length: 8, pattern: "[a-z0-9!]+", require_special: true, require_digit: true}
    required: true
"""


def test_a_lifetime_and_limits_are_those_of_the_type_unless_the_agent_says_so(
    write: Write,
) -> None:
    agents = load(write(DOCKS)).plan.agents
    crane, small, docker, player = map(
        agents.__getitem__, map(AgentId, ("crane", "small", "docker", "player"))
    )

    assert (crane.lifetime, crane.host) == (Lifetime.SESSION, HostKind.COMMAND)
    assert crane.limits == AgentLimits(cpu=2, memory=512 * 1024**2)
    assert small.lifetime is Lifetime.TASK
    assert small.limits == AgentLimits(cpu=0.5, memory=512 * 1024**2)
    assert (docker.lifetime, docker.limits) == (Lifetime.TASK, AgentLimits())
    assert player.limits == AgentLimits(memory=1024**3)


def test_a_program_is_planned_with_all_that_its_output_means(write: Write) -> None:
    plan = load(write(DOCKS)).plan
    docker = plan.agents[AgentId("docker")]

    assert plan.work(docker, TaskId("carry")).command == Command(
        argv=("docker",),
        env=(("SHIFT", "late"),),
        inherit_env=("GH_TOKEN", "LANGUAGE"),
        stdin="none",
        exit_codes=((3, "dropped"), (137, "killed")),
        error_patterns=(ErrorPattern("dropped", "fell (in|off)"), ErrorPattern("late", "^late")),
        progress_patterns=(r"(\d+)%", r"(\d+) of (\d+)"),
    )
    assert plan.work(docker, TaskId("other")).command == Command(
        argv=("carry",),
        shell=True,
        error_patterns=(
            ErrorPattern("late", "a"),
            ErrorPattern("dropped", "b"),
            ErrorPattern("late", "c"),
        ),
    )


def test_retries_and_timeouts_are_those_of_tasks(write: Write) -> None:
    tasks = load(write(DOCKS)).plan.tasks

    assert tasks[TaskId("lift")].timeout_ms == 600_000
    assert tasks[TaskId("lift")].retry == Retry(times=2)
    assert tasks[TaskId("carry")].timeout_ms is None
    assert tasks[TaskId("again")].retry == Retry(times=1, delay_ms=250, max_delay_ms=5_000)
    assert tasks[TaskId("other")].retry == Retry()


def test_reviews_are_those_of_tasks(write: Write) -> None:
    more = "rounds: 1, duration: 1m, timeout: 5m, retry: 2"
    text = DOCKS.replace(
        "tasks:\n",
        f"tasks:\n  one: {{agent: crane, review: {{by: docker, {more}}}}}\n"
        "  two: {agent: crane, review: {by: docker}}\n",
    )
    path = write(text)
    plan = load(path).plan
    docker = AgentId("docker")
    assert plan.tasks[TaskId("one")].review == Review(docker, 1, 60_000, 300_000, Retry(times=2))
    assert plan.tasks[TaskId("two")].review == Review(docker, 3)
    assert plan.tasks[TaskId("lift")].review is None
    assert plan_of(load(path).document) == plan


def test_locks_and_owned_files_are_those_of_tasks_and_agents(write: Write) -> None:
    text = DOCKS.replace(
        "tasks:\n", "tasks:\n  crane-it: {agent: crane, locks: [a, b/*], owns: [c/]}\n"
    )
    plan = load(write(text), rehearse=True).plan
    spec = plan.tasks[TaskId("crane-it")]
    assert (spec.locks, spec.owns) == (("a", "b/*"), ("c/",))


def test_a_rest_longer_than_the_usual_longest_is_the_longest(write: Write) -> None:
    retry = load(write(DOCKS)).plan.tasks[TaskId("carry")].retry

    assert retry == Retry(times=3, delay_ms=120_000, max_delay_ms=120_000)


def test_questions_of_every_type_are_planned(write: Write) -> None:
    questions = load(write(DOCKS)).plan.questions

    assert questions == {
        "which": QuestionSpec(
            name=QuestionName("which"),
            question="Which crane?",
            question_type="choice",
            options=(Option("left"), Option("right", "The right one", "Rusty"), Option("no")),
            timeout_ms=60_000,
            default="no",
        ),
        "weight": QuestionSpec(
            name=QuestionName("weight"),
            question="How heavy?",
            question_type="input",
            input_type="number",
            validation=Validation(minimum=1, maximum=9.5, max_length=3),
            default="7",
        ),
        "key": QuestionSpec(
            name=QuestionName("key"),
            question="The key?",
            question_type="input",
            input_type="password",
            validation=Validation(
                min_length=8, pattern="[a-z0-9!]+", require_special=True, require_digit=True
            ),
            required=True,
        ),
    }


def test_the_recorded_document_is_canonical_and_makes_the_same_plan(write: Write) -> None:
    loaded = load(write(DOCKS))
    document = json.loads(json.dumps(loaded.document))

    assert plan_of(document) == loaded.plan
    assert document["agent_types"]["crane"]["limits"] == {"cpu": 2.0, "memory": "512MiB"}
    assert document["agent_types"]["docker"]["run"]["exit_codes"] == {
        "3": "dropped",
        "137": "killed",
    }
    assert document["agent_types"]["docker"]["run"]["error_patterns"] == [
        {"type": "dropped", "pattern": "fell (in|off)"},
        {"type": "late", "pattern": "^late"},
    ]
    assert document["tasks"]["lift"]["retry"] == {"times": 2}
    assert document["tasks"]["lift"]["timeout"] == "10m"
    assert document["questions"]["which"]["options"] == [
        {"value": "left"},
        {"value": "right", "label": "The right one", "description": "Rusty"},
        {"value": "no"},
    ]


SESSION_LONG = """\
session: {id: long}
agent_types: {worker: {lifetime: session%s}}
teams: {crew: {agents: [worker, {id: other, type: worker, lifetime: task, skills: [dig]}]}}
tasks:
  first: {agent: worker%s}
  second: {requires_skill: dig%s}
"""


def test_a_simulated_agent_does_its_steps_and_is_known_to_set_their_keys(write: Write) -> None:
    sim = ", sim: {steps: [{lock: x/*}, {set: k}, {wait: l}, {unlock: x/*}]}"
    path = write(SESSION_LONG % ("", sim, ", needs: ['memory:k'], run: [dig]"))
    script = load(path, rehearse=True).plan.task_work[TaskId("first")].script
    assert script is not None
    assert [(step.do, step.what) for step in script.steps] == [
        ("lock", "x/*"),
        ("set", "k"),
        ("wait", "l"),
        ("unlock", "x/*"),
    ]
    assert script.keys == ("k",)


def test_an_agent_for_the_session_may_be_simulated(write: Write) -> None:
    plan = load(write(SESSION_LONG % (", sim: {output: [x]}", "", ""))).plan

    assert plan.agents[AgentId("worker")].lifetime is Lifetime.SESSION
    assert plan.agents[AgentId("worker")].host is HostKind.SIMULATED


def test_an_agent_for_the_session_needs_no_program_in_a_rehearsal(write: Write) -> None:
    path = write(SESSION_LONG % ("", "", ", run: [dig]"))

    assert load(path, rehearse=True).plan.agents
    with pytest.raises(LayoutError, match=r"tasks\.first: nothing says how to do it"):
        load(path)


def test_a_task_may_say_what_to_run_where_nobody_for_the_session_does_it(write: Write) -> None:
    path = write(SESSION_LONG % (", run: [work]", "", ", run: [dig]"))

    assert load(path).plan.agents[AgentId("worker")].host is HostKind.COMMAND


def test_a_task_that_an_agent_for_the_session_may_do_cannot_say_what_to_run(write: Write) -> None:
    path = write(SESSION_LONG % (", run: [work], skills: [dig]", "", ", run: [dig]"))

    for rehearse in (False, True):
        with pytest.raises(LayoutError, match=r"tasks\.second\.run: cannot be obeyed"):
            load(path, rehearse=rehearse)


def test_a_part_of_a_question_that_is_wrong_brings_up_nothing_else(write: Write) -> None:
    path = write("""\
session: {id: part}
agent_types: {worker: {run: [work]}}
teams: {crew: {agents: [worker]}}
tasks: {work: {agent: worker, gate: ok}}
questions: {ok: {question: Which, question_typ: choice, options: [a, b], default: a}}
""")

    with pytest.raises(LayoutError) as refused:
        load(path)
    (problem,) = refused.value.problems
    assert problem.path == "questions.ok.question_typ"


@pytest.mark.parametrize(
    ("of_session", "of_task", "planned"),
    [(None, None, None), ("fail", None, "fail"), ("fail", "retry", "retry"), (None, "ask", "ask")],
)
def test_what_is_done_in_doubt_is_said_by_the_task_or_else_by_the_session(
    of_session: str | None, of_task: str | None, planned: str | None
) -> None:
    session: dict[str, JsonValue] = {"id": "s"}
    task: dict[str, JsonValue] = {"agent": "worker"}
    if of_session:
        session["on_doubt"] = of_session
    if of_task:
        task["on_doubt"] = of_task
    made = plan_of(
        {
            "session": session,
            "agent_types": {"worker": {"sim": {}}},
            "teams": {"crew": {"agents": ["worker"]}},
            "tasks": {"t": task},
        }
    )
    assert made.tasks[TaskId("t")].on_doubt == planned


def test_how_the_operator_is_called_is_part_of_the_plan(write: Write) -> None:
    frame = "session: {id: s}\nagent_types: {a: {run: [x]}}\nteams: {t: {agents: [a]}}\n"
    frame += "tasks: {x: {agent: a}}\n"
    usual = load(write(frame)).plan
    assert usual.calling == Calling(10_000, 30_000, None)
    notify = "notify: {bell: false, desktop_after: 1m, command: [ring, me], command_after: 5m}"
    loaded = load(write(f"{frame}{notify}"))
    assert loaded.plan.calling == Calling(None, 60_000, 300_000)
    assert loaded.plan.session_hooks["call"].command == Command(("ring", "me"), stdin="none")
    assert plan_of(loaded.document) == loaded.plan
    shell = load(write(f"{frame}notify: {{command: {{shell: ring, timeout: 5s}}}}")).plan
    assert shell.calling.command_ms == 120_000
    assert shell.session_hooks["call"].timeout_ms == 5_000
