"""A running session, as a screen sees it."""

import traceback
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from mop_tui.domain.events import AnyEvent
from mop_tui.domain.feed import SECTIONS, Capabilities, Command, EventFilter, Section
from mop_tui.domain.ids import AgentId, CommandId, QuestionId
from mop_tui.domain.outlook import Outlook
from mop_tui.domain.session import Snapshot
from mop_tui.errors import JournalError, MopError
from mop_tui.journal.following import GrowingJournal
from mop_tui.orchestrator.loop import Orchestrator
from mop_tui.orchestrator.own_pace import OwnPace
from mop_tui.orchestrator.past import Past
from mop_tui.orchestrator.reported import report_on


class LiveSession(OwnPace):
    """Runs an orchestrator under supervision and shows it. Fulfils `SessionFeed`.

    If the orchestrator fails, which only a defect of the program can make it do, the screen stays
    and says so, and the details go to a file beside the session.
    """

    def __init__(
        self,
        orchestrator: Orchestrator,
        source: Path,
        started: str,
        sections: Sequence[Section] = SECTIONS,
        outlook: Outlook | None = None,
    ) -> None:
        self._orchestrator = orchestrator
        self._source = source
        self._started = started
        self._past = Past(source, orchestrator.recent)
        self._sections = sections
        self._outlook = outlook
        self.defect = ""
        """What made the orchestrator fail; empty while it is fine."""
        self._file: GrowingJournal | None = None
        self.reachable = False
        """Other terminals can reach the session, so a screen can leave it and come back."""

    async def run(self) -> None:
        """Run the session to its end. What makes it fail is told by `defect`."""
        try:
            await self._orchestrator.run()
        except MopError as error:
            self.defect = str(error)
        except Exception as error:  # noqa: BLE001 - the screen must outlive any defect
            report = self._source.with_suffix(".defect.txt")
            self.defect = f"the orchestrator failed ({error!r})"
            with suppress(OSError):
                report.touch(mode=0o600)
                report.write_text("".join(traceback.format_exception(error)), encoding="utf-8")
                self.defect += f"; details are in {report}"

    @property
    def revision(self) -> int:
        """See `SessionFeed`."""
        return self._orchestrator.session.seq * 4 + 2 * bool(self.trouble) + bool(self.defect)

    @property
    def capabilities(self) -> Capabilities:
        """See `SessionFeed`."""
        return Capabilities(commands=not self.defect, seek=False, detach=self.reachable)

    @property
    def source(self) -> str:
        """See `SessionFeed`."""
        return str(self._source)

    @property
    def started(self) -> str:
        """See `SessionFeed`."""
        return self._started

    @property
    def sections(self) -> Sequence[Section]:
        """See `SessionFeed`."""
        return self._sections

    @property
    def outlook(self) -> Outlook | None:
        """See `SessionFeed`."""
        return self._outlook

    @property
    def trouble(self) -> str:
        """See `SessionFeed`."""
        if self.defect:
            return self.defect
        failure = self._orchestrator.recording_failure
        return f"NOT RECORDING: {failure}" if failure else ""

    def now(self) -> int:
        """See `SessionFeed`."""
        session = self._orchestrator.session
        ended = session.status == "ended" or self.defect
        return session.at if ended else max(session.at, self._orchestrator.clock.now())

    def snapshot(self) -> Snapshot:
        """See `SessionFeed`."""
        return self._orchestrator.session.snapshot()

    def prepare_snapshot(self) -> bool:
        """See `SessionFeed`."""
        return self._orchestrator.session.prepare_snapshot()

    def give_way(self, seconds: float) -> None:
        """See `SessionFeed`."""
        self._orchestrator.give_way(seconds)

    def events(
        self, after: int = 0, limit: int = 100, only: EventFilter | None = None
    ) -> Sequence[AnyEvent]:
        """See `SessionFeed`."""
        return self._past.events(after, limit, only)

    def event(self, seq: int) -> AnyEvent | None:
        """See `SessionFeed`."""
        recent = self._orchestrator.recent
        if not recent or not 1 <= seq <= recent[-1].seq:
            return None
        place = seq - recent[0].seq
        return recent[place] if place >= 0 else self._recorded(seq)

    def _recorded(self, seq: int) -> AnyEvent | None:
        """Return an event that only the file still has."""
        if self._file is None:
            try:
                self._file = GrowingJournal(self._source)
            except JournalError:
                return None
        return self._file.event(seq)

    def close(self) -> None:
        """Let go of the session file. Nobody may look any more."""
        if self._file is not None:
            self._file.close()

    def output(self, agent: AgentId, from_line: int = 0, limit: int = 100) -> Sequence[str]:
        """See `SessionFeed`."""
        row = self._orchestrator.session.agents.get(agent)
        return () if row is None else row.output(from_line, limit)

    def report(self) -> str:
        """See `SessionFeed`."""
        return report_on(self._source)

    def remaining(self, question: QuestionId) -> int | None:
        """See `SessionFeed`."""
        return self._orchestrator.remaining(question)

    def submit(self, command: Command, secret: str | None = None) -> CommandId:
        """See `SessionFeed`."""
        return self._orchestrator.submit(command, secret)
