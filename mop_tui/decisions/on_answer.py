"""What a layout has done for each answer: tasks, agents, keys, another try, no try, the end.

It follows from the answer on record, one decision for each thing that is done. Where nobody
answered, it follows from what holds instead, except for approvals: what nobody decided neither
approves nor denies, and what a human let begin is begun anew only if one says so now. Limits hold
as for triggers. An answer that is a secret is not looked up.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial

from pydantic import JsonValue

from mop_tui.decisions import doubt
from mop_tui.decisions.lookups import lookup_in
from mop_tui.decisions.reacting import Reacting, Undone, why_not
from mop_tui.decisions.rules import Decision, Later, Rule
from mop_tui.decisions.steering import cancelled, ordered, retried
from mop_tui.domain import templates
from mop_tui.domain.actions import Action
from mop_tui.domain.agent_lifecycle import PausedBy
from mop_tui.domain.events import AnyEvent, SystemDecided, UserAnswered, UserExpired
from mop_tui.domain.ids import TaskId
from mop_tui.domain.plan import Plan
from mop_tui.domain.reactions import ANSWER, Reaction
from mop_tui.domain.rows import Question, Task
from mop_tui.domain.session import Session
from mop_tui.domain.steering import not_running
from mop_tui.domain.task_lifecycle import HELD_BY_AGENT, TERMINAL, TaskState


def on_answer(plan: Plan, session: Session, event: AnyEvent) -> Iterator[Decision]:
    """Do what the layout says for the answer that was given, or that holds instead of one.

    Each thing is decided once all is done that follows without it: the answer may have let a task
    begin, or cancelled it, and what comes first may leave no room for what comes next.
    """
    question = session.questions[event.data.question]
    told = _Told(plan, session, question, event)
    for place, reaction in enumerate(question.reactions, start=1):
        yield Later(partial(told.decision, reaction, place))


@dataclass(slots=True)
class _Told:
    """An answer, and what is done about it."""

    plan: Plan
    session: Session
    question: Question
    event: AnyEvent

    @property
    def said(self) -> str:
        """What was answered, or what holds and why."""
        return _said(self.question, self.event.data)

    def decision(self, reaction: Reaction, place: int) -> SystemDecided:
        """Return whether one thing is done, and how; it is the `place`th."""
        task = self._task()
        about = None if task is None else task.spec.id
        reason = self.said
        if reaction.text and reaction.do in ("retry", "skip", "stop"):
            reason = f"{reason} ({templates.render(reaction.text, self._look_up)})"
        try:
            standstill = not_running(self.session)
            if standstill:
                raise Undone(standstill)
            actions = self._actions(reaction, place, task)
        except Undone as no:
            return SystemDecided("on_answer", "no", why_not(reaction, reason, no), task=about)
        return SystemDecided("on_answer", "yes", reason, actions, task=about)

    def _task(self) -> Task | None:
        """Return the task that the question is about."""
        return self.session.tasks.get(self.question.asked.subject or TaskId(""))

    def _actions(self, reaction: Reaction, place: int, task: Task | None) -> tuple[Action, ...]:
        match reaction.do:
            case "retry":
                return self._again(task)
            case "skip":
                return self._skipped(task)
            case _:
                return self._reacting().actions(reaction, place)

    def _reacting(self) -> Reacting:
        asked = self.question.asked
        context: dict[str, JsonValue] = {"question": asked.text, "because": self.said}
        if not asked.secret:
            context["answer"] = self.question.value
        return Reacting(
            self.plan,
            self.session,
            TaskId(asked.name.rpartition("/")[2]),
            f"{self.question.id}@{self.event.seq}",
            self.question.depth,
            context,
            self._look_up,
        )

    def _again(self, task: Task | None) -> tuple[Action, ...]:
        """Return what has a task done again, and what was cancelled for want of it."""
        if task is None:
            raise Undone("the question is about no task")
        name = task.spec.id
        if self.question.asked.task is not None and self.question.asked.agent is None:
            raise Undone(f"{name} waited for the answer, and had not begun")
        if task.state is TaskState.FAILED:
            return retried(self.session, name)
        holder = self.session.holder.get(name)
        if task.state not in HELD_BY_AGENT or holder is None:
            raise Undone(f"{name} is {task.state}")
        agent = self.session.agents[holder]
        closing: UserAnswered | UserExpired = self.event.data
        if isinstance(closing, UserExpired) or closing.as_before is not None:
            no = doubt.why_not_again(self.session, task)
            if no:
                raise Undone(no)
        if not agent.running or agent.stopping:
            raise Undone(f"{holder}, who has {name}, is about to leave it or to begin")
        return ordered(self.session, agent, "restart", PausedBy.STRATEGY)

    def _skipped(self, task: Task | None) -> tuple[Action, ...]:
        if task is None:
            raise Undone("the question is about no task")
        if task.state in TERMINAL:
            raise Undone(f"{task.spec.id} is {task.state} already")
        return cancelled(self.session, task.spec.id)

    def _look_up(self, name: str) -> str | None:
        if name == ANSWER and not self.question.asked.secret:
            return self.question.value
        return lookup_in(self.plan, self.session)(name)


def _said(question: Question, closing: UserAnswered | UserExpired) -> str:
    """Return in words what was answered, or what holds and why."""
    asked = question.asked
    if isinstance(closing, UserExpired):
        return f"nobody answered {question.id}, so its {closing.outcome} holds: {question.value}"
    if asked.secret:
        return f"{closing.by} answered {question.id}"
    match closing.value:
        case "approve" if asked.question_type == "approval":
            said = f"{closing.by} approved {question.id}"
        case "reject" if asked.question_type == "approval":
            said = f"{closing.by} rejected {question.id}"
        case _:
            said = f"{closing.by} answered {question.id} with {closing.value}"
    return f"{said}: {closing.reason}" if closing.reason else said


RULES = (Rule("on_answer", (UserAnswered.KIND, UserExpired.KIND), on_answer),)
