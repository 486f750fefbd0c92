"""The agents' processes: what is done to them, and what they report.

Every report becomes a fact whose cause is what the process follows from: its start, or the task it
was handed. The cause of an exit is the order to end, if there was one.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import assert_never

from pydantic import JsonValue

from mop_tui.agents import host as h
from mop_tui.domain import actions, review
from mop_tui.domain import events as e
from mop_tui.domain.events import Fact
from mop_tui.domain.ids import AgentId, AskId, FeedbackId, TaskId
from mop_tui.domain.plan import HostKind, Plan
from mop_tui.domain.session import Session
from mop_tui.domain.task_lifecycle import TaskState
from mop_tui.orchestrator import effects
from mop_tui.orchestrator.hooks import After, Hooks
from mop_tui.orchestrator.secrets import Secrets

Hosts = Callable[[h.Sink], Mapping[HostKind, h.AgentHost]]
"""Makes the hosts of a session, given where their reports go."""

Receive = Callable[[Fact, int | None], int]
"""Records a fact with its cause, and returns its seq."""
Post = Callable[[Callable[[], object]], None]
"""Has a call made when the orchestrator comes to it."""


DEAF = "its process is gone, or has no standard input that it could hear by"


@dataclass(slots=True)
class Running:
    """A process from its start to its end."""

    start: effects.Start
    cause: int
    """The seq of what its facts follow from."""
    task: TaskId | None
    """What it works on."""
    speaks: bool = False
    """It has said something in the protocol, so it may answer a ping."""
    ended_by: int | None = None
    """The seq of the first order to end it."""


class Processes:
    """Carries out what is ordered about processes, and records what they report."""

    def __init__(
        self,
        plan: Plan,
        session: Session,
        hosts: Hosts,
        receive: Receive,
        post: Post,
        after: After,
        file: Path,
    ) -> None:
        self.secrets = Secrets()
        self.running: dict[tuple[AgentId, int], Running] = {}
        self._plan = plan
        self._session = session
        self._receive = receive
        self._post = post
        self._hosts = hosts(self._arrived)
        self.ponged: Callable[[h.Ponged, int], None] | None = None
        """Takes answers to pings, each with what its facts follow from."""
        self.settle: Callable[[], Awaitable[None]] | None = None
        """Waits until all files that were written by now have been reported."""
        self._held: dict[tuple[AgentId, int], list[h.Report]] = {}
        """Reports of ends, and what came after them, that wait for that."""
        self._settling: set[asyncio.Task[None]] = set()
        self._hooks = Hooks(
            plan,
            session,
            lambda: self._hosts[HostKind.COMMAND],
            self._assignment,
            receive,
            self._done,
            after,
            file,
        )

    async def close(self) -> None:
        """End every process."""
        self.settle = None
        for host in self._hosts.values():
            await host.close()

    def conceal(self, secret: str) -> None:
        """Have `secret` masked in whatever agents write."""
        for host in self._hosts.values():
            host.conceal(secret)

    def groups(self) -> dict[tuple[AgentId, int], int]:
        """Return the process group of each incarnation that is real and runs; hooks are none."""
        return {
            key: group
            for host in self._hosts.values()
            for key, group in host.groups().items()
            if key in self.running
        }

    # -- what is done ---------------------------------------------------------------------------

    def perform(
        self,
        effect: effects.Start
        | effects.Signal
        | effects.Hand
        | effects.Tell
        | effects.Hook
        | effects.StopHook,
    ) -> None:
        """Carry out one effect. That it was done, or could not be, becomes a fact."""
        if isinstance(effect, effects.Hook):
            self._hooks.run(effect)
            return
        if isinstance(effect, effects.StopHook):
            self._hooks.stop(effect)
            return
        host = self._host(effect.agent)
        error = ""
        match effect:
            case effects.Start():
                self._start(effect)
                return
            case effects.Signal(effect="stop_process"):
                running = self.running.get((effect.agent, effect.incarnation))
                if running is not None and running.ended_by is None:
                    running.ended_by = effect.seq
                host.stop(effect.agent, effect.incarnation)
            case effects.Signal(effect="pause_process"):
                host.pause(effect.agent, effect.incarnation)
            case effects.Signal():
                host.resume(effect.agent, effect.incarnation)
            case effects.Hand():
                self._hand(effect)
                return
            case effects.Tell():
                secret = self.secrets.take(effect.question)
                if not host.tell(effect.agent, effect.incarnation, effect.told, secret):
                    error = DEAF
            case _:
                assert_never(effect)
        kind: actions.Effect = effect.effect if isinstance(effect, effects.Signal) else "tell"
        self._done(e.SystemDone(effect.action, kind, effect.agent, error), effect.seq)

    def ping(self, agent: AgentId, incarnation: int, number: int) -> bool:
        """Ask a process for a sign of life; False if it has never spoken, or cannot hear."""
        running = self.running.get((agent, incarnation))
        if running is None or not (running.speaks or self.plays(agent)):
            return False
        return self._host(agent).tell(agent, incarnation, h.Ping(number))

    def plays(self, agent: AgentId) -> bool:
        """True if an agent is simulated, and therefore known to answer pings."""
        return self._session.agents[agent].spec.host is HostKind.SIMULATED

    def _host(self, agent: AgentId) -> h.AgentHost:
        return self._hosts[self._session.agents[agent].spec.host]

    def _done(self, done: e.SystemDone, cause: int) -> None:
        self._post(partial(self._receive, done, cause))

    def _start(self, effect: effects.Start) -> None:
        why_not = self._unwanted(effect)
        if why_not:
            done = e.SystemDone(effect.action, "start_process", effect.agent, error=why_not)
            self._done(done, effect.seq)
            return
        self.running[effect.agent, effect.incarnation] = Running(effect, effect.seq, effect.task)
        spec = self._session.agents[effect.agent].spec
        job = h.Job(
            agent=spec,
            work=self._plan.work(spec, effect.task),
            incarnation=effect.incarnation,
            assignment=None
            if effect.task is None
            else self._assignment(effect.agent, effect.task, effect.feedback),
        )
        self._host(effect.agent).start(job, self.secrets.of_task(effect.task))

    def _unwanted(self, effect: effects.Start) -> str:
        """Return why a start that was ordered is no longer wanted; empty if it is."""
        if effect.task is None:
            if self._session.status != "running":
                return "it was not started, for the session is ending"
            retired = self._session.agents[effect.agent].retired
            return "it was not started, for the operator stopped it meanwhile" if retired else ""
        state = self._session.tasks[effect.task].state
        if state is TaskState.ASSIGNED:
            return ""
        return f"it was not started, for its task was {state.lower()} meanwhile"

    def _hand(self, effect: effects.Hand) -> None:
        running = self.running.get((effect.agent, effect.incarnation))
        if running is None:
            gone = "its process is gone"
            done = e.SystemDone(effect.action, "hand_task", effect.agent, error=gone)
            self._done(done, effect.seq)
            return
        running.task = effect.task
        host = self._host(effect.agent)
        assignment = self._assignment(effect.agent, effect.task, effect.feedback)
        host.tell(effect.agent, effect.incarnation, assignment)
        for name, secret in self.secrets.of_task(effect.task).items():
            reply = h.Reply(AskId(name), "answered")
            host.tell(effect.agent, effect.incarnation, reply, secret)
        self._post(partial(self._handed, running, effect))

    def _handed(self, running: Running, effect: effects.Hand) -> None:
        done = e.SystemDone(effect.action, "hand_task", effect.agent)
        running.cause = self._receive(done, effect.seq)

    def _assignment(
        self, agent: AgentId, task_id: TaskId, feedback: tuple[FeedbackId, ...] = ()
    ) -> h.Assignment:
        session = self._session
        task = session.tasks[task_id]
        spec = task.spec
        context: dict[str, JsonValue] = {
            "answers": {str(name): value for name, value in task.answers},
            "reasons": {str(name): why for name, why in task.reasons},
            "memory": {key: session.memory.get(key) for key in spec.needs_keys},
            "outputs": {need: session.tasks[need].output for need in spec.waits_for_tasks},
            "feedback": [_said(session.feedback[name].said) for name in feedback],
            "rejections": review.reasons(session, task),
        }
        told = {part: values for part, values in context.items() if values}
        script = self._plan.work(session.agents[agent].spec, task_id).script
        return h.Assignment(spec, task.attempts, {**spec.context, **told}, script)

    # -- what is reported -----------------------------------------------------------------------

    def _arrived(self, report: h.Report) -> None:
        """Have a report taken in its turn; the end of work only after the files it wrote."""
        key = report.agent, report.incarnation
        if key in self._held:
            self._held[key].append(report)
        elif self.settle is not None and isinstance(report, h.Exited | h.Finished):
            self._held[key] = [report]
            task = asyncio.create_task(self._let_in(key, self.settle))
            self._settling.add(task)
            task.add_done_callback(self._settling.discard)
        else:
            self._post(partial(self._take, report))

    async def _let_in(
        self, key: tuple[AgentId, int], settle: Callable[[], Awaitable[None]]
    ) -> None:
        try:
            await settle()
        finally:
            for report in self._held.pop(key):
                self._post(partial(self._take, report))

    def _take(self, report: h.Report) -> None:
        if self._hooks.take(report):
            return
        key = report.agent, report.incarnation
        running = self.running[key]
        match report:
            case h.Started():
                done = e.SystemDone(
                    running.start.action, "start_process", report.agent, pid=report.pid
                )
                running.cause = self._receive(done, running.start.seq)
            case h.StartFailed():
                del self.running[key]
                done = e.SystemDone(
                    running.start.action, "start_process", report.agent, error=report.error
                )
                self._receive(done, running.start.seq)
            case h.Exited():
                del self.running[key]
                self._receive(_fact(report, running.task), running.ended_by or running.cause)
            case h.Finished():
                running.speaks = True
                running.task = None  # before the fact is received: it may lead to the next task
                self._receive(_fact(report, report.task), running.cause)
            case h.Ponged() if self.ponged is not None:
                self.ponged(report, running.cause)
            case _:
                running.speaks = running.speaks or _speaks(report)
                self._receive(_fact(report, running.task), running.cause)


def _said(said: e.UserFeedback) -> dict[str, JsonValue]:
    """Return feedback as an agent is told of it with its task."""
    told: dict[str, JsonValue] = {"from": said.by, "text": said.text}
    about = said.task or said.agent
    return told | {"about": about} | ({"verdict": said.verdict} if said.verdict else {})


_SPOKEN = (
    *(h.Reported, h.Ponged, h.Remembered, h.Asked),
    *(h.Waiting, h.Locking, h.Unlocking, h.Messaged, h.Relayed),
)
"""What only a program that speaks the protocol reports."""


def _speaks(report: h.Report) -> bool:
    """True if a report comes of something that was said in the protocol, and made sense."""
    match report:
        case h.Progressed():
            return report.said
        case h.Erred():
            return report.source == "protocol"
        case _:
            return isinstance(report, _SPOKEN)


def _fact(report: h.Report, task: TaskId | None) -> Fact:  # noqa: C901 - one case a kind
    """Return the fact that a report about a process at work on `task` is."""
    agent, incarnation = report.agent, report.incarnation
    match report:
        case h.Output():
            return e.AgentOutput(agent, incarnation, task, report.lines, report.dropped)
        case h.Progressed():
            percent = min(100, max(0, report.percent))
            return e.AgentProgressed(agent, incarnation, task, percent, report.note)
        case h.Reported():
            return e.AgentHealth(
                agent,
                incarnation,
                "reported",
                cpu_usage=report.cpu_usage,
                memory_usage=report.memory_usage,
                status=report.status,
                error_count=report.error_count,
                response_ms=report.response_ms,
            )
        case h.Ponged():
            return e.AgentHealth(agent, incarnation, "ping", response_ms=report.response_ms)
        case h.Remembered():
            return e.SystemMemorySet(report.key, report.value, agent, task)
        case h.Erred():
            return e.AgentErred(
                agent, incarnation, task, report.type, report.message, report.source
            )
        case h.Misspoke():
            return e.AgentErred(
                agent, incarnation, task, e.PROTOCOL_VIOLATION, report.problem, "host"
            )
        case h.Asked():
            return e.AgentAsked(agent, incarnation, task, report.ask, report.question)
        case h.Waiting():
            return e.AgentWaiting(agent, incarnation, task, report.ask, report.key)
        case h.Locking():
            return e.AgentLocking(agent, incarnation, task, report.ask, report.resource)
        case h.Unlocking():
            return e.AgentUnlocking(agent, incarnation, report.resource)
        case h.Messaged():
            return e.AgentMessaged(agent, incarnation, report.to, report.text, report.severity)
        case h.Relayed():
            return e.AgentRelayed(agent, incarnation, report.message)
        case h.Finished():
            return e.AgentFinished(
                agent, incarnation, report.task, report.result, report.failed, report.message
            )
        case h.Exited():
            return e.AgentExited(
                agent,
                incarnation,
                task,
                report.code,
                report.signal,
                report.result,
                report.done,
                report.failed,
                report.message,
            )
        case h.Started() | h.StartFailed():
            raise TypeError(f"{report} is no fact by itself")
        case _:
            assert_never(report)
