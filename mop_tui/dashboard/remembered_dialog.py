"""The dialog that lists the answers that are remembered, and forgets them."""

from collections.abc import Hashable
from dataclasses import dataclass
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.message import Message

from mop_tui.dashboard.box_dialog import BoxDialog
from mop_tui.dashboard.frame import Frame
from mop_tui.dashboard.line import Line, cell, clip, spread
from mop_tui.dashboard.question_words import answer_of
from mop_tui.dashboard.rows import Rows
from mop_tui.dashboard.sheet import Entry, Sheet
from mop_tui.dashboard.subject import Subject
from mop_tui.dashboard.times import timecode
from mop_tui.domain.ids import QuestionId
from mop_tui.domain.remembering import remembered
from mop_tui.domain.rows import Question
from mop_tui.domain.wording import printable

_SLIM = 60
"""Below this width a row leaves out by whom it was answered."""


class RememberedList(Rows):
    """All answers that are remembered, the oldest first."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("x", "forget", "Forget", tooltip="Remember this answer no longer"),
    ]

    @dataclass
    class Forgotten(Message):
        """The operator wants an answer to be remembered no longer."""

        question: QuestionId

    @dataclass
    class Moved(Message):
        """The cursor is at another answer."""

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 - Textual's own word
        super().__init__(id=id)
        self._frame: Frame | None = None
        self._questions: list[Question] = []

    def show(self, frame: Frame) -> None:
        """Show `frame` from now on."""
        self._frame = frame
        self._questions = remembered(frame.snapshot, frame.elapsed)
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
        return "No answer is remembered."

    def key(self, index: int) -> QuestionId:
        """Return the question of a row."""
        return self._questions[index].id

    def find(self, key: Hashable) -> int | None:
        """Return where a question stands."""
        return next((i for i, question in enumerate(self._questions) if question.id == key), None)

    def subject(self, index: int) -> Subject:
        """Return the question of a row."""
        return Subject(question=self._questions[index].id)

    def line(self, index: int, width: int) -> Line:
        """Return for whom and what, how it is answered, by whom, and for how long still."""
        row = self._questions[index]
        asked = row.asked
        left: Line = (
            (printable(asked.agent or ""), "strong"),
            (f"  {asked.class_name}  ", "plain"),
            (answer_of(row), "bad" if row.rejected else "good"),
        )
        until = timecode(max(0, (row.remembered_until or 0) - self._now))
        right: Line = (cell(until, 9, "warn", "right"),)
        if width >= _SLIM:
            right = (("  ", "plain"), (printable(f"by {row.by}, {row.id}"), "dim"), *right)
        return spread(clip(left, width), right, width)

    @property
    def _now(self) -> int:
        return 0 if self._frame is None else self._frame.elapsed

    def watch_cursor(self, before: int, now: int) -> None:
        """Say that the cursor is elsewhere."""
        super().watch_cursor(before, now)
        self.post_message(self.Moved())

    def action_forget(self) -> None:
        """Have the answer under the cursor forgotten."""
        if self.here is not None:
            self.post_message(self.Forgotten(self.here.id))


class RememberedDialog(BoxDialog[None]):
    """All answers that are remembered, and what the one under the cursor was about."""

    AUTO_FOCUS = "RememberedList"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q,R", "close", "Close"),
    ]
    DEFAULT_CSS = """
    RememberedDialog {
        #dialog { width: 94%; max-width: 110; max-height: 94%; }
        RememberedList, RememberedList:focus { height: auto; max-height: 50vh; border: none; }
        Sheet { margin: 1 0 0 0; padding: 0 1; max-height: 30vh; }
        &.-low Sheet { max-height: 8; }
    }
    """

    def __init__(self, frame: Frame) -> None:
        super().__init__()
        self._frame = frame

    def compose(self) -> ComposeResult:
        """Lay out the list, and below it what is to be said of one answer."""
        with Vertical(id="dialog"):
            yield RememberedList(id="remembered")
            yield Sheet(id="more")

    def on_mount(self) -> None:
        """Show what is remembered now."""
        self.show(self._frame)

    def show(self, frame: Frame) -> None:
        """Bring the list up to date."""
        self._frame = frame
        answers = self.query_one(RememberedList)
        answers.show(frame)
        dialog = self.query_one("#dialog", Vertical)
        dialog.border_title = f"Remembered answers: {answers.count}"
        may = frame.answerable and answers.count
        dialog.border_subtitle = "x forgets, esc closes" if may else "esc closes"
        self._tell()

    @on(RememberedList.Moved)
    def _tell(self) -> None:
        """Say more about the answer under the cursor."""
        row = self.query_one(RememberedList).here
        sheet = self.query_one("#more", Sheet)
        sheet.display = row is not None
        sheet.fill([] if row is None else _entries(self._frame, row))

    def action_close(self) -> None:
        """Close the list."""
        self.dismiss()


def _entries(frame: Frame, row: Question) -> list[Entry]:
    asked = row.asked
    others = sum(1 for other in frame.snapshot.questions.values() if other.as_before == row.id)
    told = [
        Entry("asked", asked.text, "strong"),
        Entry("answered", f"{answer_of(row)} by {row.by}"),
        Entry("because", row.reason),
        Entry("since", "" if row.closed_at is None else frame.moment(row.closed_at).strip()),
        Entry("answers", f"what {asked.agent} asks of class {asked.class_name}; {others} so far"),
    ]
    return [entry for entry in told if entry.text]
