"""The JSON of a report is what its schema says, and tells all that the report does."""

import json
from pathlib import Path

import jsonschema
import pytest
from figures import RECORDED, measured, with_outlook

from mop_tui.domain.ids import TaskId
from mop_tui.domain.outlook import Outlook
from mop_tui.report.as_json import FORMAT, as_json, plain
from mop_tui.report.gathering import gather
from sessions import agent, answer, crash, exact, play, question, task

SCHEMA = json.loads(
    (Path(__file__).parents[2] / "docs" / "report.schema.json").read_text(encoding="utf-8")
)


def checked(path: Path) -> dict[str, object]:
    """Return the JSON of a report, read back, once it is known to be sound."""
    summary = gather(path)
    text = as_json(summary)
    assert text.isascii()
    assert text.endswith("}\n")
    read: dict[str, object] = json.loads(text)
    assert read == plain(summary)
    jsonschema.validate(read, SCHEMA)
    return read


def test_the_schema_is_one_and_names_the_format() -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    assert SCHEMA["properties"]["format"] == {"const": FORMAT}


@pytest.mark.parametrize("path", RECORDED, ids=lambda it: it.stem)
def test_recorded_sessions(path: Path) -> None:
    read = checked(path)
    with path.open(encoding="utf-8") as lines:
        assert read["started"] == json.loads(next(lines))["started"]


def test_all_that_a_report_can_hold(file: Path) -> None:
    what = exact(
        [agent("ann"), agent("ben")],
        [task("one", "ann", seconds=40), task("two", "ann", seconds=9, needs=["one"], gate="g")],
        [question("g")],
        max_agents=1,
    )
    outside = [(10.0, measured(1.0, 1 << 20, 50.0))]
    play(what, file, outside=outside, answers=[answer("g", "approve", after=30)])
    outlook = Outlook(4, {TaskId("one"): 90_000}, low=0.5, high=2.0, coverage=0.8)
    read = checked(with_outlook(file, outlook))
    assert read["foretold_ms"] == {"expected": 99_000, "low": 49_500, "high": 198_000}
    for name in ("usage", "insights", "questions", "critical_path", "decisions", "routine"):
        assert read[name], name


def test_what_has_no_end(file: Path) -> None:
    ran = play(exact([agent("ann")], [task("one", "ann", seconds=10)]), file)
    read = checked(crash(ran, file.with_name("died.jsonl"), after=len(ran.events) // 2, torn=9))
    assert (read["outcome"], read["torn"]) == ("interrupted", True)


def test_a_report_that_says_something_else_is_none() -> None:
    summary = plain(gather(RECORDED[0]))
    for wrong in (
        summary | {"format": "mop-report/2"},
        summary | {"surprise": 1},
        {key: value for key, value in summary.items() if key != "tasks"},
        summary | {"length_ms": -1},
    ):
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate(wrong, SCHEMA)
