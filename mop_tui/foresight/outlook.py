"""What earlier sessions let expect of one that is about to begin."""

from collections.abc import Sequence

from mop_tui.domain.outlook import Outlook
from mop_tui.domain.plan import Mode, Plan
from mop_tui.foresight.calibration import Planned, calibrate
from mop_tui.foresight.durations import TooFew, learn, runs_of, tells_of
from mop_tui.foresight.record import Record


def outlook_for(
    records: Sequence[Record], plan: Plan, mode: Mode, planned: Planned
) -> Outlook | None:
    """Return what records of sessions that do the same let expect of a run of `plan` in `mode`.

    None where there are too few of them, or none tells of anything in it. `planned` is how the
    plans of earlier sessions are got.
    """
    known = learn(records, plan, mode=mode)
    if isinstance(known, TooFew) or not tells_of(runs_of(records, mode), plan):
        return None
    span = calibrate(records, planned, mode=mode).span
    return Outlook(
        sessions=known.sessions,
        durations=known.durations,
        waits=known.waits,
        low=None if span is None else span.low,
        high=None if span is None else span.high,
        coverage=None if span is None else span.coverage,
    )
