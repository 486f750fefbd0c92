"""Times and amounts as a report writes them, and what fits on an axis."""

from collections.abc import Sequence
from itertools import pairwise

from mop_tui.report.summary import Stretch

_SECOND = 1000
_MINUTE = 60 * _SECOND
_HOUR = 60 * _MINUTE
_STEPS = (
    *(_SECOND * it // 10 for it in (1, 2, 5)),
    *(_SECOND * it for it in (1, 2, 5, 10, 15, 30)),
    *(_MINUTE * it for it in (1, 2, 5, 10, 15, 30)),
    *(_HOUR * it for it in (1, 2, 3, 6, 12, 24)),
)
"""Milliseconds between two marks of an axis."""
_ROUND = (1.0, 2.0, 2.5, 5.0, 10.0)


def moment(ms: int) -> str:
    """Return session time as `m:ss` or `h:mm:ss`."""
    minutes, seconds = divmod(max(0, ms) // _SECOND, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{seconds:02}" if hours else f"{minutes}:{seconds:02}"


def amount(count: float) -> str:
    """Return a number with the digits that matter: `0`, `0.25`, `3.5`, `120`."""
    return f"{count:,.0f}" if count >= 100 else f"{count:.2f}".rstrip("0").rstrip(".")


def size(count: float) -> str:
    """Return bytes as people say them: `512 MiB`."""
    for unit in ("B", "KiB", "MiB", "GiB"):
        if count < 1024:
            return f"{amount(count if count < 10 else round(count))} {unit}"
        count /= 1024
    return f"{amount(count)} TiB"


def ticks(length: int, most: int = 7) -> list[tuple[int, str]]:
    """Return at most `most` moments to mark on an axis of `length` ms, and what they are called."""
    step = next((it for it in _STEPS if length // it < most), 0)
    if not step:
        step = (length // (most - 1) // (24 * _HOUR) + 1) * 24 * _HOUR
    names = _tenths if step < _SECOND else moment
    return [(at, names(at)) for at in range(0, length + 1, step)]


def _tenths(ms: int) -> str:
    return f"{ms / _SECOND:.1f} s"


def ceiling(most: float) -> float:
    """Return the round number that an axis for up to `most` ends at."""
    if most <= 0:
        return 1.0
    power = 1.0
    while power * 10 < most:
        power *= 10
    while power >= most:
        power /= 10
    return next((power * it for it in _ROUND if power * it >= most), power * 10)


def condensed(stays: Sequence[Stretch], length: int, columns: int) -> list[Stretch]:
    """Return stretches so that none is too short to be seen in `columns` on `length` ms.

    What is shorter is put together with its neighbours, under the name of what took most of that
    time; at most about `columns` are left.
    """
    least = max(1, length // columns)
    shown: list[Stretch] = []
    heap: list[Stretch] = []
    for stay in stays:
        if stay.end - stay.begin >= least:
            shown += _heaped(heap)
            heap = []
            shown.append(stay)
        else:
            if heap and (stay.begin > heap[-1].end or stay.end - heap[0].begin > least):
                shown += _heaped(heap)
                heap = []
            heap.append(stay)
    return shown + _heaped(heap)


def _heaped(heap: Sequence[Stretch]) -> list[Stretch]:
    if not heap:
        return []
    times: dict[tuple[str, object], int] = {}
    for stay in heap:
        key = stay.what, stay.task
        times[key] = times.get(key, 0) + stay.end - stay.begin
    most = max(heap, key=lambda it: times[it.what, it.task])
    return [Stretch(heap[0].begin, heap[-1].end, most.what, most.task)]


def thinned(
    points: Sequence[tuple[int, float]], length: int, columns: int
) -> list[tuple[int, float]]:
    """Return at most about `columns` of the points, of each column the highest."""
    if len(points) <= columns:
        return list(points)
    width = max(1, -(-length // columns))
    highest: dict[int, tuple[int, float]] = {}
    for at, value in points:
        best = highest.get(at // width)
        if best is None or value > best[1]:
            highest[at // width] = at, value
    return [highest[it] for it in sorted(highest)]


def overlapped(spans: Sequence[tuple[int, int]]) -> int:
    """Return how long at least one of the spans lasted."""
    bounds = sorted([(begin, 1) for begin, _ in spans] + [(end, -1) for _, end in spans])
    total = depth = 0
    for (at, change), (after, _) in pairwise([*bounds, (0, 0)]):
        depth += change
        if depth:
            total += after - at
    return total
