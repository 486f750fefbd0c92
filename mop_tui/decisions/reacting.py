"""What a layout has done about an answer or an error: tasks, agents, keys, the end.

What it has done with the task that this is about is decided where that is known (`on_answer`,
`retries`). Limits hold as for triggers.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from pydantic import JsonValue

from mop_tui.decisions import admission
from mop_tui.decisions.by_hand import nothing_to_run
from mop_tui.decisions.ending import wind_down
from mop_tui.decisions.wording import titled
from mop_tui.domain import templates
from mop_tui.domain.actions import Action, CreateNew, SetMemory, SpawnNew
from mop_tui.domain.ids import SpawnId, TaskId
from mop_tui.domain.plan import Plan, TaskSpec
from mop_tui.domain.reactions import Reaction
from mop_tui.domain.session import Session


class Undone(Exception):  # noqa: N818 - it is an answer, not a mistake
    """Something is not done, for this reason."""


@dataclass(frozen=True, slots=True)
class Reacting:
    """What something is done about, and what whoever does it should know."""

    plan: Plan
    session: Session
    task: TaskId
    """After which the tasks that are created are named."""
    spawn: str
    """For what agents are spawned: see `SpawnId`. Their places are added."""
    depth: int
    """How many triggers led to it."""
    context: Mapping[str, JsonValue]
    """What is told with each task."""
    look_up: templates.Lookup

    def actions(self, reaction: Reaction, place: int) -> tuple[Action, ...]:
        """Return what has a reaction done, which is the `place`th; raise `Undone` if it is not.

        It must be none about the task itself (`retry`, `skip`).
        """
        match reaction.do:
            case "create_task":
                created = self._new_task(reaction)
                no = nothing_to_run(self.plan, self.session, created)
                if no:
                    raise Undone(no)
                return (CreateNew(created),)
            case "spawn":
                return (self._spawn(reaction, place),)
            case "set_memory":
                return tuple(
                    SetMemory(key, templates.render_value(value, self.look_up))
                    for key, value in reaction.set
                )
            case "stop":
                return wind_down(self.session)
            case _:
                raise ValueError(reaction.do)

    def _spawn(self, reaction: Reaction, place: int) -> SpawnNew:
        spec = admission.agent_of(self.plan, reaction.type, model=reaction.model, depth=self.depth)
        refused = admission.refused(self.session, spec)
        if refused is not None:
            raise Undone(refused.reason)
        spawn = SpawnId(f"{self.spawn}.{place}")
        return SpawnNew(spawn, spec, self._new_task(reaction) if reaction.text else None)

    def _new_task(self, reaction: Reaction) -> TaskSpec:
        text = self.render(reaction.text)
        title = titled(text)
        context = dict(self.context)
        if title != text:
            context["text"] = text
        return TaskSpec(
            id=self.task,
            title=title,
            agent=reaction.agent,
            requires_skill=reaction.skill or None,
            priority=reaction.priority,
            context=context,
            depth=self.depth,
        )

    def render(self, text: str) -> str:
        """Return `text` with its look-ups filled in."""
        return templates.render(text, self.look_up)


def why_not(reaction: Reaction, reason: str, no: Undone) -> str:
    """Return as one sentence that a reaction is not done for `reason`, and why."""
    return f"{reason}, but it does not {reaction.do.replace('_', ' ')}: {no}"
