"""What is kept of a session to learn from it: plain values, as they stand in the store."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from pydantic import JsonValue

from mop_tui.domain.ids import MemoryKey, QuestionName, TaskId
from mop_tui.domain.plan import Mode
from mop_tui.domain.topology import Shape

FORM = "mop-workflow/1"
PATTERN_TYPE = "workflow"
MODEL = "workflow_optimizer"
"""What the orchestration guide calls what is learnt."""


@dataclass(frozen=True, slots=True)
class TaskRecord:
    """How a task went that was completed. Times are milliseconds of session time."""

    id: TaskId
    agent_type: str
    """Of whoever completed it; as are the team and the model."""
    team: str
    model: str | None = None
    needs_tasks: tuple[TaskId, ...] = ()
    needs_keys: tuple[MemoryKey, ...] = ()
    provides: tuple[MemoryKey, ...] = ()
    expected_ms: int | None = None
    """What the layout declared."""
    work_ms: int = 0
    """How long it was in somebody's hands and not kept from going on, all attempts together."""
    queue_ms: int = 0
    """How long it was READY and nothing but the want of somebody free, or of a lock, held it."""
    attempts: int = 1
    planned: bool = True
    """The layout had it, rather than a trigger, the operator, or what it reviews."""
    reviews: TaskId | None = None
    """The task whose work it is about, where it is a review."""
    at_least: bool = False
    """It was held up so often that nobody remembers all of it: times are the least they were."""


@dataclass(frozen=True, slots=True)
class Record:
    """How one session went."""

    run: str
    """The run id of the session; there is one record a run."""
    task: str
    """What the layout calls what it does: all runs that it stands for are alike enough to be
    learnt from together."""
    mode: Mode
    """Whether real processes did it. Rehearsals are kept apart: they tell of no real durations."""
    started: str
    """Wall-clock time of session time 0, ISO 8601 with offset."""
    success: bool
    outcome: str
    execution_ms: int
    """From the start to the end of the session."""
    team_composition: Mapping[str, int]
    """How many agents each team had, those included that were spawned."""
    agent_types: Mapping[str, int]
    """How many agents of each type took part."""
    topology: Shape
    """The shape in which most of the work was done."""
    overhead: Mapping[Shape, float] = field(default_factory=dict)
    """Share of the time at work in which agents were held up by messages, where it is known."""
    tasks: tuple[TaskRecord, ...] = ()
    waits: Mapping[QuestionName, int] = field(default_factory=dict)
    """For how many milliseconds each gate waited for its answer, on average."""
    variables: Mapping[str, str] = field(default_factory=dict)
    """The layout's variables, as they were set."""
    layout: dict[str, JsonValue] = field(default_factory=dict)
    """The layout as it was run."""
    form: str = FORM
