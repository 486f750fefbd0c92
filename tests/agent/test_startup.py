"""What agents start often starts quickly: by what it imports, since time is no test's business."""

import subprocess
import sys

import pytest
from agent.far_side import FarSide, python, sh

Env = dict[str, str]

SLOW = ("asyncio", "click", "dataclasses", "json", "pathlib", "pydantic", "re", "textual", "typing")
NEW_TO_PYTHON = f"import sys; print(*(name for name in {SLOW} if name in sys.modules))"


def imports(code: str, env: Env) -> list[str]:
    """Return which of the slow modules are imported after some code."""
    run = subprocess.run(
        [sys.executable, "-c", f"{code}\n{NEW_TO_PYTHON}"],
        env=env,
        capture_output=True,
        encoding="utf-8",
        check=True,
    )
    return run.stdout.splitlines()[-1].split()


@pytest.mark.parametrize(
    "code",
    [
        "from mop_tui import agent",
        "from mop_tui import agent; agent.progress(1); agent.remember('k', {'a': [1]})",
        "from mop_tui.tell import main; main(['progress', '1'])",
        "import sys; sys.argv = ['mop-tui', 'tell', 'progress', '1']\n"
        "from mop_tui.__main__ import main\n"
        "try: main()\nexcept SystemExit: pass",
    ],
    ids=["import", "speak", "tell", "program"],
)
def test_speaking_imports_nothing_slow(env: Env, code: str) -> None:
    plain = set(imports("", env))
    assert set(imports(code, env)) - plain == set()


def test_no_thread_runs_before_something_has_to_be_heard(env: Env) -> None:
    script = """
        import sys
        agent.progress(1)
        print("threading" in sys.modules)
        agent.listen()
        print("threading" in sys.modules)
    """
    with FarSide(python(script), env) as far:
        far.hears("progress")
        assert far.ends() == 0
        assert far.log == ["False", "True"]


def test_the_program_is_found_as_a_module_and_as_a_script(env: Env) -> None:
    with FarSide(sh(f'"{sys.executable}" -m mop_tui tell done'), env) as far:
        far.hears("done")
        assert far.ends() == 0
