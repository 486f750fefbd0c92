"""What an operator says of the work of a running session, from another terminal."""

from pathlib import Path

from mop_tui.domain.events import AnyEvent, SystemDecided, UserCommanded, UserFeedback, Verdict
from mop_tui.domain.feed import GiveFeedback
from mop_tui.domain.ids import AgentId, TaskId
from mop_tui.domain.session import Snapshot
from mop_tui.errors import RefusedError, UnreachableError, UsageError
from mop_tui.orchestrator.attached import attached


async def give(path: Path, about: str, text: str, verdict: Verdict | None) -> str:
    """Return what is done with it once that is recorded. Raises `RefusedError` if it is refused."""
    async with attached(path, str(path), "feedback") as session:
        snapshot = session.snapshot()
        wanted = _found(snapshot, about, text, verdict)
        if session.trouble:
            raise UnreachableError(f"{session.trouble} The feedback was not given.")
        command_id = session.submit(wanted)
        recorded = 0
        name = decided = ""

        def outcome(event: AnyEvent) -> str | None:
            nonlocal recorded, name, decided
            match event.data:
                case UserCommanded(id=given, refused=refused) if given == command_id:
                    return refused
                case UserFeedback(command=given, feedback=id_) if given == command_id:
                    recorded, name = event.seq, id_
                case SystemDecided(reason=reason) if recorded and event.cause == recorded:
                    decided = reason
                    return ""
            return None

        refused = await session.heard(outcome, snapshot.seq)
        if refused:
            raise RefusedError(f"{about}: the feedback does not count: {refused}.")
        return f"{name} is recorded: {decided}."


def _found(snapshot: Snapshot, about: str, text: str, verdict: Verdict | None) -> GiveFeedback:
    is_agent, is_task = about in snapshot.agents, about in snapshot.tasks
    if is_agent and is_task:
        raise UsageError(f"{about}: is an agent and a task; name it agent:{about} or task:{about}.")
    kind, _, name = about.partition(":")
    if is_agent or (kind == "agent" and name in snapshot.agents):
        return GiveFeedback(text, agent=AgentId(about if is_agent else name), verdict=verdict)
    if is_task or (kind == "task" and name in snapshot.tasks):
        return GiveFeedback(text, task=TaskId(about if is_task else name), verdict=verdict)
    raise UsageError(f"{about}: there is no such agent and no such task.")
