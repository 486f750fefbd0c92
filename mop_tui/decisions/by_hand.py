"""What the operator has done by hand beside what triggers do: agents, tasks, keys of the memory,
and the shape in which the swarm is coordinated.

The limits of the session hold for people too. (Firing a trigger is in `triggers`; that one is
armed, muted or disabled follows from the command itself.)
"""

from collections.abc import Iterator

from pydantic import JsonValue

from mop_tui.decisions import admission
from mop_tui.decisions.rules import Rule
from mop_tui.decisions.wording import titled
from mop_tui.domain.actions import Action, CreateNew, SetMemory, SpawnNew, SwitchTopology
from mop_tui.domain.events import AnyEvent, SystemDecided, UserCommanded
from mop_tui.domain.ids import AgentId, MemoryKey, SpawnId, TaskId
from mop_tui.domain.plan import HostKind, Plan, TaskSpec
from mop_tui.domain.priority import Priority
from mop_tui.domain.session import Session
from mop_tui.domain.topology import SHAPES
from mop_tui.domain.wording import listed

TASK = TaskId("by-hand")
"""What tasks are called that are created by hand, before their number."""


def obey_by_hand(plan: Plan, session: Session, event: AnyEvent) -> Iterator[SystemDecided]:
    """Spawn, create or set what the operator wants."""
    data: UserCommanded = event.data
    if data.refused:
        return
    actions: tuple[Action, ...]
    no = ""
    match data.command:
        case "spawn":
            spec = admission.agent_of(plan, data.about, model=_detail(data, "model"))
            refused = admission.refused(session, spec)
            text = _detail(data, "task")
            task = _task(data, text, agent=None, skill="") if text else None
            no = "" if refused is None else refused.reason
            actions = (SpawnNew(SpawnId(f"@{event.seq}.1"), spec, task),)
        case "create_task":
            agent, skill = _detail(data, "agent"), _detail(data, "skill")
            created = _task(data, data.about, agent=AgentId(agent) if agent else None, skill=skill)
            no = nothing_to_run(plan, session, created)
            actions = (CreateNew(created),)
        case "set_memory":
            actions = (SetMemory(MemoryKey(data.about), data.value),)
        case "switch_topology":
            shape = next((shape for shape in SHAPES if shape == data.about), None)
            if shape is None:
                return
            actions = (SwitchTopology(shape),)
        case _:
            return
    reason = f"{data.by} wants it" + (f": {data.reason}" if data.reason else "")
    if no:
        yield SystemDecided("obey_by_hand", "no", f"{reason}, but {no}")
    else:
        yield SystemDecided("obey_by_hand", "yes", reason, actions)


def _task(data: UserCommanded, text: str, agent: AgentId | None, skill: str) -> TaskSpec:
    """Return a task as `text` says, for an agent, for a skill, or for whoever is spawned."""
    title = titled(text)
    context: dict[str, JsonValue] = {"by": data.by, "because": f"{data.by} wants it"}
    if title != text:
        context["text"] = text
    return TaskSpec(
        id=TASK,
        title=title,
        agent=agent,
        requires_skill=skill or None,
        priority=Priority[_detail(data, "priority").upper() or "NORMAL"],
        context=context,
    )


def nothing_to_run(plan: Plan, session: Session, task: TaskSpec) -> str:
    """Return why nobody could do a task that has no command of its own; empty if somebody can."""
    able = [session.agents[name].spec for name in session.capable(task)]
    if not able:
        return f"there is no {task.agent or f'agent with the skill {task.requires_skill}'}"
    if any(
        agent.host is not HostKind.COMMAND or plan.work(agent, None).command is not None
        for agent in able
    ):
        return ""
    names = listed([agent.id for agent in able[:3]], " or ")
    return f"the layout gives {names} nothing to run but for tasks that say it themselves"


def _detail(data: UserCommanded, name: str) -> str:
    """Return one of the details of what is wanted; empty if it is not said."""
    said = data.value.get(name) if isinstance(data.value, dict) else None
    return said if isinstance(said, str) else ""


RULES = (Rule("obey_by_hand", (UserCommanded.KIND,), obey_by_hand),)
