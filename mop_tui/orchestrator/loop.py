"""The orchestrator: gives the engine time, a journal and agents.

It belongs to the program, not to the screen, and runs as one task of the event loop. Everything
that happens outside (reports of agents, commands, timers) lands in its inbox and is worked off one
by one, in slices of a few milliseconds, so that whoever shares the loop stays lively. What the
engine orders is carried out only once the record that announces it is on disk.
"""

import asyncio
import time
from collections import deque
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import assert_never

from mop_tui.agents.host import (
    AgentHost,
    Exited,
    Job,
    Output,
    Progressed,
    Remembered,
    Report,
    Sink,
    Started,
    StartFailed,
)
from mop_tui.domain import events as e
from mop_tui.domain.events import TELEMETRY, AnyEvent, Fact
from mop_tui.domain.feed import Answer, Command, Seen, Stop
from mop_tui.domain.ids import AgentId, CommandId, QuestionId, TimerId
from mop_tui.domain.plan import HostKind, Mode, Plan
from mop_tui.domain.session import Session, timer_of
from mop_tui.domain.task_lifecycle import TaskState
from mop_tui.errors import NotRecordedError
from mop_tui.journal.writer import Journal
from mop_tui.orchestrator import effects
from mop_tui.orchestrator.answers import PreparedAnswer, PreparedAnswers
from mop_tui.orchestrator.clock import Clock, Due, Timeline
from mop_tui.orchestrator.engine import Engine

SLICE = 0.004
"""Seconds of work after which others in the event loop get their turn."""
BREATH = 0.001
"""Seconds between two slices. A mere `sleep(0)` would make a key wait for several slices."""
RECENT_EVENTS = 10_000
"""How many of the latest events are kept at hand; the journal has them all."""

STOP_PATIENCE = 5.0
"""Seconds for which ending a session waits for a journal that cannot be written."""
FLUSH_PATIENCE = 2.0
"""Seconds for which the end of a session waits for its last records to be on disk."""
RETRY_ANSWER = 1000
"""Milliseconds after which a prepared answer is given again if it could not be recorded."""

OPERATOR = "operator"

Hosts = Callable[[Sink], Mapping[HostKind, AgentHost]]
"""Makes the hosts of a session, given where their reports go."""


@dataclass(slots=True)
class _Running:
    """A process from its start to its end: what it was started for, and what its facts follow
    from."""

    start: effects.Start
    cause: int


