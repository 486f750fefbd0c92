"""When the session is expected to be done, and what one can look at then, in words."""

from mop_tui.dashboard.frame import Frame
from mop_tui.dashboard.times import wall
from mop_tui.domain.eta import Estimate
from mop_tui.domain.plan import Mode
from mop_tui.domain.wording import lasting

_SOON = 2 * 60_000
"""Less than this is told with seconds."""


def expected_end(frame: Frame, *, short: bool = False) -> str:
    """Return when everything would be done; empty where no end is ahead.

    What is unknown is called so, what waits for the operator counts from then, and what is told
    `short` is the time left alone.
    """
    estimate = frame.estimate
    if estimate is None:
        return ""
    if estimate.end is None:
        return "ETA ?" if short else "ETA unknown"
    if estimate.your_move is not None:
        return _after_you(estimate, estimate.end - estimate.at, short=short)
    left = estimate.end - frame.now
    if left <= 0:
        return "overdue" if short else "later than expected"
    if short:
        return f"{_length(left)} left"
    said = "not before" if estimate.late else "about"
    asks = " + your answer" if estimate.to_ask else ""
    return f"{said} {_moment(frame, estimate.end, left)}, {_length(left)} left{asks}"


def end_told(frame: Frame, *, short: bool = False) -> str:
    """Return when everything would be done, or, once nothing more can happen, what tells of it."""
    if frame.ended:
        return "P report" if short else "P tells how it went"
    return expected_end(frame, short=short)


def why_so(frame: Frame) -> str:
    """Return what else there is to say about the expected end; empty if nothing."""
    estimate = frame.estimate
    if estimate is None:
        return ""
    parts = [estimate.why]
    if estimate.your_move is not None:
        parts.append(f"it counts from the moment you {estimate.your_move}")
    if estimate.to_ask:
        asked = f"{estimate.to_ask} question{'' if estimate.to_ask == 1 else 's'}"
        parts.append(f"{asked} will be asked before, as if answered at once")
    return "; ".join(filter(None, parts))


def _after_you(estimate: Estimate, left: int, *, short: bool) -> str:
    if short:
        return f"you + {_length(left)}"
    what = "your answer" if estimate.your_move == "answer" else "you continue"
    return f"after {what}: {_length(left)}"


def _length(ms: int) -> str:
    """Return a length of time in whole seconds or minutes."""
    return lasting(max(1, round(ms / 1000)) * 1000)


def _moment(frame: Frame, at: int, left: int) -> str:
    """Return a moment as the operator reads it, no finer than can be told."""
    if frame.snapshot.mode is Mode.REHEARSAL:
        return frame.moment(at).strip()
    away = frame.snapshot.away_by(at)
    end, now = wall(frame.started, at + away), wall(frame.started, frame.now + away)
    if end.date() != now.date():
        return f"{end:%b %d, %H:%M}"
    return f"{end:%H:%M:%S}" if left < _SOON else f"{end:%H:%M}"
