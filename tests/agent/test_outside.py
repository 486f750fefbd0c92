"""An agent in Python that is run by hand."""

import subprocess

import pytest
from agent.far_side import python

Env = dict[str, str]


def by_hand(script: str, env: Env) -> subprocess.CompletedProcess[str]:
    """Run a script as one does at a prompt."""
    alone = {name: value for name, value in env.items() if name != "MOP_AGENT"}
    return subprocess.run(
        python(script), env=alone, capture_output=True, encoding="utf-8", check=False
    )


def test_what_is_said_is_printed_for_a_person(env: Env) -> None:
    script = """
        agent.progress(40, "compiling")
        agent.remember("build", {"files": 3})
        agent.output("a wheel")
        agent.done()
    """
    ran = by_hand(script, env)
    assert ran.returncode == 0
    assert ran.stdout.splitlines() == [
        "[progress] percent: 40, note: compiling",
        "[memory] key: build, value: {'files': 3}",
        "[output] value: a wheel",
        "[done] ",
    ]


@pytest.mark.parametrize(
    ("call", "what"),
    [
        ("ask('?')", "an answer"),
        ("approve('?')", "an answer"),
        ("wait_for('k')", "a value"),
        ("lock('x')", "a lock"),
        ("secret('s')", "a secret"),
        ("task()", "a task"),
        ("cancelled()", "a cancellation"),
        ("messages()", "a message"),
    ],
)
def test_what_needs_an_answer_says_that_nobody_can_give_it(env: Env, call: str, what: str) -> None:
    script = f"""
        try:
            agent.{call}
        except agent.NotAnAgentError as problem:
            print(problem)
    """
    ran = by_hand(script, env)
    assert ran.stdout == (
        f"nobody can give {what}: mop-tui did not start this program (no MOP_AGENT)\n"
    )
    assert ran.returncode == 0
