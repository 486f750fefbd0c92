"""What waits for what in a session: the edges of the wait-for graph, told in one place.

    task, PENDING      the tasks and keys that it needs and that are not there
    task, READY        its question, the locks that it takes, and whoever may do it
    task, in hand      whatever its agent waits for: keys, questions, locks
    task, REVIEWING    its review
    key                any of the tasks that provide it; if none does, and nothing can do anything
                       by itself any more, any task that is not over and does not wait for it
    lock               the task that it is taken for
    agent              the task in its hands; one that is free, its turn
    skill              any of the agents that have it
    turn               any of the agents at work, when no more may be

`Swarm` is what has to be known for that. A `Session` knows it by its indices, and `still_swarm`
works it out of a `Snapshot`. `StandingWaits` keeps the graph of a session up to date.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Protocol

from mop_tui.domain import locks
from mop_tui.domain.agent_lifecycle import LIVE, AgentState
from mop_tui.domain.events import UserAsked
from mop_tui.domain.ids import AgentId, AskId, MemoryKey, QuestionId, Resource, TaskId
from mop_tui.domain.locks import Lock, LockWanted
from mop_tui.domain.plan import QuestionSpec, TaskSpec
from mop_tui.domain.rows import Agent, Question, Task, Trigger
from mop_tui.domain.task_lifecycle import TERMINAL, TaskState
from mop_tui.domain.wait_graph import Node, Stuck, WaitGraph

TURN = Node("turn", "")

# What every move is compared with. In Python 3.11 it takes ten times as long to reach a member
# through its enumeration.
_PENDING = TaskState.PENDING
_READY = TaskState.READY
_REVIEWING = TaskState.REVIEWING
_COMPLETE = TaskState.COMPLETE
_IN_HAND = (TaskState.ASSIGNED, TaskState.ACTIVE)
_AVAILABLE = AgentState.AVAILABLE
_AT_REST = (AgentState.AVAILABLE, AgentState.COMPLETE)
_NODES = 1 << 16
"""So many nodes are kept to be used again, which takes a quarter of the time."""


class Swarm(Protocol):
    """What has to be known of a session to tell what waits for what."""

    @property
    def agents(self) -> Mapping[AgentId, Agent]: ...
    @property
    def tasks(self) -> Mapping[TaskId, Task]: ...
    @property
    def locks(self) -> Mapping[Resource, Lock]: ...
    @property
    def max_agents(self) -> int | None:
        """How many agents may be at work at a time."""
        ...

    @property
    def at_limit(self) -> bool:
        """No more agents may be at work."""
        ...

    def provided(self, key: MemoryKey) -> bool:
        """The key is there."""
        ...

    def counts(self, key: MemoryKey, task: TaskSpec) -> bool:
        """The key is there as a task needs it."""
        ...

    def providers_of(self, key: MemoryKey) -> Sequence[TaskId]:
        """The tasks that are to provide it."""
        ...

    def skilled_in(self, skill: str) -> Sequence[AgentId]:
        """The agents that have a skill."""
        ...

    def taken_like(self, resource: Resource) -> Iterable[Lock]:
        """The locks on what may be the same as a resource."""
        ...

    def asked_before(
        self, wanted: LockWanted, agent: AgentId
    ) -> Iterable[tuple[Resource, Iterable[AgentId]]]:
        """Who asked before an agent for a lock on what may be the same, and has not got it: each
        resource, and those who wait for it, the latest first."""
        ...

    def asked_by(self, agent: AgentId, ask: AskId) -> QuestionId | None:
        """The open question that an agent asked."""
        ...

    @property
    def at_a_standstill(self) -> bool:
        """No process can do anything by itself, and nothing comes by itself."""
        ...

    @property
    def undecided(self) -> bool:
        """A person is asked about what would do more than let somebody go on."""
        ...


@lru_cache(_NODES)
def of_task(task: TaskId) -> Node:
    """Return the node of a task."""
    return Node("task", task)


@lru_cache(_NODES)
def of_agent(agent: AgentId) -> Node:
    """Return the node of an agent."""
    return Node("agent", agent)


@lru_cache(_NODES)
def of_key(key: MemoryKey) -> Node:
    """Return the node of a key of the shared memory."""
    return Node("key", key)


def of_lock(resource: Resource) -> Node:
    """Return the node of a lock."""
    return Node("lock", resource)


def waits_of(swarm: Swarm, node: Node) -> tuple[Node, ...]:
    """Return what `node` waits for now, each once.

    What is not there, or is there already, waits for nothing.
    """
    return tuple(dict.fromkeys(_waits_of(swarm, node)))


def hopeless(swarm: Swarm, node: Node) -> bool:
    """True if nobody is left who could do what waits for `node`."""
    if node.kind != "key":
        return False
    key = MemoryKey(node.name)
    if swarm.provided(key) or swarm.undecided:
        return False
    known = swarm.providers_of(key) or swarm.at_a_standstill
    return bool(known) and not any(_of_key(swarm, key))


def _waits_of(swarm: Swarm, node: Node) -> Iterable[Node]:
    match node.kind:
        case "task":
            task = swarm.tasks.get(TaskId(node.name))
            return () if task is None else _of_task(swarm, task)
        case "key":
            return _of_key(swarm, MemoryKey(node.name))
        case "lock":
            lock = swarm.locks.get(Resource(node.name))
            return () if lock is None else _unless_complete(swarm, lock.task)
        case "agent":
            agent = swarm.agents.get(AgentId(node.name))
            return () if agent is None else _of_agent(swarm, agent)
        case "skill":
            return _of_skill(swarm, swarm.skilled_in(node.name))
        case "turn":
            return _of_turn(swarm)
        case "question":
            return ()


def _of_task(swarm: Swarm, task: Task) -> Iterator[Node]:
    spec = task.spec
    if task.question is not None:
        yield Node("question", task.question)
    state = task.state
    if state is _READY:
        yield from map(of_task, task.yields_to)
        pinned = None if spec.agent is None else swarm.agents.get(spec.agent)
        for wanted in locks.wanted(spec, None if pinned is None else pinned.spec):
            for lock in swarm.taken_like(wanted):
                yield of_lock(lock.resource)
        if spec.agent is not None:
            yield of_agent(spec.agent)
        elif spec.requires_skill is not None:
            yield Node("skill", spec.requires_skill)
    elif state is _PENDING:
        yield from _needed(swarm, spec)
    elif state in _IN_HAND:
        agent = None if task.agent is None else swarm.agents.get(task.agent)
        if agent is not None and agent.waits and agent.task == spec.id:
            yield from _asked(swarm, agent)
    elif state is _REVIEWING:
        review = None if task.review is None else swarm.tasks.get(task.review)
        if review is not None and review.state not in TERMINAL:
            yield of_task(review.spec.id)


def _unless_complete(swarm: Swarm, task: TaskId) -> Iterable[Node]:
    """Return the task that is waited for, if it is not complete; then it will be let go of."""
    return () if swarm.tasks[task].state is _COMPLETE else (of_task(task),)


def _needed(swarm: Swarm, task: TaskSpec) -> Iterator[Node]:
    """Yield what a task needs that is not there."""
    tasks = swarm.tasks
    for need in task.needs_tasks:
        if need not in tasks or tasks[need].state is not _COMPLETE:
            yield of_task(need)
    for key in task.needs_keys:
        if not swarm.counts(key, task):
            yield of_key(key)


def _asked(swarm: Swarm, agent: Agent) -> Iterator[Node]:
    """Yield what an agent asked for, and has not been answered."""
    for ask, what in agent.waits.items():
        if isinstance(what, QuestionSpec):
            question = swarm.asked_by(agent.spec.id, ask)
            if question is not None:
                yield Node("question", question)
        elif isinstance(what, LockWanted):
            yield from _locked(swarm, agent, what)
        else:
            yield of_key(what)


def _locked(swarm: Swarm, agent: Agent, wanted: LockWanted) -> Iterator[Node]:
    """Yield what keeps a lock from an agent: those that others have, and who is to have it first.

    Whoever has something of what others wait for is let past them: see `decisions.locking`.
    """
    for lock in swarm.taken_like(wanted.resource):
        if lock.agent != agent.spec.id:
            yield of_lock(lock.resource)
    for resource, queue in swarm.asked_before(wanted, agent.spec.id):
        if any(lock.agent == agent.spec.id for lock in swarm.taken_like(resource)):
            continue
        for name in queue:
            last = swarm.agents[name]
            if last.task is not None:
                yield from _unless_complete(swarm, last.task)
                break  # which waits for those before it


def _of_key(swarm: Swarm, key: MemoryKey) -> Iterable[Node]:
    if swarm.provided(key):
        return ()
    providers = swarm.providers_of(key)
    if providers:
        return map(of_task, _open(swarm, providers))
    if not swarm.at_a_standstill:
        return ()
    node = of_key(key)
    return (
        of_task(name)
        for name, task in swarm.tasks.items()
        if task.state not in TERMINAL and node not in _of_task(swarm, task)
    )


def _open(swarm: Swarm, tasks: Iterable[TaskId]) -> Iterator[TaskId]:
    """Yield those tasks that are not over."""
    return (task for task in tasks if swarm.tasks[task].state not in TERMINAL)


def _of_agent(swarm: Swarm, agent: Agent) -> Iterable[Node]:
    """Return what an agent waits for that others wait for.

    One that is at work and waits for nothing can go on by itself, as can its task. Whoever is
    suspended goes on when the operator, or a strategy, wants.
    """
    if agent.task is not None and agent.waits:
        return _unless_complete(swarm, agent.task)
    if agent.waits:
        return _asked(swarm, agent)
    if agent.state is _AVAILABLE and swarm.at_limit and swarm.at_a_standstill:
        return (TURN,)
    return ()


def _of_skill(swarm: Swarm, able: Iterable[AgentId]) -> tuple[Node, ...]:
    """Return the agents that have a skill, if they all wait."""
    found = []
    for name in able:
        agent = swarm.agents[name]
        if agent.state not in LIVE:
            continue
        waits = agent.waits or (
            agent.state is _AVAILABLE and swarm.at_limit and swarm.at_a_standstill
        )
        if not waits:
            return ()
        found.append(of_agent(name))
    return tuple(found)


def _of_turn(swarm: Swarm) -> Iterator[Node]:
    if swarm.at_limit and swarm.at_a_standstill:
        for name, agent in swarm.agents.items():
            if agent.task is not None:
                yield of_agent(name)


class StandingWaits:
    """The wait-for graph of a session, kept up to date by what changed.

    Tasks are nodes from the beginning, all else as soon as somebody waits for it.
    """

    def __init__(self) -> None:
        self.graph = WaitGraph()
        self.skilled: dict[Node, None] = {}
        """Skills that somebody waits for, or did; what they wait for depends on many agents."""
        self.loose: dict[Node, None] = {}
        """Nodes whose waits depend on whether all stands still, or something is undecided."""
        self._stood = False
        """All stood still when they were told last; and something was undecided:"""
        self._undecided = False
        self._waiting: dict[AgentId, TaskId] = {}
        """With which task in hand agents waited when that was told last."""
        self._asked_last = 0
        """By which event somebody asked for a lock, of those that are known the last one."""

    def settle(self, swarm: Swarm, rows: Iterable[object], nodes: Iterable[Node]) -> None:
        """Bring the waits up to date of all `rows` and `nodes` that changed.

        Rows are those of the session; other rows wait for nothing.
        """
        graph = self.graph
        todo: dict[Node, None] = dict.fromkeys(nodes)
        for row in rows:
            self._note(swarm, row, todo)
        if self.loose and (
            self._stood or self._undecided is not swarm.undecided or swarm.at_a_standstill
        ):
            self.loose = {node: None for node in self.loose if node in graph}
            todo |= self.loose
        while todo:
            node, _ = todo.popitem()
            if node in graph or node.kind == "task":
                self._tell(swarm, node, todo)
        self._stood = bool(self.loose) and swarm.at_a_standstill
        self._undecided = bool(self.loose) and swarm.undecided

    def _tell(self, swarm: Swarm, node: Node, todo: dict[Node, None]) -> None:
        """Tell the graph what a node waits for, and note what has to be told because of that.

        Others than tasks are told of as long as somebody waits for them.
        """
        graph = self.graph
        before = graph.waits(node)
        wanted: tuple[Node, ...] = ()
        if node.kind == "task" or graph.waiters(node):
            wanted = waits_of(swarm, node)
            if node.kind == "key":
                graph.update(node, wanted, hopeless=hopeless(swarm, node))
            elif wanted or before:
                graph.update(node, wanted)
            if node.kind == "skill":
                self.skilled[node] = None
            if _is_loose(swarm, node):
                self.loose[node] = None
        else:
            graph.update(node, ())
        if before or wanted:
            changed = dict.fromkeys(before)
            for target in wanted:
                if target in changed:
                    del changed[target]
                else:
                    changed[target] = None
            todo.update((target, None) for target in changed if target.kind != "task")
        if _is_there(swarm, node):
            graph.settle(node)

    def _note(self, swarm: Swarm, row: object, todo: dict[Node, None]) -> None:
        """Note what has to be told anew because a row changed."""
        if isinstance(row, Task):
            self._note_task(swarm, row, todo)
        elif isinstance(row, Agent):
            self._note_agent(row, todo)
        elif isinstance(row, Question) and row.asked.agent is not None:
            self._note_agent(swarm.agents[row.asked.agent], todo)

    def _note_task(self, swarm: Swarm, task: Task, todo: dict[Node, None]) -> None:
        node = of_task(task.spec.id)
        agent = swarm.agents.get(task.agent) if task.agent is not None else None
        at_work = task.state in _IN_HAND and (agent is None or not agent.waits)
        if not at_work or task.question is not None or node in self.graph:
            todo[node] = None  # most that are at work wait for nothing, and nobody for them
        for key in task.spec.provides:
            todo[of_key(key)] = None

    def _note_agent(self, agent: Agent, todo: dict[Node, None]) -> None:
        former = self._waiting.pop(agent.spec.id, None)
        if former is not None:
            todo[of_task(former)] = None
        if agent.task is not None and agent.waits:
            todo[of_task(agent.task)] = None
            self._waiting[agent.spec.id] = agent.task
        asked = [it.seq for it in agent.waits.values() if isinstance(it, LockWanted)]
        if former != agent.task and asked:
            if min(asked) < self._asked_last:
                # Whoever asked for its like later waits for what it has in hand.
                todo.update((of_task(task), None) for task in self._waiting.values())
            todo.update(self.loose)
        self._asked_last = max((self._asked_last, *asked))
        todo[of_agent(agent.spec.id)] = None
        if self.skilled:
            for skill in agent.spec.skills:
                todo[Node("skill", skill)] = None

    def stuck(self) -> list[Stuck]:
        """Return who waits for ever."""
        return self.graph.stuck() if self.graph.suspicious else []


def _is_loose(swarm: Swarm, node: Node) -> bool:
    """True if what a node waits for depends on whether all stands still, or somebody decides."""
    if node.kind == "key":
        return not any(_open(swarm, swarm.providers_of(MemoryKey(node.name))))
    return swarm.max_agents is not None and node.kind in ("agent", "skill", "turn")


def _is_there(swarm: Swarm, node: Node) -> bool:
    """True if nobody has to wait for `node` any more."""
    match node.kind:
        case "task":
            task = swarm.tasks.get(TaskId(node.name))
            return task is not None and task.state is _COMPLETE
        case "key":
            return swarm.provided(MemoryKey(node.name))
        case _:
            return False


def leads_to_more(asked: UserAsked) -> bool:
    """True if the answer to a question may have tasks created, agents spawned, or keys set."""
    return bool(asked.proposal or asked.on_answer)


def stands_still(agents: Iterable[Agent], triggers: Iterable[Trigger]) -> bool:
    """True if no process can do anything by itself, nobody is suspended who may go on, and no
    trigger could set anything in motion. A process that lives on without a task does nothing."""
    for agent in agents:
        rests = agent.task is None and agent.state in _AT_REST and not agent.stopping
        if agent.running and not agent.waits and not rests:
            return False
    return not any(map(_may_fire, triggers))


def _may_fire(trigger: Trigger) -> bool:
    """True if a trigger may do something yet."""
    most = trigger.spec.max_fires
    return trigger.state == "armed" and (most is None or trigger.fires < most)
