"""What a feed has to say of its session as a whole."""

from pathlib import Path

from mop_tui.errors import MopError


def report_on(path: Path, *, until_damage: bool = False) -> str:
    """Return the report on a session file as Markdown, or why there is none. Takes a while."""
    # Few look at it, and nobody before the session has ended: it need not be loaded to begin one.
    from mop_tui.report.gathering import gather  # noqa: PLC0415
    from mop_tui.report.markdown import markdown, prose  # noqa: PLC0415

    try:
        return markdown(gather(path, until_damage=until_damage))
    except (MopError, OSError) as error:
        return f"# No report\n\n{prose(str(error))}\n"
