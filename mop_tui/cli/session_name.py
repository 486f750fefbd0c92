"""How an operator names a session on the command line."""

from pathlib import Path

import click

from mop_tui.errors import UsageError

_FOLDER = Path("sessions")
_SUFFIX = ".jsonl"


class SessionName(click.ParamType[Path]):
    """A session file: its path, or its name in the folder `sessions`, with or without `.jsonl`."""

    name = "SESSION"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> Path:
        """Return the path of the file. Raises `UsageError` if there is none."""
        del param, ctx
        return find_session(str(value))


def find_session(name: str) -> Path:
    """Return the session file that `name` stands for. Raises `UsageError` if there is none."""
    given = Path(name)
    places = [given]
    if given.parent == Path() and given.name:
        places += [folder / f"{name}{end}" for folder in (Path(), _FOLDER) for end in ("", _SUFFIX)]
    for place in places:
        if place.exists():
            return place
    where = f", nor one of this name in {_FOLDER}/" if len(places) > 1 else ""
    raise UsageError(f"{name}: there is no such session file{where}.")
