"""The orchestrator: gives the engine time, a journal and agents.

It belongs to the program, not to the screen, and runs as one task of the event loop. Everything
that happens outside (reports of agents, commands, timers) lands in its inbox and is worked off one
by one, in slices of a few milliseconds, so that whoever shares the loop stays lively. What the
engine orders is carried out only once the record that announces it is on disk.
"""

import asyncio
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from math import inf

from mop_tui.domain import events as e
from mop_tui.domain.agent_lifecycle import PausedBy
from mop_tui.domain.events import TELEMETRY, AnyEvent, Fact
from mop_tui.domain.feed import Command, Stop
from mop_tui.domain.ids import AgentId, CommandId, QuestionId, TimerId
from mop_tui.domain.plan import Mode, Plan
from mop_tui.domain.session import Session
from mop_tui.domain.task_lifecycle import TERMINAL
from mop_tui.domain.topology import begins_as
from mop_tui.errors import NotRecordedError
from mop_tui.journal.writer import Journal
from mop_tui.orchestrator import effects
from mop_tui.orchestrator.answers import PreparedAnswers
from mop_tui.orchestrator.checks import Checks
from mop_tui.orchestrator.clock import Clock, Due, Timeline
from mop_tui.orchestrator.desk import Desk
from mop_tui.orchestrator.engine import Engine
from mop_tui.orchestrator.measuring import Measuring
from mop_tui.orchestrator.monitoring import Monitoring
from mop_tui.orchestrator.outside import Outside, Watches
from mop_tui.orchestrator.processes import Hosts, Processes
from mop_tui.orchestrator.recovery import Recovered
from mop_tui.sources.machine import Machine

SLICE = 0.004
"""Seconds of work after which others in the event loop get their turn."""
SHORT_SLICE = 0.001
"""The same for a while after the session was asked to give way: another key may come."""
WARY = 5.0
"""Seconds for which slices are short then."""
BREATH = 0.001
"""Seconds between two slices. A mere `sleep(0)` would make a key wait for several slices."""
RECENT_EVENTS = 10_000
"""How many of the latest events are kept at hand; the journal has them all."""

