"""How a session stands, in one line."""

from mop_tui.decisions.wording import counted
from mop_tui.domain.eta import Estimate, estimate
from mop_tui.domain.outlook import Outlook
from mop_tui.domain.session import Snapshot
from mop_tui.domain.task_lifecycle import TaskState
from mop_tui.domain.wording import lasting, listed


def standing(snapshot: Snapshot, now: int, outlook: Outlook | None = None) -> str:
    """Return elapsed time, progress, counts, open questions and the expected end."""
    counts = snapshot.task_counts
    tasks = [f"{counts[state]} {state.lower()}" for state in TaskState if counts.get(state)]
    done = "no work" if snapshot.progress is None else f"{snapshot.progress:.0%} done"
    parts = [lasting(now // 1000 * 1000), done, f"tasks: {listed(tasks)}" if tasks else ""]
    questions = len(snapshot.open_questions)
    if questions:
        parts.append(f"{questions} question{'' if questions == 1 else 's'} for you")
    parts.append(_end(estimate(snapshot, now, outlook)))
    return "; ".join(filter(None, parts))


def _end(expected: Estimate | None) -> str:
    if expected is None:
        return ""
    left = expected.left
    if left is None:
        return f"end unknown: {expected.why}"
    said, span = _length(left), ""
    if expected.span is not None:
        first, last = (_length(it - expected.at) for it in expected.span)
        between = "" if first == last else f"{first} to {last}, "
        span = f" ({between}from {counted(expected.sessions, 'session')})"
    if expected.your_move is not None:
        return f"{said} after you {expected.your_move}{span}"
    return f"{'at least' if expected.late else 'about'} {said} left{span}"


def _length(ms: int) -> str:
    return lasting(max(1000, round(ms, -3)))
