"""Where the reports on a session are, which are written beside its file."""

from pathlib import Path

from mop_tui.report.forms import Form

ENDINGS: dict[Form, str] = {"md": ".report.md", "html": ".report.html"}
"""What they end in, instead of the suffix of the session file."""


def reports_of(session: Path) -> list[Path]:
    """Return those that are there."""
    return [it for ending in ENDINGS.values() if (it := session.with_suffix(ending)).is_file()]
