"""Turns a YAML file into a plan, or says exactly what is wrong with it."""

from mop_tui.errors import LayoutError, Problem
from mop_tui.layout.loading import Loaded, load, plan_of

__all__ = ["LayoutError", "Loaded", "Problem", "load", "plan_of"]
