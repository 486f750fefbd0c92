"""The form of sections that this version understands and does not act on yet.

They are those of the orchestration guide; `guide` brings its own way to write them into this form.
"""

from pydantic import JsonValue

from mop_tui.layout.values import Text

Rules = dict[Text, list[dict[str, JsonValue]]]
"""What is done for each answer: a list of named actions with their arguments."""
