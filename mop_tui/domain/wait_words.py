"""Waits in words: who waits for whom because of what, and how a circle closes."""

from collections.abc import Sequence

from mop_tui.domain.ids import MemoryKey, Resource, TaskId
from mop_tui.domain.task_lifecycle import HELD_BY_AGENT, TaskState
from mop_tui.domain.wait_graph import Node, Stuck
from mop_tui.domain.waits import Swarm, waits_of
from mop_tui.domain.wording import listed, printable

LONGEST_CHAIN = 8
"""Up to so many waits are told, one behind the other."""


def told(swarm: Swarm, stuck: Stuck) -> str:
    """Return in a sentence why nobody in `stuck` can ever go on."""
    if stuck.hopeless is not None:
        return printable(f"{_who(swarm, stuck.cycle[0])} {_in_vain(swarm, stuck.hopeless)}")
    steps = _steps(stuck.cycle)
    sentences = [
        f"{_who(swarm, waiter)} {_waits(swarm, waiter, between, target)}"
        for waiter, between, target in steps[:LONGEST_CHAIN]
    ]
    if len(steps) > LONGEST_CHAIN:
        back = _who(swarm, steps[0][0])
        sentences.append(f"and so on, by {len(steps) - LONGEST_CHAIN} more, back to {back}")
    return printable("; ".join(sentences))


def chain(swarm: Swarm, node: Node) -> tuple[str, ...]:
    """Return, a sentence each, for what those wait in turn for whom the task `node` waits.

    Of several things that somebody waits for, the first is followed.
    """
    told_of = {node: None}
    sentences: list[str] = []
    waiter, between = node, list[Node]()
    here = node
    while len(sentences) < LONGEST_CHAIN:
        waits = [it for it in waits_of(swarm, here) if it.kind != "question"]
        if not waits:
            break
        here = waits[0]
        if here.kind != "task":
            between.append(here)
            continue
        sentences.append(f"{_who(swarm, waiter)} {_waits(swarm, waiter, between, here)}")
        if here in told_of:
            sentences.append("so they wait in a circle")
            break
        told_of[here] = None
        waiter, between = here, []
    else:
        sentences.append("and so on")
    return tuple(map(printable, sentences[1:]))


def named(node: Node) -> str:
    """Return what a node is called where it stands alone."""
    match node.kind:
        case "key":
            return f"memory key {node.name}"
        case "lock":
            return f"the lock on {node.name}"
        case "skill":
            return f"somebody with the skill {node.name}"
        case "turn":
            return "a free place"
        case "question":
            return f"the answer to {node.name}"
        case "task" | "agent":
            return node.name


def _steps(cycle: Sequence[Node]) -> list[tuple[Node, list[Node], Node]]:
    """Return a circle as steps from task to task, each with what stands between the two.

    A circle without a task is told from agent to agent.
    """
    kind = "task" if any(node.kind == "task" for node in cycle) else cycle[0].kind
    start = next(at for at, node in enumerate(cycle) if node.kind == kind)
    turned = [*cycle[start:], *cycle[: start + 1]]
    steps: list[tuple[Node, list[Node], Node]] = []
    waiter, between = turned[0], list[Node]()
    for node in turned[1:]:
        if node.kind == kind:
            steps.append((waiter, between, node))
            waiter, between = node, []
        else:
            between.append(node)
    return steps


def _who(swarm: Swarm, node: Node) -> str:
    """Return who waits: a task, with the agent in whose hands it is."""
    task = swarm.tasks.get(TaskId(node.name)) if node.kind == "task" else None
    if task is None or task.agent is None or task.state not in HELD_BY_AGENT:
        return node.name
    return f"{task.agent} ({node.name})"


def _waits(swarm: Swarm, waiter: Node, between: Sequence[Node], target: Node) -> str:
    """Return what one that waits does, as the rest of a sentence of which it is the subject."""
    if not between:
        return _waits_directly(swarm, waiter, target)
    first = between[0]
    match first.kind:
        case "key" if not swarm.providers_of(MemoryKey(first.name)):
            return f"waits for memory key {first.name}, which nobody is left to set"
        case "key":
            return f"waits for memory key {first.name}, which {target.name} is to provide"
        case "lock":
            lock = swarm.locks.get(Resource(first.name))
            holder = "somebody" if lock is None else lock.agent
            return f"waits for the lock on {first.name}, which {holder} holds for {target.name}"
        case "agent":
            return f"waits for agent {first.name}, who has {target.name}"
        case "skill":
            return f"waits for somebody with the skill {first.name}, which only those have who wait"
        case _:
            return f"waits for {named(first)}, and for that for {target.name}"


def _waits_directly(swarm: Swarm, waiter: Node, target: Node) -> str:
    task = swarm.tasks.get(TaskId(waiter.name))
    if task is None:
        return f"waits for {target.name}"
    match task.state:
        case TaskState.PENDING:
            return f"needs {target.name}"
        case TaskState.READY:
            return f"gives way to {target.name}"
        case TaskState.REVIEWING:
            return f"waits for its review, {target.name}"
        case _:
            return f"waits for a lock that {_who(swarm, target)} asked for before"


def _in_vain(swarm: Swarm, node: Node) -> str:
    providers = swarm.providers_of(MemoryKey(node.name))
    fates = [f"{task} ({swarm.tasks[task].state.lower()})" for task in providers]
    if not fates:
        return f"waits for memory key {node.name}, which nobody is left to set"
    return f"waits for memory key {node.name}, which nobody is left to provide: {listed(fates)}"
