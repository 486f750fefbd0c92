"""What is noted on one way through a session, because the state that events fold to forgets it.

A `Session` keeps the latest stays of an agent, the latest adaptations, and no decisions at all.
`Notes` folds each event and keeps what a report tells of it: all stays, when keys came and locks
went, what was decided. What can become many without bound is counted, and kept in part.
"""

from array import array
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from mop_tui.domain import events as e
from mop_tui.domain.actions import Action, MoveTask
from mop_tui.domain.agent_lifecycle import AgentState
from mop_tui.domain.events import AnyEvent, Event
from mop_tui.domain.fold import apply
from mop_tui.domain.health import Level
from mop_tui.domain.ids import AgentId, MemoryKey, QuestionId, Resource, TaskId
from mop_tui.domain.rows import AgentStay, TaskStay
from mop_tui.domain.sentences import sentence
from mop_tui.domain.session import Session
from mop_tui.domain.task_lifecycle import TaskTrigger
from mop_tui.domain.tones import tone
from mop_tui.domain.topology import Shape
from mop_tui.domain.wording import words
from mop_tui.report.summary import AdaptationPart, DecisionPart, Moment, Usage

ROUTINE = frozenset(
    {
        "needs_met",
        "place_task",
        "place_unlocked",
        "place_yielded",
        "employ_agent",
        "start_work",
        "work_started",
        "work_finished",
        "work_ended",
        "prepare_agent",
        "agent_started",
        "return_to_pool",
        "release_locks",
        "limit_work",
        "limit_waiting",
        "lock_for_agent",
        "unlock_for_agent",
        "next_in_line",
        "wait_for_key",
        "key_came",
        "still_waits",
        "hook_ended",
        "idle_process_ended",
        "pass_message_on",
        "pass_on_without",
        "open_mailbox",
        "settle_task",
        "settle_agent",
        "settle_end",
        "settle_limit",
        "settle_more",
        "settle_review",
        "settle_health",
        "settle_adaptation",
        "after_edit",
        "edits_left",
        "end_calls",
        "end_hooks",
        "use_room",
        "ask_at_gate",
        "ask_for_agent",
        "answer_agent",
        "note_error",
        "judge_check",
        "end_alarm",
        "withdraw_waits",
        "call_in_time",
        "call_back",
        "called",
    }
)
"""Rules whose decisions follow from what is told elsewhere: that a task which could be begun was, a
question that was to be asked is, an error became an issue. They are counted, unless they take a
task from somebody who did not complete it."""
_TAKEN = frozenset(
    {TaskTrigger.FAILED, TaskTrigger.REQUEUED, TaskTrigger.SENT_BACK, TaskTrigger.CANCELLED}
)

MOST_DECISIONS = 400
"""Decisions that are told; each with a reason of its own."""
MOST_OF_A_KIND = 40
"""Moments of a kind of event that are told: the first half of them, and the latest."""
MOST_ADAPTATIONS = 400
MOST_USAGES = 400
"""Into how many moments the use of the machine is summed up."""
_MOST_ORDERS = 8
"""What one decision ordered is told up to here."""

_TOLD = frozenset(
    kind.KIND
    for kind in (
        e.UserAsked,
        e.UserAnswered,
        e.UserExpired,
        e.UserWithdrawn,
        e.UserCommanded,
        e.UserFeedback,
        e.SystemStarted,
        e.SystemResumed,
        e.SystemStopping,
        e.SystemEnded,
        e.SystemFired,
        e.SystemRefused,
        e.SystemNotified,
        e.SystemIssueOpened,
        e.SystemTopologyChanged,
        e.SystemStrategyApplied,
        e.SystemDeadlockFound,
        e.SystemDeadlockCleared,
        e.SystemCycleBroken,
        e.SystemClockJumped,
        e.SystemNotRecording,
        e.SystemStraysEnded,
        e.SystemAttended,
        e.TaskReassigned,
    )
)
"""Kinds that the timeline tells of whatever they say."""
_TOLD_IF_GRAVE = frozenset((e.AgentTransitioned.KIND, e.TaskTransitioned.KIND, e.SystemDone.KIND))
_GRAVE = frozenset(("critical", "warning"))
_ADAPTING: Mapping[str, str] = {
    e.SystemStrategyApplied.KIND: "strategy",
    e.SystemTopologyChanged.KIND: "topology",
    e.SystemDeadlockFound.KIND: "deadlock",
    e.SystemDeadlockCleared.KIND: "deadlock",
    e.SystemCycleBroken.KIND: "deadlock",
    e.TaskReassigned.KIND: "reassignment",
    e.SystemTakenOver.KIND: "relaying",
}
_ASSIGNED, _ACTIVE = AgentState.ASSIGNED, AgentState.ACTIVE


