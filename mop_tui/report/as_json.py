"""A report as JSON, for programs: `mop-report/1`, as `docs/report.md` tells.

Keys are the names of `summary`; where that has pairs, there are objects with named parts. All times
are milliseconds: those that end in `_ms` are lengths, and the others are session time. Keys may be
added within a version, and none changes its meaning.
"""

import json
from dataclasses import fields, is_dataclass
from enum import Enum
from typing import Any

from pydantic import JsonValue

from mop_tui.report.summary import Summary

FORMAT = "mop-report/1"

_PARTS: dict[str, tuple[str, ...]] = {
    "topology": ("at", "shape"),
    "health": ("at", "level"),
    "overheads": ("shape", "share"),
    "routine": ("rule", "times"),
    "away": ("since", "ahead_ms"),
}
"""What the parts of pairs are called, by where these stand."""
_RANGE = ("expected", "low", "high")


def plain(summary: Summary) -> dict[str, JsonValue]:
    """Return a report as JSON has it."""
    made: dict[str, JsonValue] = {"format": FORMAT}
    for name, value in _fields(summary):
        made[name] = _plain(name, value)
    made["ended_wall"] = summary.wall(summary.length_ms).isoformat(timespec="milliseconds")
    return made


def as_json(summary: Summary) -> str:
    """Return a report as text: ASCII alone, with a line feed at its end."""
    return json.dumps(plain(summary), indent=2, allow_nan=False) + "\n"


def _fields(value: Any) -> list[tuple[str, Any]]:
    return [(it.name, getattr(value, it.name)) for it in fields(value)]


def _plain(name: str, value: Any) -> JsonValue:
    match value:
        case Enum():
            return str(value.value)
        case None | bool() | int() | float() | str():
            return value
        case tuple() if name == "foretold_ms":
            return dict(zip(_RANGE, value, strict=True))
        case tuple() if name in _PARTS:
            return [dict(zip(_PARTS[name], map(_leaf, it), strict=True)) for it in value]
        case tuple():
            return [_plain("", it) for it in value]
        case _ if is_dataclass(value):
            return {key: _plain(key, it) for key, it in _fields(value)}
        case _:
            raise TypeError(f"a report has no {type(value).__name__}")


def _leaf(value: Any) -> JsonValue:
    return _plain("", value)
