"""`mop-tui init`: a small layout to start from."""

import os
from pathlib import Path

import click

from mop_tui.cli.manual import Documented, Manual
from mop_tui.cli.options import FolderType
from mop_tui.errors import UsageError

NAME = "layout.yaml"

STARTER = """\
# A layout: who there is, what there is to do, and what you want to be asked.
#
#   mop-tui check layout.yaml      says what is wrong with it
#   mop-tui plan layout.yaml       says what would happen
#   mop-tui run layout.yaml        runs it

session:
  id: first-steps                # names the sessions that this layout makes
  goal: Say hello to somebody, carefully
  vars:
    name: World                  # another one: --set name=Ada

# What kinds of agents there are, and the agents, in teams.
agent_types:
  writer: {skills: [writing]}    # tasks ask for a skill, or for an agent by its name
  courier: {}

teams:
  office:
    name: The office
    agents:
      - {id: ann, type: writer}
      - {id: ben, type: writer}
      - {id: cora, type: courier}

# Any program can do a task: exit code 0 is success, and the last line it writes is its result.
tasks:
  greeting:
    title: Write a greeting
    requires_skill: writing
    duration: 1s                 # expected; for progress and for mop-tui plan
    run: [echo, "Hello, ${name}!"]

  weather:
    title: Look at the weather
    requires_skill: writing
    duration: 2s
    retry: 2                     # if it fails, it is tried again twice
    run:
      shell: |
        for look in 1 2; do sleep 1; echo "looked out of the window ($look of 2)"; done
        echo fine
      progress_patterns: ['\\((\\d+) of (\\d+)\\)']

  deliver:
    title: Deliver the greeting
    agent: cora
    needs: [greeting, weather]   # it begins when both are complete
    gate: sure                   # and when you have approved
    duration: 1s
    run: {shell: 'echo "${name} was greeted" | tee greeted.txt'}

# A question holds the task whose gate it is. Only you can answer it.
questions:
  sure:
    question: Deliver this?
    question_type: approval
    context:                     # what you will want to see before you decide
      greeting: ${tasks.greeting.output}
      weather: ${tasks.weather.output}
"""


MANUAL = Manual(
    examples={
        "Begin here:": "mop-tui init",
        "Begin in a folder of its own, which is made:": "mop-tui init first-steps",
    },
    arguments={"FOLDER": "Where `layout.yaml` is written. Default: the current folder."},
    see_also=["check", "plan", "run", "docs/layout.md"],
)


@click.command("init", cls=Documented, manual=MANUAL)
@click.argument("folder", type=FolderType(), default=Path())
def command(folder: Path) -> None:
    """Write a small commented layout, FOLDER/layout.yaml, ready to be run.

    Nothing is ever overwritten.
    """
    path = folder / NAME
    if os.path.isfile(folder):  # noqa: PTH113 - of an impossible name this says no
        raise UsageError(f"{folder}: is no folder. Name another one: mop-tui init FOLDER")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o666)
        with os.fdopen(fd, "w", encoding="utf-8") as file:
            file.write(STARTER)
    except FileExistsError:
        raise UsageError(
            f"{path}: there is such a file already. Name another folder: mop-tui init FOLDER"
        ) from None
    except OSError as error:
        raise UsageError(f"{path}: cannot be written: {error.strerror}.") from None
    click.echo(f"wrote {path}; run it with: mop-tui run {path}")
