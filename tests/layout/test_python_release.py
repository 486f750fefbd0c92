"""The layout of a real release, and the small programs it brings along.

The whole of it, with the real tools, is run elsewhere; here is what needs no network.
"""

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from mop_tui.domain import templates
from mop_tui.domain.ids import AgentId, QuestionName, TaskId
from mop_tui.domain.plan import HostKind
from mop_tui.layout import load

LAYOUTS = Path(__file__).parents[2] / "layouts"
LAYOUT = LAYOUTS / "python-release.yaml"
PROGRAMS = LAYOUTS / "python-release"
SAMPLE = PROGRAMS / "sample-project"


def run(program: str, *words: str | Path, cwd: Path | None = None) -> tuple[int, str]:
    """Run one of the programs as an agent does; return its exit code and its last line."""
    done = subprocess.run(
        [sys.executable, PROGRAMS / program, *words],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        cwd=cwd,
        encoding="utf-8",
        check=False,
    )
    return done.returncode, (done.stdout.splitlines() or [""])[-1]


def files(folder: Path) -> list[str]:
    return sorted(
        path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()
    )


def put(folder: Path, *names: str) -> None:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(f"content of {name}\n", encoding="utf-8")


# -- the layout ----------------------------------------------------------------------------------


@pytest.mark.parametrize("rehearse", [False, True])
def test_the_layout_is_sound(rehearse: bool) -> None:
    plan = load(LAYOUT, rehearse=rehearse).plan

    assert {agent.host for agent in plan.agents.values()} == {
        HostKind.SIMULATED if rehearse else HostKind.COMMAND
    }
    assert all(task.expected_ms for task in plan.tasks.values())
    assert all(plan.task_work[task].script for task in plan.tasks)


def test_lint_test_and_build_wait_for_the_same_and_not_for_each_other() -> None:
    tasks = load(LAYOUT).plan.tasks

    waits = {name: tasks[TaskId(name)].needs_tasks for name in ("lint", "test", "build")}
    assert set(waits.values()) == {("snapshot", "tools")}


def test_the_question_shows_what_the_release_needs() -> None:
    plan = load(LAYOUT).plan
    question = plan.questions[QuestionName("ship")]
    shown = {
        templates.task_of(name)
        for _, text in templates.texts(dict(question.context))
        for name in templates.names(text)
    }

    assert plan.tasks[TaskId("release")].gate == "ship"
    assert (question.required, question.default, question.dangerous) == (True, None, False)
    assert shown == {"lint", "test", "build", "install"}


def test_every_program_that_is_run_from_the_layouts_folder_is_there() -> None:
    loaded = load(LAYOUT, overrides={"tools": "/tools"})
    facts = {
        templates.LAYOUT_DIR: str(loaded.directory),
        templates.WORKSPACE: "/workspace",
        templates.PYTHON: sys.executable,
    }
    lookup = templates.resolve(loaded.plan.variables, facts.get)

    words: list[str] = []
    for task in loaded.plan.tasks.values():
        agent = task.agent or AgentId("packager")
        command = loaded.plan.work(loaded.plan.agents[agent], task.id).command
        assert command is not None
        words += templates.render_command(command, lookup).argv
    assert not [word for word in words if "${" in word]
    inside = [Path(word) for word in words if word.startswith(str(loaded.directory))]
    assert len(inside) == 5
    assert all(path.exists() for path in inside)


# -- snapshot ------------------------------------------------------------------------------------


def test_a_snapshot_is_the_project_without_what_tools_made(tmp_path: Path) -> None:
    project, destination = tmp_path / "project", tmp_path / "workspace" / "source"
    kept = ["pyproject.toml", "src/p/__init__.py", "src/p/build/__init__.py", ".git/HEAD"]
    put(project, *kept)
    put(project, "build/x.py", "dist/x.whl", "src/p/__pycache__/x.pyc", "src/p.egg-info/PKG-INFO")
    put(project, "env/pyvenv.cfg", "env/bin/python", ".tox/x")
    put(project, "cache/x")
    (project / "cache" / "CACHEDIR.TAG").write_text(
        "Signature: 8a477f597d28d172789f06886806bc55\n", encoding="utf-8"
    )

    code, said = run("snapshot.py", project, destination)

    assert (code, said) == (0, f"4 files copied from {project}")
    assert files(destination) == sorted(kept)


