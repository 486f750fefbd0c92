"""What a task has done about the error that an attempt at it failed with (`on_error`).

That it is tried again, is skipped or fails is part of what becomes of the attempt, and decided with
it (`retries`). All else is decided one by one when all is done that follows from the failure, and
before triggers look at it. It is done once for each attempt that fails.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial

from mop_tui.decisions.firing import told_of_error
from mop_tui.decisions.lookups import lookup_in
from mop_tui.decisions.reacting import Reacting, Undone, why_not
from mop_tui.decisions.retries import attempt_failed, is_final, said_on_error
from mop_tui.decisions.rules import Decision, Later
from mop_tui.domain import templates
from mop_tui.domain.actions import Action
from mop_tui.domain.circumstances import Error, error_of_attempt
from mop_tui.domain.events import AnyEvent, SystemDecided
from mop_tui.domain.fold import carried_depth
from mop_tui.domain.ids import TaskId
from mop_tui.domain.plan import Plan
from mop_tui.domain.reactions import (
    LOOKED_UP_AFTER_ERRORS,
    Reaction,
    reactions_to_error,
    spawn_after_error,
)
from mop_tui.domain.rows import Agent, Task
from mop_tui.domain.session import Session
from mop_tui.domain.steering import not_running


@dataclass(slots=True)
class FailedAttempt:
    """An attempt at a task that an event has shown to have failed."""

    plan: Plan
    session: Session
    event: AnyEvent
    task: Task
    agent: Agent
    how: str
    """It completes a sentence about the attempt."""
    error: Error = field(init=False)

    def __post_init__(self) -> None:
        error = error_of_attempt(self.task, self.agent, self.event.data)
        self.error = Error(error.type, error.message or self.how)

    @property
    def said(self) -> str:
        """What `on_error` says about another attempt, to follow the reason of a decision."""
        said = said_on_error(self.session, self.task, self.error.type)
        reasons = [it.text for it in self.reactions if it.do in ("retry", "skip") and it.text]
        if not said or not reasons:
            return said
        return f"{said} ({templates.render(reasons[0], self.look_up)})"

    @property
    def is_final(self) -> bool:
        """True if it is the end of the task."""
        return is_final(self.session, self.task, self.error.type)

    def outcome(self, advice: str) -> tuple[Action, ...]:
        """Return what becomes of the task; `advice` says what the operator could do."""
        name = self.agent.spec.id
        return attempt_failed(self.session, self.task, name, self.how, advice, self.error.type)

    @property
    def reactions(self) -> tuple[Reaction, ...]:
        """What the task has done about such an error."""
        return reactions_to_error(self.task.spec.on_error, self.error.type) or ()

    def decisions(self) -> Iterator[Decision]:
        """Yield what is done besides, to be decided when all that follows without it is done."""
        for place, reaction in enumerate(self.reactions, start=1):
            if reaction.do not in ("retry", "skip"):
                yield Later(partial(self._decision, self._reacting(), reaction, place))

    def _reacting(self) -> Reacting:
        session, event, name = self.session, self.event, self.task.spec.id
        return Reacting(
            self.plan,
            session,
            TaskId(f"{name}-error"),
            spawn_after_error(name, event.seq),
            max(session.depths.get(event.seq, 0), carried_depth(session, event)),
            {"because": self._met, **told_of_error(self.error, self.agent, self.task)},
            self.look_up,
        )

    @property
    def _met(self) -> str:
        type_ = self.error.type or "an error"
        return f"{self.task.spec.id} met {type_}: {self.error.message}"

    def _decision(self, reacting: Reacting, reaction: Reaction, place: int) -> SystemDecided:
        """Return whether one thing is done, and how."""
        reason = self._met
        if reaction.do == "stop" and reaction.text:
            reason = f"{reason} ({reacting.render(reaction.text)})"
        about = (self.agent.spec.id, self.task.spec.id)
        try:
            standstill = not_running(self.session)
            if standstill:
                raise Undone(standstill)
            actions = reacting.actions(reaction, place)
        except Undone as no:
            return SystemDecided("on_error", "no", why_not(reaction, reason, no), (), *about)
        return SystemDecided("on_error", "yes", reason, actions, *about)

    def look_up(self, name: str) -> str | None:
        """Return what `${name}` stands for in what is done about the error."""
        met, agent, task = self.error, self.agent.spec.id, self.task.spec.id
        known = dict(zip(LOOKED_UP_AFTER_ERRORS, (*met, agent, task), strict=True))
        return known[name] if name in known else lookup_in(self.plan, self.session)(name)
