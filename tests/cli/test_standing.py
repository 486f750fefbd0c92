"""How a session stands, in one line."""

from dataclasses import replace

import pytest

from mop_tui.cli.standing import standing
from mop_tui.domain.ids import QuestionName, TaskId
from mop_tui.domain.outlook import Outlook
from mop_tui.foresight.simulation import opening
from sessions import agent, plan, question, task

MINUTE = 60_000
TASKS = [task("dig", "ann", seconds=600), task("fill", "ann", needs=["dig"], seconds=300)]
SNAPSHOT = opening(plan([agent("ann")], TASKS))
LEARNT = Outlook(7, {TaskId("dig"): 30 * MINUTE}, low=0.8, high=2.0, coverage=0.75)


@pytest.mark.parametrize(
    ("outlook", "said"),
    [
        (None, "about 15 min left"),
        (LEARNT, "about 35 min left (28 min to 1 h 10 min, from 7 sessions)"),
        (replace(LEARNT, low=0.999, high=1.001), "about 35 min left (from 7 sessions)"),
        (replace(LEARNT, low=None, high=None, coverage=None), "about 35 min left"),
    ],
)
def test_the_time_left_is_told_with_its_range(outlook: Outlook | None, said: str) -> None:
    assert standing(SNAPSHOT, 0, outlook).endswith(f"; {said}")


def test_a_wait_for_an_answer_counts_where_it_is_known() -> None:
    tasks = [task("dig", "ann", seconds=600, gate="sure")]
    waits = opening(plan([agent("ann")], tasks, [question("sure")]))
    outlook = Outlook(7, waits={QuestionName("sure"): 20 * MINUTE})
    assert standing(waits, 0).endswith("; about 10 min left")
    assert standing(waits, 0, outlook).endswith("; about 30 min left")
