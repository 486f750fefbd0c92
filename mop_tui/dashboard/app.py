"""The Textual app: samples the feed, opens dialogs, and asks before it ends anything."""

import asyncio
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import PurePath
from time import monotonic
from typing import ClassVar, Literal, assert_never

from rich.traceback import Traceback
from textual import events, on
from textual.app import App
from textual.binding import Binding, BindingType
from textual.command import CommandPalette
from textual.screen import Screen
from textual.widget import Widget
from textual.widgets import Input

from mop_tui.dashboard.approval import ApprovalDialog
from mop_tui.dashboard.attention import Attention
from mop_tui.dashboard.choice import ChoiceDialog
from mop_tui.dashboard.clock import Clock, SystemClock
from mop_tui.dashboard.desktop_notice import notice
from mop_tui.dashboard.detail_dialog import DetailDialog
from mop_tui.dashboard.details import details_of
from mop_tui.dashboard.dialog import Dialog
from mop_tui.dashboard.errands import Errands
from mop_tui.dashboard.event_log import EventLog
from mop_tui.dashboard.feedback_dialog import FeedbackDialog
from mop_tui.dashboard.form_dialog import FormDialog
from mop_tui.dashboard.frame import Frame, Sampler, ShowsFrames, ShowsInTurns
from mop_tui.dashboard.garbage import Garbage
from mop_tui.dashboard.guard import KeyGuard
from mop_tui.dashboard.hand_dialogs import MemoryDialog, ShapeDialog, SpawnDialog, TaskDialog
from mop_tui.dashboard.help_dialog import ANSWERING, HelpDialog, Section
from mop_tui.dashboard.inbox import InboxDialog
from mop_tui.dashboard.ladder import Ladder
from mop_tui.dashboard.line import ELLIPSIS
from mop_tui.dashboard.output_lines import OutputLines
from mop_tui.dashboard.output_pane import OutputPane
from mop_tui.dashboard.overview import Overview
from mop_tui.dashboard.palette import KeyCommands
from mop_tui.dashboard.playback_bar import MARKS
from mop_tui.dashboard.question_dialog import Closed, QuestionDialog
from mop_tui.dashboard.quit_dialog import LeaveDialog, QuitDialog
from mop_tui.dashboard.remedies import (
    ISSUE_KEYS,
    offered_for,
    suggestion,
    why_no_remedy,
    worded,
)
from mop_tui.dashboard.remembered_dialog import RememberedDialog, RememberedList
from mop_tui.dashboard.replayed_screen import REPLAY_KEYS
from mop_tui.dashboard.report_keys import REPORT_KEYS
from mop_tui.dashboard.rows import Rows
from mop_tui.dashboard.seek_dialog import SeekDialog
from mop_tui.dashboard.steer_dialog import AutoSpawnDialog, MessageDialog, SteerDialog
from mop_tui.dashboard.steering import (
    AGENT_KEYS,
    TASK_KEYS,
    TRIGGER_KEYS,
    Deed,
    command,
    offered,
    title,
)
from mop_tui.dashboard.subject import HasSubject, Subject, nearest_questions
from mop_tui.dashboard.svg import anchored
from mop_tui.dashboard.swarm import Swarm
from mop_tui.dashboard.task_list import TaskList
from mop_tui.dashboard.terminal import LastingDriver
from mop_tui.dashboard.theme import DARK, LIGHT
from mop_tui.dashboard.timeline import SIGNS, TIMELINE_KEYS, Timeline
from mop_tui.dashboard.topology_keys import SEARCH, TOPOLOGY_KEYS
from mop_tui.dashboard.transport import Transport
from mop_tui.dashboard.triggers_dialog import TriggersDialog
from mop_tui.dashboard.typed_answer import TypedAnswerDialog
from mop_tui.dashboard.why_dialog import WhyDialog
from mop_tui.domain.answers import QuestionType
from mop_tui.domain.calling import called_for
from mop_tui.domain.feed import AutoSpawn, ByHand, Forget, GiveFeedback, Noticed, SessionFeed, Stop
from mop_tui.domain.ids import QuestionId
from mop_tui.domain.plan import Mode
from mop_tui.domain.remedy import Remedy
from mop_tui.domain.rows import Question
from mop_tui.domain.wording import printable

