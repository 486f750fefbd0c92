"""`mop-tui answer`: what a running session asks, answered from another terminal."""

from pathlib import Path

import click

from mop_tui.cli import suggestions
from mop_tui.cli.manual import RUNNING, Documented, Manual
from mop_tui.cli.session_name import SessionName

MANUAL = Manual(
    arguments={
        "SESSION": RUNNING,
        "QUESTION": "Its id (q3), its name in the layout, or AGENT/ID for what an agent asks."
        " Default: all open questions are listed.",
        "VALUE": "approve or reject, the value of an option, or the text asked for."
        " Default: it is asked for.",
    },
    options={"Answers that are remembered": ["--remember", "--remembered", "--forget"]},
    examples={
        "List what is asked:": "mop-tui answer release",
        "Approve:": "mop-tui answer release q3 approve",
        "Reject, and say why:": (
            "mop-tui answer release publish reject --reason 'the changelog is missing'"
        ),
        "Answer alike what the same agent asks of the same class in the next half hour:": (
            "mop-tui answer release q5 approve --remember 30m"
        ),
        "Give a password without showing it:": "pass show pypi | mop-tui answer release token",
    },
    exits={0: "The answer is recorded.", 2: "It is not recorded; the message says why."},
    files=["sessions/NAME.jsonl", "sessions/NAME.sock"],
    see_also=["attach", "feedback", "tell", "docs/operating.md"],
)


@click.command("answer", cls=Documented, manual=MANUAL)
@click.argument("session", type=SessionName("running"))
@click.argument(
    "question", required=False, shell_complete=suggestions.in_session(suggestions.questions)
)
@click.argument("value", required=False, shell_complete=suggestions.values)
@click.option("--reason", default="", help="Why; whoever asked reads it. Default: none.")
@click.option(
    "--remember",
    metavar="DURATION",
    help="Answer what this agent asks of the same class so, too, for as long: 30m, 1h30m.",
)
@click.option("--remembered", is_flag=True, help="List the answers that are remembered.")
@click.option(
    "--forget",
    metavar="QUESTION",
    shell_complete=suggestions.in_session(suggestions.remembered),
    help="Remember the answer to QUESTION no longer.",
)
def command(
    session: Path,
    question: str | None,
    value: str | None,
    reason: str,
    remember: str | None,
    remembered: bool,
    forget: str | None,
) -> None:
    """Answer QUESTION of the running SESSION with VALUE; without QUESTION, list what is asked.

    A password is never an argument, where others can read it: it is typed, or read from standard
    input. What is dangerous has to be confirmed at a terminal.

    What an agent asks of a class of its own may be answered for all that it asks of that class, for
    a while (--remember); this is listed by --remembered and ended by --forget, or by a rejection.
    """
    from mop_tui.cli import answering  # noqa: PLC0415 - a shell that asks needs none of it

    answering.carry_out(
        session,
        question,
        value,
        reason=reason,
        remember=remember,
        remembered=remembered,
        forget=forget,
    )
