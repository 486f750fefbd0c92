"""The dialog that lists all that waits for the operator."""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.message import Message

from mop_tui.dashboard.box_dialog import BoxDialog
from mop_tui.dashboard.frame import Frame
from mop_tui.dashboard.line import Line, Span, cell, clip, spread
from mop_tui.dashboard.looks import WAITING_FOR_YOU
from mop_tui.dashboard.question_words import deadline, kind_of, who_asks
from mop_tui.dashboard.rows import Rows
from mop_tui.dashboard.sheet import Entry, Sheet
from mop_tui.dashboard.times import lasted, timecode
from mop_tui.domain.events import UserAsked
from mop_tui.domain.ids import QuestionId
from mop_tui.domain.rows import Question
from mop_tui.domain.wording import printable

_FEW = 60
"""Below this width a row says only what is asked and how long that waits."""
_LATE = "overdue"
_ANY_TIME = "no limit"


class QuestionList(Rows):
    """All open questions, the oldest first."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "choose", "Open", tooltip="Open the question"),
    ]

    @dataclass
    class Opened(Message):
        """The operator wants to see a question, and perhaps to answer it."""

        question: QuestionId

    @dataclass
    class Moved(Message):
        """The cursor is at another question."""

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 - Textual's own word
        super().__init__(id=id)
        self._frame: Frame | None = None
        self._questions: Sequence[Question] = ()

    def show(self, frame: Frame) -> None:
        """Show `frame` from now on."""
        self._frame = frame
        self._questions = frame.snapshot.open_questions if frame.answerable else ()
        self.rows_changed()

    @property
    def here(self) -> Question | None:
        """The question under the cursor."""
        return self._questions[self.cursor] if self._questions else None

    @property
    def count(self) -> int:
        """How many rows there are."""
        return len(self._questions)

    @property
    def emptiness(self) -> str:
        """What to say where there are no rows."""
        if self._frame is not None and self._frame.ended:
            return "The session has ended; nothing waits for you."
        return "Nothing waits for you."

    def key(self, index: int) -> QuestionId:
        """Return the question of a row."""
        return self._questions[index].id

    def find(self, key: Hashable) -> int | None:
        """Return where a question stands."""
        return next((i for i, question in enumerate(self._questions) if question.id == key), None)

    def line(self, index: int, width: int) -> Line:
        """Return what is asked, by whom or for what, how it is answered, and until when."""
        question = self._questions[index]
        asked = question.asked
        left: Line = (
            (f"{WAITING_FOR_YOU.sign} ", "you"),
            (printable(asked.text), "strong" if question.seen_at is None else "plain"),
        )
        right: Line = (self._time(question),)
        if width >= _FEW:
            waits = _asker(asked)
            right = (
                ("  ", "plain"),
                cell(waits, 16 if width < 100 else 24, "plain"),
                (" ", "plain"),
                cell(kind_of(asked), 9, "bad" if asked.dangerous else "dim"),
                *right,
            )
        return spread(clip(left, width), right, width)

    def _time(self, question: Question) -> Span:
        if question.escalated:
            return cell(_LATE, 9, "bad", "right")
        left = self._frame.remaining.get(question.id) if self._frame is not None else None
        if left is None:
            return cell(_ANY_TIME, 9, "dim", "right")
        return cell(timecode(left), 9, "warn", "right")

    def watch_cursor(self, before: int, now: int) -> None:
        """Say that the cursor is elsewhere."""
        super().watch_cursor(before, now)
        self.post_message(self.Moved())

    def action_choose(self) -> None:
        """Open the question under the cursor."""
        if self.here is not None:
            self.post_message(self.Opened(self.here.id))


class InboxDialog(BoxDialog[QuestionId]):
    """All open questions, and more about the one under the cursor. It gives back which to open.

    Nothing is answered here: a question's own dialog takes the answer, and guards it.
    """

    AUTO_FOCUS = "QuestionList"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q,i", "close", "Close"),
    ]
    DEFAULT_CSS = """
    InboxDialog {
        #dialog {
            width: 94%;
            max-width: 120;
            max-height: 94%;
            border: round $accent;
            border-title-color: $text-accent;
        }
        QuestionList { height: auto; max-height: 50vh; border: none; }
        QuestionList:focus { border: none; }
        Sheet { margin: 1 0 0 0; padding: 0 1; max-height: 30vh; }
        &.-low Sheet { max-height: 8; }
    }
    """

    def __init__(self, frame: Frame) -> None:
        super().__init__()
        self._frame = frame

    def compose(self) -> ComposeResult:
        """Lay out the list, and below it what is to be said of one question."""
        with Vertical(id="dialog") as dialog:
            dialog.border_subtitle = "enter opens, esc closes"
            yield QuestionList(id="questions")
            yield Sheet(id="more")

    def on_mount(self) -> None:
        """Show what waits now."""
        self.show(self._frame)

    def show(self, frame: Frame) -> None:
        """Bring the list up to date."""
        self._frame = frame
        questions = self.query_one(QuestionList)
        questions.show(frame)
        waiting = f"Waiting for you: {questions.count}" if questions.count else "Waiting for you"
        self.query_one("#dialog", Vertical).border_title = waiting
        self._tell()

    @on(QuestionList.Moved)
    def _tell(self) -> None:
        """Say more about the question under the cursor."""
        question = self.query_one(QuestionList).here
        sheet = self.query_one("#more", Sheet)
        sheet.display = question is not None
        sheet.fill([] if question is None else _entries(self._frame, question))

    @on(QuestionList.Opened)
    def _open(self, opened: QuestionList.Opened) -> None:
        self.dismiss(opened.question)

    def action_close(self) -> None:
        """Open nothing."""
        self.dismiss()


def _asker(asked: UserAsked) -> str:
    """Return in a word who asks, or what waits."""
    about = None if asked.about is None else asked.about.agent or asked.about.task
    return asked.agent or asked.task or asked.trigger or about or ""


def _entries(frame: Frame, question: Question) -> list[Entry]:
    asked = question.asked
    ago = lasted(frame.elapsed - question.asked_at)
    told = [
        Entry("question", asked.text, "strong"),
        Entry("from", who_asks(frame.snapshot, asked)),
        Entry("answer", f"{kind_of(asked)}{', marked as dangerous' if asked.dangerous else ''}"),
        Entry("asked", f"{frame.moment(question.asked_at).strip()}, {ago} ago"),
        Entry("time", deadline(question, frame.remaining.get(question.id)) or _ANY_TIME),
    ]
    return [entry for entry in told if entry.text]
