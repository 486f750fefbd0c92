"""Records of any kind, for Hypothesis, and a plain one."""

from dataclasses import replace

from hypothesis import strategies as st

from mop_tui.domain.ids import MemoryKey, QuestionName, TaskId
from mop_tui.domain.plan import Mode
from mop_tui.domain.shapes import SHAPES
from mop_tui.foresight.record import Record, TaskRecord

TIMES = st.integers(0, 10**12)
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=8,
)
RUNS = st.from_regex(r"\A[A-Za-z0-9][A-Za-z0-9._-]{0,40}\Z")

TASK_RECORDS = st.builds(
    TaskRecord,
    id=st.builds(TaskId, TEXTS),
    agent_type=TEXTS,
    team=TEXTS,
    model=st.none() | TEXTS,
    needs_tasks=st.lists(st.builds(TaskId, TEXTS), max_size=2).map(tuple),
    needs_keys=st.lists(st.builds(MemoryKey, TEXTS), max_size=2).map(tuple),
    provides=st.lists(st.builds(MemoryKey, TEXTS), max_size=2).map(tuple),
    expected_ms=st.none() | TIMES,
    work_ms=TIMES,
    queue_ms=TIMES,
    attempts=st.integers(0, 9),
    planned=st.booleans(),
    reviews=st.none() | st.builds(TaskId, TEXTS),
    at_least=st.booleans(),
)
RECORDS = st.builds(
    Record,
    run=RUNS,
    task=TEXTS,
    mode=st.sampled_from(Mode),
    started=TEXTS,
    success=st.booleans(),
    outcome=TEXTS,
    execution_ms=TIMES,
    team_composition=st.dictionaries(TEXTS, st.integers(0, 99), max_size=3),
    agent_types=st.dictionaries(TEXTS, st.integers(0, 99), max_size=3),
    topology=st.sampled_from(SHAPES),
    overhead=st.dictionaries(st.sampled_from(SHAPES), st.floats(0, 1), max_size=3),
    tasks=st.lists(TASK_RECORDS, max_size=3).map(tuple),
    waits=st.dictionaries(st.builds(QuestionName, TEXTS), TIMES, max_size=2),
    variables=st.dictionaries(TEXTS, TEXTS, max_size=2),
    layout=st.dictionaries(TEXTS, JSON, max_size=3),
)

PLAIN = Record(
    run="4f1c",
    task="build",
    mode=Mode.LIVE,
    started="2026-01-01T10:00:00+01:00",
    success=True,
    outcome="complete",
    execution_ms=60_000,
    team_composition={"crew": 2},
    agent_types={"worker": 2},
    topology="mesh",
    tasks=(TaskRecord(TaskId("make"), "worker", "crew", work_ms=50_000),),
    layout={"session": {"id": "build"}},
)


def another(run: str, **changes: object) -> Record:
    """Return the plain record as that of another run."""
    return replace(PLAIN, run=run, **changes)  # type: ignore[arg-type]
