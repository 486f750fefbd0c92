"""How an operator names a session on the command line."""

import os
from pathlib import Path
from typing import Literal

import click
from click.shell_completion import CompletionItem

from mop_tui.errors import UsageError

_FOLDER = Path("sessions")
_SUFFIX = ".jsonl"


class SessionName(click.ParamType[Path]):
    """A session file: its path, or its name in the folder `sessions`, with or without `.jsonl`.

    Shells suggest those that are `wanted`; any may be named.
    """

    name = "SESSION"

    def __init__(self, wanted: Literal["any", "running", "interrupted"] = "any") -> None:
        self._wanted = wanted

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> Path:
        """Return the path of the file. Raises `UsageError` if there is none."""
        del param, ctx
        return find_session(str(value))

    def shell_complete(
        self, ctx: click.Context, param: click.Parameter, incomplete: str
    ) -> list[CompletionItem]:
        """Return the sessions that can be meant."""
        del ctx, param
        from mop_tui.cli import suggestions  # noqa: PLC0415 - loaded only when a shell asks

        return list(suggestions.sessions(incomplete, self._wanted, _FOLDER, _SUFFIX))


def find_session(name: str) -> Path:
    """Return the session file that `name` stands for.

    A path with a folder is taken as it is, and whoever reads it says what is wrong with it. Raises
    `UsageError` if no file has the bare name.
    """
    given = Path(name)
    if given.parent != Path() or not given.name:
        return given
    for folder in (Path(), _FOLDER):
        for end in ("", _SUFFIX):
            place = folder / f"{name}{end}"
            if os.path.lexists(place):  # of an impossible name this says no, and pathlib fails
                return place
    from mop_tui.layout.sentences import closest  # noqa: PLC0415 - loaded only where it is used

    names = [path.stem for path in _FOLDER.glob(f"*{_SUFFIX}")]
    meant = closest(given.name.removesuffix(_SUFFIX), names)
    hint = f"did you mean {meant}?" if meant else "`mop-tui sessions` lists those that are there."
    raise UsageError(
        f"{name}: there is no such session file, nor one of this name in {_FOLDER}/; {hint}"
    )