def test_a_second_snapshot_replaces_the_first(tmp_path: Path) -> None:
    destination = tmp_path / "workspace" / "source"
    put(destination, "left-over.py")

    assert run("snapshot.py", SAMPLE, destination)[0] == 0

    assert files(destination) == files(SAMPLE)


def test_a_snapshot_does_not_hold_itself_or_earlier_ones(tmp_path: Path) -> None:
    project = tmp_path / "project"
    put(project, "pyproject.toml")

    assert run("snapshot.py", project, project / "sessions" / "one" / "source")[0] == 0
    assert run("snapshot.py", project, project / "sessions" / "two" / "source")[0] == 0

    assert files(project / "sessions" / "two" / "source") == ["pyproject.toml"]


def test_the_settings_of_a_project_around_the_snapshot_do_not_count(tmp_path: Path) -> None:
    around, project = tmp_path / "around", tmp_path / "project"
    put(around, "src.py")
    (around / ".gitignore").write_text("*\n", encoding="utf-8")
    (around / "pyproject.toml").write_text(
        '[tool.ruff.lint]\nselect = ["ALL"]\n[tool.pytest.ini_options]\naddopts = "--no-such"\n',
        encoding="utf-8",
    )
    put(project, "setup.py")
    (project / "setup.py").write_text("import os\n", encoding="utf-8")
    (project / "test_it.py").write_text("def test_it():\n    assert True\n", encoding="utf-8")
    source = around / "sessions" / "one" / "source"
    assert run("snapshot.py", project, source)[0] == 0

    def tool(*words: str) -> str:
        return subprocess.run(
            [sys.executable, "-m", *words],
            cwd=source,
            env=os.environ | {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"},
            capture_output=True,
            encoding="utf-8",
            check=False,
        ).stdout

    linted = tool("ruff", "check", "--no-cache", "--output-format", "concise", "--unfixable", "ALL")
    assert linted.splitlines() == [
        "setup.py:1:8: F401 `os` imported but unused",
        "Found 1 error.",
    ]
    tested = tool("pytest", "--quiet", "--no-header", "--color=no", "-p", "no:cacheprovider")
    assert tested.splitlines()[-1].startswith("1 passed in ")


@pytest.mark.parametrize(
    ("project", "told"),
    [
        ("missing", "There is no folder {path}."),
        ("empty", "{path} is no Python project: it has no pyproject.toml and no setup.py."),
    ],
)
def test_what_is_no_project_is_told(tmp_path: Path, project: str, told: str) -> None:
    (tmp_path / "empty").mkdir()

    code, said = run("snapshot.py", tmp_path / project, tmp_path / "workspace" / "source")

    assert (code, said) == (1, told.format(path=tmp_path / project))


def test_a_project_is_never_replaced_by_its_own_copy(tmp_path: Path) -> None:
    project = tmp_path / "outer" / "project"
    put(project, "pyproject.toml")

    code, said = run("snapshot.py", project, tmp_path / "outer")

    assert code == 1
    assert said.startswith(f"{tmp_path / 'outer'} cannot be replaced")
    assert files(project) == ["pyproject.toml"]


# -- the toolbox ---------------------------------------------------------------------------------


def test_tools_that_are_there_are_used_again(tmp_path: Path) -> None:
    code, said = run("toolbox.py", sys.prefix, "ruff pytest>=8", cwd=tmp_path)

    assert code == 0
    assert said.startswith("ruff ")
    assert ", pytest " in said


def test_the_folder_for_tools_must_be_absolute(tmp_path: Path) -> None:
    code, said = run("toolbox.py", "tools", "ruff", cwd=tmp_path)

    assert (code, said) == (
        1,
        "The folder for tools must be an absolute path, which 'tools' is not.",
    )


def test_a_folder_of_something_else_is_not_made_a_toolbox(tmp_path: Path) -> None:
    put(tmp_path, "precious.txt")

    code, said = run("toolbox.py", tmp_path, "ruff")

    assert code == 1
    assert said == f"{tmp_path} is something else than a virtual environment; name another folder."
    assert files(tmp_path) == ["precious.txt"]


# -- trying and releasing a wheel ----------------------------------------------------------------


def wheel(folder: Path, **modules: str) -> Path:
    """Put a wheel with these modules, by the path of each, into `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "thing-2.1-py3-none-any.whl"
    content = {name.replace("__", "/") + ".py": text for name, text in modules.items()}
    content["thing-2.1.dist-info/METADATA"] = "Metadata-Version: 2.1\nName: thing\nVersion: 2.1\n"
    content["thing-2.1.dist-info/WHEEL"] = (
        "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
    )
    content["thing-2.1.dist-info/RECORD"] = "".join(
        f"{name},,\n" for name in [*content, "thing-2.1.dist-info/RECORD"]
    )
    with zipfile.ZipFile(path, "w") as archive:
        for name, text in content.items():
            archive.writestr(name, text)
    return path


def test_a_wheel_is_installed_and_all_it_brings_imported(tmp_path: Path) -> None:
    wheel(tmp_path / "dist", thing__core="x = 1", thing_extra="from thing import core")

    code, said = run("try_wheel.py", tmp_path / "dist", tmp_path / "venv")

    assert (code, said) == (0, "thing 2.1 installs, and imports thing, thing_extra")


def test_a_wheel_that_cannot_be_imported_fails_and_says_why(tmp_path: Path) -> None:
    wheel(tmp_path / "dist", thing="import pytest")

    code, said = run("try_wheel.py", tmp_path / "dist", tmp_path / "venv")

    assert (code, said) == (1, "ModuleNotFoundError: No module named 'pytest'")


def test_a_wheel_of_nothing_is_told(tmp_path: Path) -> None:
    path = wheel(tmp_path / "dist")

    assert run("try_wheel.py", path.parent, tmp_path / "venv") == (
        1,
        f"{path.name} brings nothing that could be imported.",
    )


@pytest.mark.parametrize("program", ["try_wheel.py", "release.py"])
def test_there_must_be_one_wheel(tmp_path: Path, program: str) -> None:
    assert run(program, tmp_path, tmp_path / "there") == (
        1,
        f"There should be one wheel in {tmp_path}, and there are 0.",
    )


def test_a_wheel_is_released_once_and_then_left_alone(tmp_path: Path) -> None:
    path = wheel(tmp_path / "dist", thing="x = 1")
    target = Path("releases", path.name)

    assert run("release.py", path.parent, "releases", cwd=tmp_path) == (0, f"released {target}")
    assert (tmp_path / target).read_bytes() == path.read_bytes()
    assert run("release.py", path.parent, "releases", cwd=tmp_path) == (
        0,
        f"{target} was released before, and is the same",
    )


def test_a_different_release_of_the_same_name_is_refused(tmp_path: Path) -> None:
    path = wheel(tmp_path / "dist", thing="x = 1")
    put(tmp_path, f"releases/{path.name}")
    target = tmp_path / "releases" / path.name

    assert run("release.py", path.parent, target.parent) == (
        1,
        f"{target} exists and is different. A new release needs a new version.",
    )
    assert target.read_text(encoding="utf-8").startswith("content of")


def test_a_release_folder_that_cannot_be_is_told(tmp_path: Path) -> None:
    path = wheel(tmp_path / "dist", thing="x = 1")
    put(tmp_path, "releases")

    code, said = run("release.py", path.parent, tmp_path / "releases")

    assert code == 1
    assert said.startswith(f"{path.name} cannot be released: ")
