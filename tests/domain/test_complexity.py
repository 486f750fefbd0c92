"""How hard a task is counts by signs that anybody can check."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mop_tui.domain import complexity
from mop_tui.domain.ids import QuestionName
from mop_tui.domain.plan import TaskSpec
from mop_tui.domain.priority import Priority
from sessions import task

RANKS = {"low": 0, "medium": 1, "high": 2}


@pytest.mark.parametrize(
    ("spec", "found"),
    [
        (task("one", seconds=None), "low"),
        (task("one", seconds=299), "low"),
        (task("one", seconds=300), "medium"),
        (task("one", seconds=1800), "medium"),
        (task("one", seconds=1800, gate="g"), "high"),
        (task("one", needs=["a", "b"], keys=["c", "d"]), "medium"),
        (task("one", provides=["a", "b", "c"], priority=Priority.URGENT), "medium"),
        (task("one", provides=["a", "b", "c"], priority=Priority.CRITICAL, gate="g"), "high"),
    ],
)
def test_signs_are_counted(spec: TaskSpec, found: str) -> None:
    assert complexity.of(spec) == found
    assert complexity.of(replace(spec, complexity="low")) == "low", "what is declared counts"


@given(
    seconds=st.none() | st.integers(0, 4000),
    needs=st.integers(0, 6),
    provides=st.integers(0, 5),
    priority=st.sampled_from(Priority),
)
def test_a_gate_never_makes_a_task_easier(
    seconds: int | None, needs: int, provides: int, priority: Priority
) -> None:
    spec = task(
        "one",
        seconds=seconds,
        needs=[f"t{n}" for n in range(needs)],
        provides=[f"k{n}" for n in range(provides)],
        priority=priority,
    )
    gated = replace(spec, gate=QuestionName("g"))
    assert RANKS[complexity.of(gated)] >= RANKS[complexity.of(spec)]


@pytest.mark.parametrize(
    ("spec", "of_agent", "takes"),
    [
        (task("one", skill="deploy"), (), True),
        (task("one", skill="build"), ("deploy",), False),
        (task("one", "ann"), ("deploy",), True),
        (replace(task("one", "ann"), title="Pre-Deploy checks"), (), True),
        (replace(task("one", "ann"), title="redeploy it"), (), False),
    ],
)
def test_a_task_takes_a_skill(spec: TaskSpec, of_agent: tuple[str, ...], takes: bool) -> None:
    assert complexity.takes(spec, "deploy", of_agent) is takes
