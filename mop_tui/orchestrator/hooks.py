"""Hooks as processes: how one is started, how long it may take, and how it ended.

A hook has a process of its own beside that of its agent, under the same care. What it writes is
output of the agent, each line with the name of the hook before it, and goes to a log of its own.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from mop_tui.agents import host as h
from mop_tui.domain import calling
from mop_tui.domain import events as e
from mop_tui.domain.events import Fact
from mop_tui.domain.ids import AgentId, TaskId, TeamId
from mop_tui.domain.plan import AgentSpec, Plan, Work
from mop_tui.domain.session import Session
from mop_tui.domain.task_lifecycle import TaskState
from mop_tui.domain.wording import join, lasting
from mop_tui.orchestrator import effects
from mop_tui.orchestrator.clock import Due

Key = tuple[AgentId, int]
After = Callable[[int, Callable[[], None]], Due]
"""Has a call made so many milliseconds from now."""


@dataclass(slots=True)
class _Running:
    effect: effects.Hook
    hook: h.Hook
    limit_ms: int
    limit: Due | None = None
    overdue: bool = False


class Hooks:
    """Runs the hooks of a session on `host`, which is that of real processes.

    `assignment` tells what an agent is told of its task, and `file` is the session file.
    """

    def __init__(
        self,
        plan: Plan,
        session: Session,
        host: Callable[[], h.AgentHost],
        assignment: Callable[[AgentId, TaskId], h.Assignment],
        receive: Callable[[Fact, int | None], int],
        done: Callable[[e.SystemDone, int], None],
        after: After,
        file: Path,
    ) -> None:
        self._plan = plan
        self._session = session
        self._host = host
        self._assignment = assignment
        self._receive = receive
        self._done = done
        self._after = after
        self._file = file
        self._running: dict[Key, _Running] = {}

    def run(self, effect: effects.Hook) -> None:
        """Start a hook; in a rehearsal it is done without being run."""
        owner = None if effect.agent is None else self._session.agents[effect.agent].spec
        declared = self._plan.hook(effect.hook, owner, effect.task)
        why_not = self._unwanted(effect)
        if why_not or declared is None or effect.would:
            done = e.SystemDone(effect.action, "run_hook", effect.agent, error=why_not)
            self._done(done, effect.seq)
            return
        agent, task = effect.agent, effect.task
        hook = h.Hook(effect.hook, agent, effect.files, self._told(effect))
        self._running[hook.id, effect.number] = _Running(effect, hook, declared.timeout_ms)
        job = h.Job(
            agent=AgentSpec(hook.id, effect.hook, TeamId("")),
            work=Work(declared.command),
            incarnation=effect.number,
            assignment=None if agent is None or task is None else self._assignment(agent, task),
            hook=hook,
        )
        self._host().start(job, {})

    def stop(self, effect: effects.StopHook) -> None:
        """End hooks; that they ended is told when they have."""
        hook = h.Hook(effect.hook, effect.agent)
        for number in effect.numbers:
            if (hook.id, number) in self._running:
                self._host().stop(hook.id, number)
        self._done(e.SystemDone(effect.action, "stop_hook", effect.agent), effect.seq)

    def take(self, report: h.Report) -> bool:
        """Take a report if it is about a hook; return whether it is."""
        key = report.agent, report.incarnation
        running = self._running.get(key)
        if running is None:
            return False
        match report:
            case h.Started():
                running.limit = self._after(running.limit_ms, partial(self._too_long, key))
            case h.StartFailed():
                self._ended(key, running, f"could not be run: {report.error}")
            case h.Exited():
                self._ended(key, running, _how(running, report))
            case h.Output() if running.effect.agent is not None:
                self._said(running, running.effect.agent, report)
            case h.Erred() if running.effect.agent is not None:
                agent, task = running.effect.agent, running.effect.task
                now = self._session.agents[agent].incarnation
                fact = e.AgentErred(agent, now, task, report.type, report.message, report.source)
                self._receive(fact, running.effect.seq)
            case _:
                pass  # what a hook of the session writes is in its log alone
        return True

    def _told(self, effect: effects.Hook) -> tuple[tuple[str, str], ...]:
        """Return what a `call` hook is told by its environment."""
        if effect.question is None:
            return ()
        question = self._session.questions[effect.question]
        others = len(self._session.open_questions) - (question.state == "open")
        told = calling.variables(question, others)
        return (*told, ("MOP_SESSION", str(self._file)))

    def _said(self, running: _Running, agent: AgentId, output: h.Output) -> None:
        effect = running.effect
        now = self._session.agents[agent].incarnation
        lines = tuple(f"[{effect.hook}] {line}" for line in output.lines)
        self._receive(e.AgentOutput(agent, now, effect.task, lines, output.dropped), effect.seq)

    def _too_long(self, key: Key) -> None:
        running = self._running.get(key)
        if running is not None:
            running.overdue = True
            self._host().stop(*key)

    def _ended(self, key: Key, running: _Running, error: str) -> None:
        del self._running[key]
        if running.limit is not None:
            running.limit.cancelled = True
        effect = running.effect
        self._receive(e.SystemDone(effect.action, "run_hook", effect.agent, error), effect.seq)

    def _unwanted(self, effect: effects.Hook) -> str:
        """Return why a hook that was ordered is no longer wanted; empty if it is."""
        if effect.action not in self._session.running_hooks:
            return "was not run, for it is not wanted any more"
        if effect.task is None:
            return ""
        state = self._session.tasks[effect.task].state
        if state in (TaskState.ASSIGNED, TaskState.ACTIVE) or effect.hook == "post_edit":
            return ""
        return f"was not run, for its task was {state.lower()} meanwhile"


def _how(running: _Running, exited: h.Exited) -> str:
    """Return how a hook failed, as what it did; empty if it did not."""
    if running.overdue:
        return join(f"took longer than {lasting(running.limit_ms)}", exited.result)
    if exited.signal is not None:
        return join(f"was ended by {exited.signal}", exited.result)
    if exited.code == 0:
        return ""
    return join(f"ended with exit code {exited.code}", exited.result)
