"""What questions may be answered with.

An answer is always a text: `approve` or `reject`, the value of an option, or what was typed.
"""

import re
from collections.abc import Sequence
from math import isfinite, nan
from typing import Literal

from mop_tui.domain.immutable import immutable
from mop_tui.domain.patterns import LONGEST_SUBJECT

QuestionType = Literal["approval", "choice", "input"]
InputType = Literal["text", "number", "password"]

MOST_CHARACTERS = 4_096
"""No answer is longer."""


@immutable
class Option:
    """One of the answers to a choice."""

    value: str
    label: str = ""
    description: str = ""

    @property
    def title(self) -> str:
        """What it is called on screen."""
        return self.label or self.value


@immutable
class Validation:
    """What an input must be like. `pattern` is a regular expression for the whole of it.

    With a pattern, an input has no more than `LONGEST_SUBJECT` characters.
    """

    min_length: int | None = None
    max_length: int | None = None
    pattern: str | None = None
    require_special: bool = False
    require_digit: bool = False
    minimum: float | None = None
    maximum: float | None = None


_NUMBER = re.compile(r"[+-]?[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]+)?")

ANYTHING = Validation()
"""Accepts every input."""


def objection(
    value: str,
    question_type: QuestionType,
    *,
    options: Sequence[Option] = (),
    input_type: InputType = "text",
    validation: Validation = ANYTHING,
) -> str:
    """Return what is wrong with an answer, as a sentence without the answer; empty if nothing.

    A sentence about a password must be fit to be shown and recorded, so none quotes its subject.
    """
    match question_type:
        case "approval":
            return "" if value in ("approve", "reject") else "approve or reject is expected"
        case "choice":
            values = [option.value for option in options]
            return "" if value in values else f"one of {', '.join(values)} is expected"
        case "input":
            return _input_objection(value, input_type, validation)


def _input_objection(value: str, input_type: InputType, want: Validation) -> str:
    least = 1 if want.min_length is None else want.min_length
    most = MOST_CHARACTERS if want.max_length is None else want.max_length
    if len(value) < least:
        return f"at least {least} characters are needed" if least > 1 else "something is needed"
    if len(value) > most:
        return f"at most {most} characters are allowed"
    if not value.isprintable():
        return "control characters are not allowed"
    if input_type == "number":
        number = float(value) if _NUMBER.fullmatch(value) else nan
        if not isfinite(number):
            return "a number is expected"
        if want.minimum is not None and number < want.minimum:
            return f"must be at least {want.minimum:g}"
        if want.maximum is not None and number > want.maximum:
            return f"must be at most {want.maximum:g}"
    if want.require_special and all(char.isalnum() or char.isspace() for char in value):
        return "a special character is needed, such as ! or #"
    if want.require_digit and not any(char.isdecimal() for char in value):
        return "a digit is needed"
    if want.pattern is not None and len(value) > LONGEST_SUBJECT:
        return f"at most {LONGEST_SUBJECT} characters are allowed"
    if want.pattern is not None and re.fullmatch(want.pattern, value) is None:
        return f"must match {want.pattern}"
    return ""