@dataclass(slots=True)
class Load:
    """What an agent was measured to use. Times are session time."""

    cpu_peak: float | None = None
    cpu_peak_by: int = 0
    """Which event told so."""
    memory_share: float | None = None
    """The highest percent of its memory that it used, and which event told so:"""
    memory_share_by: int = 0
    cores_peak: float | None = None
    memory_peak: int | None = None
    percent_ms: float = 0.0
    """Percent of its limit times milliseconds, and over how many:"""
    known_ms: int = 0
    since: int = 0
    percent: float | None = None
    """What it uses now, and what of the whole is its:"""
    cores: float = 0.0
    memory: int = 0


@dataclass(slots=True)
class OfAgent:
    """What is noted of an agent."""

    seq: int
    """The event by which it was spawned."""
    stays: list[AgentStay]
    levels: list[tuple[int, Level]] = field(default_factory=list)
    errors: int = 0
    erred: int = 0
    """Which event told of its last error."""
    restarts: int = 0
    load: Load = field(default_factory=Load)
    relapses: list[int] = field(default_factory=list)
    """The events by which it fell ill."""
    moves: list[int] = field(default_factory=list)
    """The events by which its stays began."""


@dataclass(slots=True)
class OfTask:
    """What is noted of a task."""

    seq: int
    """The event by which it was created."""
    stays: list[TaskStay]
    moves: list[int] = field(default_factory=list)
    """The events by which its stays began."""
    way: list[tuple[int, TaskId]] = field(default_factory=list)
    """From when on it gave way to which task."""
    reviews: list[TaskId] = field(default_factory=list)
    retries: int = 0


@dataclass(frozen=True, slots=True)
class Provided:
    """A key of the memory was there, and had not been."""

    at: int
    seq: int
    task: TaskId | None


