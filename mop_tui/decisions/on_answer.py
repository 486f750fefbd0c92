"""What a layout has done for each answer: tasks, agents, keys, another try, no try, the end.

It follows from the answer on record, one decision for each thing that is done. Where nobody
answered, it follows from what holds instead, except for approvals: what nobody decided neither
approves nor denies, and what a human let begin is begun anew only if one says so now. Limits hold
as for triggers. An answer that is a secret is not looked up.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from typing import assert_never

from pydantic import JsonValue

from mop_tui.decisions import admission, doubt
from mop_tui.decisions.by_hand import nothing_to_run
from mop_tui.decisions.ending import wind_down
from mop_tui.decisions.lookups import lookup_in
from mop_tui.decisions.rules import Decision, Later, Rule
from mop_tui.decisions.steering import cancelled, ordered, retried
from mop_tui.decisions.wording import titled
from mop_tui.domain import templates
from mop_tui.domain.actions import (
    Action,
    CreateNew,
    SetMemory,
    SpawnNew,
)
from mop_tui.domain.agent_lifecycle import PausedBy
from mop_tui.domain.events import AnyEvent, SystemDecided, UserAnswered, UserExpired
from mop_tui.domain.ids import SpawnId, TaskId
from mop_tui.domain.plan import Plan, TaskSpec
from mop_tui.domain.reactions import ANSWER, Reaction
from mop_tui.domain.rows import Question, Task
from mop_tui.domain.session import Session
from mop_tui.domain.steering import not_running
from mop_tui.domain.task_lifecycle import HELD_BY_AGENT, TERMINAL, TaskState


class _No(Exception):  # noqa: N818 - it is an answer, not a mistake
    """Something is not done, for this reason."""


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
            reason = f"{reason} ({self._render(reaction.text)})"
        try:
            standstill = not_running(self.session)
            if standstill:
                raise _No(standstill)
            actions = self._actions(reaction, place, task)
        except _No as no:
            what = reaction.do.replace("_", " ")
            reason = f"{reason}, but it does not {what}: {no}"
            return SystemDecided("on_answer", "no", reason, task=about)
        return SystemDecided("on_answer", "yes", reason, actions, task=about)

    def _task(self) -> Task | None:
        """Return the task that the question is about."""
        return self.session.tasks.get(self.question.asked.subject or TaskId(""))

    def _actions(self, reaction: Reaction, place: int, task: Task | None) -> tuple[Action, ...]:
        match reaction.do:
            case "create_task":
                created = self._new_task(reaction)
                no = nothing_to_run(self.plan, self.session, created)
                if no:
                    raise _No(no)
                return (CreateNew(created),)
            case "spawn":
                return (self._spawn(reaction, place),)
            case "set_memory":
                return tuple(
                    SetMemory(key, templates.render_value(value, self._look_up))
                    for key, value in reaction.set
                )
            case "retry":
                return self._again(task)
            case "skip":
                return self._skipped(task)
            case "stop":
                return wind_down(self.session)
            case _:
                assert_never(reaction.do)

    def _spawn(self, reaction: Reaction, place: int) -> SpawnNew:
        spec = admission.agent_of(
            self.plan, reaction.type, model=reaction.model, depth=self.question.depth
        )
        refused = admission.refused(self.session, spec)
        if refused is not None:
            raise _No(refused.reason)
        spawn = SpawnId(f"{self.question.id}@{self.event.seq}.{place}")
        return SpawnNew(spawn, spec, self._new_task(reaction) if reaction.text else None)

    def _new_task(self, reaction: Reaction) -> TaskSpec:
        asked = self.question.asked
        text = self._render(reaction.text)
        title = titled(text)
        context: dict[str, JsonValue] = {"question": asked.text, "because": self.said}
        if not asked.secret:
            context["answer"] = self.question.value
        if title != text:
            context["text"] = text
        return TaskSpec(
            id=TaskId(asked.name.rpartition("/")[2]),
            title=title,
            agent=reaction.agent,
            requires_skill=reaction.skill or None,
            priority=reaction.priority,
            context=context,
            depth=self.question.depth,
        )

    def _again(self, task: Task | None) -> tuple[Action, ...]:
        """Return what has a task done again, and what was cancelled for want of it."""
        if task is None:
            raise _No("the question is about no task")
        name = task.spec.id
        if self.question.asked.task is not None and self.question.asked.agent is None:
            raise _No(f"{name} waited for the answer, and had not begun")
        if task.state is TaskState.FAILED:
            return retried(self.session, name)
        holder = self.session.holder.get(name)
        if task.state not in HELD_BY_AGENT or holder is None:
            raise _No(f"{name} is {task.state}")
        agent = self.session.agents[holder]
        closing: UserAnswered | UserExpired = self.event.data
        if isinstance(closing, UserExpired) or closing.as_before is not None:
            no = doubt.why_not_again(self.session, task)
            if no:
                raise _No(no)
        if not agent.running or agent.stopping:
            raise _No(f"{holder}, who has {name}, is about to leave it or to begin")
        return ordered(self.session, agent, "restart", PausedBy.STRATEGY)

    def _skipped(self, task: Task | None) -> tuple[Action, ...]:
        if task is None:
            raise _No("the question is about no task")
        if task.state in TERMINAL:
            raise _No(f"{task.spec.id} is {task.state} already")
        return cancelled(self.session, task.spec.id)

    def _render(self, text: str) -> str:
        return templates.render(text, self._look_up)

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
