"""How events look on the command line."""

from mop_tui.domain.events import AnyEvent
from mop_tui.journal import codec


def json_line(event: AnyEvent) -> str:
    """Return an event as one line of JSON, as in the session file but for the chain."""
    return codec.encode(event)[0].decode()


def clock_time(at: int) -> str:
    """Return session time as `hh:mm:ss.mmm`."""
    minutes, ms = divmod(at, 60_000)
    hours, minutes = divmod(minutes, 60)
    return f"{hours:02}:{minutes:02}:{ms / 1000:06.3f}"
