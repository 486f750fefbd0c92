"""What the commands that run a session have in common on the command line."""

import sys

import click

from mop_tui.errors import UsageError


class Speed(click.ParamType[float]):
    """How many times as fast as real time; infinity stands for `max`."""

    name = "N|max"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        """Return the factor."""
        if value == "max":
            return float("inf")
        try:
            speed = float(str(value))
        except ValueError:
            speed = 0
        if not 0 < speed < float("inf"):
            self.fail(f"{value!r} is neither a positive number nor 'max'", param, ctx)
        return speed


def runs_headless(*, headless: bool, as_json: bool) -> bool:
    """Return whether a session runs without a screen: if that is wanted, or there is no terminal.

    Raises `UsageError` if a screen and JSON would have to share the terminal.
    """
    if as_json and not headless:
        raise UsageError("--json goes with --headless: a screen and JSON cannot share the terminal")
    if headless or (sys.stdin.isatty() and sys.stdout.isatty()):
        return headless
    click.echo("no terminal here, so this runs headless", err=True)
    return True
