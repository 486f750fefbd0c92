"""What the operator may do with an agent, a task or a trigger: keys, when, and what follows."""

from typing import Literal, assert_never, get_args

from textual.binding import Binding

from mop_tui.dashboard.frame import Frame
from mop_tui.dashboard.subject import Subject
from mop_tui.dashboard.trigger_words import does, how_often, waits_for
from mop_tui.domain import by_hand
from mop_tui.domain.feed import CancelTask, RetryTask, Say, Steer, SteerTrigger
from mop_tui.domain.ids import AgentId, MemoryKey, TaskId, TriggerName
from mop_tui.domain.needed_keys import is_provided
from mop_tui.domain.retrying import brought_back
from mop_tui.domain.rows import Task, Trigger
from mop_tui.domain.session import Snapshot
from mop_tui.domain.steering import refusal
from mop_tui.domain.task_lifecycle import TERMINAL, TaskState

AgentDeed = Literal["pause", "resume", "stop", "restart", "message"]
TriggerDeed = Literal["fire", "mute", "arm", "disable"]
TaskDeed = Literal["cancel", "retry"]
Wanted = Steer | CancelTask | RetryTask | Say | SteerTrigger
Deed = AgentDeed | TriggerDeed | TaskDeed

FEEDBACK = Binding(
    "F", "app.feedback", "Feedback", tooltip="Say what you think of the work", show=False
)
AGENT_KEYS = [
    Binding("p", "app.steer('pause')", "Pause", tooltip="Pause the agent, processes and all"),
    Binding("p", "app.steer('resume')", "Continue", tooltip="Let a paused agent go on"),
    Binding("x", "app.steer('stop')", "Stop", tooltip="Stop the agent for good; asks first"),
    Binding("r", "app.steer('restart')", "Restart", tooltip="Give it a new process; asks first"),
    Binding("m", "app.steer('message')", "Write", tooltip="Tell the agent something"),
    FEEDBACK,
]
TASK_KEYS = [
    Binding("x", "app.steer('cancel')", "Cancel", tooltip="Cancel the task; asks first"),
    Binding("r", "app.steer('retry')", "Retry", tooltip="Do a failed task again; asks first"),
    FEEDBACK,
]

TRIGGER_KEYS = [
    Binding("f", "app.steer('fire')", "Fire", tooltip="Fire the trigger by hand; asks first"),
    Binding("m", "app.steer('mute')", "Mute", tooltip="Let the trigger consider and do nothing"),
    Binding("m", "app.steer('arm')", "Arm", tooltip="Let a trigger work again"),
    Binding("x", "app.steer('disable')", "Disable", tooltip="Disable the trigger; asks first"),
]

_AGENT_DEEDS: tuple[Deed, ...] = get_args(AgentDeed)
_TASK_DEEDS: tuple[Deed, ...] = get_args(TaskDeed)
_TRIGGER_DEEDS: tuple[Deed, ...] = get_args(TriggerDeed)
_NAMED = 3
"""How many tasks are named; others are counted."""


def offered(frame: Frame, subject: Subject | None) -> tuple[Deed, ...]:
    """Return what may be done with `subject` now."""
    if subject is None or not frame.answerable:
        return ()
    deeds: tuple[Deed, ...] = _TASK_DEEDS if subject.task is not None else ()
    if subject.agent is not None:
        deeds = _AGENT_DEEDS
    if subject.trigger is not None:
        deeds = _TRIGGER_DEEDS
    return tuple(deed for deed in deeds if not why_not(frame.snapshot, command(deed, subject, "")))


def why_not(snapshot: Snapshot, wanted: Wanted) -> str:
    """Return why something cannot be done now; empty if it can."""
    if isinstance(wanted, SteerTrigger):
        return by_hand.refusal(snapshot, wanted)
    return refusal(snapshot, wanted)


def command(deed: Deed, subject: Subject, text: str) -> Wanted:
    """Return what to hand over. `text` is the message, else the reason."""
    agent = subject.agent or AgentId("")
    match deed:
        case "cancel":
            return CancelTask(subject.task or TaskId(""), text)
        case "retry":
            return RetryTask(subject.task or TaskId(""), text)
        case "message":
            return Say(agent, text)
        case "fire" | "mute" | "arm" | "disable":
            return SteerTrigger(deed, subject.trigger or TriggerName(""), text)
        case _:
            return Steer(deed, agent, text)


