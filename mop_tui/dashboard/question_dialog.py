"""What all dialogs have in common in which the operator answers a question."""

from abc import abstractmethod
from typing import ClassVar, Literal, assert_never

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.reactive import reactive
from textual.widgets import Button, Input, Static

from mop_tui.dashboard.clock import Clock
from mop_tui.dashboard.dialog import Dialog
from mop_tui.dashboard.frame import Frame
from mop_tui.dashboard.guard import KeyGuard
from mop_tui.dashboard.question_words import askers, became, deadline, earlier, who_asks
from mop_tui.dashboard.secret_field import SecretField
from mop_tui.dashboard.sheet import Sheet, context_entries
from mop_tui.dashboard.subject import Subject
from mop_tui.domain.batches import identical
from mop_tui.domain.events import UserAnswered, UserCommanded
from mop_tui.domain.feed import Answer, EventFilter, Seen, SessionFeed
from mop_tui.domain.ids import CommandId, QuestionId
from mop_tui.domain.reactions import told
from mop_tui.domain.remembering import unfit
from mop_tui.domain.rows import Question
from mop_tui.domain.wording import lasting, printable

Closed = Literal["aside", "settled", "overtaken", "next"]
"""How the dialog was left: without an answer, because the operator's answer counts, because the
question was settled by something else, or for the next question."""

_LONG = 200
"""From how many characters on a question takes room from what it is about."""

UNREAD = ", and there is more to read: page down"
"""What the title adds where not all that is asked about can be seen."""

Stage = Literal["guarded", "open", "sent"]

_REMEMBERED_FOR = (10 * 60_000, 30 * 60_000, 2 * 3_600_000)
"""For how many milliseconds an answer is remembered, as often as the key is pressed."""


