"""When the session is expected to be done, and what one can look at then, in words."""

from collections.abc import Iterator

from mop_tui.dashboard.frame import Frame
from mop_tui.dashboard.times import wall
from mop_tui.domain.eta import Estimate
from mop_tui.domain.plan import Mode
from mop_tui.domain.wording import cases, lasting

_SOON = 2 * 60_000
"""Less than this is told with seconds."""


def expected_ends(frame: Frame, *, short: bool = False) -> Iterator[str]:
    """Yield the same in more and fewer words, the most first: with the range, and from how many
    sessions it is known, where that was learnt."""
    end, span, learnt = expected_end(frame, short=short), _span(frame), _learnt(frame)
    if end and span:
        if not short:
            yield f"{end} ({span}, {learnt})"
        yield f"{end} ({span})"
        if not short:
            yield f"{expected_end(frame, short=True)} ({span})"
    elif end and learnt and not short:
        yield f"{end} ({learnt})"
    yield end


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
    asks = " + your answer" if estimate.to_ask > estimate.waits else ""
    return f"{said} {_moment(frame, estimate.end, left)}, {_length(left)} left{asks}"


def ends_told(frame: Frame) -> Iterator[str]:
    """Yield when everything would be done, or, once nothing more can happen, what tells of it; in
    more and fewer words, the most first."""
    if frame.ended:
        yield "P tells how it went"
        yield "P report"
    else:
        yield from expected_ends(frame)
        yield expected_end(frame, short=True)


def why_so(frame: Frame) -> str:
    """Return what else there is to say about the expected end; empty if nothing."""
    estimate = frame.estimate
    if estimate is None:
        return ""
    learnt, span = _learnt(frame), _span(frame)
    parts = [estimate.why, f"learnt {learnt}" if learnt else ""]
    if span and estimate.coverage is not None:
        parts.append(f"in {cases(estimate.coverage)} {span}")
    if estimate.your_move is not None:
        parts.append(f"it counts from the moment you {estimate.your_move}")
    if estimate.waits:
        wait = "waits" if estimate.waits == 1 else "wait"
        parts.append(f"{_asked(estimate.waits)} before, and {wait} as long as in those sessions")
    if estimate.to_ask > estimate.waits:
        asked = _asked(estimate.to_ask - estimate.waits)
        parts.append(f"{asked} before, as if answered at once")
    return "; ".join(filter(None, parts))


def _asked(count: int) -> str:
    return f"{count} question{'' if count == 1 else 's'} will be asked"


def _learnt(frame: Frame) -> str:
    """Return from how many sessions it is known how long things take; empty if from none."""
    estimate = frame.estimate
    if estimate is None or not estimate.sessions:
        return ""
    return f"from {estimate.sessions} session{'' if estimate.sessions == 1 else 's'}"


def _span(frame: Frame) -> str:
    """Return between which moments the end is expected, or after how long once the operator has
    done something; empty if there is no range, or none that is wider than what is told of times."""
    estimate = frame.estimate
    if estimate is None or estimate.span is None:
        return ""
    soonest, latest = estimate.span
    if estimate.your_move is not None:
        first, last = (_length(it - estimate.at) for it in (soonest, latest))
    else:
        first, last = (_moment(frame, it, it - frame.now) for it in (soonest, latest))
    return "" if first == last else f"{first} to {last}"


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
