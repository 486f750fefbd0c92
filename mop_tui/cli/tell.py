"""`mop-tui tell`: what an operator says to an agent of a running session.

Where it is an agent that speaks, `mop_tui.__main__` carries out what `mop_tui.tell` says without
this module, since that has to be quick.
"""

import asyncio
import sys
from pathlib import Path

import click

from mop_tui import tell
from mop_tui.agent import in_mop
from mop_tui.cli.session_name import find_session
from mop_tui.errors import RefusedError, UnreachableError, UsageError

_HELP = """\
Usage: mop-tui tell SESSION AGENT TEXT

  Tell AGENT of the running SESSION something. SESSION is a session file, or its
  name in the folder sessions.

  Exit codes: 0 the agent was told; 2 it was not, and why.

In a script that runs as an agent:
"""


@click.command(
    "tell",
    add_help_option=False,
    context_settings={"ignore_unknown_options": True, "allow_interspersed_args": False},
)
@click.argument("words", nargs=-1, type=click.UNPROCESSED)
def command(words: tuple[str, ...]) -> None:
    """Tell an agent something; or, in a script that runs as an agent, speak to the session."""
    if in_mop() or (words[:1] and words[0] in tell.KINDS):
        sys.exit(tell.main(words))
    if not words or {"--help", "-h"} & {*words[:1]}:
        click.echo(f"{_HELP}\n{tell.HELP}", nl=False)
        sys.exit(0 if words else 2)
    if len(words) != 3:
        raise UsageError("tell: SESSION AGENT TEXT is expected. See `mop-tui tell --help`.")
    session, agent, text = words
    asyncio.run(_tell(find_session(session), agent, text))


async def _tell(path: Path, agent: str, text: str) -> None:
    """Return once the agent was told. Raises `RefusedError` if it cannot be."""
    from mop_tui.domain.events import (  # noqa: PLC0415 - not loaded for what agents say
        AnyEvent,
        SystemDecided,
        SystemDone,
        SystemIntended,
        UserCommanded,
    )
    from mop_tui.domain.feed import Say  # noqa: PLC0415
    from mop_tui.domain.ids import AgentId  # noqa: PLC0415
    from mop_tui.orchestrator.attached import attached  # noqa: PLC0415

    async with attached(path, str(path), "tell") as session:
        snapshot = session.snapshot()
        if agent not in snapshot.agents:
            raise UsageError(
                f"{agent}: there is no such agent; there are {', '.join(snapshot.agents)}"
            )
        if session.trouble:
            raise UnreachableError(f"{session.trouble} The agent was not told.")
        command_id = session.submit(Say(AgentId(agent), text))
        chain: set[int] = set()
        """What follows from the command: its own event, the decision, the intention."""
        action = ""

        def outcome(event: AnyEvent) -> str | None:
            nonlocal action
            match event.data:
                case UserCommanded(id=given, refused=refused) if given == command_id:
                    chain.add(event.seq)
                    return refused or None
                case SystemDecided() if event.cause in chain:
                    chain.add(event.seq)
                case SystemIntended(action=intended) if event.cause in chain:
                    action = intended
                case SystemDone(action=done, error=error) if done == action:
                    return error
            return None

        refused = await session.heard(outcome, snapshot.seq)
        if refused:
            raise RefusedError(f"{agent}: was not told: {refused}.")