class QuestionDialog(Dialog[Closed]):
    """Shows exactly what is asked, listens only after a moment of quiet, and submits the answer.

    What is typed must be meant for it: a character that is none of its keys shows that the operator
    types for something else. Then nothing stays chosen, and it waits for another moment of quiet.

    Escape leaves the question open. If it is settled elsewhere meanwhile, the dialog closes and
    says how. Subclasses say how a type of question is answered.
    """

    AUTO_FOCUS = ""
    HORIZONTAL_BREAKPOINTS = [(0, "-slim"), (60, "-roomy")]  # noqa: RUF012 - typed by Textual
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("right_square_bracket,ctrl+n", "next", "Next question", key_display="]"),
        Binding("escape", "leave", "Leave it open"),
        Binding(
            "ctrl+r",
            "remember",
            "Remember",
            tooltip="Have the answer remembered for this agent and class of questions",
            show=False,
        ),
        Binding(
            "ctrl+t",
            "all_alike",
            "All alike",
            tooltip="Answer all identical questions together",
            show=False,
        ),
        Binding("w", "app.why", "Why", tooltip="Tell what led to the question"),
        Binding("q", "quit", "Quit", tooltip="Quit, while no answer can be given", show=False),
        Binding("pageup", "scroll_context(-1)", "Read up", show=False),
        Binding("pagedown", "scroll_context(1)", "Read on", show=False),
    ]
    DEFAULT_CSS = """
    QuestionDialog {
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
        #asking { height: auto; max-height: 30vh; scrollbar-size-vertical: 1; }
        #question { text-style: bold; padding: 1 0 0 0; }
        #about { color: $text-muted; max-height: 3; }
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
        #deadline { display: none; }
        #deadline.-shown { display: block; }
        #scope { display: none; color: $text-muted; max-height: 4; }
        #scope.-shown { display: block; }
        #scope.-chosen { color: $text-accent; }
        #hint { color: $text-muted; }
        #hint.-guarded { color: $text-warning; text-style: bold; }
        #hint.-useless { color: $text-error; text-style: bold; }
        #buttons { height: auto; align-horizontal: center; margin: 1 0 0 0; }
        &.-low.-slim #context { max-height: 20vh; margin: 0; }
        &.-low.-slim #question { padding: 0; }
        &.-low #asking { max-height: 25vh; }
        &.-low.-long #context { max-height: 15vh; margin: 0; }
        Button { margin: 0 1; min-width: 14; }
        Button:focus { text-style: bold reverse; }
    }
    """

    NEXT_KEY: ClassVar[str] = "]"
    """The key for the next question, as the dialog names it."""

    stage: reactive[Stage] = reactive("guarded", init=False)
    """Whether the dialog listens yet, listens, or has answered."""

    def __init__(self, feed: SessionFeed, question: Question, clock: Clock, frame: Frame) -> None:
        super().__init__()
        self.question = question
        """The question as it was when the dialog opened; only its content counts."""
        self.guard = KeyGuard()
        """Drops keys that were meant for something else."""
        self._feed = feed
        self._clock = clock
        self._frame = frame
        self._sent: CommandId | None = None
        self._sent_after = 0
        self._answering = False
        """Answers can be given, and the widgets for them are enabled."""
        self._why_not = ""
        """Why the last answer was refused."""
        self._said: dict[str, str] = {}
        self._remember = 0
        """For how many milliseconds the answer is to be remembered."""
        self._batch: frozenset[QuestionId] = frozenset()
        """The identical questions that are to be answered alike."""
        self._covered = False
        """The operator looks at something else, from where one comes back to it."""

    @property
    def subject(self) -> Subject:
        """The question."""
        return Subject(question=self.question.id)

    def compose(self) -> ComposeResult:
        """Lay out the question, what it is about, and the answers."""
        asked = self.question.asked
        with Vertical(id="dialog") as dialog:
            dialog.border_title = "Waiting for you"
            with VerticalScroll(id="asking", can_focus=False):
                yield Static(printable(asked.text), id="question", markup=False)
            yield Static(self._about(), id="about")
            with VerticalScroll(id="context"):
                yield Sheet(context_entries((*asked.context, *told(asked.on_answer))))
            yield Static(id="deadline", markup=False)
            yield Static(id="scope", markup=False)
            yield from self.compose_answer(Static(id="hint", markup=False))

    def on_mount(self) -> None:
        """Start the guard once the dialog can be read."""
        self.set_class(len(self.question.asked.text) > _LONG, "-long")
        asked = self.question.asked
        self.query_one("#context").display = bool(asked.context or asked.on_answer)
        self.show(self._frame)
        self.call_after_refresh(self._painted)

    def _painted(self) -> None:
        self.guard.painted(self._clock.now())
        if self.question.seen_at is None:
            self._feed.submit(Seen(self.question.id))

    def poll(self) -> None:
        """Start to listen once the guard is over, and say whether there is more to read."""
        self._entitle()
        if self.stage == "guarded":
            if self.guard.is_over(self._clock.now()):
                self.stage = "open"
            self.update_texts()

    # -- what is typed ----------------------------------------------------------------------

    def drops(self, event: events.Key | events.Paste, at: float) -> bool:
        """Return whether what was typed at `at` must not be heard, and take note of it."""
        if self.guard.drops(at):
            return True
        self.poll()
        if not self.listens or self._hears(event):
            return False
        self.guard.restart(at)
        self._let_all_go()
        self.stage = "guarded"
        self.update_texts()
        return True

    def wait_for_quiet(self) -> None:
        """Listen again only after a moment without a key, keeping what was chosen."""
        self.guard.begin_again(self._clock.now())
        if self.stage == "open":
            self.stage = "guarded"

    def _hears(self, event: events.Key | events.Paste) -> bool:
        """Return whether this can be meant for the dialog."""
        if isinstance(self.focused, Input | SecretField):
            return True
        if isinstance(event, events.Paste):
            return False
        return not event.is_printable or event.key in self.active_bindings

    # -- what subclasses say ----------------------------------------------------------------

    @abstractmethod
    def compose_answer(self, hint: Static) -> ComposeResult:
        """Lay out what the question is answered with, and the hint where it is to stand."""

    @abstractmethod
    def take_keys(self) -> None:
        """Put the keys where an answer begins."""

    @abstractmethod
    def hint(self) -> str:
        """Return what the keys do now."""

    def allow(self, *, answering: bool) -> None:
        """Let the answer be given, or not."""
        for button in self.query(Button):
            button.disabled = not answering

    def forget(self) -> None:
        """Forget what was chosen or typed: it has been sent, or the dialog closes."""

    def let_go(self) -> None:
        """Forget what enter would answer: the operator types for something else."""

    def _let_all_go(self) -> None:
        """Forget what enter would answer, for how long, and for how many."""
        self._remember, self._batch = 0, frozenset()
        self.let_go()

    # -- for how long, and for how many ------------------------------------------------------

    def action_remember(self) -> None:
        """Have the answer remembered for a while, for longer, or not."""
        if self.listens and not unfit(self.question.asked):
            later = (ms for ms in _REMEMBERED_FOR if ms > self._remember)
            self._remember = next(later, 0)
            self.update_texts()

    def action_all_alike(self) -> None:
        """Have all identical questions answered alike, or only this one."""
        alike = self._alike
        if self.listens and len(alike) > 1:
            chosen = frozenset(row.id for row in alike)
            self._batch = frozenset() if self._batch == chosen else chosen
            self.update_texts()

    @property
    def _alike(self) -> list[Question]:
        """The open questions that are identical to this one."""
        return identical(self._frame.snapshot.open_questions, self.question.asked)

    def _scope(self) -> str:
        """Return what more the answer may be for, or is."""
        if self.stage != "open" or not self.listens:
            return ""
        asked, lines = self.question.asked, list[str]()
        whose = f"{asked.agent} and class {asked.class_name}"
        if self._remember:
            while_ = lasting(self._remember)
            lines.append(f"Remembered for {while_} for {whose} (ctrl+r: longer, or not).")
        elif not unfit(asked):
            lines.append(f"ctrl+r has the answer remembered for {whose}.")
        alike = self._alike
        chosen = [row for row in alike if row.id in self._batch]
        if len(chosen) > 1:
            lines.append(f"Answers all {len(chosen)} alike, from {askers(chosen)} (ctrl+t: not).")
        elif len(alike) > 1:
            lines.append(f"ctrl+t answers all {len(alike)} alike, from {askers(alike)}.")
        return "\n".join(map(printable, lines))

    # -- what it shows ----------------------------------------------------------------------

    def _about(self) -> Content:
        asked = self.question.asked
        danger = ("Marked as dangerous. ", "bold $text-error") if asked.dangerous else ""
        snapshot = self._frame.snapshot
        told = [who_asks(snapshot, asked), earlier(snapshot, self.question)]
        return Content.assemble(danger, ". ".join(filter(None, told)))

    def show(self, frame: Frame) -> None:
        """Follow the session: count down, and close if the question is settled."""
        self._frame = frame
        if self._covered:
            return
        question = frame.snapshot.questions.get(self.question.id)
        if question is None or question.state != "open" or frame.ended:
            self._settled(question)
            return
        if self._sent is not None:
            self._look_for_refusal(self._sent)
        self.update_texts()

    def watch_stage(self, stage: Stage) -> None:
        """Offer what this stage allows, and put the keys where they are expected."""
        self.update_texts()
        if stage != "open":
            self.set_focus(None)

    def update_texts(self) -> None:
        """Bring every changing text up to date."""
        if self.listens is not self._answering:
            self._answering = self.listens
            self.allow(answering=self._answering)
            if self._answering:
                self.take_keys()
        self._say("#deadline", self._deadline())
        self._say("#scope", self._scope())
        self.query_one("#scope").set_class(bool(self._remember or self._batch), "-chosen")
        self._say("#hint", self._hint())
        hint = self.query_one("#hint")
        hint.set_class(self.stage == "guarded", "-guarded")
        hint.set_class(self.stage == "open" and not self.listens, "-useless")
        more = len(self._frame.snapshot.open_questions) - 1
        dialog = self.query_one("#dialog", Vertical)
        others = f"{more} more waiting, {self.NEXT_KEY} shows the next" if more > 0 else ""
        typing = isinstance(self.focused, Input | SecretField)
        told = others or f"{self.question.id} {self.question.asked.name}"
        dialog.border_subtitle = told if typing else f"{told}, w tells why"

    def _entitle(self) -> None:
        """Say in the title whether all that is asked about has been in view."""
        context = self.query_one("#context", VerticalScroll)
        unread = context.display and context.scroll_offset.y < context.max_scroll_y
        title = f"Waiting for you{UNREAD if unread else ''}"
        dialog = self.query_one("#dialog", Vertical)
        if dialog.border_title != title:
            dialog.border_title = title

    def _say(self, selector: str, text: str) -> None:
        if self._said.get(selector) == text:
            return
        self._said[selector] = text
        line = self.query_one(selector, Static)
        line.set_class(bool(text), "-shown")
        line.update(text)

    def _deadline(self) -> str:
        question = self._frame.snapshot.questions[self.question.id]
        return deadline(question, self._frame.remaining.get(question.id))

    def _hint(self) -> str:
        match self.stage:
            case "guarded":
                dropped = self.guard.dropped
                ignored = f" ({dropped} so far)" if dropped else ""
                return f"Keys are ignored until you pause for a moment{ignored}."
            case "open":
                if not self.listens:
                    return "No answer can be given now; esc leaves it open, q quits."
                if self._why_not:
                    return f"Not accepted: {printable(self._why_not)}"
                return self.hint()
            case "sent":
                return "Answered. It counts as soon as it is recorded; esc closes."
            case _:
                assert_never(self.stage)

    def on_descendant_focus(self) -> None:
        """Say what enter would do now."""
        self.update_texts()

    def action_scroll_context(self, direction: int) -> None:
        """Read more of the question, then of what it is about, wherever the keys are."""
        asking = self.query_one("#asking", VerticalScroll)
        context = self.query_one("#context", VerticalScroll)
        if direction > 0:
            part = asking if asking.scroll_offset.y < asking.max_scroll_y else context
        else:
            part = context if context.scroll_offset.y > 0 else asking
        part.scroll_relative(y=direction * part.size.height, animate=False, force=True)

    # -- answering --------------------------------------------------------------------------

    @property
    def listens(self) -> bool:
        """True while an answer can be chosen and given."""
        return self.stage == "open" and not self._frame.trouble

    def answer(self, value: str, *, reason: str = "", secret: str | None = None) -> None:
        """Hand the answer over; it counts once it is recorded."""
        if not self.listens:
            return
        self._why_not = ""
        asked = self.question.asked
        others = [
            row.asked for row in self._alike if row.id in self._batch and row.id != asked.question
        ]
        self._sent_after = self._frame.snapshot.seq
        self._sent = self._feed.submit(
            Answer(asked.question, value, asked.digest, reason, self._remember), secret=secret
        )
        for other in others:
            remember = 0 if unfit(other) else self._remember
            self._feed.submit(Answer(other.question, value, other.digest, reason, remember))
        self.forget()
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
                self.stage = "open"

    def _was_mine(self) -> bool:
        answers = self._feed.events(
            after=self._sent_after, limit=1000, only=EventFilter(kind=UserAnswered.KIND)
        )
        return any(
            isinstance(event.data, UserAnswered) and event.data.command == self._sent
            for event in answers
        )

    # -- looking at something else -----------------------------------------------------------

    def look_away(self) -> None:
        """Let something else be shown above it; nothing stays chosen meanwhile."""
        self._let_all_go()
        self._covered = True

    def on_screen_resume(self) -> None:
        """Be guarded again, for what is typed now may be meant for what was above it."""
        if self._covered:
            self._covered = False
            self.guard = KeyGuard()
            self.guard.painted(self._clock.now())
            if self.stage == "open":
                self.stage = "guarded"
            self.show(self._frame)

    # -- leaving ----------------------------------------------------------------------------

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:  # noqa: ARG002
        """Offer to quit only where a letter cannot be meant for an answer."""
        return bool(self._frame.trouble) if action == "quit" else True

    def action_quit(self) -> None:
        """Leave the session, as everywhere."""
        self.app.call_later(self.app.run_action, "quit")

    def _settled(self, question: Question | None) -> None:
        """Close, and say what became of the question."""
        mine = self._sent is not None and self._was_mine()
        said = f"{self.question.id} is no longer asked"
        if question is not None:
            said = became(question, "you" if mine else question.by)
        self.notify(printable(said), title="Question settled", markup=False)
        if self.is_attached:
            self._close("settled" if mine else "overtaken")

    def _close(self, how: Closed) -> None:
        self.forget()
        self.dismiss(how)

    def action_leave(self) -> None:
        """Close without an answer."""
        self._close("aside")

    def action_next(self) -> None:
        """Leave this question open and show the next one."""
        if len(self._frame.snapshot.open_questions) > 1:
            self._close("next")
