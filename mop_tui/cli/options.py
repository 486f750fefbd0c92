"""What several commands have in common on the command line."""

import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click
from click.shell_completion import CompletionItem

from mop_tui.errors import UsageError

if TYPE_CHECKING:
    from mop_tui.domain.events import AnyEvent


def _suggest_settings(
    ctx: click.Context, param: click.Parameter, incomplete: str
) -> list[CompletionItem]:
    del param
    from mop_tui.cli import suggestions  # noqa: PLC0415 - loaded only when a shell asks

    layouts = [one.name or "" for one in ctx.command.params if isinstance(one.type, LayoutType)]
    named = next((ctx.params.get(name) for name in layouts), ctx.params.get("what"))
    return list(suggestions.settings(named, incomplete))


def _suggest_answers(
    ctx: click.Context, param: click.Parameter, incomplete: str
) -> list[CompletionItem]:
    del ctx, param
    from mop_tui.cli import completing  # noqa: PLC0415 - loaded only when a shell asks

    return list(completing.files(incomplete, endings=completing.YAML))


SETTINGS = click.option(
    "--set",
    "settings",
    metavar="KEY=VALUE",
    multiple=True,
    shell_complete=_suggest_settings,
    help="Set a variable of the layout. May be repeated.",
)
HEADLESS = click.option(
    "--headless", is_flag=True, help="No screen: print what happens, line by line."
)
REPORT = click.option(
    "--report/--no-report",
    default=True,
    help="Write a report beside the session file at the end, or do not. Default: --report.",
)
ANSWERS = click.option(
    "--answers",
    type=click.Path(path_type=Path),
    metavar="FILE",
    shell_complete=_suggest_answers,
    help="Answers written down beforehand: a YAML list of {question, value, reason, after}. Those"
    " that were used up already are left out.",
)
UNTIL_DAMAGE = click.option(
    "--until-damage", is_flag=True, help="Read a damaged file as far as it is sound."
)


class Speed(click.ParamType[float]):
    """How many times as fast as real time; infinity stands for `max`, where that is possible."""

    name = "speed"

    def __init__(self, *, unbounded: bool = True) -> None:
        self._unbounded = unbounded

    def get_metavar(self, param: click.Parameter, ctx: click.Context) -> str:
        """Return how texts call it."""
        del param, ctx
        return "N|max" if self._unbounded else "N"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        """Return the factor."""
        if value == "max" and self._unbounded:
            return float("inf")
        try:
            speed = float(str(value))
        except ValueError:
            speed = 0
        if not 0 < speed < float("inf"):
            wanted = (
                "neither a positive number nor 'max'" if self._unbounded else "no positive number"
            )
            self.fail(f"{value!r} is {wanted}", param, ctx)
        return speed


def runs_headless(*, headless: bool, as_json: bool) -> bool:
    """Return whether a session runs without a screen: if that is wanted, or there is no terminal.

    Raises `UsageError` if a screen and JSON would have to share the terminal.
    """
    if as_json and not headless:
        raise UsageError(
            "--json goes with --headless: a screen and JSON cannot share the terminal."
        )
    return headless or not (sys.stdin.isatty() and sys.stdout.isatty())


NO_TERMINAL = "no terminal here, so this runs headless"


@dataclass(frozen=True, slots=True)
class Moment:
    """A point in a session: an event, or a session time in milliseconds."""

    seq: int | None = None
    at: int | None = None

    def passed_by(self, event: "AnyEvent") -> bool:
        """Return whether `event` is the one meant, or happened at that time or later."""
        if self.seq is not None:
            return event.seq >= self.seq
        return event.at >= (self.at or 0)


class MomentType(click.ParamType[Moment]):
    """A moment as people write it: `90s`, `1h30m`, or `#123` for an event."""

    name = "TIME|#SEQ"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> Moment:
        """Return the moment."""
        text = str(value)
        if text.startswith("#") and text[1:].isdecimal():
            return Moment(seq=int(text[1:]))
        from mop_tui.layout import durations  # noqa: PLC0415 - loaded only where it is used

        try:
            return Moment(at=durations.parse(text))
        except ValueError as error:
            self.fail(f"{text!r}: it {error}, and it is no event such as #123", param, ctx)


class FolderType(click.ParamType[Path]):
    """A folder, which may not be there."""

    name = "FOLDER"

    def shell_complete(
        self, ctx: click.Context, param: click.Parameter, incomplete: str
    ) -> list[CompletionItem]:
        """Return the folders that can be meant."""
        del ctx, param
        return [CompletionItem(incomplete, type="dir")]

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> Path:
        """Return its path."""
        del param, ctx
        return Path(str(value))


class LayoutType(click.ParamType[Path]):
    """A layout file, or the name of a layout that comes with the program. A file goes first."""

    name = "LAYOUT"

    def shell_complete(
        self, ctx: click.Context, param: click.Parameter, incomplete: str
    ) -> list[CompletionItem]:
        """Return the layouts that can be meant."""
        del ctx, param
        from mop_tui.cli import suggestions  # noqa: PLC0415 - loaded only when a shell asks

        return list(suggestions.layouts(incomplete))

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> Path:
        """Return the file. Raises `UsageError` if there is none."""
        del param, ctx
        path = Path(str(value))
        # Of an impossible name this says no, and pathlib fails.
        if os.path.exists(path) or len(path.parts) > 1 or path.suffix:  # noqa: PTH110
            return path
        from mop_tui.layout import bundled  # noqa: PLC0415 - loaded only where it is used

        found = bundled.find(path.name)
        if found is None:
            from mop_tui.layout.sentences import closest  # noqa: PLC0415

            meant = closest(path.name, bundled.names())
            hint = f"did you mean {meant}?" if meant else f"there are {', '.join(bundled.names())}."
            raise UsageError(
                f"{value}: there is no such file, and no such layout comes with mop-tui; {hint}"
            )
        return found


def settings_of(pairs: tuple[str, ...]) -> dict[str, str]:
    """Return variables and their values from `KEY=VALUE` pairs. Raises `UsageError`."""
    settings = {}
    for pair in pairs:
        key, sign, value = pair.partition("=")
        if not sign or not key:
            raise UsageError(f"--set {pair}: KEY=VALUE is expected.")
        settings[key] = value
    return settings
