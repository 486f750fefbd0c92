"""What a layout may hold, as its authors and their editors want to know it.

Taken from the classes in `schema`, `health_section`, `message_section`, `trigger_section`,
`answer_section` and `strategy_section` as they stand in the source: their fields, the
types these are written with, and the texts below them. Nothing is written down twice.
"""

import ast
import inspect
from collections.abc import Iterator
from dataclasses import dataclass
from types import ModuleType
from typing import Any

from pydantic.json_schema import GenerateJsonSchema, JsonSchemaMode

from mop_tui.layout import (
    answer_section,
    durations,
    health_section,
    message_section,
    schema,
    strategy_section,
    trigger_section,
)
from mop_tui.layout.schema import Layout
from mop_tui.layout.section import Section

DIALECT = "https://json-schema.org/draft/2020-12/schema"


@dataclass(frozen=True, slots=True)
class Key:
    """One key of a section."""

    name: str
    """As it stands in a layout."""
    type: ast.expr
    default: str
    """As it would be written; empty where there is none worth telling."""
    required: bool
    text: str


@dataclass(frozen=True, slots=True)
class Described:
    """One kind of section."""

    name: str
    text: str
    keys: tuple[Key, ...]


def sections() -> dict[str, Described]:
    """Return all kinds of sections by the names of their classes, each after those that use it."""
    modules = (
        *(schema, health_section, message_section, trigger_section, answer_section),
        strategy_section,
    )
    known = {found.name: found for module in modules for found in _classes(module)}
    ordered: dict[str, Described] = {}
    waiting = [Layout.__name__]
    for name in waiting:
        if name in ordered:
            continue
        ordered[name] = known[name]
        for key in known[name].keys:
            waiting += [used for used in _names(key.type) if used in known]
    return ordered


def json_schema() -> dict[str, Any]:
    """Return the JSON Schema of a layout, for editors: its form, with descriptions."""
    made = Layout.model_json_schema(by_alias=True, schema_generator=_ForEditors)
    described = sections()
    definitions = made.get("$defs", {})
    for name, one in described.items():
        # Short forms stand beside the long one.
        here = made if name == Layout.__name__ else definitions.get(name, {})
        for form in (here, *here.get("anyOf", ())):
            for key in one.keys:
                if key.name in form.get("properties", {}):
                    form["properties"][key.name]["description"] = key.text
    _in_the_guides_way(made)
    return {"$schema": DIALECT, **made, "title": "A mop-tui layout"}


class _ForEditors(GenerateJsonSchema):
    """Leaves out what only repeats a key, and lets no key be of another form than is told."""

    def generate(self, schema: Any, mode: JsonSchemaMode = "validation") -> Any:
        return _plainer(super().generate(schema, mode))


def _plainer(value: Any) -> Any:
    match value:
        case dict():
            plain = {
                key: _plainer(item)
                for key, item in value.items()
                if not (key == "title" and isinstance(item, str))
                and not (key == "default" and item is None)
            }
            if "patternProperties" in plain:
                plain.setdefault("additionalProperties", False)
            return plain
        case list():
            return [_plainer(item) for item in value]
        case _:
            return value


def _in_the_guides_way(made: dict[str, Any]) -> None:
    """Allow what `guide` brings into the form of the schema, and the other name of a session's id.

    See `guide` for what it is.
    """
    trigger, question = {"$ref": "#/$defs/Trigger"}, {"$ref": "#/$defs/Question"}
    wrapped = {"type": "object", "properties": {"trigger": trigger}, "required": ["trigger"]}
    triggers = {"type": "array", "items": {"anyOf": [trigger, wrapped]}}
    made["properties"] |= {
        "trigger": {"anyOf": [trigger, {"type": "array", "items": trigger}]},
        "orchestrate_triggers": _call("triggers", triggers),
        "adaptation_strategies": _call("strategies", made["properties"]["strategies"]),
        "orchestrate_session_start": {"$ref": "#/$defs/Session"},
        "swarm_monitor": {
            "type": "object",
            "properties": {
                "session_id": {"type": "string"},
                "check_interval": made["$defs"]["HealthChecks"]["properties"]["interval"],
            },
            "additionalProperties": False,
        },
        "ask_human": {"anyOf": [question, {"type": "array", "items": question}]},
    }
    made["properties"]["triggers"] = made["properties"]["triggers"] | triggers
    session = made["$defs"]["Session"]
    session["properties"]["session_id"] = session["properties"]["id"]
    # A session may be told of in both sections, and has its id in one of them, by one of two names.
    _no_more_required(made, "session")
    _no_more_required(session, "id")
    made["anyOf"] = [
        {"required": [section], "properties": {section: {"required": [name]}}}
        for section in ("session", "orchestrate_session_start")
        for name in ("id", "session_id")
    ]
    made["$defs"]["Question"]["properties"]["session_id"] = {"type": "string"}


def _call(argument: str, form: dict[str, Any]) -> dict[str, Any]:
    return {"type": "object", "properties": {argument: form}, "additionalProperties": False}


def _no_more_required(form: dict[str, Any], key: str) -> None:
    form["required"] = [name for name in form["required"] if name != key]


def _classes(module: ModuleType) -> Iterator[Described]:
    for node in ast.parse(inspect.getsource(module)).body:
        if not isinstance(node, ast.ClassDef) or node.name.startswith("_"):
            continue
        model = getattr(module, node.name)
        if issubclass(model, Section):
            yield Described(node.name, ast.get_docstring(node) or "", tuple(_keys(node, model)))


def _keys(node: ast.ClassDef, model: Any) -> Iterator[Key]:
    for field, after in zip(node.body, [*node.body[1:], None], strict=True):
        if not isinstance(field, ast.AnnAssign) or not isinstance(field.target, ast.Name):
            continue
        text = ""
        if isinstance(after, ast.Expr) and isinstance(after.value, ast.Constant):
            text = " ".join(str(after.value.value).split())
        info = model.model_fields[field.target.id]
        yield Key(
            name=info.alias or field.target.id,
            type=field.annotation,
            default=_default(field, info),
            required=info.is_required(),
            text=text,
        )


def _default(field: ast.AnnAssign, info: Any) -> str:
    value = info.default
    if info.is_required() or value is None or value in ([], {}, ""):
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int) and {"Duration", "Timeout"} & set(_names(field.annotation)):
        return durations.written(value)
    return str(value) if isinstance(value, str | int | float) else ""


def _names(expression: ast.expr) -> list[str]:
    return [node.id for node in ast.walk(expression) if isinstance(node, ast.Name)]
