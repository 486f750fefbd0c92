"""A stage for the screen: a feed that folds real events, and plays of believable sessions."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, Literal, assert_never

from pydantic import JsonValue
from textual.events import Event as TerminalEvent
from textual.events import Key, Paste

from mop_tui.domain import events as e
from mop_tui.domain.actions import Fire
from mop_tui.domain.agent_lifecycle import AgentState, AgentTrigger, PausedBy
from mop_tui.domain.events import AnyEvent, Event, Fact
from mop_tui.domain.feed import (
    SECTIONS,
    Answer,
    AutoSpawn,
    CancelTask,
    Capabilities,
    Command,
    CreateTask,
    EventFilter,
    Forget,
    GiveFeedback,
    Noticed,
    Playback,
    RetryTask,
    Say,
    Section,
    Seen,
    SetMemory,
    Spawn,
    Steer,
    SteerTrigger,
    Stop,
    SwitchTopology,
    selected,
)
from mop_tui.domain.fold import apply
from mop_tui.domain.ids import (
    ActionId,
    AgentId,
    AskId,
    CommandId,
    FeedbackId,
    IssueId,
    MemoryKey,
    QuestionId,
    QuestionName,
    TaskId,
    TeamId,
    TriggerName,
)
from mop_tui.domain.marks import MARKED, Marks, mark_of
from mop_tui.domain.outlook import Outlook
from mop_tui.domain.plan import AgentSpec, HookName, Mode, QuestionSpec, TaskSpec, TeamSpec
from mop_tui.domain.rows import Agent
from mop_tui.domain.session import Session, Snapshot
from mop_tui.domain.task_lifecycle import TaskState, TaskTrigger
from mop_tui.domain.timers import rest_of

SECOND = 1_000
MINUTE = 60 * SECOND


class Fingers:
    """A clock that stands still until a test moves it; keys are typed at its time."""

    def __init__(self) -> None:
        self.time = 100.0

    def now(self) -> float:
        return self.time

    def typed_at(self, event: TerminalEvent) -> float:
        assert isinstance(event, Key | Paste)
        return self.time

    def wait(self, seconds: float) -> None:
        self.time += seconds


@dataclass
class Stage:
    """A `SessionFeed` over events that a test lets happen, one fact at a time.

    Commands are recorded and, while `obedient`, carried out as the orchestrator would.
    """

    mode: Mode = Mode.LIVE
    source: str = "sessions/2026-11-22-release.jsonl"
    started: str = "2026-11-22T14:30:00+00:00"
    trouble: str = ""
    sections: Sequence[Section] = SECTIONS
    outlook: Outlook | None = None
    obedient: bool = True
    detach: bool = False
    told: str = "# Nothing to tell\n"
    """What it has to say as a report."""
    given_way: float = 0.0
    """For how many seconds it was asked to leave the time to the screen."""
    guest: bool = False
    happened: list[AnyEvent] = field(default_factory=list)
    commands: list[Command] = field(default_factory=list)
    secrets: dict[QuestionId, str] = field(default_factory=dict)
    session: Session = field(default_factory=Session)
    time: int = 0
    revision: int = 0
    reads: int = 0

    @property
    def capabilities(self) -> Capabilities:
        return Capabilities(commands=True, seek=False, detach=self.detach, guest=self.guest)

    @property
    def playback(self) -> Playback | None:
        return None

    def now(self) -> int:
        return self.time

    def snapshot(self) -> Snapshot:
        self.reads += 1
        return self.session.snapshot()

    def prepare_snapshot(self) -> bool:
        return self.session.prepare_snapshot()

    def give_way(self, seconds: float) -> None:
        self.given_way += seconds

    def events(
        self, after: int = 0, limit: int = 100, only: EventFilter | None = None
    ) -> Sequence[AnyEvent]:
        return selected(islice(self.happened, after, None), limit, only)

    def event(self, seq: int) -> AnyEvent | None:
        return self.happened[seq - 1] if 1 <= seq <= self.session.seq else None

    def output(self, agent: AgentId, from_line: int = 0, limit: int = 100) -> Sequence[str]:
        return self.session.agents[agent].output(from_line, limit)

    def report(self) -> str:
        return self.told

    def remaining(self, question: QuestionId) -> int | None:
        due = self.session.questions[question].asked.due
        return None if due is None else max(0, due - self.time)

    def submit(self, command: Command, secret: str | None = None) -> CommandId:
        if secret is not None:
            assert isinstance(command, Answer)
            assert command.value == ""
            self.secrets[command.question] = secret
        self.commands.append(command)
        name = CommandId(f"c{len(self.commands)}")
        if self.obedient:
            self._obey(command, name)
        return name

    def _obey(self, command: Command, name: CommandId) -> None:  # noqa: C901 - one case a command
        match command:
            case Answer(question, value, digest, reason, remember):
                self.happen(
                    e.UserAnswered(question, value, reason, "uid 1000", digest, name, remember)
                )
            case Forget():
                self._commanded("forget_answer", name, command.question)
            case Stop():
                self.happen(e.UserCommanded("stop", name, "uid 1000", reason=command.reason))
            case Noticed():
                self.happen(e.UserNoticed(command.question))
            case Seen():
                self.happen(e.UserSeen(command.question))
            case Steer(do, agent, reason):
                self._steer(do, agent, reason, name)
            case CancelTask(task, reason):
                self._commanded("cancel_task", name, task, reason)
                self.move_task(task, TaskTrigger.CANCELLED, TaskState.CANCELLED, reason)
            case RetryTask(task, reason):
                self._commanded("retry_task", name, task, reason)
                trigger = TaskTrigger.RETRIED
                self.move_task(task, trigger, TaskState.READY, reason)
            case GiveFeedback(text, about_agent, about_task, verdict):
                number = FeedbackId(f"f{len(self.session.feedback) + 1}")
                said = e.UserFeedback(
                    number, text, "uid 1000", about_agent, about_task, verdict, name
                )
                self.happen(said)
            case Say(agent, text):
                self._commanded("say", name, agent, text)
            case SteerTrigger(do, trigger, reason):
                self._commanded(f"{do}_trigger", name, trigger, reason)
            case AutoSpawn(on):
                self._commanded("auto_spawn", name, "on" if on else "off", value=on)
            case SwitchTopology(shape, reason):
                self._commanded("switch_topology", name, shape, reason)
                self.happen(e.SystemTopologyChanged(self.session.shape, shape))
            case SetMemory(key, value):
                self._commanded("set_memory", name, key, value=value)
                self.happen(e.SystemMemorySet(key, value))
            case Spawn() | CreateTask():
                pass  # what comes of it, a test lets happen
            case _:
                assert_never(command)

    def _commanded(
        self, command: str, name: CommandId, about: str, reason: str = "", value: JsonValue = None
    ) -> None:
        self.happen(e.UserCommanded(command, name, "uid 1000", about, reason, value=value))

    def _steer(self, do: str, agent: AgentId, reason: str, name: CommandId) -> None:
        row = self.session.agents[agent]
        self._commanded(f"{do}_agent", name, agent, reason)
        match do:
            case "pause":
                by = PausedBy.OPERATOR
                self.move(agent, AgentTrigger.PAUSE, AgentState.PAUSED, reason, row.task, by)
            case "resume":
                assert row.paused_in is not None
                self.move(agent, AgentTrigger.RESUME, row.paused_in, reason, row.task)
            case "stop":
                self.move(agent, AgentTrigger.STOP, AgentState.FAILED, reason, row.task)
            case _:
                assert do == "restart"

    def refuse(self, why: str) -> None:
        """Refuse the latest command."""
        self.happen(
            e.UserCommanded("something", CommandId(f"c{len(self.commands)}"), "you", refused=why)
        )

    def seek(self, seq: int) -> None:
        raise AssertionError(f"nobody may seek to {seq} in a live session")

    def seek_time(self, at: int) -> None:
        raise AssertionError(f"nobody may seek to {at} ms in a live session")

    def play(self) -> None:
        raise AssertionError("nobody may play a live session")

    def pause(self) -> None:
        raise AssertionError("nobody may pause a live session")

    def set_speed(self, factor: float) -> None:
        raise AssertionError(f"nobody may run a live session {factor} times as fast")

    # -- what happens -----------------------------------------------------------------------

    def happen(self, fact: Fact, cause: int | None = None) -> AnyEvent:
        """Let something happen now."""
        event: Event[Any] = Event(len(self.happened) + 1, self.time, fact.KIND, cause, fact)
        self.happened.append(event)
        apply(self.session, event)
        assert self.session.ignored == 0, f"the fold ignored {fact}"
        self.revision += 1
        return event

    def begin(
        self, *teams: TeamSpec, session: str = "python-release", goal: str = "", **more: Any
    ) -> None:
        of = {"attended": True, "max_agents": None, "teams": teams} | more
        self.happen(e.SystemStarted(session, "sample", goal, self.mode, **of))

    def spawn(self, agent: str, team: str, kind: str = "worker", **more: Any) -> None:
        spec = AgentSpec(AgentId(agent), kind, TeamId(team), **more)
        self.happen(e.AgentSpawned(spec.id, spec))
        self.move(agent, AgentTrigger.AGENT_CREATED, AgentState.INITIALIZING, "it was created")
        self.move(agent, AgentTrigger.PRE_TASK_HOOK_COMPLETE, AgentState.AVAILABLE, "it is ready")

    def move(
        self,
        agent: str,
        trigger: AgentTrigger,
        to: AgentState,
        reason: str,
        task: str | None = None,
        by: PausedBy | None = None,
    ) -> None:
        name = AgentId(agent)
        before = self.session.agents[name].state
        about = TaskId(task) if task is not None else None
        self.happen(e.AgentTransitioned(name, trigger, before, to, reason, about, by))

    def plan(self, task: str, title: str = "", **more: Any) -> None:
        needs = tuple(TaskId(need) for need in more.pop("needs", ()))
        spec = TaskSpec(TaskId(task), title or f"do {task}", needs_tasks=needs, **more)
        self.happen(e.TaskCreated(spec.id, spec))
        if not needs and not spec.needs_keys:
            self.move_task(task, TaskTrigger.NEEDS_MET, TaskState.READY, "it needs nothing")

    def move_task(
        self, task: str, trigger: TaskTrigger, to: TaskState, reason: str, agent: str | None = None
    ) -> None:
        name = TaskId(task)
        before = self.session.tasks[name].state
        who = AgentId(agent) if agent is not None else None
        self.happen(e.TaskTransitioned(name, trigger, before, to, reason, who))

    def give(self, task: str, agent: str) -> None:
        """Assign a task and start its process."""
        if self.session.tasks[TaskId(task)].state is TaskState.PENDING:
            self.move_task(task, TaskTrigger.NEEDS_MET, TaskState.READY, "its needs are met")
        self.move_task(task, TaskTrigger.ASSIGNED, TaskState.ASSIGNED, f"{agent} can do it", agent)
        self.move(agent, AgentTrigger.TASK_ASSIGNED, AgentState.ASSIGNED, "it is its task", task)
        name = AgentId(agent)
        incarnation = self.session.agents[name].incarnation + 1
        action = ActionId(f"{len(self.happened)}.0")
        self.happen(
            e.SystemIntended(
                action, "start_process", name, TaskId(task), incarnation, ("make", task)
            )
        )
        self.happen(e.SystemDone(action, "start_process", name, pid=4000 + len(self.happened)))
        self.move(agent, AgentTrigger.TASK_STARTED, AgentState.ACTIVE, "its process runs", task)
        self.move_task(task, TaskTrigger.STARTED, TaskState.ACTIVE, "its process runs", agent)

    def hook(self, name: HookName, agent: str | None = None) -> None:
        """Begin to run a hook of an agent, for its task if it has one, or of the session."""
        of = None if agent is None else AgentId(agent)
        task = None if of is None else self.session.agents[of].task
        action = ActionId(f"{len(self.happened)}.0")
        number = self.session.hooks_begun + 1
        self.happen(e.SystemIntended(action, "run_hook", of, task, number, (name,), about=name))

    def progress(self, agent: str, percent: int, note: str = "") -> None:
        row = self.session.agents[AgentId(agent)]
        assert row.task is not None
        self.happen(e.AgentProgressed(row.spec.id, row.incarnation, row.task, percent, note))

    def write(self, agent: str, *lines: str, dropped: int = 0) -> None:
        row = self.session.agents[AgentId(agent)]
        assert row.task is not None
        self.happen(e.AgentOutput(row.spec.id, row.incarnation, row.task, lines, dropped))

    def _exit(self, agent: str, code: int, result: str) -> TaskId:
        row = self.session.agents[AgentId(agent)]
        assert row.task is not None
        self.happen(e.AgentExited(row.spec.id, row.incarnation, row.task, code, result=result))
        return row.task

    def finish(self, agent: str, result: str = "", *, back: bool = False) -> None:
        """End the agent's task well."""
        task = self._exit(agent, 0, result)
        self.happen(e.TaskOutput(task, AgentId(agent), result))
        self.move_task(task, TaskTrigger.FINISHED, TaskState.COMPLETE, "it ended well", agent)
        hook = AgentTrigger.POST_TASK_HOOK_COMPLETE
        self.move(agent, hook, AgentState.COMPLETE, "its task is complete", task)
        if back:
            to = AgentState.AVAILABLE
            self.move(agent, AgentTrigger.RETURNED_TO_POOL, to, "more work may come")

    def fail(self, agent: str, code: int, result: str) -> None:
        """End the agent's task badly."""
        task = self._exit(agent, code, result)
        why = f"exit code {code}: {result}"
        self.move(agent, AgentTrigger.PROCESS_EXITED, AgentState.FAILED, why, task)
        self.move_task(task, TaskTrigger.FAILED, TaskState.FAILED, why, agent)

    def ask(
        self,
        text: str,
        *,
        task: str | None = None,
        context: tuple[tuple[str, Any], ...] = (),
        due: int | None = None,
        **more: Any,
    ) -> QuestionId:
        """Put a question: an approval, if `question_type` is not among `more`."""
        name = QuestionId(f"q{len(self.session.questions) + 1}")
        about = TaskId(task) if task is not None else None
        asked: dict[str, Any] = {
            "question_type": "approval",
            "required": False,
            "dangerous": False,
            "default": None,
        } | more
        self.happen(
            e.UserAsked(
                question=name,
                name=QuestionName("release-gate"),
                text=text,
                context=context,
                task=about,
                due=due,
                digest=asked.pop("digest", f"digest-of-{name}"),
                **asked,
            )
        )
        return name

    def agent_asks(self, agent: str, text: str, **more: Any) -> QuestionId:
        """Have an agent ask, and wait for the answer."""
        row = self.session.agents[AgentId(agent)]
        ask = AskId(f"a{len(self.session.questions) + 1}")
        spec = QuestionSpec(QuestionName("own"), text)
        self.happen(e.AgentAsked(row.spec.id, row.incarnation, row.task, ask, spec))
        question = self.ask(text, task=row.task, agent=row.spec.id, ask=ask, **more)
        self._wait(row, PausedBy.QUESTION, "it asked you")
        return question

    def agent_waits(self, agent: str, key: str) -> None:
        """Have an agent wait for a key of the memory."""
        row = self.session.agents[AgentId(agent)]
        ask = AskId(f"w{len(self.happened)}")
        self.happen(e.AgentWaiting(row.spec.id, row.incarnation, row.task, ask, MemoryKey(key)))
        self._wait(row, PausedBy.DEPENDENCY, f"{key} is not there yet")

    def _wait(self, row: Agent, by: PausedBy, why: str) -> None:
        to = AgentState.PAUSED
        self.move(row.spec.id, AgentTrigger.DEPENDENCY_NOT_READY, to, why, row.task, by)

    def health(
        self, agent: str, source: Literal["measured", "reported", "ping"], **of: Any
    ) -> None:
        """Say how an agent is."""
        row = self.session.agents[AgentId(agent)]
        self.happen(e.AgentHealth(row.spec.id, row.incarnation, source, **of))

    def err(self, agent: str, kind: str, message: str) -> None:
        """Have something go wrong in an agent."""
        row = self.session.agents[AgentId(agent)]
        self.happen(e.AgentErred(row.spec.id, row.incarnation, row.task, kind, message, "protocol"))

    def rest(self, agent: str, code: int, ms: int) -> None:
        """Have the agent's task fail, to be tried again after a rest."""
        task = self._exit(agent, code, "it failed")
        to, why = AgentState.AVAILABLE, f"exit code {code}"
        self.move(agent, AgentTrigger.TASK_WITHDRAWN, to, why, task)
        self.move_task(task, TaskTrigger.REQUEUED, TaskState.READY, why)
        due = self.time + ms
        self.happen(e.SystemTimerSet(rest_of(task), due, task=task, purpose="retry"))

    def fire(self, trigger: str, why: str) -> AnyEvent:
        """Have a trigger decide to fire because of what happened last; return that it has."""
        name = TriggerName(trigger)
        decided = e.SystemDecided(f"trigger/{name}", "yes", why, (Fire(name),))
        cause = self.happen(decided, len(self.happened))
        return self.happen(e.SystemFired(name, 1), cause.seq)

    def issue(self, severity: e.Severity, text: str, suggestion: str = "", **more: Any) -> None:
        name = IssueId(f"i{len(self.session.issues) + 1}")
        self.happen(e.SystemIssueOpened(name, severity, text, suggestion, **more))

    def remember(self, key: str, value: Any) -> None:
        self.happen(e.SystemMemorySet(MemoryKey(key), value))

    def end(self, outcome: e.Outcome, reason: str) -> None:
        counts = {state.value: n for state, n in self.session.task_counts.items() if n}
        self.happen(e.SystemEnded(outcome, reason, len(self.happened) + 1, counts))


