"""What a feed has to say of its session as a whole."""

from pathlib import Path

from mop_tui.errors import MopError
from mop_tui.report.gathering import gather
from mop_tui.report.markdown import markdown, prose


def report_on(path: Path, *, until_damage: bool = False) -> str:
    """Return the report on a session file as Markdown, or why there is none. Takes a while."""
    try:
        return markdown(gather(path, until_damage=until_damage))
    except (MopError, OSError) as error:
        return f"# No report\n\n{prose(str(error))}\n"
