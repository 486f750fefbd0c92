"""`mop-tui report`: what there is to be said of a session."""

from pathlib import Path

import click

from mop_tui.cli.manual import Documented, Manual
from mop_tui.cli.output import print_all
from mop_tui.cli.session_name import SessionName
from mop_tui.errors import UsageError
from mop_tui.report.forms import FORMS, Form, marked, rendered

_BY_SUFFIX: dict[str, Form] = {
    ".md": "md",
    ".markdown": "md",
    ".txt": "md",
    ".html": "html",
    ".htm": "html",
    ".json": "json",
}


MANUAL = Manual(
    examples={
        "Read how a session went:": "mop-tui report mop-platform | less",
        "Make a page with charts of it:": "mop-tui report mop-platform -o platform.html",
        "List what waited longest:": (
            "mop-tui report mop-platform --format json | jq -r '.insights[].text'"
        ),
    },
    exits={0: "It is told.", 2: "Wrong usage or input, or a damaged file."},
    files=["sessions/NAME.jsonl", "sessions/NAME.report.md, NAME.report.html"],
    see_also=["run", "replay", "events", "docs/report.md"],
)


@click.command("report", cls=Documented, manual=MANUAL)
@click.argument("session", type=SessionName())
@click.option(
    "--format",
    "form",
    type=click.Choice(FORMS),
    help="Markdown, one HTML file with charts, or JSON. Default: as FILE ends, else md.",
)
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path, allow_dash=True),
    metavar="FILE",
    help="Where to write it, readable by you alone. Default: standard output.",
)
@click.option("--force", is_flag=True, help="Overwrite FILE though it is no report.")
@click.option("--until-damage", is_flag=True, help="Read a damaged file as far as it is sound.")
def command(
    session: Path, *, form: Form | None, output: Path | None, force: bool, until_damage: bool
) -> None:
    """Tell how SESSION went: outcome, timeline, who did what, what was asked, decided and waited
    for, what its length came from, and what can be learnt from it.

    SESSION may be running or interrupted: then it is told how it stood at its last event. The HTML
    file needs nothing else, and can be sent to others; it holds what agents wrote and what was
    answered, but for secrets.
    """
    from mop_tui.cli.reporting import ForeignFileError, check_writable, write  # noqa: PLC0415 - loaded if needed
    from mop_tui.report.gathering import gather  # noqa: PLC0415

    to_file = output is not None and output != Path("-")
    if output is not None and to_file:
        try:
            check_writable(output, session, force=force)
        except ForeignFileError as error:
            raise UsageError(f"{error} Name another one, or overwrite it with --force.") from None
    wanted = form or _form_of(output if to_file else None)
    text = rendered(gather(session, until_damage=until_damage), wanted)
    if output is None or not to_file:
        print_all(text)
        return
    try:
        write(output, marked(text, wanted))
    except OSError as error:
        raise UsageError(f"{output}: cannot be written: {error.strerror}.") from None
    click.echo(f"wrote {output}", err=True)


def _form_of(output: Path | None) -> Form:
    """Return the form that the name of a file stands for."""
    suffix = "" if output is None else output.suffix.lower()
    if suffix and suffix not in _BY_SUFFIX:
        raise UsageError(
            f"{output}: no report has the form of {suffix} files. Say which one to write by"
            f" --format ({', '.join(FORMS)})."
        )
    return _BY_SUFFIX.get(suffix, "md")
