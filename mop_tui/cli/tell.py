"""`mop-tui tell`: what an operator says to an agent of a running session.

Where it is an agent that speaks, `mop_tui.__main__` carries out what `mop_tui.tell` says without
this module, since that has to be quick.
"""

import asyncio
import sys
from contextlib import suppress
from pathlib import Path
from textwrap import dedent

import click

from mop_tui import tell
from mop_tui.agent import in_mop
from mop_tui.cli.manual import RUNNING, Documented, Manual
from mop_tui.cli.session_name import SessionName, find_session
from mop_tui.cli.suggestions import Item, agents
from mop_tui.errors import MopError, RefusedError, UnreachableError, UsageError

MANUAL = Manual(
    synopsis=["mop-tui tell SESSION AGENT TEXT", tell.SYNOPSIS],
    arguments={
        "SESSION": RUNNING,
        "AGENT": "The id of an agent.",
        "TEXT": "What it is told.",
        "KIND": "In a script that runs as an agent: one of those below.",
    },
    more={
        "OPTIONS": tell.WORDS,
        "SAYING, WITHIN AN AGENT": f"\b\n{dedent(tell.SAYING)}",
        "ASKING, WITHIN AN AGENT": f"\b\n{dedent(tell.ASKING)}",
    },
    examples={
        "Tell an agent of a running session something:": (
            "mop-tui tell release ann 'leave the changelog to me'"
        ),
        "Within an agent, say how far the task is:": "mop-tui tell progress 40 compiling",
        "Within an agent, ask, and keep the answer:": (
            "to=$(mop-tui tell ask 'Where to?' --choice staging --choice production)"
        ),
    },
    exits={
        0: "The agent was told; within an agent: said or answered.",
        1: "Within an agent: the answer is a rejection.",
        2: "The agent was not told, and the message says why; within an agent: wrong usage.",
        3: "Within an agent: no answer (expired, withdrawn, refused, or mop-tui has gone).",
    },
    files=["sessions/NAME.jsonl", "sessions/NAME.sock"],
    environment=["MOP_AGENT, MOP_TASK, …"],
    see_also=["feedback", "answer", "docs/agent-protocol.md"],
)


def _suggest(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[Item]:
    """Return what can come next: within an agent the kinds, else a session, then an agent of it."""
    words = ctx.params.get("words") or ()
    if in_mop():
        return [Item(kind) for kind in tell.KINDS if not words and kind.startswith(incomplete)]
    if not words:
        return SessionName("running").shell_complete(ctx, param, incomplete)
    if len(words) == 1:
        with suppress(MopError, OSError):
            return list(agents(find_session(words[0]), incomplete))
    return []


@click.command(
    "tell",
    cls=Documented,
    manual=MANUAL,
    add_help_option=False,
    context_settings={"ignore_unknown_options": True, "allow_interspersed_args": False},
)
@click.argument("words", nargs=-1, type=click.UNPROCESSED, shell_complete=_suggest)
@click.pass_context
def command(ctx: click.Context, words: tuple[str, ...]) -> None:
    """Tell AGENT of the running SESSION something.

    In a script that runs as an agent, it speaks to the session instead: says something, or asks and
    waits for the answer.
    """
    if in_mop() or (words[:1] and words[0] in tell.KINDS):
        sys.exit(tell.main(words))
    if not words or {"--help", "-h"} & {*words[:1]}:
        click.echo(ctx.get_help())
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
                f"{agent}: there is no such agent; there are {', '.join(snapshot.agents)}."
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
