"""How a session stands, in one line."""

from mop_tui.domain.eta import Estimate, estimate
from mop_tui.domain.session import Snapshot
from mop_tui.domain.task_lifecycle import TaskState
from mop_tui.domain.wording import lasting, listed


def standing(snapshot: Snapshot, now: int) -> str:
    """Return elapsed time, progress, counts, open questions and the expected end."""
    counts = snapshot.task_counts
    tasks = [f"{counts[state]} {state.lower()}" for state in TaskState if counts.get(state)]
    done = "no work" if snapshot.progress is None else f"{snapshot.progress:.0%} done"
    parts = [lasting(now // 1000 * 1000), done, f"tasks: {listed(tasks)}" if tasks else ""]
    questions = len(snapshot.open_questions)
    if questions:
        parts.append(f"{questions} question{'' if questions == 1 else 's'} for you")
    parts.append(_end(estimate(snapshot, now)))
    return "; ".join(filter(None, parts))


def _end(expected: Estimate | None) -> str:
    if expected is None:
        return ""
    left = expected.left
    if left is None:
        return f"end unknown: {expected.why}"
    said = lasting(max(1000, round(left, -3)))
    if expected.your_move is not None:
        return f"{said} after you {expected.your_move}"
    return f"{'at least' if expected.late else 'about'} {said} left"
