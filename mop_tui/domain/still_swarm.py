"""What waits for what in a snapshot."""

from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property

from mop_tui.domain import locks
from mop_tui.domain.ids import AgentId, AskId, MemoryKey, QuestionId, Resource, TaskId
from mop_tui.domain.locks import Lock, LockWanted
from mop_tui.domain.needed_keys import counts, is_provided
from mop_tui.domain.plan import TaskSpec
from mop_tui.domain.rows import Agent, Task
from mop_tui.domain.session import Snapshot
from mop_tui.domain.waits import leads_to_more, stands_still


class StillSwarm:
    """What has to be known of a session, worked out of a snapshot when it is asked for."""

    def __init__(self, snapshot: Snapshot) -> None:
        self._snapshot = snapshot

    @property
    def agents(self) -> Mapping[AgentId, Agent]:
        """See `Swarm`."""
        return self._snapshot.agents

    @property
    def tasks(self) -> Mapping[TaskId, Task]:
        """See `Swarm`."""
        return self._snapshot.tasks

    @property
    def locks(self) -> Mapping[Resource, Lock]:
        """See `Swarm`."""
        return self._snapshot.locks

    def provided(self, key: MemoryKey) -> bool:
        """See `Swarm`."""
        return is_provided(self._snapshot.memory, key)

    def counts(self, key: MemoryKey, task: TaskSpec) -> bool:
        """See `Swarm`."""
        return counts(self._snapshot.memory, key, task.when)

    def providers_of(self, key: MemoryKey) -> Sequence[TaskId]:
        """See `Swarm`."""
        return self._providers.get(key, ())

    def skilled_in(self, skill: str) -> Sequence[AgentId]:
        """See `Swarm`."""
        return self._skilled.get(skill, ())

    def taken_like(self, resource: Resource) -> Iterable[Lock]:
        """See `Swarm`."""
        held = self.locks.values()
        return (lock for lock in held if locks.may_be_same(resource, lock.resource))

    def asked_before(
        self, wanted: LockWanted, agent: AgentId
    ) -> Iterable[tuple[Resource, Iterable[AgentId]]]:
        """See `Swarm`."""
        for resource, queue in self._locks_wanted.items():
            if locks.may_be_same(resource, wanted.resource):
                before = [who for asked, who in queue if asked < wanted.seq and who != agent]
                yield resource, before

    def asked_by(self, agent: AgentId, ask: AskId) -> QuestionId | None:
        """See `Swarm`."""
        return self._asked.get((agent, ask))

    @property
    def max_agents(self) -> int | None:
        """See `Swarm`."""
        return self._snapshot.max_agents

    @property
    def at_limit(self) -> bool:
        """See `Swarm`."""
        most = self._snapshot.max_agents
        return most is not None and self._working >= most

    @cached_property
    def at_a_standstill(self) -> bool:
        """See `Swarm`."""
        triggers = self._snapshot.triggers.values()
        return stands_still(self.agents.values(), triggers)

    @cached_property
    def undecided(self) -> bool:
        """See `Swarm`."""
        return any(leads_to_more(it.asked) for it in self._snapshot.open_questions)

    @cached_property
    def _working(self) -> int:
        return sum(1 for agent in self.agents.values() if agent.task is not None)

    @cached_property
    def _providers(self) -> Mapping[MemoryKey, Sequence[TaskId]]:
        providers: dict[MemoryKey, list[TaskId]] = {}
        for name, task in self.tasks.items():
            for key in task.spec.provides:
                providers.setdefault(key, []).append(name)
        return providers

    @cached_property
    def _locks_wanted(self) -> Mapping[Resource, Sequence[tuple[int, AgentId]]]:
        """Who waits for a lock on what, and since which event, the latest first."""
        wanted: dict[Resource, list[tuple[int, AgentId]]] = {}
        for name, agent in self.agents.items():
            for what in agent.waits.values():
                if isinstance(what, LockWanted):
                    wanted.setdefault(what.resource, []).append((what.seq, name))
        return {resource: sorted(queue, reverse=True) for resource, queue in wanted.items()}

    @cached_property
    def _skilled(self) -> Mapping[str, Sequence[AgentId]]:
        skilled: dict[str, list[AgentId]] = {}
        for name, agent in self.agents.items():
            for skill in agent.spec.skills:
                skilled.setdefault(skill, []).append(name)
        return skilled

    @cached_property
    def _asked(self) -> Mapping[tuple[AgentId, AskId], QuestionId]:
        return {
            (question.asked.agent, question.asked.ask): question.id
            for question in self._snapshot.open_questions
            if question.asked.agent is not None and question.asked.ask is not None
        }
