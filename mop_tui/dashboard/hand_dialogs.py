"""The dialogs by which the operator spawns an agent, creates a task, or sets a key by hand."""

from collections.abc import Sequence

from pydantic import JsonValue
from pydantic_core import from_json

from mop_tui.dashboard.form_dialog import Field, FormDialog, Misfit
from mop_tui.dashboard.frame import Frame
from mop_tui.domain.feed import CreateTask, SetMemory, Spawn, SwitchTopology
from mop_tui.domain.ids import AgentId, MemoryKey
from mop_tui.domain.priority import Priority
from mop_tui.domain.topology import SHAPES
from mop_tui.domain.wording import listed

_PRIORITIES = [priority.name.lower() for priority in Priority]


class SpawnDialog(FormDialog):
    """Asks for the type of an agent, and what it is to do."""

    TITLE_TEXT = "Spawn an agent"
    DONE = "spawns"

    def fields(self, frame: Frame) -> Sequence[Field]:
        """Return type, task and model."""
        kinds = frame.snapshot.kinds
        only = kinds[0] if len(kinds) == 1 else ""
        return [
            Field("type", ", ".join(kinds), only, kinds),
            Field("task", "what it is to do; nothing: what its skills fit"),
            Field("model", "nothing: that of its type"),
        ]

    def command(self, frame: Frame) -> Spawn:  # noqa: ARG002 - for others
        """Return the spawning."""
        return Spawn(self.typed("type"), self.typed("task"), self.typed("model"))


class TaskDialog(FormDialog):
    """Asks what is to be done, by whom, and how urgent it is."""

    TITLE_TEXT = "Create a task"
    DONE = "creates it"

    def fields(self, frame: Frame) -> Sequence[Field]:
        """Return title, agent or skill, and priority."""
        agents = frame.snapshot.agents
        skills = dict.fromkeys(skill for row in agents.values() for skill in row.spec.skills)
        return [
            Field("task", "what is to be done"),
            Field("for", "an agent, or a skill that it takes", suggestions=[*agents, *skills]),
            Field("priority", listed(_PRIORITIES, " or "), "normal", _PRIORITIES),
        ]

    def command(self, frame: Frame) -> CreateTask:
        """Return the task."""
        title, who, priority = map(self.typed, ("task", "for", "priority"))
        known = who in frame.snapshot.agents
        skilled = any(who in row.spec.skills for row in frame.snapshot.agents.values())
        if title and who and not known and not skilled:
            raise Misfit("there is no such agent, and none with such a skill")
        if priority.lower() not in _PRIORITIES:
            raise Misfit(f"the priority is {listed(_PRIORITIES, ' or ')}")
        return CreateTask(
            title,
            AgentId(who) if known else None,
            "" if known else who,
            Priority[priority.upper()],
        )


class MemoryDialog(FormDialog):
    """Asks for a key of the shared memory, and its value."""

    TITLE_TEXT = "Set a key of the memory"
    DONE = "sets it"

    def fields(self, frame: Frame) -> Sequence[Field]:
        """Return key and value."""
        return [
            Field("key", "such as dev/namespaces", suggestions=list(frame.snapshot.memory)),
            Field("value", 'JSON: 3, true, "a text", {"status": "complete"}'),
        ]

    def command(self, frame: Frame) -> SetMemory:  # noqa: ARG002 - for others
        """Return the key and its value."""
        written = self.typed("value")
        if self.typed("key") and not written:
            raise Misfit("it is not said what the value is")
        return SetMemory(MemoryKey(self.typed("key")), _value(written or "null"))


def _value(written: str) -> JsonValue:
    try:
        value: JsonValue = from_json(written, allow_inf_nan=False)
    except ValueError:
        raise Misfit("the value is not JSON; a text stands in double quotes") from None
    return value


class ShapeDialog(FormDialog):
    """Asks in which shape the swarm is to be coordinated, and why."""

    TITLE_TEXT = "Switch the topology"
    DONE = "switches"

    def fields(self, frame: Frame) -> Sequence[Field]:
        """Return shape and reason."""
        others = [shape for shape in SHAPES if shape != frame.snapshot.shape]
        return [
            Field("topology", f"{listed(others, ' or ')}; now {frame.snapshot.shape}", "", others),
            Field("reason", "only if you like; it is kept in the session file"),
        ]

    def command(self, frame: Frame) -> SwitchTopology:  # noqa: ARG002 - for others
        """Return the switch."""
        wanted = self.typed("topology")
        shape = next((shape for shape in SHAPES if shape == wanted.lower()), None)
        if shape is None:
            raise Misfit(f"it is not said which: {listed(SHAPES, ' or ')}")
        return SwitchTopology(shape, self.typed("reason"))
