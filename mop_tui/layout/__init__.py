"""Turns a YAML file into a plan, or says exactly what is wrong with it.

What reads layouts is imported when it is first asked for: names and durations need none of it.
"""

from importlib import import_module
from typing import TYPE_CHECKING

from mop_tui.errors import LayoutError, Problem

__all__ = ["LayoutError", "Loaded", "Problem", "load", "plan_of"]

if TYPE_CHECKING:
    from mop_tui.layout.loading import Loaded, load, plan_of
else:

    def __getattr__(name: str) -> object:
        if name not in __all__:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        return getattr(import_module("mop_tui.layout.loading"), name)
