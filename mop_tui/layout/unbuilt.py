"""What a layout says that this version understands but does not act on yet."""

from collections.abc import Iterator
from typing import Any

from pydantic import BaseModel

from mop_tui.layout.findings import Finding
from mop_tui.layout.schema import Layout
from mop_tui.layout.section import Later
from mop_tui.layout.tree import Loc

SAID = "is understood, but this version does not act on it yet; leave it out"


def findings(layout: Layout) -> Iterator[Finding]:
    """Yield every key that would have no effect, so that none is ignored in silence."""
    yield from _within(layout, ())


def _within(value: Any, loc: Loc) -> Iterator[Finding]:
    match value:
        case BaseModel():
            for name, field in type(value).model_fields.items():
                if name not in value.model_fields_set:
                    continue
                here = (*loc, field.alias or name)
                if any(isinstance(mark, Later) for mark in field.metadata):
                    yield Finding(here, SAID, key=True)
                else:
                    yield from _within(getattr(value, name), here)
        case dict():
            for key, item in value.items():
                yield from _within(item, (*loc, key))
        case list():
            for index, item in enumerate(value):
                yield from _within(item, (*loc, index))
