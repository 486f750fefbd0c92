"""The form of sections that this version understands and does not act on yet.

They are those of the orchestration guide; `guide` brings its own way to write them into this form.
"""

from pydantic import JsonValue

from mop_tui.layout.section import Section
from mop_tui.layout.values import Text


class Review(Section):
    """Who looks at a finished task before it counts as complete."""

    by: Text
    """An agent."""


Rules = dict[Text, list[dict[str, JsonValue]]]
"""What is done for each answer: a list of named actions with their arguments."""