STOP_PATIENCE = 5.0
"""Seconds for which ending a session waits for a journal that cannot be written."""
FLUSH_PATIENCE = 2.0
"""Seconds for which the end of a session waits for its last records to be on disk."""
OPERATOR = "operator"
LOST = "nobody knows whether it was done: the program ended in between"


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
        seed: int = 0,
        answers: PreparedAnswers | None = None,
        recovered: Recovered | None = None,
        watches: Watches | None = None,
    ) -> None:
        self.clock = clock
        self.attended = attended
        """Somebody can answer questions. While nobody can, only questions left mean the end."""
        self._recovered = recovered
        earlier = () if recovered is None else recovered.recorded.recent
        self.recent: deque[AnyEvent] = deque(earlier, maxlen=RECENT_EVENTS)
        self.observers: list[Callable[[AnyEvent], None]] = []
        """Called with each event as it is recorded. They must not raise or block."""
        self._plan = plan
        self._engine = engine
        self._journal = journal
        self._mode = mode
        self._seed = seed
        self._timeline = timeline
        timeline.looks_wait = self._waits_for_the_operator
        self._inbox: deque[Callable[[], object]] = deque()
        self.processes = Processes(
            plan,
            engine.session,
            hosts,
            self._receive,
            self._post,
            self._call_after,
            journal.path.absolute(),
        )
        self._checks = Checks(engine.session, self.processes, clock, timeline, self._receive)
        self._monitoring = Monitoring(plan, engine.session, clock, timeline, self._receive)
        self._outside = Outside(
            plan, engine.session, clock, timeline, self._post, self._receive, watches
        )
        self.processes.settle = self._outside.settle if watches and self._outside.patterns else None
        self._desk = Desk(
            engine.session, journal, self.processes, self._receive, clock, timeline, answers
        )
        self._waiting_effects: deque[effects.Effect] = deque()
        self._timers: dict[TimerId, Due] = {}
        self._calls = Timeline()
        """When, on a virtual clock that nobody watches, somebody would be called. Time comes there
        only on its way to something else."""
        self._wall_timers: dict[TimerId, tuple[asyncio.TimerHandle, effects.Timer]] = {}
        """What takes its time by the wall clock, and keeps the timeline out of it: questions that a
        person may answer, and calls, for which nothing of the session waits."""
        self._deadlines: dict[QuestionId, Callable[[], float]] = {}
        """In how many seconds open questions time out."""
        self._wake = asyncio.Event()
        self.told_to_end = False
        """Somebody wants the session to end early; the record of it may still be on its way."""
        self._commands = 0 if recovered is None else recovered.recorded.commands
        self._closed = False
        self._stopping_since: float | None = None
        self._waits_until = -inf
        """Until when the loop is left to others (`time.perf_counter`)."""

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
        measuring = None
        if not self.clock.virtual:  # on a virtual clock, no fact of the machine is recorded
            look = Measuring(
                self.session.agents,
                self.processes,
                self._record_health,
                partial(self._post, self._checks.look),
            )
            own = [agent.health for agent in self._plan.agents.values()]
            own += [kind.health for kind in self._plan.kinds.values()]
            every = [self._plan.health, *(checks for checks in own if checks is not None)]
            shortest = min(checks.interval_ms for checks in every)
            measuring = asyncio.create_task(look.run(shortest))
            self._monitoring.machine = Machine()
        try:
            watching = await self._outside.begin(resumed=self._recovered is not None)
            if self._recovered is None or not self.session.seq:
                begun = self._start()
            else:
                begun = self._resume(self._recovered)
            if watching is not None:
                self._receive(watching, begun)
            self._outside.arm()
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
            if measuring is not None:
                measuring.cancel()
            await self._outside.close()
            await self.processes.close()

    @property
    def durable_seq(self) -> int:
        """The last event that has been recorded for good."""
        return self._journal.durable_seq

    def publish(self) -> None:
        """Have everything that counts as recorded where other programs can read it."""
        if self.clock.virtual:  # else it is there already, and flushing would wait for the disk
            with suppress(NotRecordedError):  # recording the next event tells of that
                self._journal.flush()

    def reserve_id(self) -> CommandId:
        """Return an id that no command of the session has, or will have."""
        self._commands += 1
        return CommandId(f"c{self._commands}")

    def submit(
        self,
        command: Command,
        secret: str | None = None,
        by: str = OPERATOR,
        command_id: CommandId | None = None,
    ) -> CommandId:
        """Take a command of somebody who is here, now. What comes of it is an event.

        Its id is one that begins with a reserved one and a dot, or, if none is given, a new one.
        """
        self.told_to_end = self.told_to_end or isinstance(command, Stop)
        named = command_id or self.reserve_id()
        self._post(partial(self._desk.obey, command, named, by, secret))
        return named

    def terminate(self, reason: str) -> None:
        """End the session early because the system says so (SIGTERM)."""
        self.told_to_end = True
        said = e.UserCommanded(command="terminate", id=None, by="the system", reason=reason)
        self._post(partial(self._receive_now, said, None))

    def note_strays(self, session: str, agents: tuple[AgentId, ...]) -> None:
        """Record that agents of a session whose program died still ran, and were ended."""
        fact = e.SystemStraysEnded(session, agents)
        self._post(lambda: self._receive(fact, self.session.seq))

    def attend(self) -> None:
        """Note that somebody is there who can answer, and who may come back."""
        self.attended = True
        self._post(self._record_attendance)

    def _record_attendance(self) -> None:
        session = self.session
        if session.attended is not self.attended and session.status != "ended":
            self._receive(e.SystemAttended(self.attended), session.seq)

    def leave_unattended(self) -> None:
        """Note that nobody is left who could answer: questions time out in session time now."""
        self.attended = False
        self._post(self._record_attendance)
        former = [*self._wall_timers.values()]
        self._wall_timers.clear()
        for alarm, effect in former:
            alarm.cancel()
            self._set_timer(effect)
        self._wake.set()

    def remaining(self, question: QuestionId) -> int | None:
        """See `SessionFeed.remaining`."""
        left = self._deadlines.get(question)
        return None if left is None else max(0, round(left() * 1000))

    def give_way(self, seconds: float) -> None:
        """See `SessionFeed`."""
        self._waits_until = time.perf_counter() + seconds

    def journal_advanced(self) -> None:
        """Note that more of the journal is on disk, or that writing it began to fail."""
        self._perform_recorded()
        self._wake.set()

    def journal_recovered(self, failure: str, lasted_ms: int) -> None:
        """Note that the journal is being written again after `failure`."""
        fact = e.SystemNotRecording(failure, lasted_ms)
        self._post(lambda: self._receive(fact, self.session.seq))

    # -- beginning ----------------------------------------------------------------------------

    def _start(self) -> int:
        started = e.SystemStarted(
            session=self._plan.id,
            project=self._plan.project,
            goal=self._plan.goal,
            mode=self._mode,
            attended=self.attended,
            max_agents=self._plan.max_agents,
            teams=self._plan.teams,
            seed=self._seed,
            triggers=self._plan.triggers,
            limits=self._plan.limits,
            auto_spawn=self._plan.auto_spawn,
            keep_running=self._plan.keep_running,
            calling=self._plan.calling,
            kinds=tuple(self._plan.kinds),
            health=self._plan.health,
            coordinator=self._plan.coordinator,
            topology=self._plan.topology,
            shape=begins_as(self._plan),
        )
        return self._receive(started, None)

    def _resume(self, recovered: Recovered) -> int:
        """Go on with a session whose program has ended: none of its processes runs any more."""
        session = self.session
        self.told_to_end = self.told_to_end or session.status == "stopping"
        for event in recovered.missing:
            self._record(event)  # prepared answers to what it asks are given below
        self._waiting_effects.extend(recovered.effects)
        new = {effect.timer for effect in recovered.effects if isinstance(effect, effects.Timer)}
        for timer in [timer for timer in session.timers if timer not in new]:
            was, seq = session.timers[timer], recovered.recorded.timers[timer]
            self._set_timer(effects.Timer(seq, timer, was.due, was.question, was.purpose))
        self._desk.catch_up()
        running = [agent for agent in session.agents.values() if agent.running]
        torn = recovered.recorded.continuation.torn
        resumed = self._receive(e.SystemResumed(self.attended, recovered.away_ms, torn), None)
        for agent in running:
            lost = e.AgentExited(agent.spec.id, agent.incarnation, agent.task, None, lost=True)
            self._receive(lost, resumed)
        for it in recovered.in_doubt:
            done = e.SystemDone(it.action, it.effect, it.agent, error=LOST, lost=True)
            self._receive(done, resumed)
        return resumed

    # -- working ------------------------------------------------------------------------------

    def _post(self, call: Callable[[], object]) -> None:
        self._inbox.append(call)
        self._wake.set()

    def _work_a_slice(self) -> bool:
        """Work for a few milliseconds; return True if there is more to do at once."""
        now = time.perf_counter()
        ends = now + (SHORT_SLICE if now < self._waits_until + WARY else SLICE)
        while self._waits_until < time.perf_counter() < ends:
            if self.session.status == "ended":
                break
            if self._inbox:
                self._inbox.popleft()()
                continue
            due = self._timeline.next_due()
            if due is None or self.clock.wait(due) > 0:
                return self._notice_quiet()
            call = self._calls.next_due()
            if call is not None and call <= due:
                self.clock.reach(call)
                self._calls.pop()()
                continue
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
        asked = bool(session.open_questions) and not (self.attended or session.keep_running)
        if session.status == "running" and self._may_be_moved and not asked:
            return False
        due = self._timeline.next_due() is not None
        if asked and not self.clock.virtual:
            due = due and not self._outside.only_times_are_due
        if (
            session.idle
            and session.status != "ended"
            and not self._waiting_effects
            and not due
            and not any(it.purpose != "call" for _, it in self._wall_timers.values())
            and not (self.attended and _asks_the_operator(session))
        ):
            self._receive(e.SystemQuiesced(), session.seq)
            return True
        return False

    def _waits_for_the_operator(self) -> bool:
        """True if time stands still until somebody who is here does something."""
        return self.clock.virtual and self.attended and _asks_the_operator(self.session)

    @property
    def _may_be_moved(self) -> bool:
        """True if something may come from outside that moves the session, at any time."""
        if self.clock.virtual:
            return self.session.keep_running and self.attended
        return self.session.keep_running or self._outside.watches

    def _receive(self, fact: Fact, cause: int | None) -> int:
        """Feed one input to the engine, record what follows, and return the input's seq."""
        turn = self._engine.receive(fact, self.clock.moment(), cause)
        for event in turn.events:
            self._record(event)
            self._follow(event)
            self.recent.append(event)
        self._unset_timers()
        self._monitoring.heed()
        self._waiting_effects.extend(turn.effects)
        self._perform_recorded()
        return turn.events[0].seq if turn.events else self.session.seq

    def _record(self, event: AnyEvent) -> None:
        self._journal.append(event, urgent=event.kind not in TELEMETRY)
        for observer in self.observers:
            observer(event)

    def _record_health(self, health: e.AgentHealth, key: tuple[AgentId, int]) -> None:
        def record() -> None:
            running = self.processes.running.get(key)
            if running is not None:  # it may be gone by now, and nothing follows from an exit
                self._receive(health, running.cause)

        self._post(record)

    def _follow(self, event: AnyEvent) -> None:
        """Keep deadlines, prepared answers and secrets in step with what is recorded."""
        self._monitoring.follow(event)
        match event.data:
            case e.UserAsked():
                self._desk.question_asked(event.data, event.at)
            case e.UserAnswered() | e.UserExpired() | e.UserWithdrawn():
                self._deadlines.pop(event.data.question, None)
            case e.AgentTransitioned():
                self._checks.follow(event)
            case e.TaskTransitioned(task=task, to_state=state) if state in TERMINAL:
                self.processes.secrets.forget_task(task)
            case _:
                pass

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
        if isinstance(effect, effects.Timer):
            self._set_timer(effect)
        else:
            self.processes.perform(effect)

    def _call_after(self, ms: int, call: Callable[[], None]) -> Due:
        return self._timeline.call_at(self.clock.moment() + ms, call)

    def _set_timer(self, effect: effects.Timer) -> None:
        wanted = self.session.timers.get(effect.timer)
        if wanted is None or wanted.due != effect.due:
            return  # nobody waits for it any more
        in_person = effect.question is not None and self.attended and self.clock.virtual
        calls = effect.purpose == "call"
        if in_person or (calls and not self.clock.virtual):
            wait = self.clock.wait(effect.due)
            if in_person:
                wait = (effect.due - self.session.at) / 1000
            alarm = asyncio.get_running_loop().call_later(
                wait, self._post, partial(self._fire_now, effect)
            )
            self._wall_timers[effect.timer] = (alarm, effect)
            left = partial(_until, alarm.when())
        else:
            left = partial(self.clock.wait, effect.due)
            timeline = self._calls if calls else self._timeline
            self._timers[effect.timer] = timeline.call_at(effect.due, partial(self._fire, effect))
        if effect.question is not None and not calls:
            self._deadlines[effect.question] = left

    def _unset_timers(self) -> None:
        """Forget the timers that nobody waits for any more."""
        wanted = self.session.timers
        for timer in [timer for timer in self._timers if timer not in wanted]:
            self._timers.pop(timer).cancelled = True
        for timer in [timer for timer in self._wall_timers if timer not in wanted]:
            self._wall_timers.pop(timer)[0].cancel()

    def _fire(self, effect: effects.Timer) -> None:
        self._timers.pop(effect.timer, None)
        self._receive(e.SystemTimerFired(effect.timer), effect.seq)

    def _fire_now(self, effect: effects.Timer) -> None:
        if self._wall_timers.pop(effect.timer, None) is not None:
            self._receive_now(e.SystemTimerFired(effect.timer), effect.seq)


def _until(when: float) -> float:
    """Return the seconds until a time of the event loop."""
    return when - asyncio.get_running_loop().time()


def _asks_the_operator(session: Session) -> bool:
    """True if it is up to the operator how the session goes on."""
    if session.open_questions:
        return True
    return any(agent.paused_by is PausedBy.OPERATOR for agent in session.agents.values())
