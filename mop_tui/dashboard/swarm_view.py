"""What a snapshot says about teams and agents taken together, worked out once and when needed."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from mop_tui.dashboard.looks import (
    UNKNOWN,
    WAITING_FOR_YOU,
    Look,
    agent_look,
    level_look,
    task_look,
)
from mop_tui.dashboard.retries import trying_again
from mop_tui.domain import graph
from mop_tui.domain.agent_lifecycle import AgentState, PausedBy
from mop_tui.domain.diagnosis import readings
from mop_tui.domain.health import brief
from mop_tui.domain.ids import AgentId, MemoryKey, TaskId, TeamId
from mop_tui.domain.plan import TeamSpec
from mop_tui.domain.rows import Agent, Question, Task
from mop_tui.domain.session import Snapshot
from mop_tui.domain.task_lifecycle import TERMINAL, TaskState
from mop_tui.domain.waiting import agent_waiting_for, hook_running, waiting_for
from mop_tui.domain.wording import printable

AT_WORK = (AgentState.ACTIVE, AgentState.DEGRADED, AgentState.UNHEALTHY)
"""States that count as active."""

_ATTENTION = (
    AgentState.FAILED,
    AgentState.UNHEALTHY,
    AgentState.DEGRADED,
    AgentState.PAUSED,
    AgentState.ACTIVE,
    AgentState.ASSIGNED,
    AgentState.COMPLETE,
    AgentState.AVAILABLE,
    AgentState.INITIALIZING,
    AgentState.SPAWNING,
)


_ILL = frozenset({AgentState.FAILED, AgentState.UNHEALTHY, AgentState.DEGRADED})
_CHOSEN = (PausedBy.OPERATOR, PausedBy.STRATEGY, PausedBy.QUESTION)


@dataclass(frozen=True, slots=True)
class TeamSummary:
    """A team in one line."""

    percent: float | None
    """How much of the expected work of its agents is done; None where there is none."""
    counts: tuple[tuple[AgentState, int], ...]
    """How many of its agents are in which state; what needs attention comes first."""
    waiting_for_you: int
    """How many of its agents only the operator can move."""


@dataclass(frozen=True, slots=True)
class Wave:
    """Tasks that need only tasks of earlier waves, and one of the last."""

    number: int
    """Counted from 1; 0 for those that can never begin because they wait for each other."""
    tasks: tuple[TaskId, ...]


class SwarmView:
    """One snapshot seen by teams and agents. Everything is computed at most once.

    What is known to be the same as in the `former` view is taken from there.
    """

    def __init__(self, snapshot: Snapshot, former: "SwarmView | None" = None) -> None:
        self.snapshot = snapshot
        self._summaries: dict[TeamId, TeamSummary] = {}
        if former is not None and _same_people(former.snapshot, snapshot):
            self.members = former.members
        if former is not None and former.snapshot.tasks is snapshot.tasks:
            self.tasks_of = former.tasks_of
        if former is not None and "waves" in vars(former):
            before = former.snapshot
            if before.seq <= snapshot.seq and len(before.tasks) == len(snapshot.tasks):
                self.waves = former.waves

    @cached_property
    def members(self) -> dict[TeamId, Sequence[AgentId]]:
        """The agents of each team: as declared, then those that joined it later."""
        members: dict[TeamId, dict[AgentId, None]] = {
            team.id: dict.fromkeys(team.agents) for team in self.snapshot.teams
        }
        for agent in self.snapshot.agents.values():
            members.setdefault(agent.spec.team, {})[agent.spec.id] = None
        return {team: tuple(agents) for team, agents in members.items()}

    @cached_property
    def teams(self) -> tuple[TeamSpec, ...]:
        """All teams, undeclared ones last."""
        declared = {team.id for team in self.snapshot.teams}
        others = tuple(TeamSpec(t, t.capitalize(), ()) for t in self.members if t not in declared)
        return self.snapshot.teams + others

    @cached_property
    def waves(self) -> tuple[Wave, ...]:
        """All tasks in waves, by what they need: tasks, and the first to provide each key."""
        tasks = self.snapshot.tasks
        providers: dict[MemoryKey, list[TaskId]] = {}
        for name, task in tasks.items():
            for key in task.spec.provides:
                providers.setdefault(key, []).append(name)
        needs = {
            name: [
                *((need,) for need in task.spec.waits_for_tasks if need in tasks),
                *(providers[key] for key in task.spec.needs_keys if key in providers),
            ]
            for name, task in tasks.items()
        }
        needed = graph.soonest(
            needs, {name: task.spec.expected_ms or 0 for name, task in tasks.items()}
        )
        waves = [
            Wave(number, tuple(wave))
            for number, wave in enumerate(graph.generations(needed), start=1)
        ]
        placed = {name for wave in waves for name in wave.tasks}
        circle = tuple(name for name in tasks if name not in placed)
        return (*waves, Wave(0, circle)) if circle else tuple(waves)

    @cached_property
    def tasks_of(self) -> dict[AgentId, list[Task]]:
        """The tasks that each agent has, had or alone may do, in plan order."""
        tasks: dict[AgentId, list[Task]] = {}
        for task in self.snapshot.tasks.values():
            agent = task.agent or task.spec.agent
            if agent is not None:
                tasks.setdefault(agent, []).append(task)
        return tasks

    @cached_property
    def used(self) -> tuple[float | None, int | None]:
        """Processor cores and bytes that all agents use together; None where none was measured."""
        measured = [a.measured for a in self.snapshot.agents.values() if a.measured is not None]
        cores = [health.cpu_cores for health in measured if health.cpu_cores is not None]
        memory = [health.memory_bytes for health in measured if health.memory_bytes is not None]
        return sum(cores) if cores else None, sum(memory) if memory else None

    @cached_property
    def unwell(self) -> frozenset[AgentId]:
        """The agents that somebody should look at: ill, or held by somebody's wish or question."""
        found = {
            agent.spec.id
            for agent in self.snapshot.agents.values()
            if agent.state in _ILL or agent.paused_by in _CHOSEN
        }
        for question in self.snapshot.open_questions:
            task = self.snapshot.tasks.get(question.asked.task or TaskId(""))
            asking = question.asked.agent or (task and (task.agent or task.spec.agent))
            if asking:
                found.add(asking)
        return frozenset(found)

    def summary(self, team: TeamId) -> TeamSummary:
        """Return a team in one line."""
        if team not in self._summaries:
            self._summaries[team] = self._summarise(team)
        return self._summaries[team]

    def _summarise(self, team: TeamId) -> TeamSummary:
        agents = self.snapshot.agents
        asked = bool(self.snapshot.open_questions)
        counts: dict[AgentState, int] = {}
        waiting = 0
        tasks: list[Task] = []
        for member in self.members[team]:
            tasks += self.tasks_of.get(member, ())
            row = agents.get(member)
            if row is not None:
                counts[row.state] = counts.get(row.state, 0) + 1
                waiting += asked and self.asking(row) is not None
        return TeamSummary(
            percent=percent_done(tasks),
            counts=tuple((state, counts[state]) for state in _ATTENTION if state in counts),
            waiting_for_you=waiting,
        )

    def current(self, agent: Agent) -> Task | None:
        """Return the task in the agent's hands, else the next that is meant for it alone."""
        if agent.task is not None:
            return self.snapshot.tasks.get(agent.task)
        return next((t for t in self.tasks_of.get(agent.spec.id, ()) if not _is_over(t)), None)

    def shown_task(self, agent: Agent) -> Task | None:
        """Return the task to name beside an agent: its current one, else the one it ended last."""
        current = self.current(agent)
        return current if current is not None else self._ended_last(agent)

    def _ended_last(self, agent: Agent) -> Task | None:
        done = [t for t in self.tasks_of.get(agent.spec.id, ()) if t.agent == agent.spec.id]
        return max(done, key=lambda task: task.ended_at or 0, default=None)

    @cached_property
    def _asked_by(self) -> dict[AgentId, Question]:
        """The oldest open question of each agent that asks."""
        asked: dict[AgentId, Question] = {}
        for question in self.snapshot.open_questions:
            if question.asked.agent is not None:
                asked.setdefault(question.asked.agent, question)
        return asked

    def asking(self, agent: Agent) -> Question | None:
        """Return the open question that keeps an agent from its work, its own or a gate."""
        own = self._asked_by.get(agent.spec.id)
        task = self.current(agent)
        return own if own is not None or task is None else self.question_of(task)

    def question_of(self, task: Task) -> Question | None:
        """Return the open question that keeps a task from going on, its gate's or its agent's."""
        if task.question is not None:
            return self.snapshot.questions[task.question]
        if task.agent is None or _is_over(task):
            return None
        asked = self._asked_by.get(task.agent)
        return asked if asked is not None and asked.asked.task == task.spec.id else None

    def look(self, agent: Agent) -> Look:
        """Return how an agent looks: its state, but with the operator's sign if it waits."""
        return _waiting(agent_look(agent.state), self.asking(agent))

    def task_look(self, task: Task) -> Look:
        """Return how a task looks: its state, but with the operator's sign if it waits."""
        return _waiting(task_look(task.state), self.question_of(task))

    def condition(self, agent: Agent) -> Look | None:
        """Return how the health of an agent looks, by its state, else by what is known of it.

        None for one that is not at work, and so is not checked.
        """
        match agent.paused_in or agent.state:
            case AgentState.DEGRADED:
                return level_look("degraded")
            case AgentState.UNHEALTHY:
                return level_look("unhealthy")
            case AgentState.ACTIVE if agent.running:
                checks = self.snapshot.checks(agent)
                if agent.failures:
                    look = level_look(agent.level)
                    word = f"bad {agent.failures}/{checks.failure_threshold}"
                    return Look(look.sign, "spared" if self.spared(agent) else word, "warn")
                task = self.snapshot.tasks.get(agent.task) if agent.task is not None else None
                known = readings(agent, task, checks, self.snapshot.at)
                if any(it.metric != "errors" or it.value for it in known):
                    return level_look("healthy")
                return Look(UNKNOWN, "unknown", "dim")
            case _:
                return None

    def spared(self, agent: Agent) -> bool:
        """True if checks find an agent ill that has just recovered, and so is not ill again."""
        needed = self.snapshot.checks(agent).failure_threshold
        return agent.recovered_at is not None and agent.failures >= needed

    def wrong(self, agent: Agent) -> str:
        """Return in a few words what the last check of an agent found wrong, worst first."""
        return ", ".join(brief(reading) for reading in agent.findings)

    @cached_property
    def checked(self) -> bool:
        """True if anything is known of the health of any agent."""
        return any(a.heard or a.checks for a in self.snapshot.agents.values())

    def percent(self, agent: Agent) -> int | None:
        """Return how far the agent is with what it has or last had; None if that is unknown."""
        if agent.task is not None or agent.state in (AgentState.COMPLETE, AgentState.FAILED):
            return agent.progress
        return None

    def note(self, agent: Agent, now: int) -> str:
        """Return what is worth knowing about an agent now: why it stands still, or what it says."""
        question = self.asking(agent)
        if question is not None and agent.state is not AgentState.FAILED:
            return printable(f"waits for your answer to: {question.asked.text}")
        if agent.hook is not None:
            return hook_running(agent)
        if agent.state is AgentState.PAUSED:
            return agent_waiting_for(self.snapshot, agent).removeprefix("is ")
        if agent.findings and agent.state in AT_WORK:
            return self.wrong(agent)
        if agent.state in (AgentState.FAILED, AgentState.UNHEALTHY):
            return printable(agent.reason)
        if agent.task is None and agent.state is AgentState.AVAILABLE:
            upcoming = self.current(agent)
            if upcoming is not None:
                return trying_again(upcoming, now) or waiting_for(self.snapshot, upcoming)
        said = self.result(agent) if agent.task is None else agent.note
        return printable(said or (agent.tail[-1] if agent.tail else ""))

    def result(self, agent: Agent) -> str:
        """Return what came of the task that the agent ended last."""
        task = self._ended_last(agent)
        return "" if task is None else task.output


def _waiting(look: Look, question: Question | None) -> Look:
    if question is None:
        return look
    return Look(WAITING_FOR_YOU.sign, look.word, WAITING_FOR_YOU.ink)


def _same_people(before: Snapshot, now: Snapshot) -> bool:
    """True if no agent came in between; agents never leave while time goes forward."""
    forward = before.seq <= now.seq
    return forward and before.teams is now.teams and len(before.agents) == len(now.agents)


def _is_over(task: Task) -> bool:
    return task.state in TERMINAL


def percent_done(tasks: Sequence[Task]) -> float | None:
    """Return how much of the expected work of tasks is done; None where there is none."""
    rows = [task for task in tasks if task.state is not TaskState.CANCELLED]
    if not rows:
        return None
    known = [task.spec.expected_ms for task in rows if task.spec.expected_ms]
    unknown = sum(known) / len(known) if known else 1.0
    done = total = 0.0
    for task in rows:
        weight = task.spec.expected_ms or unknown
        total += weight
        done += weight * (100 if task.state is TaskState.COMPLETE else task.progress or 0)
    return done / total