@dataclass
class Recording(Stage):
    """The same events, to be moved through instead of steered."""

    position: int = 0
    playing: bool = False
    speed: float = 1.0
    decisions: Sequence[int] = ()
    """Which events count as decisions."""

    @classmethod
    def of(cls, stage: Stage) -> "Recording":
        recording = cls(mode=stage.mode, happened=list(stage.happened))
        recording.seek(0)
        return recording

    @property
    def capabilities(self) -> Capabilities:
        return Capabilities(commands=False, seek=True)

    @property
    def playback(self) -> Playback | None:
        end = self.happened[-1].at
        marks = Marks()
        for event in self.happened:
            kind = mark_of(event) if event.kind in MARKED else None
            if kind is not None:
                marks.note(kind, event.seq)
        told = marks.told(lambda seq: self.happened[seq - 1].at)
        return Playback(
            self.position,
            len(self.happened),
            self.playing,
            self.speed,
            end,
            told,
            former_decision=max((it for it in self.decisions if it < self.position), default=None),
            next_decision=min((it for it in self.decisions if it > self.position), default=None),
        )

    def events(
        self, after: int = 0, limit: int = 100, only: EventFilter | None = None
    ) -> Sequence[AnyEvent]:
        return selected(islice(self.happened, after, self.position), limit, only)

    def submit(self, command: Command, secret: str | None = None) -> CommandId:
        raise AssertionError(f"a recording was told: {command} {secret}")

    def seek(self, seq: int) -> None:
        self.session = Session()
        for event in self.happened[:seq]:
            apply(self.session, event)
        self.position = seq
        self.time = self.session.at
        self.revision += 1

    def seek_time(self, at: int) -> None:
        self.seek(sum(1 for event in self.happened if event.at <= at))

    def play(self) -> None:
        self.playing = True
        self.revision += 1

    def pause(self) -> None:
        self.playing = False
        self.revision += 1

    def set_speed(self, factor: float) -> None:
        self.speed = factor
        self.revision += 1


def team(name: str, title: str, *agents: str) -> TeamSpec:
    return TeamSpec(TeamId(name), title, tuple(AgentId(agent) for agent in agents))
