"""Layouts made to keep a reader busy for ever end quickly, and in words."""

import json
from collections.abc import Callable
from pathlib import Path
from time import process_time

import pytest

from mop_tui.layout import LayoutError, load

Write = Callable[[str], Path]

QUICKLY = 20.0
"""Seconds of processor time on a slow and busy machine; what is meant is far less than for ever."""


def refusal(path: Path) -> str:
    """Return what is said about a layout, which must be said quickly."""
    began = process_time()
    with pytest.raises(LayoutError) as refused:
        load(path)
    assert process_time() - began < QUICKLY
    return str(refused.value).removeprefix(f"{path}:")


def test_aliases_of_aliases_do_not_explode(write: Write) -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 12)]

    assert refusal(write("\n".join(lines))) == (
        "6:10: holds more than 100,000 values from here on, counting what aliases repeat"
    )


def test_merges_of_merges_do_not_explode(write: Write) -> None:
    lines = ["a0: &a0 {x: 1}"]
    lines += [f"a{n}: &a{n} {{<<: [{', '.join([f'*a{n - 1}'] * 9)}]}}" for n in range(1, 12)]

    assert "holds more than 100,000 values" in refusal(write("\n".join(lines)))


def test_depth_is_bounded(write: Write) -> None:
    assert refusal(write("a: " + "[" * 50_000)) == "1:103: is nested more than 100 deep"


def test_depth_is_bounded_where_aliases_make_it(write: Write) -> None:
    lines = ["a0: &a0 [x]"] + [f"a{n}: &a{n} [*a{n - 1}]" for n in range(1, 200)]

    assert refusal(write("\n".join(lines))).endswith("is nested more than 100 deep")


def test_what_stays_within_the_bounds_is_fine(write: Write) -> None:
    deep = "[" * 90 + "]" * 90
    path = write(f"""\
session: {{id: deep}}
agent_types: {{worker: {{}}}}
teams: {{crew: {{agents: [worker]}}}}
tasks: {{work: {{agent: worker, sim: {{memory: {{deep: {deep}, wide: [{"1, " * 20_000}]}}}}}}}}
""")

    assert load(path).plan.id == "deep"


def test_variables_do_not_double_for_ever(write: Write) -> None:
    doubling = "\n".join(f'    v{n}: "${{v{n - 1}}}${{v{n - 1}}}"' for n in range(1, 40))
    path = write(f"""\
session:
  id: doubling
  vars:
    v0: "0123456789"
{doubling}
agent_types: {{worker: {{run: [work]}}}}
teams: {{crew: {{agents: [worker]}}}}
tasks: {{work: {{agent: worker}}}}
""")

    told = refusal(path).splitlines()
    assert (
        told[0] == "18:10: session.vars.v14: becomes longer than 100,000 signs when it is filled in"
    )


