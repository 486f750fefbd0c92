"""The dialogs that ask before a session is ended, or left."""

from mop_tui.dashboard.confirm_dialog import ConfirmDialog
from mop_tui.dashboard.frame import Frame
from mop_tui.domain.plan import Mode
from mop_tui.domain.session import Snapshot
from mop_tui.domain.task_lifecycle import TERMINAL


class QuitDialog(ConfirmDialog):
    """Asks whether to end the session. Once that has ended, leaving ends nothing."""

    def words(self, frame: Frame) -> tuple[str, str, str, str]:
        """Return how things stand."""
        what = _what(frame.snapshot)
        if frame.ended:
            return "Leave?", what, "No, stay", "Yes, leave"
        return "End the session?", what, "No, go on", "Yes, end it"


class LeaveDialog(ConfirmDialog):
    """Asks whether to leave a session that another program runs, which leaving does not end."""

    AUTO_FOCUS = "#yes"

    def words(self, frame: Frame) -> tuple[str, str, str, str]:
        """Return what becomes of the session."""
        goes_on = (
            "The session has ended by itself; nothing is lost."
            if frame.ended
            else "Leaving ends nothing: the session and its agents go on without this screen, and"
            " `mop-tui attach` comes back to it. To end the session, stay and press E."
        )
        return "Leave?", goes_on, "No, stay", "Yes, leave"


def _what(snapshot: Snapshot) -> str:
    if snapshot.status == "ended":
        return "The session has ended by itself; nothing is lost."
    running = sum(1 for agent in snapshot.agents.values() if agent.running)
    unfinished = sum(1 for task in snapshot.tasks.values() if task.state not in TERMINAL)
    agents = "1 agent runs" if running == 1 else f"{running} agents run"
    tasks = "1 task is" if unfinished == 1 else f"{unfinished} tasks are"
    processes = "Running processes are told to stop, then made to"
    if snapshot.mode is Mode.REHEARSAL:
        processes = "It is a rehearsal: no real process is ended"
    return f"{agents} and {tasks} unfinished.\n{processes}; the session file is closed."
