"""What docs/adaptation.md says of layouts holds."""

import re
from collections.abc import Callable
from pathlib import Path

from mop_tui.domain.strategies import COOL_DOWN_MS, TRIGGERS
from mop_tui.layout import load

DOCUMENT = Path(__file__).parents[2] / "docs" / "adaptation.md"
TEXT = DOCUMENT.read_text(encoding="utf-8")


def test_the_example_is_a_sound_layout(write: Callable[[str], Path]) -> None:
    (example,) = re.findall(r"```yaml\n(.*?)```", TEXT, flags=re.DOTALL)
    plan = load(write(example)).plan
    assert [it.name for it in plan.strategies] == [
        *("scale_up", "scale_down", "redistribute", "change_topology", "break_deadlocks")
    ]
    assert {it.cool_down_ms for it in plan.strategies} == {COOL_DOWN_MS}
    assert plan.monitoring_ms == 30_000


def test_the_thresholds_are_those_that_hold() -> None:
    told = {
        name: (float(begins), float(ends))
        for name, begins, ends in re.findall(
            r"^\| `(\w+)` \|.*\| (?:above|below) (\d+)[^|]*\| at (\d+)", TEXT, flags=re.MULTILINE
        )
    }
    assert told == {name: tuple(between) for name, between in TRIGGERS.items()}
