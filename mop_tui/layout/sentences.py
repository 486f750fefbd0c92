"""Says in a sentence what pydantic found wrong, and what may have been meant."""

from collections.abc import Iterable
from difflib import get_close_matches
from types import UnionType
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic import BaseModel
from pydantic_core import ErrorDetails

from mop_tui.domain.ids import MEMORY_KEY
from mop_tui.layout import schema, values
from mop_tui.layout.tree import Loc, Node

_PATTERNS = {
    values.ID: "must be an id: up to 64 letters, digits and . _ - after a letter or digit",
    values.VARIABLE: "must be a name: up to 64 letters, digits and _ - after a letter",
    MEMORY_KEY: "must be a memory key: up to 200 signs, no space or $ { } among them",
    values.ENVIRONMENT_NAME: "must be the name of an environment variable: letters, digits and _",
}

_WANTED = {
    "string_type": "a text",
    "int_type": "a whole number",
    "int_from_float": "a whole number",
    "float_type": "a number",
    "bool_type": "true or false",
    "list_type": "a list",
    "dict_type": "a mapping of names to values",
    "model_type": "a mapping of names to values",
    "model_attributes_type": "a mapping of names to values",
}

_SENTENCES = {
    "missing": "is missing",
    "string_too_short": "must not be empty",
    "too_short": "must not be empty",
    "too_long": "must hold at most {max_length:,}",
    "string_too_long": "must be at most {max_length:,} signs long",
    "greater_than": "must be more than {gt:g}",
    "greater_than_equal": "must be at least {ge:g}",
    "less_than_equal": "must be at most {le:,g}",
}


def sentence(error: ErrorDetails, found: Node) -> str:
    """Return what `error` says, in words for the author of the layout.

    `found` is what stands in the file there. Of its text nothing is repeated.
    """
    kind, context = error["type"], error.get("ctx", {})
    if found.value is None and kind != "missing":
        return "is empty: give it a value or leave it out"
    if kind in ("int_type", "int_from_float") and isinstance(found.value, float):
        return "must be a whole number"
    if kind in _WANTED:
        return f"must be {_WANTED[kind]}, not {_form(found)}{_remedy(kind, found)}"
    if kind in _SENTENCES:
        return _SENTENCES[kind].format_map(context)
    match kind:
        case "sentence":
            return str(context["sentence"])
        case "literal_error":
            return f"must be {context['expected'].replace(chr(39), '')}"
        case "string_pattern_mismatch":
            return _PATTERNS[context["pattern"]]
        case _:
            return error["msg"][:1].lower() + error["msg"][1:]


def closest(wrong: str, candidates: Iterable[str]) -> str | None:
    """Return which of `candidates` may have been meant by `wrong`."""
    close = get_close_matches(wrong, dict.fromkeys(candidates), n=1, cutoff=0.6)
    return close[0] if close else None


def known_keys(loc: Loc) -> list[str]:
    """Return the keys that a mapping at `loc` may have."""
    model = _model(_at(loc))
    return list(_fields(model)) if model else []


def _at(loc: Loc) -> Any:
    """Return the annotation of what is at `loc`."""
    here: Any = schema.Layout
    for step in loc:
        here = _inside(here, step)
    return here


def meant(where: Loc) -> Loc:
    """Return `where`, with a key that is not known replaced by the one that may be meant."""
    known = known_keys(where[:-1])
    key = str(where[-1])
    return (*where[:-1], closest(key, known) or key) if known and key not in known else where


def _fields(model: type[BaseModel]) -> dict[str, Any]:
    """Return the annotations of a model's fields by the names they have in a file."""
    return {field.alias or name: field.annotation for name, field in model.model_fields.items()}


def _inside(annotation: Any, step: str | int) -> Any:
    """Return the annotation of what is under a key or index of a value so annotated."""
    model = _model(annotation)
    if model:
        return _fields(model).get(str(step))
    for option in _options(annotation):
        if get_origin(option) in (dict, list):
            return get_args(option)[-1]
    return None


def _model(annotation: Any) -> type[BaseModel] | None:
    for option in _options(annotation):
        if isinstance(option, type) and issubclass(option, BaseModel):
            return option
    return None


def _options(annotation: Any) -> list[Any]:
    """Return what an annotation allows, one by one: of `X | None`, X and None."""
    if get_origin(annotation) is Annotated:
        return _options(get_args(annotation)[0])
    if get_origin(annotation) in (Union, UnionType):
        return [option for part in get_args(annotation) for option in _options(part)]
    return [annotation]


def _form(found: Node) -> str:
    match found.value:
        case None:
            return "nothing"
        case bool():
            return "true or false"
        case int() | float():
            return "a number"
        case str():
            return "a text"
        case list():
            return "a list"
        case dict():
            return "a mapping"


def _remedy(kind: str, found: Node) -> str:
    if kind == "string_type" and isinstance(found.value, bool | int | float):
        return "; put it in quotes"
    if kind == "bool_type" and found.value in ("yes", "no", "on", "off", "y", "n"):
        return f"; write {'true' if found.value in ('yes', 'on', 'y') else 'false'}"
    if kind == "list_type" and not isinstance(found.value, list | dict):
        return "; put it in [ ]"
    return ""
