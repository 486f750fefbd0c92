"""Before a layout's programs are run for the first time, the operator sees them and agrees.

What was agreed to is remembered by a hash over the layout, with the operator's settings in it, and
the folder it lies in; for a session, also the folder it runs in. The scripts that are named there
are not part of that: who can change them can change what runs.
"""

import json
import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import suppress
from hashlib import blake2b
from pathlib import Path
from shlex import quote

import click
from pydantic import JsonValue

from mop_tui.decisions.wording import counted
from mop_tui.domain import templates
from mop_tui.domain.plan import Command, Plan
from mop_tui.domain.wording import printable
from mop_tui.errors import UsageError

MOST_SHOWN = 40
"""Commands that are listed; of more it is said how many."""


def confirm(
    document: Mapping[str, JsonValue],
    plan: Plan,
    places: Mapping[str, str],
    name: Path,
    *,
    given: bool,
    resumed: bool = False,
) -> None:
    """Make sure that the operator agrees to run what a layout says.

    `places` are the folder of the layout and, as `cwd`, that in which it is run. Whoever agrees to
    run a layout agrees to run it in any folder, and to go on with that session; a session to be
    `resumed` that is of another layout, or runs in another folder, is asked about.

    With `given`, the agreement was said on the command line. Otherwise an unseen layout's commands
    are listed, and the operator is asked at the terminal. Raises `UsageError` if there is none, or
    the answer is no.
    """
    lookup = templates.resolve(plan.variables, (dict(places) | {"python": sys.executable}).get)
    commands = [written(templates.render_command(command, lookup)) for command in _commands(plan)]
    of_layout = _Agreement(document, places[templates.LAYOUT_DIR])
    of_session = _Agreement(document, places[templates.LAYOUT_DIR], places["cwd"])
    if not commands or (of_session if resumed else of_layout).is_known():
        of_session.remember()
        return
    if not given:
        _ask(commands, name, resumed=resumed)
    of_session.remember()
    if not resumed:
        of_layout.remember()


def _ask(commands: list[str], name: Path, *, resumed: bool) -> None:
    what = "session" if resumed else "layout"
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        see = "at a terminal you see them first" if resumed else f"mop-tui plan {name} lists them"
        raise UsageError(
            f"{name}: this {what} has not been run here before, and nobody is here to agree to its"
            f" {counted(len(commands), 'command')}: {see}. With --trust they are run unasked."
        )
    click.echo(f"{name} has not been run here before. It runs, as you:\n", err=True)
    for command in commands[:MOST_SHOWN]:
        click.echo(f"  {command}", err=True)
    if len(commands) > MOST_SHOWN:
        click.echo(f"  and {len(commands) - MOST_SHOWN} more", err=True)
    click.echo(err=True)
    if not click.confirm("Run these?", err=True):
        raise UsageError(f"{name}: not run.")


def _commands(plan: Plan) -> Iterator[Command]:
    """Yield the commands of a plan, each once: also of agents that may yet be spawned."""
    spawned = (kind.work for kind in plan.kinds.values())
    works = (*plan.agent_work.values(), *plan.task_work.values(), *spawned)
    hooked = (plan.session_hooks, *plan.agent_hooks.values(), *plan.task_hooks.values())
    hooks = (hook.command for hooks in hooked for hook in hooks.values())
    commands = (work.command for work in works if work.command is not None)
    yield from dict.fromkeys((*commands, *hooks))


def written(command: Command) -> str:
    """Return a command on one line, as it would be typed: environment, words and folder."""
    environment = "".join(f"{name}={quote(value)} " for name, value in command.env)
    words = " ".join(command.argv) if command.shell else " ".join(map(quote, command.argv))
    place = f"   (in {command.cwd})" if command.cwd else ""
    return printable(environment + words.strip().replace("\n", "; ") + place)


class _Agreement:
    """Something that the operator may have agreed to before."""

    def __init__(self, document: Mapping[str, JsonValue], *places: str) -> None:
        text = json.dumps([document, *places])
        self._hash = blake2b(text.encode(errors="replace"), digest_size=16).hexdigest()
        state = os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state"
        self._file = Path(state) / "mop-tui" / "trusted"

    def is_known(self) -> bool:
        try:
            return self._hash in self._file.read_text(encoding="utf-8").split()
        except (OSError, UnicodeError):
            return False

    def remember(self) -> None:
        """Write it down. Where that fails, the operator is asked again next time."""
        if self.is_known():
            return
        with suppress(OSError):
            self._file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            fd = os.open(self._file, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
            try:
                os.write(fd, f"{self._hash}\n".encode())
            finally:
                os.close(fd)
