"""What becomes of work whose end nobody knows, because the program ended while it was done.

No process of the old program runs any more when a session is resumed. How far its work had come is
not known, and doing it again may do harm, so the layout can say what to do (`on_doubt`): do the
task again, count it as failed, or ask. What a human had paused is never done again unasked.
"""

from collections.abc import Iterator

from pydantic import JsonValue

from mop_tui.decisions.issues import failure_of
from mop_tui.decisions.rules import Rule
from mop_tui.decisions.wording import counted
from mop_tui.domain.actions import (
    Action,
    Ask,
    AskAboutDoubt,
    MoveAgent,
    MoveTask,
    OpenIssue,
)
from mop_tui.domain.agent_lifecycle import PausedBy
from mop_tui.domain.answers import Option
from mop_tui.domain.events import AnyEvent, SystemDecided, SystemResumed, UserAnswered
from mop_tui.domain.ids import QuestionName, TaskId
from mop_tui.domain.plan import DO_AGAIN, LEAVE_IT, OnDoubt, Plan, QuestionSpec
from mop_tui.domain.remedy import Remedy
from mop_tui.domain.rows import Agent, Task
from mop_tui.domain.session import Session
from mop_tui.domain.task_lifecycle import TaskState, TaskTrigger

SHOWN_LINES = 3
"""How many lines of output are shown with the question; the rest is in the agent's log."""


def question_name(task: TaskId) -> QuestionName:
    """Return the name of the question about a task in doubt."""
    return QuestionName(f"doubt/{task}")


def question_about(task: Task, agent: Agent | None, gate: QuestionSpec | None) -> QuestionSpec:
    """Return what the operator is asked about a task in doubt, which `agent` was at work on.

    Who may open its `gate` may say that it is done again, and nobody else.
    """
    context: list[tuple[str, JsonValue]] = [("attempt that was lost", task.attempts)]
    if agent is not None:
        context.append(("done by", agent.spec.id))
        if task.progress is not None:
            context.append(("progress", f"{task.progress} %"))
        if agent.tail:
            context.append(("last lines of its output", list(agent.tail[-SHOWN_LINES:])))
    return QuestionSpec(
        name=question_name(task.spec.id),
        question=f"{task.spec.title} was being done when the program ended. Do it again?",
        question_type="choice",
        context=tuple(context),
        options=(
            Option(DO_AGAIN, "Do it again", "from its beginning, in a new process"),
            Option(LEAVE_IT, "Leave it", "it is cancelled, and so is what needs it"),
        ),
        required=True,
        dangerous=gate is not None and gate.dangerous,
    )


def settled(session: Session, task: Task, leaves: MoveAgent) -> tuple[Action, ...]:
    """Return what becomes of a task that is lost together with its agent's process.

    `leaves` is the move by which the agent lets go of it. It comes before the task is ready again,
    for then somebody to take it is looked for.
    """
    spec = task.spec
    back = MoveTask(spec.id, TaskTrigger.REQUEUED, leaves.agent)
    if session.status != "running":
        return (leaves, back)
    match policy(session, task):
        case "fail":
            text = f"{spec.id} failed: the program ended while it was being done"
            advice = "see how far it came, then run again"
            return (
                OpenIssue(
                    "critical",
                    text,
                    advice,
                    agent=leaves.agent,
                    task=spec.id,
                    key=failure_of(spec.id),
                    remedy=Remedy("retry_task", spec.id),
                ),
                MoveTask(spec.id, TaskTrigger.FAILED, leaves.agent),
                leaves,
            )
        case "ask":
            return (AskAboutDoubt(spec.id), leaves, back)
        case "retry":
            return (leaves, back)


def policy(session: Session, task: Task) -> OnDoubt:
    """Return what to do with a task that is lost: as it says, or as is safe."""
    agent = session.agents.get(task.agent) if task.agent is not None else None
    meant = agent is not None and agent.paused_by in (PausedBy.OPERATOR, PausedBy.STRATEGY)
    if meant and agent not in session.held_back():  # those only had to make room
        return "fail" if task.spec.on_doubt == "fail" else "ask"
    if task.spec.on_doubt is not None:
        return task.spec.on_doubt
    asked = (session.questions[q].asked for q in session.questions)
    approved = any(
        a.task == task.spec.id and a.agent is None and a.question_type == "approval" for a in asked
    )
    return "ask" if task.spec.gate is not None and approved else "retry"


def why_not_again(session: Session, task: Task) -> str:
    """Return why a task at work is not begun anew unasked; empty if it may be."""
    match policy(session, task):
        case "retry":
            return ""
        case "ask":
            return f"{task.spec.id} may not be begun anew without a human's word"
        case "fail":
            return f"{task.spec.id} may not be begun anew"


def take_up(_plan: Plan, session: Session, _event: AnyEvent) -> Iterator[SystemDecided]:
    """Go on where the session was; gates whose secret was lost with the program ask again."""
    if session.status == "starting":
        return
    if session.status != "running":
        yield SystemDecided("take_up", "no", "the session was about to end, and goes on ending")
        return
    again = tuple(
        Ask(task.spec.gate, task.spec.id)
        for task in session.tasks.values()
        if task.state is TaskState.READY
        and task.gated
        and task.question is None
        and task.spec.gate is not None
    )
    yield SystemDecided(
        "take_up",
        "yes",
        f"{counted(session.unfinished, 'task')} {'is' if session.unfinished == 1 else 'are'}"
        " not finished",
        again,
    )


def obey_doubt(_plan: Plan, session: Session, event: AnyEvent) -> Iterator[SystemDecided]:
    """Do what the operator wants with a task in doubt.

    Where it is to be done again and nothing else holds it, it is placed like any other.
    """
    data: UserAnswered = event.data
    asked = session.questions[data.question].asked
    task = session.tasks[asked.task] if asked.task is not None else None
    if not asked.doubt or task is None or task.state is not TaskState.READY:
        return
    task_id, gate = task.spec.id, task.spec.gate
    said = f": {data.reason}" if data.reason else ""
    if data.value == LEAVE_IT:
        reason = f"{data.by} leaves it as the program left it{said}"
        action: Action = MoveTask(task_id, TaskTrigger.CANCELLED)
    elif task.gated and gate is not None:
        reason = f"{data.by} wants it to be done again{said}; its gate was opened by a lost secret"
        action = Ask(gate, task_id)
    else:
        return
    yield SystemDecided("obey_doubt", "yes", reason, (action,), task=task_id)


RULES = (
    Rule("take_up", (SystemResumed.KIND,), take_up),
    Rule("obey_doubt", (UserAnswered.KIND,), obey_doubt),
)
