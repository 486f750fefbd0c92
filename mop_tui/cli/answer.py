"""`mop-tui answer`: what a running session asks, answered from another terminal."""

import asyncio
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import click

from mop_tui.cli.session_name import SessionName
from mop_tui.domain import templates
from mop_tui.domain.answers import objection
from mop_tui.domain.events import AnyEvent, UserAnswered, UserAsked, UserCommanded
from mop_tui.domain.feed import Answer, Seen
from mop_tui.domain.ids import QuestionId
from mop_tui.domain.rows import Question
from mop_tui.domain.session import Snapshot
from mop_tui.domain.wording import lasting, listed, printable
from mop_tui.errors import RefusedError, UnreachableError, UsageError
from mop_tui.orchestrator.attached import attached


@click.command("answer")
@click.argument("session", type=SessionName())
@click.argument("question", required=False)
@click.argument("value", required=False)
@click.option("--reason", default="", help="Why; it reaches whoever asked.")
def command(session: Path, question: str | None, value: str | None, reason: str) -> None:
    """Answer QUESTION of the running SESSION with VALUE; without QUESTION, list what is asked.

    QUESTION is its id (q3), its name in the layout, or AGENT/ID for what an agent asks. VALUE is
    approve or reject, the value of an option, or the text asked for; what is left out is asked
    for. A password is never an argument: it is typed, or read from standard input.

    Exit codes: 0 the answer is recorded; 2 it is not, and why.
    """
    snapshot, remaining = asyncio.run(_look(session))
    if question is None:
        _list(snapshot, remaining)
        return
    asked = _find(snapshot, question).asked
    click.echo("\n".join(_told(asked, remaining)))
    given, secret = _answer(asked, value)
    if asked.dangerous:
        _confirm(asked, given)
    if not reason and given == "reject" and value is None:
        reason = click.prompt("Why not (may be empty)", default="", show_default=False)
    answer = Answer(asked.question, given, asked.digest, reason)
    asyncio.run(_give(session, answer, secret))
    click.echo(f"{asked.question} is answered" + ("." if secret is not None else f": {given}"))


async def _look(path: Path) -> tuple[Snapshot, Mapping[QuestionId, int | None]]:
    """Return the session as it is now, and how long its open questions wait still, in ms."""
    async with attached(path, str(path), "answer") as session:
        snapshot = session.snapshot()
        return snapshot, {row.id: session.remaining(row.id) for row in snapshot.open_questions}


async def _give(path: Path, answer: Answer, secret: str | None) -> None:
    """Return once the answer is recorded. Raises `RefusedError` if it is refused."""
    async with attached(path, str(path), "answer") as session:
        if session.trouble:
            raise UnreachableError(f"{session.trouble} The answer was not given.")
        after = session.snapshot().seq
        session.submit(Seen(answer.question))
        command_id = session.submit(answer, secret)

        def outcome(event: AnyEvent) -> str | None:
            match event.data:
                case UserAnswered(command=given) if given == command_id:
                    return ""
                case UserCommanded(id=given, refused=refused) if given == command_id:
                    return refused
            return None

        refused = await session.heard(outcome, after)
        if refused:
            raise RefusedError(f"{answer.question}: the answer does not count: {refused}.")


# -- what is asked ----------------------------------------------------------------------------


def _list(snapshot: Snapshot, remaining: Mapping[QuestionId, int | None]) -> None:
    questions = snapshot.open_questions
    if not questions:
        click.echo("No question is open.")
    for place, row in enumerate(questions):
        click.echo("\n" * bool(place) + "\n".join(_told(row.asked, remaining)))


def _told(asked: UserAsked, remaining: Mapping[QuestionId, int | None]) -> Iterator[str]:
    """Yield the lines that tell exactly what is asked."""
    about = f", about task {asked.task}" if asked.task is not None else ""
    yield f"{asked.question}  {printable(asked.name)}{about}"
    yield f"  {printable(asked.text)}"
    for key, content in asked.context:
        first, *more = templates.as_text(content).splitlines() or [""]
        yield f"    {printable(key)}: {printable(first)}"
        yield from (f"      {printable(line)}" for line in more)
    yield f"  answer: {_wanted(asked)}"
    left = remaining.get(asked.question)
    if left is not None:
        yield f"  times out in {lasting(left)}"
    if asked.dangerous:
        yield "  dangerous: to be confirmed by a person at a terminal"


def _wanted(asked: UserAsked) -> str:
    match asked.question_type:
        case "approval":
            return "approve or reject"
        case "choice":
            options = (
                option.value if option.title == option.value else f"{option.value} ({option.title})"
                for option in asked.options
            )
            return printable(listed([*options], " or "))
        case "input":
            return f"a {asked.input_type}"


def _find(snapshot: Snapshot, name: str) -> Question:
    """Return the open question of this id or name."""
    rows = [row for row in snapshot.questions.values() if name in (row.id, row.asked.name)]
    still = [row for row in rows if row.state == "open"]
    if len(still) == 1:
        return still[0]
    if still:
        ids = listed([row.id for row in still])
        raise UsageError(f"{name}: is asked {len(still)} times; name one of them by its id: {ids}.")
    if rows:
        by = f" by {rows[-1].by}" if rows[-1].by else ""
        raise UsageError(f"{name}: is {rows[-1].state} already{by}.")
    names = [f"{row.id} ({row.asked.name})" for row in snapshot.open_questions]
    known = f"open are {listed(names)}" if names else "no question is open"
    raise UsageError(f"{name}: there is no such question; {known}.")


# -- what is answered -------------------------------------------------------------------------


def _answer(asked: UserAsked, value: str | None) -> tuple[str, str | None]:
    """Return the value of an answer, and the secret beside it if it is one."""
    secret = None
    if asked.secret:
        if value is not None:
            raise UsageError(
                f"{asked.question}: a password is never given as an argument, where others can read"
                " it. Leave it out, and it is asked for."
            )
        value, secret = "", _typed(asked, hidden=True)
    elif value is None:
        value = _typed(asked, hidden=False)
    wrong = objection(
        value if secret is None else secret,
        asked.question_type,
        options=asked.options,
        input_type=asked.input_type,
        validation=asked.validation,
    )
    if wrong:
        raise UsageError(f"{asked.question}: {wrong}.")
    return value, secret


def _typed(asked: UserAsked, *, hidden: bool) -> str:
    """Return what the operator types, or what comes from standard input."""
    if sys.stdin.isatty():
        return str(click.prompt("Password" if hidden else "Answer", hide_input=hidden))
    line = sys.stdin.readline()
    if not line:
        raise UsageError(f"{asked.question}: there is no answer on the command line or in stdin.")
    return line.removesuffix("\n")


def _confirm(asked: UserAsked, value: str) -> None:
    """Have a person at a terminal type the question's name. Raises `UsageError` if none does."""
    if not sys.stdin.isatty():
        raise UsageError(
            f"{asked.question}: is dangerous, so a person has to confirm the answer at a terminal."
        )
    what = "answer it" if asked.secret else f"answer {printable(value)}"
    typed = click.prompt(
        f"To {what}, type the question's name ({asked.name})", default="", show_default=False
    )
    if typed != asked.name:
        raise UsageError(f"{asked.question}: not confirmed, so it stays open.")
