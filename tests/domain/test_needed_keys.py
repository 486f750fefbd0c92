"""When a memory key that a task needs counts as there."""

from collections.abc import Mapping

import pytest
from pydantic import JsonValue

from mop_tui.domain.conditions import Condition
from mop_tui.domain.ids import MemoryKey
from mop_tui.domain.needed_keys import WantedKey, counts, told

KEY = MemoryKey("build/report.v2")


def wanted(path: str, *values: str | float) -> WantedKey:
    return WantedKey(KEY, Condition(path, "ge" if path == "count" else "in", values))


@pytest.mark.parametrize(
    ("memory", "when", "there"),
    [
        ({}, (), False),
        ({KEY: 0}, (), True),
        ({KEY: {"status": "partial"}}, (), False),
        ({KEY: {"status": "partial"}}, (wanted("status", "partial", "complete"),), True),
        ({KEY: {"status": "complete"}}, (wanted("status", "partial"),), False),
        ({KEY: {"count": 3}}, (wanted("count", 3),), True),
        ({KEY: {"count": 2}}, (wanted("count", 3),), False),
        ({KEY: {"count": "3"}}, (wanted("count", 3),), False),
        ({KEY: {"status": "partial", "count": 3}}, (wanted("count", 3),), True),
        ({KEY: {"count": 3}}, (wanted("count", 3), wanted("status", "green")), False),
        ({KEY: "green"}, (wanted("", "green", "amber"),), True),
        ({KEY: "red"}, (wanted("", "green", "amber"),), False),
        ({KEY: "red"}, (wanted("deep.er", "x"),), False),
        ({KEY: None}, (WantedKey(KEY, Condition("", "ne", ("red",))),), True),
        ({}, (WantedKey(KEY, Condition("", "ne", ("red",))),), False),
        ({KEY: 1}, (WantedKey(MemoryKey("another"), Condition("", "eq", (2,))),), True),
    ],
)
def test_a_key_counts(
    memory: Mapping[MemoryKey, JsonValue], when: tuple[WantedKey, ...], there: bool
) -> None:
    assert counts(memory, KEY, when) is there


def test_what_is_waited_for_is_said() -> None:
    assert list(told(KEY, ())) == [KEY]
    assert list(told(KEY, (wanted("count", 3), wanted("", "green", "amber")))) == [
        "count of build/report.v2 to be at least 3",
        "build/report.v2 to be one of green, amber",
    ]
