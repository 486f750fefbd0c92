"""What editors and readers are told about layouts is what layouts are checked against."""

import importlib.util
from copy import deepcopy
from pathlib import Path
from typing import Any

import guide_blocks
import jsonschema
import pytest
import yaml

from mop_tui.cli.init import STARTER
from mop_tui.domain.templates import MACHINE_FACTS
from mop_tui.layout import bundled, reference

DOCS = Path(__file__).parents[2] / "docs"
SCHEMA = reference.json_schema()
SMALL: dict[str, Any] = {
    "session": {"id": "s"},
    "agent_types": {"worker": {"run": ["echo", "hello"]}},
    "teams": {"crew": {"agents": ["worker", {"id": "b", "type": "worker"}]}},
    "tasks": {"t": {"agent": "worker", "retry": 2, "timeout": 30, "duration": "1m"}},
    "questions": {"q": {"question": "Which", "question_type": "choice", "options": ["a", "b"]}},
}


def plain(text: str) -> Any:
    """Return a layout as an editor sees it: texts are texts, and so are keys."""
    return yaml.load(text, Loader=yaml.SafeLoader)


def test_the_schema_is_one() -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    assert SCHEMA["$schema"] == "https://json-schema.org/draft/2020-12/schema"


@pytest.mark.parametrize("name", bundled.names())
def test_bundled_layouts_are_of_that_form(name: str) -> None:
    path = bundled.find(name)
    assert path is not None
    layout = plain(path.read_text(encoding="utf-8"))
    for kind in [*layout["agent_types"].values(), *layout["tasks"].values()]:
        run = kind.get("run") or {}
        if isinstance(run, dict) and "exit_codes" in run:
            run["exit_codes"] = {str(code): what for code, what in run["exit_codes"].items()}
    jsonschema.validate(layout, SCHEMA)


def test_what_init_writes_and_short_forms_are_of_that_form() -> None:
    jsonschema.validate(plain(STARTER), SCHEMA)
    jsonschema.validate(SMALL, SCHEMA)


@pytest.mark.parametrize(
    ("where", "value"),
    [
        (("session",), {}),
        (("sessions",), {}),
        (("tasks", "t", "neds"), []),
        (("tasks", "t", "priority"), "very"),
        (("tasks", "t", "retry"), "twice"),
        (("tasks", "t", "run"), "echo hello"),
        (("teams", "crew", "agents"), "worker"),
        (("questions", "q", "question_type"), "riddle"),
        (("limits",), {"live": 0}),
        (("triggers",), [{"type": "file_crated", "action": "notify"}]),
        (("orchestrate_triggers",), {"trigers": []}),
        (("tasks",), {"a b": {"agent": "worker"}}),
    ],
)
def test_what_is_of_another_form_is_refused(where: tuple[str, ...], value: Any) -> None:
    layout = deepcopy(SMALL)
    inner = layout
    for step in where[:-1]:
        inner = inner[step]
    inner[where[-1]] = value
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(layout, SCHEMA)


def test_every_key_is_described() -> None:
    for section in reference.sections().values():
        assert section.text, section.name
        for key in section.keys:
            assert key.text.endswith((".", "`", "}`.")), f"{section.name}.{key.name}: {key.text}"


def test_the_document_is_what_would_be_written_now() -> None:
    spec = importlib.util.spec_from_file_location("maker", DOCS / "make_layout_reference.py")
    assert spec is not None
    assert spec.loader is not None
    maker = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(maker)
    document = (DOCS / "layout.md").read_text(encoding="utf-8")
    assert document == maker.written(), "run: python docs/make_layout_reference.py"


def test_the_document_names_everything_that_a_text_can_look_up() -> None:
    document = (DOCS / "layout.md").read_text(encoding="utf-8")
    for name in (*MACHINE_FACTS, "tasks.ID.output", "memory:KEY"):
        assert f"`${{{name}}}`" in document


@pytest.mark.parametrize(
    "block",
    [
        *(guide_blocks.FILES, guide_blocks.SKILL, guide_blocks.CHAIN, guide_blocks.RECOVERY),
        *(guide_blocks.HEALTH, guide_blocks.STRATEGIES, guide_blocks.TRIGGERS),
        f"ask_human: {guide_blocks.APPROVAL}",
        f"ask_human: [{guide_blocks.CHOICE}, {guide_blocks.PROBLEM}]",
        "triggers: [{trigger: {type: event, kind: user.asked, action: notify}}]",
    ],
)
def test_the_guides_blocks_are_of_that_form_as_they_stand(block: str) -> None:
    text = guide_blocks.SESSION + guide_blocks.FRAME + block
    jsonschema.validate(plain(text), SCHEMA)


def test_a_session_may_be_begun_in_the_guides_way_and_must_be_begun() -> None:
    jsonschema.validate(plain(guide_blocks.FRAME + guide_blocks.START), SCHEMA)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(plain(guide_blocks.FRAME), SCHEMA)


def test_what_is_left_empty_may_be_left_empty_in_an_editor_too() -> None:
    layout = deepcopy(SMALL)
    layout["tasks"]["t"]["title"] = None
    jsonschema.validate(layout, SCHEMA)