@pytest.mark.parametrize(
    "scrap",
    [
        "a",
        "-",
        "--a",
        "--token ",
        "a=",
        "A_TOKEN_FILE=$",
        "://",
        "://a:",
        ":",
        " ",
        "${place}",
        "\\",
    ],
)
def test_no_text_takes_long_to_be_searched_for_secrets(write: Write, scrap: str) -> None:
    script = json.dumps(scrap * (50_000 // len(scrap)))
    path = write(f"""\
session: {{id: long, vars: {{place: ""}}}}
agent_types: {{worker: {{run: {{shell: {script}, env: {{A: {script}}}}}}}}}
teams: {{crew: {{agents: [worker]}}}}
tasks: {{work: {{agent: worker, run: [{script}]}}}}
""")

    began = process_time()
    assert load(path).plan.id == "long"
    assert process_time() - began < QUICKLY


def sections(**texts: str) -> str:
    return "".join(f"{name}:\n{text}" for name, text in texts.items())


SESSION = "  id: many\n"
TYPES = "  worker: {run: [work]}\n"
TEAMS = "  crew: {agents: [worker]}\n"
WORK = "  work: {agent: worker}\n"


@pytest.mark.parametrize(
    "tasks",
    [
        pytest.param(lambda n: f"  t{n}: {{agnt: worker}}\n", id="misspelt keys"),
        pytest.param(lambda n: f"  t{n}: {{agent: worker, needs: [u{n}]}}\n", id="unknown tasks"),
        pytest.param(lambda n: f"  t{n}: {{agent: worker, needs: [t{n}]}}\n", id="circles"),
        pytest.param(lambda n: f"  t{n}: {{requires_skill: s{n}}}\n", id="unknown skills"),
        pytest.param(
            lambda n: f'  t{n}: {{agent: worker, needs: ["memory:k{n}"]}}\n', id="unknown keys"
        ),
        pytest.param(lambda n: f'  t{n}: {{agent: worker, run: ["${{v{n}}}"]}}\n', id="look-ups"),
        pytest.param(lambda n: f"  t{n}: {{agent: worker, run: [a, --token={n}]}}\n", id="secrets"),
        pytest.param(
            lambda n: f'  t{n}: {{agent: worker, run: {{error_patterns: {{a: "("}}}}}}\n',
            id="patterns",
        ),
    ],
)
def test_thousands_of_mistakes_are_told(write: Write, tasks: Callable[[int], str]) -> None:
    path = write(
        sections(
            session=SESSION, agent_types=TYPES, teams=TEAMS, tasks="".join(map(tasks, range(1_500)))
        )
    )

    assert len(refusal(path).splitlines()) >= 100


@pytest.mark.parametrize("key", ["error_patterns", "exit_codes"])
def test_thousands_of_mistakes_by_name_are_told(write: Write, key: str) -> None:
    named = ", ".join(f"t{n}: '('" for n in range(10_000))
    types = f"  worker: {{run: {{command: [work], {key}: {{{named}}}}}}}\n"

    assert refusal(write(sections(session=SESSION, agent_types=types, teams=TEAMS, tasks=WORK)))


@pytest.mark.parametrize("key", ["progress_patterns", "inherit_env"])
def test_thousands_of_mistakes_in_a_row_are_told(write: Write, key: str) -> None:
    row = ", ".join(["'('"] * 10_000)
    types = f"  worker: {{run: {{command: [work], {key}: [{row}]}}}}\n"

    assert refusal(write(sections(session=SESSION, agent_types=types, teams=TEAMS, tasks=WORK)))


def test_locks_that_would_be_compared_for_ever_are_refused(write: Write) -> None:
    tasks = "".join(
        f"  t{n}: {{agent: worker, locks: ['{'*a' * 200}{n}/**/{'?' * 100}{n}']}}\n"
        for n in range(300)
    )
    said = refusal(write(sections(session=SESSION, agent_types=TYPES, teams=TEAMS, tasks=tasks)))
    assert "locks[0]: cannot be compared with what others lock, for that is too much" in said


def test_a_thousand_locks_are_checked(write: Write) -> None:
    tasks = "".join(
        f"  t{n}: {{agent: worker, locks: [env/e{n}/values.yaml, env/e{n % 9}/*]}}\n"
        for n in range(1_000)
    )
    path = write(sections(session=SESSION, agent_types=TYPES, teams=TEAMS, tasks=tasks))
    began = process_time()
    assert len(load(path, rehearse=True).warnings) > 500
    assert process_time() - began < QUICKLY


def test_a_large_sound_layout_is_loaded(write: Write) -> None:
    tasks = "".join(
        f"  t{n}: {{requires_skill: work, needs: [{f't{n - 1}' if n else ''}], gate: ok}}\n"
        for n in range(2_000)
    )
    agents = "".join(f"      - {{id: w{n}, type: worker}}\n" for n in range(1_000))
    path = write(
        sections(
            session=SESSION,
            agent_types="  worker: {skills: [work], run: [work]}\n",
            teams=f"  crew:\n    agents:\n{agents}",
            tasks=tasks,
            questions="  ok: {question: Now}\n",
        )
    )

    began = process_time()
    plan = load(path).plan
    assert process_time() - began < QUICKLY
    assert (len(plan.agents), len(plan.tasks)) == (1_000, 2_000)


WRONG_TRIGGERS = (
    "type: agent_error, action: create_task, agent: w%d",
    "type: task_created, requires_skill: x%d, action: spawn_agent, agents: [t%d, w%d]",
    "type: agent_error, action: notify, when: {event.x%d: 1}, task: '${event.y%d}'",
    "type: environment_deploy, environment: e%d, action: ask_human",
    "type: event, kind: k%d, action: spawn_team, team: t%d",
)


@pytest.mark.parametrize("trigger", WRONG_TRIGGERS)
def test_thousands_of_wrong_triggers_are_told(write: Write, trigger: str) -> None:
    lines = [f"  - {{{trigger.replace('%d', str(n))}}}" for n in range(4_000)]
    types = "".join(f"  s{n}: {{}}\n" for n in range(4_000))
    head = f"session: {{id: a, keep_running: true}}\nagent_types:\n{types}triggers:\n"
    assert refusal(write(head + "\n".join(lines))).count("\n") >= 3_999


def test_a_large_layout_full_of_triggers_is_loaded(write: Write) -> None:
    numbers = range(1_200)
    types = "".join(f"  t{n}: {{skills: [s{n}], sim: {{}}}}\n" for n in numbers)
    agents = ", ".join(f"{{type: t{n}, id: w{n}}}" for n in numbers)
    tasks = "".join(f"  k{n}: {{requires_skill: s{n}}}\n" for n in numbers)
    triggers = "".join(
        f"  - {{type: task_created, action: spawn_agent, agent_type: t{n}}}\n"
        f"  - {{type: agent_error, action: create_task, skill: s{n}}}\n"
        f"  - {{type: agent_error, action: spawn_agent, agent_type: t{n}, task: Help}}\n"
        for n in numbers
    )
    path = write(
        f"session: {{id: a}}\nagent_types:\n{types}teams:\n  late: {{start: trigger, agents: "
        f"[{agents}]}}\ntasks:\n{tasks}triggers:\n{triggers}"
    )
    began = process_time()
    assert len(load(path).plan.triggers) == 3 * len(numbers)
    assert process_time() - began < QUICKLY