def title(deed: Deed, subject: Subject) -> str:
    """Return what is about to be done, in a few words."""
    match deed:
        case (
            "pause" | "stop" | "restart" | "cancel" | "retry" | "fire" | "mute" | "arm" | "disable"
        ):
            return f"{deed.capitalize()} {subject.name}"
        case "resume":
            return f"Continue {subject.name}"
        case "message":
            return f"Message to {subject.name}"
        case _:
            assert_never(deed)


def what_comes_of_it(deed: Deed, subject: Subject, snapshot: Snapshot) -> str:
    """Return how things stand, and what they lead to."""
    if subject.task is not None:
        task = snapshot.tasks.get(subject.task)
        if task is None:
            return ""
        return _of_retrying(task, snapshot) if deed == "retry" else _of_cancelling(task, snapshot)
    if subject.trigger is not None:
        trigger = snapshot.triggers.get(subject.trigger)
        return "" if trigger is None else _of_trigger(deed, trigger)
    agent = snapshot.agents.get(subject.agent) if subject.agent is not None else None
    if agent is None:
        return ""
    stands = f"{agent.spec.id} is {agent.state}"
    if agent.task is None:
        ends = "It is given no more tasks." if deed == "stop" else "It gets a new process."
        return f"{stands} and has no task in hand.\n{ends}"
    if deed == "restart":
        return (
            f"{stands} with {agent.task}.\nIts processes are ended and it gets a new one;"
            f" {agent.task} goes back to those that are ready."
        )
    also = _named(dependants(snapshot, agent.task))
    with_it = f" with what needs it: {also}" if also else ""
    return (
        f"{stands} with {agent.task}.\nIts processes are ended for good,"
        f" and {agent.task} is cancelled{with_it}."
    )


def _of_trigger(deed: Deed, trigger: Trigger) -> str:
    spec = trigger.spec
    fired = f", and has fired {how_often(trigger.fires)}" if trigger.fires else ""
    stands = f"{spec.name} is {trigger.state}{fired}.\nIt waits for: {waits_for(spec)}."
    if deed == "fire":
        return f"{stands}\nNow it {does(spec)}, without that; what the event would tell is unknown."
    return f"{stands}\nIt is not even considered any more, until it is armed again."


def _of_cancelling(task: Task, snapshot: Snapshot) -> str:
    by = f" with {task.agent}" if task.agent is not None else ""
    also = _named(dependants(snapshot, task.spec.id))
    with_it = f" with what needs it: {also}" if also else ", and nothing else needs it"
    return f"{task.spec.id} is {task.state}{by}.\nIt is cancelled{with_it}."


def _of_retrying(task: Task, snapshot: Snapshot) -> str:
    name = task.spec.id
    also = brought_back(snapshot, name)
    with_it = f", and what needs it comes back: {_named(also)}" if also else ""
    asks = f" Its gate {task.spec.gate} asks again." if task.spec.gate is not None else ""
    return f"{name} is {task.state}.\nIt is done again from its beginning{with_it}.{asks}"


def dependants(snapshot: Snapshot, task: TaskId) -> list[TaskId]:
    """Return the tasks that cannot be done without `task`, in plan order.

    They need it, directly or not, or a key of the memory that nothing else can provide any more.
    """
    lost = {task}
    pending = [row for row in snapshot.tasks.values() if row.state is TaskState.PENDING]
    providers: dict[MemoryKey, list[Task]] = {}
    for row in snapshot.tasks.values():
        for key in row.spec.provides:
            providers.setdefault(key, []).append(row)

    def is_lost(key: MemoryKey) -> bool:
        ways = providers.get(key, ())
        return (
            any(row.spec.id in lost for row in ways)
            and all(row.spec.id in lost or row.state in TERMINAL for row in ways)
            and not is_provided(snapshot.memory, key)
        )

    growing = True
    while growing:
        more = {
            row.spec.id
            for row in pending
            if row.spec.id not in lost
            and (
                not lost.isdisjoint(row.spec.needs_tasks) or any(map(is_lost, row.spec.needs_keys))
            )
        }
        lost |= more
        growing = bool(more)
    return [row for row in snapshot.tasks if row in lost and row != task]


def _named(tasks: list[TaskId]) -> str:
    more = len(tasks) - _NAMED
    named = ", ".join(tasks[:_NAMED])
    return f"{named} and {more} more" if more > 0 else named
