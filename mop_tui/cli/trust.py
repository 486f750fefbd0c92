"""Before a layout's programs are run for the first time, the operator sees them and agrees.

What was agreed to is remembered by a hash over the layout, with the operator's settings in it, and
the folder it lies in. The scripts that it names are not part of that: who can change them there can
change what runs.
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
from mop_tui.domain.plan import Command, Plan
from mop_tui.domain.wording import printable
from mop_tui.errors import UsageError

MOST_SHOWN = 40
"""Commands that are listed; of more it is said how many."""


def confirm(
    document: Mapping[str, JsonValue], plan: Plan, directory: Path, name: Path, *, given: bool
) -> None:
    """Make sure that the operator agrees to run what a layout says.

    With `given`, that was said on the command line. Otherwise an unseen layout's commands are
    listed, and the operator is asked at the terminal. Raises `UsageError` if there is none, or the
    answer is no.
    """
    seen = _Seen(document, directory)
    commands = [written(command) for command in _commands(plan)]
    if not commands or seen.is_known():
        return
    if not given:
        _ask(commands, name)
    seen.remember()


def _ask(commands: list[str], name: Path) -> None:
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        raise UsageError(
            f"{name}: this layout has not been run here before, and nobody is here to agree to its"
            f" {counted(len(commands), 'command')}."
            f" See them with: mop-tui plan {name}, then run it with --trust."
        )
    click.echo(f"{name} has not been run here before. It runs, as you:\n", err=True)
    for command in commands[:MOST_SHOWN]:
        click.echo(f"  {command}", err=True)
    if len(commands) > MOST_SHOWN:
        click.echo(f"  and {len(commands) - MOST_SHOWN} more: mop-tui plan {name}", err=True)
    click.echo(err=True)
    if not click.confirm("Run these?", err=True):
        raise UsageError(f"{name}: not run")


def _commands(plan: Plan) -> Iterator[Command]:
    """Yield the commands of a plan, each once."""
    works = (*plan.agent_work.values(), *plan.task_work.values())
    yield from dict.fromkeys(work.command for work in works if work.command is not None)


def written(command: Command) -> str:
    """Return a command on one line, as it would be typed."""
    words = " ".join(command.argv) if command.shell else " ".join(map(quote, command.argv))
    place = f"   (in {command.cwd})" if command.cwd else ""
    return printable(words.replace("\n", "; ") + place)


class _Seen:
    """A layout, and whether the operator has agreed to it before."""

    def __init__(self, document: Mapping[str, JsonValue], directory: Path) -> None:
        text = json.dumps([document, str(directory)])
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
        with suppress(OSError):
            self._file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            fd = os.open(self._file, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
            try:
                os.write(fd, f"{self._hash}\n".encode())
            finally:
                os.close(fd)