class Orchestrator:
    """Runs one session from its start to its end."""

    def __init__(
        self,
        plan: Plan,
        engine: Engine,
        journal: Journal,
        clock: Clock,
        timeline: Timeline,
        hosts: Hosts,
        *,
        mode: Mode,
        attended: bool,
        answers: PreparedAnswers | None = None,
    ) -> None:
        self.clock = clock
        self.attended = attended
        """Somebody can answer questions. While nobody can, only questions left mean the end."""
        self.recent: deque[AnyEvent] = deque(maxlen=RECENT_EVENTS)
        self.observers: list[Callable[[AnyEvent], None]] = []
        """Called with each event as it is recorded. They must not raise or block."""
        self._plan = plan
        self._engine = engine
        self._journal = journal
        self._mode = mode
        self._answers = answers
        self._timeline = timeline
        self._inbox: deque[Callable[[], object]] = deque()
        self._hosts = hosts(self._on_report)
        self._waiting_effects: deque[effects.Effect] = deque()
        self._processes: dict[tuple[AgentId, int], _Running] = {}
        self._timers: dict[TimerId, Due] = {}
        self._wall_timers: dict[TimerId, tuple[asyncio.TimerHandle, effects.Timer]] = {}
        self._deadlines: dict[QuestionId, float] = {}
        """When open questions time out, by the monotonic clock."""
        self._wake = asyncio.Event()
        self._commands = 0
        self._closed = False
        self._stopping_since: float | None = None

    @property
    def session(self) -> Session:
        """The state of the session. Look, but do not keep or change it."""
        return self._engine.session

    @property
    def recording_failure(self) -> str:
        """Why the journal is not being written; empty while it is."""
        return self._journal.failure

    async def run(self) -> None:
        """Run the session to its end, and leave nothing running and nothing unwritten."""
        try:
            self._receive(
                e.SystemStarted(
                    session=self._plan.id,
                    project=self._plan.project,
                    goal=self._plan.goal,
                    mode=self._mode,
                    attended=self.attended,
                    max_agents=self._plan.max_agents,
                    teams=self._plan.teams,
                ),
                None,
            )
            while self.session.status != "ended" and not self._given_up():
                if self._work_a_slice():
                    await asyncio.sleep(BREATH)
                else:
                    await self._wait()
            with suppress(NotRecordedError):  # closing the journal reports it
                await asyncio.to_thread(self._journal.flush, FLUSH_PATIENCE)
        finally:
            # Whatever is still waiting for the disk will not be done any more.
            self._closed = True
            for alarm, _ in self._wall_timers.values():
                alarm.cancel()
            for host in self._hosts.values():
                await host.close()

    def submit(self, command: Command, by: str = OPERATOR) -> CommandId:
        """Take a command of somebody who is here, now. What comes of it is an event."""
        self._commands += 1
        command_id = CommandId(f"c{self._commands}")
        self._post(partial(self._obey, command, command_id, by))
        return command_id

    def terminate(self, reason: str) -> None:
        """End the session early because the system says so (SIGTERM)."""
        said = e.UserCommanded(command="terminate", id=None, by="the system", reason=reason)
        self._post(partial(self._receive_now, said, None))

    def leave_unattended(self) -> None:
        """Note that nobody is left who could answer: questions time out in session time now."""
        self.attended = False
        for alarm, effect in self._wall_timers.values():
            alarm.cancel()
            self._timers[effect.timer] = self._timeline.call_at(
                effect.due, partial(self._fire, effect)
            )
        self._wall_timers.clear()
        self._wake.set()

    def remaining(self, question: QuestionId) -> int | None:
        """See `SessionFeed.remaining`."""
        deadline = self._deadlines.get(question)
        return None if deadline is None else max(0, round((deadline - time.monotonic()) * 1000))

    def journal_advanced(self) -> None:
        """Note that more of the journal is on disk, or that writing it began to fail."""
        self._perform_recorded()
        self._wake.set()

    def journal_recovered(self, failure: str, lasted_ms: int) -> None:
        """Note that the journal is being written again after `failure`."""
        fact = e.SystemNotRecording(failure, lasted_ms)
        self._post(lambda: self._receive(fact, self.session.seq))

    # -- working ------------------------------------------------------------------------------

    def _post(self, call: Callable[[], object]) -> None:
        self._inbox.append(call)
        self._wake.set()

    def _work_a_slice(self) -> bool:
        """Work for a few milliseconds; return True if there is more to do at once."""
        ends = time.perf_counter() + SLICE
        while time.perf_counter() < ends:
            if self.session.status == "ended":
                break
            if self._inbox:
                self._inbox.popleft()()
                continue
            due = self._timeline.next_due()
            if due is None or self.clock.wait(due) > 0:
                return self._notice_quiet()
            self.clock.reach(due)
            self._timeline.pop()()
        return True

    def _given_up(self) -> bool:
        """True if the session was told to end, and has tried in vain to record that for a while.

        This is the one exception to acting only upon what is recorded: the agents are ended
        nevertheless, which is safe to do twice, and whoever closes the journal reports the loss.
        """
        if self.session.status != "stopping" or not self._journal.failure:
            self._stopping_since = None
            return False
        if self._stopping_since is None:
            self._stopping_since = time.monotonic()
        return time.monotonic() - self._stopping_since > STOP_PATIENCE

    async def _wait(self) -> None:
        """Wait until something is due or lands in the inbox."""
        due = self._timeline.next_due()
        alarm = None
        patience = None if due is None else self.clock.wait(due)
        if self._stopping_since is not None:
            patience = min(STOP_PATIENCE, STOP_PATIENCE if patience is None else patience)
        if patience is not None:
            alarm = asyncio.get_running_loop().call_later(patience, self._wake.set)
        await self._wake.wait()
        self._wake.clear()
        if alarm is not None:
            alarm.cancel()

    def _notice_quiet(self) -> bool:
        """Report that only a human could move the session, if that is so and none is there."""
        session = self.session
        if (
            session.idle
            and session.status != "ended"
            and not self._waiting_effects
            and self._timeline.next_due() is None
            and not self._wall_timers
            and not (self.attended and session.open_questions)
        ):
            self._receive(e.SystemQuiesced(), session.seq)
            return True
        return False

    def _receive(self, fact: Fact, cause: int | None) -> int:
        """Feed one input to the engine, record what follows, and return the input's seq."""
        turn = self._engine.receive(fact, self.clock.moment(), cause)
        for event in turn.events:
            self._journal.append(event, urgent=event.kind not in TELEMETRY)
            self.recent.append(event)
            for observer in self.observers:
                observer(event)
            match event.data:
                case e.UserAsked():
                    self._prepare_answer(event.data, event.at)
                case e.UserAnswered() | e.UserExpired() | e.UserWithdrawn():
                    self._unset_timer(event.data.question)
                case _:
                    pass
        self._waiting_effects.extend(turn.effects)
        self._perform_recorded()
        return turn.events[0].seq if turn.events else self.session.seq

    def _receive_now(self, fact: Fact, cause: int | None) -> int:
        """Receive what somebody does now, between what is due on the timeline."""
        self.clock.reach(self.clock.now())
        return self._receive(fact, cause)

    # -- effects ------------------------------------------------------------------------------

    def _perform_recorded(self) -> None:
        """Carry out the effects whose announcement is on disk."""
        waiting = self._waiting_effects
        while waiting and not self._closed and waiting[0].seq <= self._journal.durable_seq:
            self._perform(waiting.popleft())

    def _perform(self, effect: effects.Effect) -> None:
        match effect:
            case effects.Start():
                self._start(effect)
            case effects.Stop():
                host = self._hosts[self.session.agents[effect.agent].spec.host]
                host.stop(effect.agent, effect.incarnation)
                done = e.SystemDone(effect.action, "stop_process", effect.agent)
                self._post(partial(self._receive, done, effect.seq))
            case effects.Timer():
                self._set_timer(effect)
            case _:
                assert_never(effect)

    def _start(self, effect: effects.Start) -> None:
        task = self.session.tasks[effect.task]
        if task.state is not TaskState.ASSIGNED:
            unwanted = e.SystemDone(
                effect.action,
                "start_process",
                effect.agent,
                error=f"it was not started, for its task was {task.state.lower()} meanwhile",
            )
            self._post(partial(self._receive, unwanted, effect.seq))
            return
        agent = self._plan.agents[effect.agent]
        self._processes[effect.agent, effect.incarnation] = _Running(effect, effect.seq)
        self._hosts[agent.host].start(
            Job(
                agent=agent,
                task=self._plan.tasks[effect.task],
                work=self._plan.work(effect.agent, effect.task),
                incarnation=effect.incarnation,
            )
        )

    def _set_timer(self, effect: effects.Timer) -> None:
        if effect.timer not in self.session.timers:
            return  # the question was settled before this was on record
        in_person = effect.question is not None and self.attended
        if in_person and self.clock.virtual:
            wait = (effect.due - self.session.at) / 1000
            alarm = asyncio.get_running_loop().call_later(
                wait, self._post, partial(self._fire_now, effect)
            )
            self._wall_timers[effect.timer] = (alarm, effect)
        else:
            wait = self.clock.wait(effect.due)
            self._timers[effect.timer] = self._timeline.call_at(
                effect.due, partial(self._fire, effect)
            )
        if effect.question is not None:
            self._deadlines[effect.question] = time.monotonic() + wait

    def _unset_timer(self, question: QuestionId) -> None:
        """Forget the timer of a question that was closed, or has timed out."""
        due = self._timers.pop(timer_of(question), None)
        if due is not None:
            due.cancelled = True
        waiting = self._wall_timers.pop(timer_of(question), None)
        if waiting is not None:
            waiting[0].cancel()
        self._deadlines.pop(question, None)

    def _fire(self, effect: effects.Timer) -> None:
        self._receive(e.SystemTimerFired(effect.timer), effect.seq)

    def _fire_now(self, effect: effects.Timer) -> None:
        if self._wall_timers.pop(effect.timer, None) is not None:
            self._receive_now(e.SystemTimerFired(effect.timer), effect.seq)

    # -- reports of agents --------------------------------------------------------------------

    def _on_report(self, report: Report) -> None:
        self._post(partial(self._take_report, report))

    def _take_report(self, report: Report) -> None:
        running = self._processes[report.agent, report.incarnation]
        task = running.start.task
        match report:
            case Started():
                done = e.SystemDone(
                    running.start.action, "start_process", report.agent, pid=report.pid
                )
                running.cause = self._receive(done, running.start.seq)
            case StartFailed():
                del self._processes[report.agent, report.incarnation]
                self._receive(
                    e.SystemDone(
                        running.start.action, "start_process", report.agent, error=report.error
                    ),
                    running.start.seq,
                )
            case Output(agent, incarnation, lines, dropped):
                self._receive(
                    e.AgentOutput(agent, incarnation, task, lines, dropped), running.cause
                )
            case Progressed(agent, incarnation, percent):
                self._receive(e.AgentProgressed(agent, incarnation, task, percent), running.cause)
            case Remembered(agent, _, key, value):
                self._receive(e.SystemMemorySet(key, value, agent, task), running.cause)
            case Exited(agent, incarnation, code, signal, result):
                del self._processes[agent, incarnation]
                self._receive(
                    e.AgentExited(agent, incarnation, task, code, signal, result), running.cause
                )
            case _:
                assert_never(report)

    # -- commands and answers -----------------------------------------------------------------

    def _obey(self, command: Command, command_id: CommandId, by: str) -> None:
        match command:
            case Seen():
                question = self.session.questions.get(command.question)
                if question is not None and question.seen_at is None:
                    self._receive_now(e.UserSeen(question.id), question.seq)
            case Stop():
                said = e.UserCommanded("stop", command_id, by, reason=command.reason)
                self._receive_now(said, None)
            case Answer():
                self.clock.reach(self.clock.now())
                self._answer(command, command_id, by)
            case _:
                assert_never(command)

    def _answer(self, answer: Answer, command_id: CommandId | None, by: str) -> None:
        """Record an answer, or that it is refused; an answer takes effect only on record."""
        question = self.session.questions.get(answer.question)
        refused = ""
        if self._journal.failure:
            refused = "the session is not being recorded, so no answer can be taken"
        elif question is None:
            refused = "there is no such question"
        elif question.state != "open":
            refused = f"the question is {question.state} already"
        elif question.asked.digest != answer.digest:
            refused = "the answer is about something other than what was asked"
        if refused or question is None:
            self._receive(
                e.UserCommanded("answer", command_id, by, about=answer.question, refused=refused),
                None,
            )
            return
        self._receive(
            e.UserAnswered(
                answer.question, answer.value, answer.reason, by, answer.digest, command_id
            ),
            question.seq,
        )

    def _prepare_answer(self, asked: e.UserAsked, at: int) -> None:
        if self._answers is None:
            return
        prepared = self._answers.take(asked.name)
        if prepared is not None:
            self._timeline.call_at(
                at + prepared.after_ms, partial(self._give, prepared, asked, self._answers.by)
            )

    def _give(self, prepared: PreparedAnswer, asked: e.UserAsked, by: str) -> None:
        question = self.session.questions[asked.question]
        if self._journal.failure:
            again = partial(self._give, prepared, asked, by)
            self._timeline.call_at(self.clock.moment() + RETRY_ANSWER, again)
        elif question.state == "open":
            answer = Answer(asked.question, prepared.value, asked.digest, prepared.reason)
            self._answer(answer, None, by)