@dataclass(slots=True)
class Locked:
    """A resource was locked for a task."""

    begin: int
    end: int | None
    task: TaskId
    seq: int
    """The event by which it was."""
    like: tuple[Resource, ...]
    """What may be the same, itself included."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """An agent asked for something and began to wait for it."""

    at: int
    seq: int
    what: str


class Notes:
    """Folds the events of a session, in order, and notes what a report tells of them."""

    def __init__(self) -> None:
        self.session = Session()
        self.agents: dict[AgentId, OfAgent] = {}
        self.tasks: dict[TaskId, OfTask] = {}
        self.closed_by: dict[QuestionId, int] = {}
        self.provided: dict[MemoryKey, list[Provided]] = {}
        self.locked: dict[Resource, list[Locked]] = {}
        self.blocked: dict[Resource, list[tuple[int, int | None]]] = {}
        """When what is locked, or may be the same as what is, could not be had by anybody else."""
        self.key_waits: dict[AgentId, list[Wanted]] = {}
        self.lock_waits: dict[AgentId, list[Wanted]] = {}
        self.shapes: list[tuple[int, Shape]] = []
        self.causes = array("Q", [0])
        """Which event led to each, 0 where none did."""
        self.by_task: dict[int, tuple[int, TaskId]] = {}
        """Events that a task may have brought about something by (moves, keys, errors): when, and
        which."""
        self.keys_set: dict[int, MemoryKey] = {}
        """Events by which a key was set."""
        self.fired: dict[int, str] = {}
        """Decisions by which a trigger fired."""
        self.rules: dict[str, int] = {}
        """How many decisions of each rule were routine."""
        self.considered = 0
        self.decisions_in_all = 0
        self.decisions: dict[tuple[str, str], DecisionPart] = {}
        self.adaptations: deque[AdaptationPart] = deque(maxlen=MOST_ADAPTATIONS)
        self.adaptations_in_all = 0
        self.timeline_in_all = 0
        self.machine_peak: tuple[int, float, int | None] | None = None
        """Which event told of the highest use of the machine's processors, how many percent, and of
        how many cores, if that is known."""
        self.ended_by: int | None = None
        self.messages = 0
        self.message_seqs: tuple[int, int] | None = None
        """The first and the last message from agent to agent."""
        self.shaped_by: list[int] = []
        """The events by which the swarm was organised in each of `shapes`."""
        self.usage = _Usages()
        self._first: dict[str, list[Moment]] = {}
        self._last: dict[str, deque[Moment]] = {}
        self._counts: dict[Resource, int] = {}
        self._held: dict[Resource, Locked] = {}
        self._there: set[MemoryKey] = set()
        self._noted: Mapping[str, Callable[[Any], None]] = {
            e.AgentSpawned.KIND: self._agent_spawned,
            e.AgentTransitioned.KIND: self._agent_moved,
            e.AgentChecked.KIND: self._agent_checked,
            e.AgentErred.KIND: self._agent_erred,
            e.AgentHealth.KIND: self._agent_health,
            e.AgentExited.KIND: self._agent_exited,
            e.AgentMessaged.KIND: self._messaged,
            e.AgentWaiting.KIND: self._agent_waiting,
            e.AgentLocking.KIND: self._agent_locking,
            e.SystemIntended.KIND: self._intended,
            e.TaskCreated.KIND: self._task_created,
            e.TaskTransitioned.KIND: self._task_moved,
            e.SystemTimerSet.KIND: self._timer_set,
            e.SystemTimerFired.KIND: self._timer_fired,
            e.SystemCycleBroken.KIND: self._cycle_broken,
            e.UserAnswered.KIND: self._closed,
            e.UserExpired.KIND: self._closed,
            e.UserWithdrawn.KIND: self._closed,
            e.SystemMemorySet.KIND: self._memory_set,
            e.SystemLocked.KIND: self._locked,
            e.SystemUnlocked.KIND: self._unlocked,
            e.SystemDecided.KIND: self._decided,
            e.SystemStarted.KIND: self._started,
            e.SystemTopologyChanged.KIND: self._shape_changed,
            e.SystemSampled.KIND: self._sampled,
            e.SystemFired.KIND: self._fired,
            e.SystemEnded.KIND: self._ended,
        }

    def take(self, event: AnyEvent) -> None:
        """Fold the next event, and note what it says."""
        session = self.session
        kind = event.kind
        self.causes.append(event.cause or 0)
        apply(session, event)
        note = self._noted.get(kind)
        if note is not None:
            note(event)
        if kind in _TOLD or (kind in _TOLD_IF_GRAVE and tone(event) in _GRAVE):
            self._tell(event)
        if kind in _ADAPTING:
            self.adaptations_in_all += 1
            self.adaptations.append(
                AdaptationPart(event.seq, event.at, _ADAPTING[kind], sentence(event))
            )

    @property
    def timeline(self) -> tuple[Moment, ...]:
        """What of the timeline is kept, in order."""
        kept = [*self._first.values(), *self._last.values()]
        return tuple(sorted((it for some in kept for it in some), key=lambda it: it.seq))

    def led_to(self, seq: int) -> Iterable[int]:
        """Yield what led to an event, the nearest first, as far back as it was recorded."""
        while 0 < seq < len(self.causes):
            before = self.causes[seq]
            if not 0 < before < seq:
                return
            yield before
            seq = before

    def _tell(self, event: AnyEvent) -> None:
        self.timeline_in_all += 1
        kind = event.kind
        first = self._first.setdefault(kind, [])
        moment = Moment(event.seq, event.at, kind, sentence(event))
        if len(first) < MOST_OF_A_KIND // 2:
            first.append(moment)
        else:
            last = self._last.get(kind)
            if last is None:
                last = self._last[kind] = deque(maxlen=MOST_OF_A_KIND // 2)
            last.append(moment)

    # -- agents -----------------------------------------------------------------------------

    def _agent_spawned(self, event: Event[e.AgentSpawned]) -> None:
        name = event.data.spec.id
        row = self.session.agents.get(name)
        if row is not None and name not in self.agents:
            self.agents[name] = OfAgent(event.seq, [row.history[-1]], moves=[event.seq])
            if row.spec.spawn is not None:
                self._tell(event)

    def _agent_moved(self, event: Event[e.AgentTransitioned]) -> None:
        data = event.data
        row, of = self.session.agents.get(data.agent), self.agents.get(data.agent)
        if row is None or of is None or row.moved != event.seq:
            return
        of.stays.append(row.history[-1])
        of.moves.append(event.seq)
        if row.fell_ill == event.seq and data.from_state in (_ASSIGNED, _ACTIVE):
            of.relapses.append(event.seq)
        task = row.task or data.task
        if task is not None:
            self._note_task(task, event.seq)
        self._note_level(data.agent, event.at)

    def _agent_checked(self, event: Event[e.AgentChecked]) -> None:
        self._note_level(event.data.agent, event.at)

    def _note_level(self, name: AgentId, at: int) -> None:
        of, row = self.agents.get(name), self.session.agents.get(name)
        if of is None or row is None:
            return
        if row.level != (of.levels[-1][1] if of.levels else "healthy"):
            of.levels.append((at, row.level))

    def _agent_erred(self, event: Event[e.AgentErred]) -> None:
        data = event.data
        of, row = self.agents.get(data.agent), self.session.agents.get(data.agent)
        if of is not None and row is not None and row.incarnation == data.incarnation:
            of.errors += 1
            of.erred = event.seq
        if data.task is not None:
            self.by_task[event.seq] = event.at, data.task

    def _agent_health(self, event: Event[e.AgentHealth]) -> None:
        data = event.data
        of, row = self.agents.get(data.agent), self.session.agents.get(data.agent)
        if data.source != "measured" or of is None or row is None or row.measured is not data:
            return
        load = of.load
        _count_percent(load, event.at)
        load.percent, load.since = data.cpu_usage, event.at
        if data.cpu_usage is not None and data.cpu_usage > (load.cpu_peak or -1):
            load.cpu_peak, load.cpu_peak_by = data.cpu_usage, event.seq
        if data.memory_usage is not None and data.memory_usage > (load.memory_share or -1):
            load.memory_share, load.memory_share_by = data.memory_usage, event.seq
        load.cores_peak = _higher(load.cores_peak, data.cpu_cores)
        if data.memory_bytes is not None:
            load.memory_peak = max(load.memory_peak or 0, data.memory_bytes)
        self._uses(load, event.at, data.cpu_cores or 0.0, data.memory_bytes or 0)

    def _agent_exited(self, event: Event[e.AgentExited]) -> None:
        of, row = self.agents.get(event.data.agent), self.session.agents.get(event.data.agent)
        if of is not None and row is not None and row.incarnation == event.data.incarnation:
            _count_percent(of.load, event.at)
            of.load.percent = None
            if of.load.cores or of.load.memory:
                self._uses(of.load, event.at, 0.0, 0)

    def _uses(self, load: Load, at: int, cores: float, memory: int) -> None:
        self.usage.change(at, cores - load.cores, memory - load.memory)
        load.cores, load.memory = cores, memory

    def _messaged(self, event: Event[e.AgentMessaged]) -> None:
        self.messages += 1
        first = event.seq if self.message_seqs is None else self.message_seqs[0]
        self.message_seqs = first, event.seq

    def _agent_waiting(self, event: Event[e.AgentWaiting]) -> None:
        wanted = Wanted(event.at, event.seq, event.data.key)
        self.key_waits.setdefault(event.data.agent, []).append(wanted)

    def _agent_locking(self, event: Event[e.AgentLocking]) -> None:
        wanted = Wanted(event.at, event.seq, event.data.resource)
        self.lock_waits.setdefault(event.data.agent, []).append(wanted)

    def _intended(self, event: Event[e.SystemIntended]) -> None:
        data = event.data
        if data.effect == "stop_process" and data.about == e.CURED and data.agent in self.agents:
            self.agents[data.agent].restarts += 1

    # -- tasks ------------------------------------------------------------------------------

    def _task_created(self, event: Event[e.TaskCreated]) -> None:
        name = event.data.spec.id
        row = self.session.tasks.get(name)
        if row is None or name in self.tasks:
            return
        self.tasks[name] = OfTask(event.seq, [row.history[-1]], [event.seq])
        reviewed = row.spec.reviews
        if reviewed is not None and reviewed in self.tasks:
            self.tasks[reviewed].reviews.append(name)

    def _task_moved(self, event: Event[e.TaskTransitioned]) -> None:
        row = self.session.tasks.get(event.data.task)
        if row is not None and row.moved == event.seq:
            self.by_task[event.seq] = event.at, event.data.task
            self._note_task(event.data.task, event.seq)

    def _note_task(self, name: TaskId, seq: int) -> None:
        of, row = self.tasks.get(name), self.session.tasks.get(name)
        if of is not None and row is not None and row.history[-1] is not of.stays[-1]:
            of.stays.append(row.history[-1])
            of.moves.append(seq)

    def _timer_set(self, event: Event[e.SystemTimerSet]) -> None:
        name = event.data.task
        if event.data.purpose == "retry" and name is not None and name in self.tasks:
            self._note_task(name, event.seq)
            self.tasks[name].retries += 1

    def _timer_fired(self, event: Event[e.SystemTimerFired]) -> None:
        timer = self.session.fired
        if timer is not None and timer.purpose == "retry" and timer.task is not None:
            self._note_task(timer.task, event.seq)

    def _cycle_broken(self, event: Event[e.SystemCycleBroken]) -> None:
        data = event.data
        if data.gives_way_to is not None and data.task in self.tasks:
            self.tasks[data.task].way.append((event.at, data.gives_way_to))

    # -- the rest ---------------------------------------------------------------------------

    def _closed(
        self, event: Event[e.UserAnswered] | Event[e.UserExpired] | Event[e.UserWithdrawn]
    ) -> None:
        question = self.session.questions.get(event.data.question)
        if question is not None and question.closed_at is not None:
            self.closed_by.setdefault(question.id, event.seq)

    def _memory_set(self, event: Event[e.SystemMemorySet]) -> None:
        data = event.data
        self.keys_set[event.seq] = data.key
        if data.task is not None:
            self.by_task[event.seq] = event.at, data.task
        if not self.session.provided(data.key):
            self._there.discard(data.key)
        elif data.key not in self._there:
            self._there.add(data.key)
            provided = Provided(event.at, event.seq, data.task)
            self.provided.setdefault(data.key, []).append(provided)

    def _locked(self, event: Event[e.SystemLocked]) -> None:
        data = event.data
        lock = self.session.locks.get(data.resource)
        if lock is None or lock.seq != event.seq:
            return
        like = tuple(self.session.alike[data.resource])
        noted = Locked(event.at, None, data.task, event.seq, like)
        self._held[data.resource] = noted
        self.locked.setdefault(data.resource, []).append(noted)
        for other in like:
            count = self._counts[other] = self._counts.get(other, 0) + 1
            if count == 1:
                spans = self.blocked.setdefault(other, [])
                if spans and spans[-1][1] == event.at:  # handed on at once
                    spans[-1] = (spans[-1][0], None)
                else:
                    spans.append((event.at, None))

    def _unlocked(self, event: Event[e.SystemUnlocked]) -> None:
        noted = self._held.get(event.data.resource)
        if noted is None or event.data.resource in self.session.locks:
            return
        del self._held[event.data.resource]
        noted.end = event.at
        for other in noted.like:
            self._counts[other] -= 1
            if not self._counts[other]:
                spans = self.blocked[other]
                spans[-1] = (spans[-1][0], event.at)

    def _decided(self, event: Event[e.SystemDecided]) -> None:
        data = event.data
        self.decisions_in_all += 1
        rule = data.rule
        if data.verdict == "no" and not data.actions:
            self.considered += 1
            return
        if rule in ROUTINE and not any(map(_takes, data.actions)):
            self.rules[rule] = self.rules.get(rule, 0) + 1
            return
        key = rule, data.reason
        known = self.decisions.get(key)
        if known is not None:
            self.decisions[key] = replace(known, times=known.times + 1)
        elif len(self.decisions) < MOST_DECISIONS:
            self.decisions[key] = DecisionPart(
                event.seq, event.at, rule, data.verdict, data.reason, _orders(data.actions)
            )

    def _started(self, event: Event[e.SystemStarted]) -> None:
        self.shapes.append((event.at, event.data.shape))
        self.shaped_by.append(event.seq)

    def _shape_changed(self, event: Event[e.SystemTopologyChanged]) -> None:
        if self.session.shape == event.data.to_shape:
            self.shapes.append((event.at, self.session.shape))
            self.shaped_by.append(event.seq)

    def _sampled(self, event: Event[e.SystemSampled]) -> None:
        cpu = event.data.cpu
        if cpu is not None and (self.machine_peak is None or cpu > self.machine_peak[1]):
            self.machine_peak = event.seq, cpu, event.data.cores

    def _fired(self, event: Event[e.SystemFired]) -> None:
        if event.cause is not None:
            self.fired[event.cause] = event.data.trigger

    def _ended(self, event: Event[e.SystemEnded]) -> None:
        self.ended_by = event.seq


class _Usages:
    """What all agents use together, over time, summed up into a bounded number of moments."""

    def __init__(self) -> None:
        self.moments: list[Usage] = []
        self._cores = 0.0
        self._memory = 0
        self._every = 0
        """Within how many milliseconds of one another moments are one: the highest of them."""

    def change(self, at: int, cores: float, memory: int) -> None:
        """Note that so much more, or less, is used from session time `at` on."""
        self._cores = max(0.0, round(self._cores + cores, 4))
        self._memory += memory
        self._add(Usage(at, self._cores, self._memory))
        if len(self.moments) > 2 * MOST_USAGES:
            spread = self.moments[-1].at - self.moments[0].at
            self._every = max(1, 2 * self._every, spread // MOST_USAGES)
            fine, self.moments = self.moments, []
            for it in fine:
                self._add(it)

    def _add(self, it: Usage) -> None:
        last = self.moments[-1] if self.moments else None
        if last is not None and it.at - last.at <= self._every and len(self.moments) > 1:
            highest = Usage(last.at, max(last.cores, it.cores), max(last.memory, it.memory))
            self.moments[-1] = highest
        else:
            self.moments.append(it)


def _count_percent(load: Load, at: int) -> None:
    """Count what an agent used of its limit since it was measured last."""
    if load.percent is not None:
        load.percent_ms += load.percent * (at - load.since)
        load.known_ms += at - load.since


def _higher(known: float | None, new: float | None) -> float | None:
    return known if new is None or (known is not None and known >= new) else new


def _takes(action: Action) -> bool:
    """Return whether a task is taken from somebody who did not complete it."""
    return isinstance(action, MoveTask) and action.trigger in _TAKEN


def _orders(actions: tuple[Action, ...]) -> tuple[str, ...]:
    """Return what was ordered, in words, each kind of thing with those it is done to."""
    by_kind: dict[str, list[str]] = {}
    for action in actions:
        names = (it for name in _about(action.do) if isinstance(it := _of(action, name), str))
        about = next(names, "")
        by_kind.setdefault(words(action.do), []).append(about)
    told = []
    for what, concerned in by_kind.items():
        named = list(dict.fromkeys(filter(None, concerned)))
        more = f" and {len(named) - _MOST_ORDERS} more" if len(named) > _MOST_ORDERS else ""
        told.append(f"{what} {', '.join(named[:_MOST_ORDERS])}{more}".rstrip())
    return tuple(told)


def _about(do: str) -> tuple[str, ...]:
    """Return which parts of an action tell what it is done to, the first that it has."""
    if "agent" in do or "process" in do:
        return ("agent",)
    if "task" in do:
        return ("task",)
    return ("question", "trigger", "strategy", "issue", "deadlock", "task", "agent", "key")


def _of(action: Action, name: str) -> object:
    return getattr(action, name, None)