SAMPLING = 0.1
"""Seconds between looks at the feed."""
QUIET_SAMPLING = 0.2
"""The same while nothing happens: it is waking up that costs most then."""
PIECE = 0.0005
"""Seconds of work after which others get their turn."""
BREATH = 0.001
"""Seconds that others get between two pieces of work. A mere `sleep(0)` would not let keys in."""
HURRY = 0.012
"""Seconds within which a key is answered where nothing else is done."""
FAIR = 0.004
"""Seconds between two such times, at least, in which all else goes on however fast keys come."""
LIVELY = 1.0
"""Seconds after the last key or click in which anything on the screen may have become another."""

LONGEST_IN_TITLE = 80
"""Characters of a question that the terminal's title says; the session's name comes after them."""

WhyEnded = Literal["quit", "detached"]

_DIALOGS: Mapping[QuestionType, type[QuestionDialog]] = {
    "approval": ApprovalDialog,
    "choice": ChoiceDialog,
    "input": TypedAnswerDialog,
}


_FORMS: Mapping[str, type[FormDialog]] = {
    "spawn": SpawnDialog,
    "task": TaskDialog,
    "memory": MemoryDialog,
    "shape": ShapeDialog,
}


class Dashboard(App[WhyEnded]):
    """A screen on one session. A guest of the program's loop: the session lives on without it.

    It returns `quit` when the operator wants to leave and either confirmed that the session is to
    end (`Stop` has then been submitted) or there was nothing left to end, and `detached` when the
    session is to go on without this screen.
    """

    TITLE = "mop-tui"
    COMMANDS = {KeyCommands}  # noqa: RUF012 - typed by Textual
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (120, "-wide")]  # noqa: RUF012 - typed by Textual
    VERTICAL_BREAKPOINTS = [(0, "-low"), (34, "-high")]  # noqa: RUF012 - typed by Textual
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("a", "answer", "Answer", tooltip="Answer the oldest open question"),
        Binding("i", "inbox", "Inbox", tooltip="List all open questions", show=False),
        Binding("P", "report", "Report", tooltip="Tell how the session went"),
        Binding("colon", "go_to", "Go to", tooltip="Go to a time or an event", key_display=":"),
        Binding("T", "triggers", "Triggers", tooltip="List the triggers: fire, mute, disable"),
        Binding("L", "timeline", "Timeline", tooltip="Show who did what when, and what is ahead"),
        Binding(
            "b",
            "topology",
            "Topology",
            tooltip="Draw who speaks to whom, and what waits for what",
        ),
        Binding("s", "by_hand('spawn')", "Spawn", tooltip="Spawn an agent by hand", show=False),
        Binding("C", "by_hand('task')", "Task", tooltip="Create a task by hand", show=False),
        Binding("M", "by_hand('memory')", "Memory", tooltip="Set a key of the memory", show=False),
        Binding(
            "A",
            "auto_spawn",
            "Auto-spawn",
            tooltip="Let triggers spawn by themselves, or only propose it; asks first",
            show=False,
        ),
        Binding(
            "R",
            "remembered",
            "Remembered",
            tooltip="List the answers that are remembered, and forget one",
            show=False,
        ),
        Binding(
            "X",
            "by_hand('shape')",
            "Switch topology",
            tooltip="Coordinate the swarm in another shape",
            show=False,
        ),
        Binding("t", "light_or_dark", "Light or dark", show=False),
        Binding("d", "detach", "Detach", tooltip="Leave the screen; the session goes on"),
        Binding("E", "end", "End", tooltip="End the session; asks first", show=False),
        Binding("S", "save_picture", "Picture", tooltip="Save the screen as SVG", show=False),
        Binding("ctrl+p", "command_palette", "Commands", tooltip="Find a command", show=False),
        Binding("question_mark", "help", "Help", key_display="?"),
        Binding("q", "quit", "Quit"),
        Binding("ctrl+q", "quit", "Quit", show=False, priority=True),
        Binding("ctrl+c", "copy_or_quit", "Copy selection, or quit", show=False, priority=True),
    ]

    def __init__(self, feed: SessionFeed, *, clock: Clock | None = None) -> None:
        # Textual otherwise turns colours into shades of grey, which are colours still.
        ansi_color = True if "NO_COLOR" in os.environ else None
        super().__init__(driver_class=LastingDriver, ansi_color=ansi_color)
        self._feed = feed
        self._clock: Clock = clock or SystemClock()
        self._attention = Attention()
        self._ladder = Ladder()
        self._noticed: set[tuple[QuestionId, bool]] = set()
        """What the session was told that somebody has noticed, and whether it was overdue then."""
        self._sampler = Sampler(feed, self._clock.now, calm=self._nobody_types)
        self._frame = self._sampler.take()
        self._errands = Errands(feed)
        self._offers: tuple[object, ...] = ()
        """What can be done here, and with what the keys are about, and the screen that says so."""
        self._lively_until = 0.0
        """Until when (monotonic seconds) to look for what keys and clicks have changed."""
        self._woken = asyncio.Event()
        """Set where something came from the terminal."""
        self._waiting = 0
        """How many questions the terminal's title says are open."""
        self._unshown = False
        """The frame is still being shown, or a screen that was opening has missed it."""
        self._garbage = Garbage()
        self._hurried_until = 0.0
        """Until when (monotonic seconds) nothing but keys is to be minded."""
        self._left: Widget | None = None
        """What had the keys when the operator turned to another window."""
        self._calm: KeyGuard | None = None
        """Drops what was meant for a dialog that has just closed by itself."""
        for theme in (DARK, LIGHT):
            self.register_theme(theme)
        self.theme = DARK.name

    def get_default_screen(self) -> Screen[None]:
        """The overview is the screen below all dialogs."""
        return Overview(self._feed, self._frame)

    def export_screenshot(self, *, title: str | None = None, simplify: bool = False) -> str:
        """Return the screen as SVG: see `anchored`."""
        return anchored(super().export_screenshot(title=title, simplify=simplify))

    def on_mount(self) -> None:
        """Start to look at the feed."""
        self.run_worker(self._look_on())
        self._garbage.begin()

    def on_unmount(self) -> None:
        """Leave the garbage to Python again."""
        self._garbage.end()

    # -- looking at the feed ----------------------------------------------------------------

    def sample(self) -> None:
        """Show what has changed since the last look, and let questions ask for attention."""
        for _ in self.looking():
            pass

    async def _look_on(self) -> None:
        """Sample as often as there is something to see."""
        while self.return_code is None:
            if self._nothing_new:
                # Not `wait_for`: cancelled just as a key comes, it goes on (Python before 3.12).
                with suppress(TimeoutError):
                    async with asyncio.timeout(QUIET_SAMPLING):
                        await self._woken.wait()
            self._woken.clear()
            if not self._nothing_new:
                await self._sample_in_turns()
                await asyncio.sleep(SAMPLING)
            self._garbage.collect(idle=self._nobody_types())

    async def _sample_in_turns(self) -> None:
        """Do as `sample` does, but let everybody else have a turn every millisecond."""
        began = monotonic()
        for _ in self.looking():
            now = monotonic()
            if now - began > PIECE or now < self._hurried_until:
                await asyncio.sleep(max(BREATH, self._hurried_until - now))
                if not self.is_running or self.return_code is not None:
                    return  # it has been left meanwhile
                began = monotonic()

    def _nobody_types(self) -> bool:
        return self._attention.idle(self._clock.now())

    @property
    def _nothing_new(self) -> bool:
        """True while all stands still, as it does most of the time in a quiet session."""
        lively = monotonic() < self._lively_until or len(self.screen_stack) > 1
        expecting = self._unshown or self._waiting or self._errands.out or self._searching
        return not (lively or expecting or self._sampler.is_due)

    @property
    def _searching(self) -> bool:
        overview = self.screen_stack[0] if self.screen_stack else None
        return isinstance(overview, Overview) and overview.searching

    def hurry(self) -> None:
        """Let everything else wait for a moment, for a key has come. May be called in any thread.

        What the program does besides is done in small pieces, but an answer takes many turns of the
        event loop, and each would come after another piece.
        """
        now = monotonic()
        if now >= self._hurried_until + FAIR:
            self._hurried_until = now + HURRY
            self._feed.give_way(HURRY)

    def looking(self) -> Iterator[None]:
        """Do as `sample` does, a millisecond's work each time the iterator is read."""
        if not self.is_running:
            return
        while self._sampler.prepare():
            yield
        frame = self._sampler.due()
        if frame is not None or self._unshown:
            yield from self._showing(frame or self._frame)
        overview = self.screen_stack[0]
        if isinstance(overview, Overview) and overview.is_mounted:
            overview.look_back()
        if isinstance(self.screen, Dialog) and self.screen.is_mounted:
            self.screen.warn(self._frame)
            if isinstance(self.screen, QuestionDialog):
                self.screen.poll()
        for came in self._errands.heard(self._frame):
            said = printable(came.said)
            if came.refused:
                self.notify(said, title=f"Refused: {came.title}", severity="warning", markup=False)
            else:
                self.notify(said, title=came.title, markup=False)
        self._offer()
        self._attend()

    def _offer(self) -> None:
        """Let the screen name other keys where other things can be done now."""
        frame = self._frame
        subject = self._subject()
        can = (
            offered(frame, subject),
            self._may_judge,
            self._remedy(),
            self.check_action("why", ()),
        )
        offers = (self.screen, frame.capabilities, frame.ended, *can)
        if offers != self._offers:
            self._offers = offers
            self.screen.refresh_bindings()

    def _showing(self, frame: Frame) -> Iterator[None]:
        """Show `frame` in one part after the other, unless a later one has been shown meanwhile."""
        self._frame = frame
        self._unshown = True
        self._entitle()
        missed = False
        # Dialogs first: one that is settled must not take the keys while the rest is being shown.
        for screen in self.screen_stack[::-1]:
            if screen not in self.screen_stack:
                continue  # it was closed while others were shown
            if not isinstance(screen, ShowsFrames | ShowsInTurns):
                continue
            if not screen.is_mounted:
                missed = True
            elif isinstance(screen, ShowsFrames):
                screen.show(frame)
            else:
                for _ in screen.showing(frame):
                    yield
                    if self._frame is not frame or not screen.is_mounted:
                        return
        self._unshown = missed

    # -- keys -------------------------------------------------------------------------------

    async def on_event(self, event: events.Event) -> None:
        """Take note of every key, and drop those that were meant for something else."""
        self._lively_until = monotonic() + LIVELY
        self._woken.set()
        if isinstance(event, events.AppBlur | events.AppFocus):
            self._ladder.focus_changed(self._clock.now(), has=isinstance(event, events.AppFocus))
        if isinstance(event, events.AppBlur):
            self._left = self.focused
        if isinstance(event, events.MouseEvent) and not event.is_forwarded:
            self._ladder.hand_moved(self._clock.now(), key=False)
        if isinstance(event, events.Key | events.Paste) and not event.is_forwarded:
            self.app_focus = True  # who types here is here, even if the terminal did not say so
            at = self._clock.typed_at(event)
            self._attention.key_came(at)
            self._ladder.hand_moved(at, key=True)
            if self._is_stray(event, at):
                return
        await super().on_event(event)

    def watch_app_focus(self, focus: bool) -> None:
        """Let who comes back read a question before any key can answer it."""
        if focus:
            self._left = None
            if isinstance(self.screen, QuestionDialog):
                self.screen.wait_for_quiet()

    def _is_stray(self, event: events.Key | events.Paste, at: float) -> bool:
        """Return whether what was typed at `at` must not be heard by what is on the screen now."""
        screen = self.screen if self.is_running else None
        if isinstance(screen, QuestionDialog):
            return screen.drops(event, at)
        if self._calm is not None and self._calm.drops(at):
            return True
        self._calm = None
        return False

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Offer only what this feed allows."""
        if action in ("answer", "inbox"):
            return self._feed.capabilities.commands
        if action in ("go_to", "report"):
            return self._feed.capabilities.seek or (action == "report" and self._frame.ended)
        if action == "detach":
            return self._feed.capabilities.detach and not self._frame.ended
        if action == "end":
            return self._feed.capabilities.guest and self._frame.answerable
        if action == "why":
            subject = self._subject()
            told = self.screen.subject if isinstance(self.screen, WhyDialog) else None
            return subject is not None and subject != told
        if action == "triggers":
            return bool(self._frame.snapshot.triggers)
        if action == "auto_spawn":
            return bool(self._frame.snapshot.triggers) and self._can_act
        if action == "by_hand":
            return self._can_act and (parameters != ("spawn",) or bool(self._frame.snapshot.kinds))
        if action == "feedback":
            return self._may_judge
        if action == "remedy":
            return self._remedy() is not None
        if action == "steer":
            return bool({*parameters} & {*offered(self._frame, self._subject())})
        return True

    @property
    def _can_act(self) -> bool:
        return self._frame.answerable and self._frame.snapshot.status == "running"

    def action_light_or_dark(self) -> None:
        """Change between the light and the dark theme."""
        self.theme = LIGHT.name if self.current_theme.dark else DARK.name

    def action_save_picture(self) -> None:
        """Save what is on the screen as a picture, beside the session file and as private. An
        earlier one of the same moment, which may be of another view, stays."""
        beside = PurePath(self._feed.source)
        name = f"{beside.stem}-{self._frame.snapshot.seq}"
        saved = str(beside.with_name(f"{name}.svg"))
        number = 1
        while os.path.lexists(saved):
            number += 1
            saved = str(beside.with_name(f"{name}-{number}.svg"))
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
        try:
            with os.fdopen(os.open(saved, flags, 0o600), "w", encoding="utf-8") as file:
                file.write(self.export_screenshot())
        except OSError as error:
            why = f"{saved}: {error.strerror}"
            self.notify(why, title="No picture was saved", severity="error", markup=False)
        else:
            self.notify(saved, title="Saved a picture of the screen", markup=False)

    def action_topology(self) -> None:
        """Draw the swarm."""
        from mop_tui.dashboard.topology_screen import TopologyScreen  # noqa: PLC0415 - takes 0.2 s

        self.push_screen(TopologyScreen(self._feed, self._frame))

    def action_report(self) -> None:
        """Tell how the session went."""
        from mop_tui.dashboard.report_screen import ReportScreen  # noqa: PLC0415 - seldom needed

        self.push_screen(ReportScreen(self._feed, self._frame))

    def action_help(self) -> None:
        """List all keys."""
        overview = self.screen_stack[0]
        commands = self._feed.capabilities.commands
        questions = [*ApprovalDialog.BINDINGS, *QuestionDialog.BINDINGS]
        everywhere = [key for key in self.BINDINGS if self._is_offered(self, key)]
        panes = [key for key in Overview.BINDINGS if self._is_offered(overview, key)]
        marks = [MARKS] if self._feed.capabilities.seek else []
        sections: list[Section] = [
            ("Everywhere", everywhere),
            ("Lists", [*Rows.BINDINGS, *Swarm.FOLDING, *EventLog.BINDINGS, *TaskList.VIEWING]),
            ("Answering", ANSWERING if commands else []),
            ("Panes", [key for key in panes if key not in REPLAY_KEYS]),
            ("Replay", [*(key for key in panes if key in REPLAY_KEYS), *marks]),
            ("Agents", AGENT_KEYS if commands else []),
            ("Tasks", TASK_KEYS if commands else []),
            ("Issues", ISSUE_KEYS),
            ("Triggers", TRIGGER_KEYS if commands and self._frame.snapshot.triggers else []),
            ("Timeline", [*TIMELINE_KEYS, SIGNS]),
            ("Topology", [*TOPOLOGY_KEYS, SEARCH]),
            ("Report", list(REPORT_KEYS) if self.check_action("report", ()) else []),
            ("Output of an agent", [*OutputPane.BINDINGS, *OutputLines.READING]),
            ("Questions", questions if commands else []),
        ]
        shown = [(title, keys) for title, keys in sections if keys]
        self.push_screen(HelpDialog(shown, here=self.screen.TITLE))

    @staticmethod
    def _is_offered(owner: "App[WhyEnded] | Screen[object]", key: BindingType) -> bool:
        name = key.action.partition("(")[0] if isinstance(key, Binding) else ""
        return owner.check_action(name, ()) is not False

    def action_go_to(self) -> None:
        """Ask where to go in a replay."""
        self.push_screen(SeekDialog(Transport(self._feed).go))

    # -- details ----------------------------------------------------------------------------

    @on(Rows.Chosen)
    def tell_more(self, chosen: Rows.Chosen) -> None:
        """Open the details of the chosen row."""
        self.push_screen(
            DetailDialog(self._feed, chosen.about, self._frame, subject=chosen.subject)
        )

    def action_why(self) -> None:
        """Tell why what the keys are about is as it is."""
        subject = self._subject()
        if subject is None:
            return
        if isinstance(self.screen, QuestionDialog):
            self.screen.look_away()
        self.push_screen(WhyDialog(self._feed, subject, self._frame))

    # -- steering ---------------------------------------------------------------------------

    def _subject(self) -> Subject | None:
        """Return what keys are about now, or were before the palette covered that."""
        covered = isinstance(self.screen, CommandPalette) and len(self.screen_stack) > 1
        screen = self.screen_stack[-2] if covered else self.screen
        if isinstance(screen, DetailDialog | QuestionDialog):
            return screen.subject
        focused: object = screen.focused
        return focused.subject_here if isinstance(focused, HasSubject) else None

    def action_steer(self, deed: Deed) -> None:
        """Do something with an agent or a task, after asking where that cannot be undone."""
        subject = self._subject()
        if subject is not None and deed in offered(self._frame, subject):
            self._steer(deed, subject)

    def _steer(self, deed: Deed, subject: Subject) -> None:
        if self._troubled():
            return

        def do(text: str) -> None:
            self._errands.send(command(deed, subject, text), title(deed, subject), self._frame)

        match deed:
            case "pause" | "resume" | "mute" | "arm":
                do("")
            case "message":
                self.push_screen(MessageDialog(subject), lambda text: do(text) if text else None)
            case "stop" | "restart" | "cancel" | "retry" | "fire" | "disable":
                dialog = SteerDialog(deed, subject, self._frame)
                self.push_screen(dialog, lambda yes: do(dialog.reason) if yes else None)
            case _:
                assert_never(deed)

    def action_feedback(self) -> None:
        """Ask what the operator has to say of the work that keys are about, and hand it over."""
        subject = self._subject()
        if subject is None or not self._may_judge or self._troubled():
            return
        dialog = FeedbackDialog(subject, self._frame)

        def said(wanted: GiveFeedback | None) -> None:
            if wanted is not None:
                self._errands.send(wanted, dialog.title_text, self._frame)

        self.push_screen(dialog, said)

    @property
    def _may_judge(self) -> bool:
        subject = self._subject()
        work = subject is not None and (subject.agent is not None or subject.task is not None)
        return work and self._can_act

    def _remedy(self) -> Remedy | None:
        """Return what the issue suggests that keys are about now."""
        subject = self._subject()
        name = None if subject is None else subject.issue
        issue = self._frame.snapshot.issues.get(name) if name is not None else None
        return None if issue is None else offered_for(self._frame, issue)

    def action_remedy(self) -> None:
        """Do what an issue suggests, as by hand, or say why that cannot be done any more."""
        remedy = self._remedy()
        if remedy is None:
            return
        why_not = why_no_remedy(self._frame, remedy)
        if why_not:
            told = printable(f"{why_not[:1].upper()}{why_not[1:]}.")
            what = printable(worded(remedy))
            self.notify(told, title=f"Refused: {what}", severity="warning", markup=False)
            return
        subject, deed = suggestion(remedy)
        if deed is not None:
            self._steer(deed, subject)
        elif subject.question is not None:
            self._ask(self._frame.snapshot.questions[subject.question])
        else:
            self.push_screen(
                DetailDialog(self._feed, details_of(subject), self._frame, subject=subject)
            )

    def _troubled(self) -> bool:
        """Return whether nothing can be done, which is then told."""
        if self._frame.trouble:
            trouble = printable(self._frame.trouble)
            self.notify(f"Nothing can be done now: {trouble}", severity="warning", markup=False)
        return bool(self._frame.trouble)

    # -- other views ------------------------------------------------------------------------

    def action_timeline(self) -> None:
        """Show agents and tasks in time."""
        self.push_screen(Timeline(self._feed, self._frame))

    # -- by hand ----------------------------------------------------------------------------

    def action_triggers(self) -> None:
        """List the triggers."""
        self.push_screen(TriggersDialog(self._frame))

    def action_by_hand(self, what: Literal["spawn", "task", "memory", "shape"]) -> None:
        """Ask who is to be spawned, what is to be done, or how things are to be; and do it."""
        if self._troubled():
            return
        dialog = _FORMS[what](self._frame)

        def filled(wanted: ByHand | None) -> None:
            if wanted is not None:
                self._errands.send(wanted, dialog.TITLE_TEXT, self._frame)

        self.push_screen(dialog, filled)

    def action_auto_spawn(self) -> None:
        """Ask whether triggers are to spawn by themselves, or no longer, and switch it."""
        if self._troubled():
            return
        dialog = AutoSpawnDialog(self._frame)

        def answered(yes: bool | None) -> None:
            if yes:
                title = f"Auto-spawn {'on' if dialog.on else 'off'}"
                self._errands.send(AutoSpawn(dialog.on), title, self._frame)

        self.push_screen(dialog, answered)

    # -- questions --------------------------------------------------------------------------

    @property
    def _open_questions(self) -> Sequence[Question]:
        return self._frame.snapshot.open_questions if self._frame.answerable else ()

    def _entitle(self) -> None:
        """Let the terminal say what waits, and once the bell has rung, who asks and what."""
        self._waiting = len(self._open_questions)
        waiting = f"({self._waiting} waiting) " if self._waiting else ""
        rung_for = self._frame.snapshot.questions.get(self._ladder.rung_for or QuestionId(""))
        said = called_for(rung_for, 0) if rung_for is not None else ""
        if len(said) > LONGEST_IN_TITLE:
            said = said[:LONGEST_IN_TITLE] + ELLIPSIS
        named = f"{said} - " if said else ""
        self.sub_title = f"{waiting}{named}{self._frame.snapshot.session}"

    def _call(self, questions: Sequence[Question]) -> None:
        """Call whoever is not here, and tell the session of who is."""
        now = self._clock.now()
        self._ladder.look(questions, now)
        calls = self._ladder.due(self._frame.snapshot.calling, now)
        if "bell" in calls:
            self.bell()
        # A rehearsal rings for who plays it, but sends nothing anywhere.
        if "desktop" in calls and self._frame.snapshot.mode is not Mode.REHEARSAL:
            question = self._frame.snapshot.questions[calls["desktop"]]
            self._notify_desktop(called_for(question, len(questions) - 1))
        if questions or self._waiting:
            self._entitle()
        awaited = [it for it in questions if it.calls_at is not None and it.noticed_at is None]
        for question in awaited:
            told = (question.id, question.escalated)
            if told not in self._noticed and self._ladder.noticed([question]):
                self._noticed.add(told)
                self._feed.submit(Noticed(question.id))

    def _notify_desktop(self, text: str) -> None:
        title = f"{self.TITLE} {self._frame.snapshot.session}"
        if self._driver is not None and not self.is_headless:
            self._driver.write(notice(title, text, os.environ))

    def _attend(self) -> None:
        """Open the dialog of what may ask for attention now."""
        questions = self._open_questions
        self._call(questions)
        if not questions:
            return
        typing = isinstance(self.focused or self._left, Input)
        question = self._attention.next_to_open(
            questions, now=self._clock.now(), busy=self.screen.is_modal or typing
        )
        if question is not None:
            self._ask(question)

    def action_answer(self) -> None:
        """Open the dialog of the oldest open question, or of what one looks at.

        Where one came from such a dialog, that is the one to go back to.
        """
        if any(isinstance(screen, QuestionDialog) for screen in self.screen_stack):
            while not isinstance(self.screen, QuestionDialog):
                self.screen.dismiss()
            return
        subject = self.screen.subject if isinstance(self.screen, DetailDialog) else None
        questions = nearest_questions(self._frame, subject)
        if questions and self._frame.answerable:
            self._ask(questions[0])
        else:
            self.notify("No question is open.")

    def action_inbox(self) -> None:
        """List the open questions, and open the dialog of the one that is chosen."""

        def chosen(name: QuestionId | None) -> None:
            question = self._frame.snapshot.questions.get(name) if name is not None else None
            if question is not None and question.state == "open" and self._frame.answerable:
                self._ask(question)

        self.push_screen(InboxDialog(self._frame), chosen)

    def action_remembered(self) -> None:
        """List the answers that are remembered."""
        self.push_screen(RememberedDialog(self._frame))

    @on(RememberedList.Forgotten)
    def forget_answer(self, wanted: RememberedList.Forgotten) -> None:
        """Have an answer be remembered no longer."""
        if not self._troubled() and self._frame.answerable:
            title = f"Forget the answer to {wanted.question}"
            self._errands.send(Forget(wanted.question), title, self._frame)

    def _ask(self, question: Question) -> None:
        def closed(how: Closed | None) -> None:
            if how == "overtaken":
                self._calm = KeyGuard()
                self._calm.painted(self._clock.now())
            if how in ("settled", "overtaken"):
                return
            self._attention.put_aside(question.id)
            self._ladder.put_aside(question.id)
            if how == "next":
                self._ask_after(question.id)

        dialog = _DIALOGS[question.asked.question_type]
        self.push_screen(dialog(self._feed, question, self._clock, self._frame), closed)

    def _ask_after(self, former: QuestionId) -> None:
        """Open the dialog of the question after `former`, the oldest if that was the last."""
        questions = self._frame.snapshot.open_questions
        ids = [question.id for question in questions]
        if questions:
            place = ids.index(former) + 1 if former in ids else 0
            self._ask(questions[place % len(questions)])

    # -- failing ----------------------------------------------------------------------------

    def _fatal_error(self) -> None:
        """Say what failed, as Textual does, but not what variables held: it might be a secret."""
        self.bell()
        self.panic(Traceback(show_locals=False))

    # -- leaving ----------------------------------------------------------------------------

    async def action_copy_or_quit(self) -> None:
        """Copy what is selected with the mouse; with nothing selected, leave."""
        text = self.screen.get_selected_text()
        if text:
            self.copy_to_clipboard(text)
            self.screen.clear_selection()
            self.notify("Copied.", timeout=2)
        else:
            await self.action_quit()

    def action_detach(self) -> None:
        """Leave the session to itself."""
        self.exit("detached")

    async def action_quit(self) -> None:
        """Leave; ask first if that would end something, or what goes on might be forgotten."""
        if isinstance(self.screen, QuitDialog | LeaveDialog):
            return
        frame = self._look_again()
        nothing_to_end = not frame.capabilities.commands or frame.snapshot.status == "stopping"
        if frame.ended or nothing_to_end:
            self.exit("quit")
        elif frame.capabilities.guest:
            await self._close_dialogs()
            self.push_screen(LeaveDialog(frame), lambda yes: self.exit("detached") if yes else None)
        else:
            await self.action_end()

    async def action_end(self) -> None:
        """End the session, after asking; with it goes the screen, unless that is a guest."""
        frame = self._look_again()
        await self._close_dialogs()
        self.push_screen(QuitDialog(frame), self._quit_answered)

    def _look_again(self) -> Frame:
        frame = self._sampler.take()
        for _ in self._showing(frame):
            pass
        return frame

    async def _close_dialogs(self) -> None:
        while len(self.screen_stack) > 1:
            await self.screen.dismiss()

    def _quit_answered(self, end: bool | None) -> None:
        if not end:
            return
        ended = self._feed.snapshot().status == "ended"
        if not ended:
            self._feed.submit(Stop("the operator ended the session"))
        if ended or not self._feed.capabilities.guest:
            self.exit("quit")
