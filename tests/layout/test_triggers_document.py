"""`docs/triggers.md` says what is so."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from mop_tui.domain.circumstances import forms
from mop_tui.domain.events import BY_KIND
from mop_tui.layout import LayoutError, load
from mop_tui.layout.trigger_section import ACTIONS, Trigger

Write = Callable[[str], Path]

TEXT = (Path(__file__).parents[2] / "docs" / "triggers.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"```yaml\n(.*?)```", TEXT, re.DOTALL)


@pytest.mark.parametrize("example", EXAMPLES)
def test_every_example_is_sound(write: Write, example: str) -> None:
    assert load(write(example)).plan.triggers


def test_the_kinds_that_are_listed_are_those_that_may_be_waited_for(write: Write) -> None:
    (line,) = (line for line in TEXT.splitlines() if line.startswith("Of `kind`"))
    listed = [name for name in re.findall(r"`([a-z.]+_?[a-z_.]*)`", line) if "." in name]
    frame = "session: {id: a, keep_running: true}\ntrigger: {type: event, action: notify, kind: %s}"
    allowed = []
    for kind in BY_KIND:
        try:
            load(write(frame % kind))
        except LayoutError:
            continue
        allowed.append(kind)
    assert listed == allowed


def test_everything_that_can_be_looked_up_is_named() -> None:
    named = set()
    for row in re.findall(r"^\| (`[a-z]+\..*?) \|", TEXT, re.MULTILINE):
        first, *more = re.findall(r"`([a-z_.:]+)`", row)
        root = first.partition(".")[0]
        named |= {first} | {one if "." in one else f"{root}.{one}" for one in more}
    everything = forms(tuple(BY_KIND))
    assert named >= {name for name in everything if not name.startswith("event.")}
    assert named - {"event.path"} <= set(everything)


def test_every_type_action_and_key_is_told() -> None:
    keys = {field for field in Trigger.model_fields if field not in ("name", "type", "action")}
    types = Trigger.model_json_schema()["properties"]["type"]["enum"]
    for word in (*types, *ACTIONS, *keys):
        assert re.search(rf"`{word}[:`]", TEXT) or f"`{word}: " in TEXT, word
