"""What a running session asks: listed, and answered, from another terminal."""

import asyncio
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import click

from mop_tui.domain import remembering, templates
from mop_tui.domain.answers import objection
from mop_tui.domain.events import AnyEvent, UserAnswered, UserAsked, UserCommanded
from mop_tui.domain.feed import Answer, Forget, Seen
from mop_tui.domain.ids import QuestionId
from mop_tui.domain.reactions import told
from mop_tui.domain.rows import Question
from mop_tui.domain.session import Snapshot
from mop_tui.domain.wording import lasting, listed, printable
from mop_tui.errors import RefusedError, UnreachableError, UsageError
from mop_tui.layout import durations
from mop_tui.orchestrator.attached import attached


def carry_out(
    session: Path,
    question: str | None,
    value: str | None,
    *,
    reason: str,
    remember: str | None,
    remembered: bool,
    forget: str | None,
) -> None:
    """Do what `mop-tui answer` was called for, and say what came of it. Raises `MopError`."""
    if question is not None and (remembered or forget is not None):
        raise UsageError("--remembered and --forget go without a question to answer.")
    kept = 0 if remember is None else _duration(remember)
    snapshot, remaining, now = asyncio.run(_look(session))
    if forget is not None:
        asyncio.run(_give(session, Forget(QuestionId(forget))))
        click.echo(f"The answer to {printable(forget)} is remembered no longer.")
        return
    if remembered:
        _list_remembered(snapshot, now)
        return
    if question is None:
        _list(snapshot, remaining)
        return
    asked = _find(snapshot, question).asked
    why_not = remembering.unfit(asked)
    if remember is not None and why_not:
        raise UsageError(f"{asked.question}: the answer cannot be remembered: {why_not}.")
    click.echo("\n".join(_told(asked, remaining)))
    given, secret = _answer(asked, value)
    if asked.dangerous:
        _confirm(asked, given)
    if not reason and given == "reject" and value is None:
        reason = click.prompt("Why not (may be empty)", default="", show_default=False)
    answer = Answer(asked.question, given, asked.digest, reason, kept)
    asyncio.run(_give(session, answer, secret))
    click.echo(f"{asked.question} is answered" + ("." if secret is not None else f": {given}"))


async def _look(path: Path) -> tuple[Snapshot, Mapping[QuestionId, int | None], int]:
    """Return the session as it is now, how long its open questions wait still, in ms, and its
    time."""
    async with attached(path, str(path), "answer") as session:
        snapshot = session.snapshot()
        left = {row.id: session.remaining(row.id) for row in snapshot.open_questions}
        return snapshot, left, session.now()


async def _give(path: Path, answer: Answer | Forget, secret: str | None = None) -> None:
    """Return once the answer, or that one is forgotten, is recorded. Raises `RefusedError` if it is
    refused."""
    async with attached(path, str(path), "answer") as session:
        if session.trouble:
            raise UnreachableError(f"{session.trouble} The answer was not given.")
        after = session.snapshot().seq
        if isinstance(answer, Answer):
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
        if refused and isinstance(answer, Forget):
            raise RefusedError(f"{printable(answer.question)}: {refused}.")
        if refused:
            raise RefusedError(f"{answer.question}: the answer does not count: {refused}.")


# -- what is asked ----------------------------------------------------------------------------


def _list(snapshot: Snapshot, remaining: Mapping[QuestionId, int | None]) -> None:
    questions = snapshot.open_questions
    if not questions:
        click.echo("No question is open.")
    for place, row in enumerate(questions):
        click.echo("\n" * bool(place) + "\n".join(_told(row.asked, remaining)))


def _list_remembered(snapshot: Snapshot, now: int) -> None:
    rows = remembering.remembered(snapshot, now)
    if not rows:
        click.echo("No answer is remembered.")
    for row in rows:
        left = lasting((row.remembered_until or 0) - now)
        what = f"{row.asked.agent}, class {row.asked.class_name}: {printable(row.value)}"
        click.echo(f"{row.id}  {what}, by {row.by}, for another {left}")
        click.echo(f"  {printable(row.asked.text)}")


def _duration(text: str) -> int:
    """Return milliseconds. Raises `UsageError`."""
    try:
        return durations.parse(text)
    except ValueError as error:
        raise UsageError(f"--remember {text}: {error}.") from None


def _told(asked: UserAsked, remaining: Mapping[QuestionId, int | None]) -> Iterator[str]:
    """Yield the lines that tell exactly what is asked."""
    about = f", about task {asked.task}" if asked.task is not None else ""
    yield f"{asked.question}  {printable(asked.name)}{about}"
    yield f"  {printable(asked.text)}"
    for key, content in (*asked.context, *told(asked.on_answer)):
        first, *more = templates.as_text(content).splitlines() or [""]
        yield f"    {printable(key)}: {printable(first)}"
        yield from (f"      {printable(line)}" for line in more)
    yield f"  answer: {_wanted(asked)}"
    left = remaining.get(asked.question)
    if left is not None:
        yield f"  times out in {lasting(left)}"
    if asked.class_name:
        yield f"  class: {asked.class_name}"
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
