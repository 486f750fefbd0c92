"""The dialog in which the operator approves or rejects."""

from typing import ClassVar, Literal, assert_never

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.content import Content
from textual.reactive import reactive
from textual.screen import ModalScreen
from textual.widgets import Button, Input, Static

from mop_tui.dashboard.clock import Clock
from mop_tui.dashboard.frame import Frame
from mop_tui.dashboard.guard import KeyGuard
from mop_tui.dashboard.sheet import Sheet, context_entries
from mop_tui.dashboard.times import timecode
from mop_tui.domain.events import UserAnswered, UserCommanded
from mop_tui.domain.feed import Answer, EventFilter, Seen, SessionFeed
from mop_tui.domain.ids import CommandId
from mop_tui.domain.sentences import consequence, printable
from mop_tui.domain.session import Question

Closed = Literal["aside", "settled", "next"]
"""How the dialog was left: without an answer, because the question is settled, or for the next."""

Stage = Literal["guarded", "choosing", "reason", "sent"]


class ApprovalDialog(ModalScreen[Closed]):
    """Shows exactly what is asked, listens only after a moment of quiet, and submits the answer.

    To approve takes two keys, to choose and to confirm; to reject takes a reason, or the explicit
    wish to give none. Escape leaves the question open. If it is settled elsewhere meanwhile, the
    dialog closes and says how.
    """

    AUTO_FOCUS = ""
    HORIZONTAL_BREAKPOINTS = [(0, "-slim"), (60, "-roomy")]  # noqa: RUF012 - typed by Textual
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(
            "y",
            "choose('approve')",
            "Choose approve",
            tooltip="Choose to approve; enter then confirms",
        ),
        Binding(
            "n",
            "choose('reject')",
            "Choose reject",
            tooltip="Choose to reject; the reason, then enter, confirms",
        ),
        Binding("left", "app.focus_previous", "Previous button", show=False),
        Binding("right", "app.focus_next", "Next button", show=False),
        Binding("right_square_bracket", "next", "Next question", key_display="]"),
        Binding("escape", "leave", "Leave it open"),
    ]
    DEFAULT_CSS = """
    ApprovalDialog {
        align: center middle;
        #dialog {
            width: 90%;
            max-width: 88;
            height: auto;
            max-height: 96%;
            padding: 0 2;
            background: $surface;
            border: round $accent;
            border-title-color: $text-accent;
            border-title-style: bold;
            border-subtitle-color: $text-muted;
        }
        #question { text-style: bold; padding: 1 0 0 0; }
        #about { color: $text-muted; }
        #context {
            height: auto;
            max-height: 40vh;
            margin: 1 0;
            scrollbar-size-vertical: 1;
            padding: 0 1;
            border-left: outer $foreground 22%;
            &:focus { border-left: outer $accent; }
        }
        #deadline { color: $text-warning; }
        #trouble { color: $text-error; text-style: bold; }
        #deadline, #trouble, #reason { display: none; }
        #deadline.-shown, #trouble.-shown, #reason.-shown { display: block; }
        #hint { color: $text-muted; }
        #hint.-guarded { color: $text-warning; text-style: bold; }
        #buttons { height: auto; align-horizontal: center; margin: 1 0 0 0; }
        &.-low.-reasoning #buttons { display: none; }
        &.-low.-slim #context { max-height: 20vh; margin: 0; }
        &.-low.-slim #question { padding: 0; }
        Button { margin: 0 1; min-width: 14; }
        Button:focus { text-style: bold reverse; }
    }
    """

    stage: reactive[Stage] = reactive("guarded", init=False)
    """What the dialog waits for."""

    def __init__(self, feed: SessionFeed, question: Question, clock: Clock, frame: Frame) -> None:
        super().__init__()
        self.question = question
        """The question as it was when the dialog opened; only its content counts."""
        self.guard = KeyGuard()
        """Drops keys that were meant for something else."""
        self._feed = feed
        self._clock = clock
        self._frame = frame
        self._none_confirmed = False
        self._sent: CommandId | None = None
        self._sent_after = 0
        self._why_not = ""
        self._said: dict[str, str] = {}

    def compose(self) -> ComposeResult:
        """Lay out the question, what it is about, and the answers."""
        asked = self.question.asked
        with Vertical(id="dialog") as dialog:
            dialog.border_title = "Waiting for you"
            yield Static(printable(asked.text), id="question", markup=False)
            yield Static(self._about(), id="about")
            with VerticalScroll(id="context"):
                yield Sheet(context_entries(asked.context))
            yield Static(id="deadline", markup=False)
            yield Static(id="trouble", markup=False)
            yield Static(id="hint", markup=False)
            yield Input(placeholder="Why not? The agents read this.", id="reason")
            with Horizontal(id="buttons"):
                yield Button("Approve", variant="success", id="approve", disabled=True)
                yield Button("Reject", variant="error", id="reject", disabled=True)

    def on_mount(self) -> None:
        """Start the guard once the dialog can be read."""
        self.query_one("#context").display = bool(self.question.asked.context)
        self.show(self._frame)
        self.call_after_refresh(self._painted)

    def _painted(self) -> None:
        self.guard.painted(self._clock.now())
        if self.question.seen_at is None:
            self._feed.submit(Seen(self.question.id))

    def poll(self) -> None:
        """Start to listen once the guard is over."""
        if self.stage == "guarded":
            if self.guard.is_over(self._clock.now()):
                self.stage = "choosing"
            self._update()

    # -- what it shows ----------------------------------------------------------------------

    def _about(self) -> Content:
        asked = self.question.asked
        task = None if asked.task is None else self._frame.snapshot.tasks.get(asked.task)
        held = f"It holds {asked.task}: {printable(task.spec.title)}" if task is not None else ""
        danger = ("Marked as dangerous. ", "bold $text-error") if asked.dangerous else ""
        return Content.assemble(danger, held)

    def show(self, frame: Frame) -> None:
        """Follow the session: count down, and close if the question is settled."""
        self._frame = frame
        question = frame.snapshot.questions.get(self.question.id)
        if question is None or question.state != "open" or frame.ended:
            self._settled(question)
            return
        if self._sent is not None:
            self._look_for_refusal(self._sent)
        self._update()

    def watch_stage(self, stage: Stage) -> None:
        """Offer what this stage allows, and put the keys where they are expected."""
        self.set_class(stage == "reason", "-reasoning")
        self.query_one("#reason", Input).set_class(stage == "reason", "-shown")
        self._update()
        match stage:
            case "guarded" | "sent":
                self.set_focus(None)
            case "choosing":
                self.query_one("#context").focus()
            case "reason":
                self.query_one("#reason", Input).focus()
            case _:
                assert_never(stage)

    def _update(self) -> None:
        """Bring every changing text up to date."""
        trouble = printable(self._frame.trouble)
        open_ = self.stage in ("choosing", "reason") and not trouble
        for button in self.query(Button):
            button.disabled = not open_
        self._say("#deadline", self._deadline())
        self._say("#trouble", f"No answer can be given now: {trouble}" if trouble else "")
        self._say("#hint", self._hint())
        self.query_one("#hint").set_class(self.stage == "guarded", "-guarded")
        more = len(self._frame.snapshot.open_questions) - 1
        dialog = self.query_one("#dialog", Vertical)
        others = f"{more} more waiting, ] shows the next" if more > 0 else ""
        dialog.border_subtitle = others or f"{self.question.id} {self.question.asked.name}"

    def _say(self, selector: str, text: str) -> None:
        if self._said.get(selector) == text:
            return
        self._said[selector] = text
        line = self.query_one(selector, Static)
        line.set_class(bool(text), "-shown")
        line.update(text)

    def _deadline(self) -> str:
        asked = self.question.asked
        if self._frame.snapshot.questions[self.question.id].escalated:
            return f"Its time is up; {consequence('escalated')}."
        left = self._frame.remaining.get(self.question.id)
        if left is None:
            return ""
        outcome: Literal["default", "cancelled", "escalated"] = "cancelled"
        if asked.default is not None:
            outcome = "default"
        elif asked.required:
            outcome = "escalated"
        return f"{timecode(left)} left. If nobody answers, {consequence(outcome)}."

    def _hint(self) -> str:
        match self.stage:
            case "guarded":
                dropped = self.guard.dropped
                ignored = f" ({dropped} so far)" if dropped else ""
                return f"Keys are ignored until you pause for a moment{ignored}."
            case "choosing":
                if self._why_not:
                    return f"Not accepted: {printable(self._why_not)}"
                if self.focused is not None and self.focused.id == "approve":
                    return "Enter approves exactly what is shown; esc leaves it open."
                return "y or n chooses, enter confirms, esc leaves it open."
            case "reason":
                if self._none_confirmed:
                    return "No reason given. Enter again rejects without one."
                return "Say why, then enter rejects; esc goes back."
            case "sent":
                return "Answered. It counts as soon as it is recorded; esc closes."
            case _:
                assert_never(self.stage)

    def on_descendant_focus(self) -> None:
        """Say what enter would do now."""
        self._update()

    # -- answering --------------------------------------------------------------------------

    def action_choose(self, value: Literal["approve", "reject"]) -> None:
        """Put the keys on an answer; nothing is answered yet."""
        if self.stage != "choosing" or self._frame.trouble:
            return
        if value == "approve":
            self.query_one("#approve", Button).focus()
        else:
            self.stage = "reason"

    @on(Button.Pressed, "#approve")
    def approve(self) -> None:
        """Approve exactly what is shown."""
        if self.stage in ("choosing", "reason"):
            self._answer("approve", "")

    @on(Button.Pressed, "#reject")
    def reject(self) -> None:
        """Ask for the reason; with one, reject."""
        if self.stage == "choosing":
            self.stage = "reason"
        elif self.stage == "reason":
            self._reject(self.query_one("#reason", Input).value)

    @on(Input.Submitted, "#reason")
    def reason_given(self, event: Input.Submitted) -> None:
        """Reject with the reason."""
        self._reject(event.value)

    @on(Input.Changed, "#reason")
    def reason_edited(self) -> None:
        """Forget that no reason was to be given."""
        self._none_confirmed = False
        self._update()

    def _reject(self, reason: str) -> None:
        if reason.strip() or self._none_confirmed:
            self._answer("reject", reason.strip())
        else:
            self._none_confirmed = True
            self._update()

    def _answer(self, value: Literal["approve", "reject"], reason: str) -> None:
        if self._frame.trouble:
            return
        question = self.question
        self._sent_after = self._frame.snapshot.seq
        self._sent = self._feed.submit(Answer(question.id, value, question.asked.digest, reason))
        self.stage = "sent"

    def _look_for_refusal(self, command: CommandId) -> None:
        for event in self._feed.events(
            after=self._sent_after, limit=1000, only=EventFilter(kind=UserCommanded.KIND)
        ):
            self._sent_after = event.seq
            fact = event.data
            if isinstance(fact, UserCommanded) and fact.id == command and fact.refused:
                self._why_not = fact.refused
                self._sent = None
                self._none_confirmed = False
                self.stage = "choosing"

    def _was_mine(self) -> bool:
        answers = self._feed.events(
            after=self._sent_after, limit=1000, only=EventFilter(kind=UserAnswered.KIND)
        )
        return any(
            isinstance(event.data, UserAnswered) and event.data.command == self._sent
            for event in answers
        )

    # -- leaving ----------------------------------------------------------------------------

    def _settled(self, question: Question | None) -> None:
        """Close, and say what became of the question."""
        said = f"{self.question.id} is no longer asked"
        if question is not None:
            match question.state:
                case "answered":
                    by = "you" if self._sent is not None and self._was_mine() else question.by
                    verb = "approved" if question.value == "approve" else "rejected"
                    said = f"{question.id} was {verb} by {by}"
                case "expired":
                    became = "rejected by default" if question.value else "cancelled"
                    said = f"nobody answered {question.id} in time: {became}"
                case "withdrawn":
                    said = f"{question.id} needs no answer any more: {question.reason}"
                case "open":
                    said = f"the session has ended, and {question.id} stays without an answer"
                case _:
                    assert_never(question.state)
        self.notify(printable(said), title="Question settled", markup=False)
        if self.is_attached:
            self.dismiss("settled")

    def action_leave(self) -> None:
        """Go back from the reason to the choice, or close without an answer."""
        if self.stage == "reason":
            self.stage = "choosing"
        else:
            self.dismiss("aside")

    def action_next(self) -> None:
        """Leave this question open and show the next one."""
        if len(self._frame.snapshot.open_questions) > 1:
            self.dismiss("next")
