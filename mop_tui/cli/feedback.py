"""`mop-tui feedback`: what an operator says of the work of a running session."""

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING

import click

from mop_tui.cli.manual import RUNNING, Documented, Manual
from mop_tui.cli.session_name import SessionName
from mop_tui.cli.suggestions import agents_and_tasks, in_session

if TYPE_CHECKING:
    from mop_tui.domain.events import Verdict

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
def command(session: Path, about: str, text: str, verdict: "Verdict | None") -> None:
    """Say TEXT of the work of the running SESSION: of an agent, or of a task and its result.

    It is kept in the session. An agent that runs is told at once, and another one with its next
    task; whoever does a task again is told all that was said of it.
    """
    from mop_tui.cli.giving_feedback import give  # noqa: PLC0415 - a shell that asks needs none

    click.echo(asyncio.run(give(session, about, text, verdict)))
