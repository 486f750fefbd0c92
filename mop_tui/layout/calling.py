"""Whether the ways to call the operator are in order: from the quiet to the loud."""

from collections.abc import Iterator
from itertools import pairwise

from mop_tui.layout.case import Case
from mop_tui.layout.durations import written
from mop_tui.layout.findings import Finding

RUNGS = ("bell", "desktop", "command")


def findings(case: Case) -> Iterator[Finding]:
    """Yield what is wrong with when the operator is called. Of which a part was cut out, nothing is
    known."""
    notify = case.layout.notify
    if case.losses.within("notify"):
        return
    used = []
    for rung in RUNGS:
        if getattr(notify, rung):
            used.append(rung)
        elif f"{rung}_after" in notify.model_fields_set:
            why = f"{rung} is off" if rung in notify.model_fields_set else f"there is no {rung}"
            yield Finding(("notify", f"{rung}_after"), f"means nothing, for {why}", key=True)
    for earlier, later in pairwise(f"{rung}_after" for rung in used):
        first, then = getattr(notify, earlier), getattr(notify, later)
        if first > then:
            # One of both was written, for what they are by default is in order.
            wrong = later if later in notify.model_fields_set else earlier
            yield Finding(
                ("notify", wrong),
                f"has {later} ({written(then)}) come before {earlier} ({written(first)}); "
                "the louder comes after the quieter",
            )
