"""`mop-tui feedback`: what an operator says of the work of a running session."""

import asyncio
from pathlib import Path

import click

from mop_tui.cli.manual import RUNNING, Documented, Manual
from mop_tui.cli.session_name import SessionName
from mop_tui.cli.suggestions import agents_and_tasks, in_session
from mop_tui.domain.events import AnyEvent, SystemDecided, UserCommanded, UserFeedback, Verdict
from mop_tui.domain.feed import GiveFeedback
from mop_tui.domain.ids import AgentId, TaskId
from mop_tui.domain.session import Snapshot
from mop_tui.errors import RefusedError, UnreachableError, UsageError
from mop_tui.orchestrator.attached import attached

MANUAL = Manual(
    arguments={
        "SESSION": RUNNING,
        "ABOUT": "The id of an agent or of a task; where both have it, agent:ID or task:ID.",
        "TEXT": "What you think, in words that the agent will read.",
    },
    examples={
        "Say what is wrong with a task, before it is done again:": (
            "mop-tui feedback release build 'the wheel lacks the schema' --bad"
        ),
        "Praise an agent:": "mop-tui feedback release ann 'well tested' --good",
    },
    exits={0: "The feedback is recorded.", 2: "It is not recorded; the message says why."},
    files=["sessions/NAME.jsonl", "sessions/NAME.sock"],
    see_also=["tell", "answer", "attach", "docs/operating.md"],
)


@click.command("feedback", cls=Documented, manual=MANUAL)
@click.argument("session", type=SessionName("running"))
@click.argument("about", shell_complete=in_session(agents_and_tasks))
@click.argument("text")
@click.option("--good", "verdict", flag_value="good", help="The work is good.")
@click.option("--bad", "verdict", flag_value="bad", help="The work is bad.")
def command(session: Path, about: str, text: str, verdict: Verdict | None) -> None:
    """Say TEXT of the work of the running SESSION: of an agent, or of a task and its result.

    It is kept in the session. An agent that runs is told at once, and another one with its next
    task; whoever does a task again is told all that was said of it.
    """
    click.echo(asyncio.run(_give(session, about, text, verdict)))


async def _give(path: Path, about: str, text: str, verdict: Verdict | None) -> str:
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
