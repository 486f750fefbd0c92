"""Questions that agents ask in the protocol, and which of them are refused.

An agent must not be able to decide by asking: a default never approves. Nor may it hang whoever
checks an answer: a regular expression that may take too long is refused.
"""

import re
import warnings
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, JsonValue

from mop_tui.agents.visible import visible_text
from mop_tui.domain.answers import InputType, Option, QuestionType, Validation, objection
from mop_tui.domain.ids import AgentId, AskId, QuestionName
from mop_tui.domain.patterns import is_tame
from mop_tui.domain.plan import QuestionSpec

MOST_OPTIONS = 100
LONGEST_QUESTION = 4_096
LONGEST_PATTERN = 200
CLASS = r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$"
"""What the class of a question may be called."""
LONGEST_TIMEOUT = 366 * 86_400.0
"""Seconds."""

_Length = Annotated[int, Field(ge=0)]
_Finite = Annotated[float, Field(allow_inf_nan=False)]


class Refused(Exception):  # noqa: N818 - what happens to a question; its text is for a person
    """Why a question is not put to the human."""


class _Part(BaseModel):
    model_config = ConfigDict(
        strict=True,
        extra="ignore",
        hide_input_in_errors=True,
        frozen=True,
        defer_build=True,  # most agents say nothing of most kinds, if anything at all
    )


class _OptionForm(_Part):
    value: Annotated[str, Field(min_length=1)]
    label: str = ""
    description: str = ""


class _ValidationForm(_Part):
    min_length: _Length | None = None
    max_length: _Length | None = None
    pattern: Annotated[str, Field(max_length=LONGEST_PATTERN)] | None = None
    require_special: bool = False
    require_digit: bool = False
    minimum: _Finite | None = None
    maximum: _Finite | None = None


class AskForm(_Part):
    """The fields of a question, as agents write them."""

    question: Annotated[str, Field(min_length=1, max_length=LONGEST_QUESTION)]
    question_type: QuestionType = "approval"
    options: Annotated[list[str | _OptionForm], Field(max_length=MOST_OPTIONS)] = []
    input_type: InputType = "text"
    validation: _ValidationForm = _ValidationForm()
    context: dict[str, JsonValue] = {}
    default: str | None = None
    timeout: Annotated[float, Field(gt=0, le=LONGEST_TIMEOUT)] | None = None
    required: bool = False
    fallback: str | None = None
    class_name: Annotated[str, Field(pattern=CLASS, alias="class")] = ""


def question(form: AskForm, agent: AgentId, ask: AskId) -> QuestionSpec:
    """Return the question, named after who asks it. Raises `Refused`."""
    options = tuple(map(_option, form.options))
    _check_options(form.question_type, options)
    validation = _validation(form.validation)
    for name, value in (("default", form.default), ("fallback", form.fallback)):
        if value is not None:
            _check_default(name, value, form.question_type, options, form.input_type, validation)
    return QuestionSpec(
        name=QuestionName(f"{agent}/{ask}"),
        question=visible_text(form.question),
        question_type=form.question_type,
        context=tuple((visible_text(name), value) for name, value in form.context.items()),
        options=options,
        input_type=form.input_type,
        validation=validation,
        timeout_ms=None if form.timeout is None else max(1, round(form.timeout * 1000)),
        required=form.required,
        default=form.default,
        dangerous=form.class_name == "dangerous",
        class_name="" if form.class_name in ("normal", "dangerous") else form.class_name,
        fallback=form.fallback,
    )


def _option(form: str | _OptionForm) -> Option:
    if isinstance(form, str):
        form = _OptionForm(value=form)
    return Option(form.value, visible_text(form.label), visible_text(form.description))


def _check_options(question_type: QuestionType, options: tuple[Option, ...]) -> None:
    values = {option.value for option in options}
    if question_type == "choice" and not options:
        raise Refused("a choice needs `options`")
    if question_type != "choice" and options:
        raise Refused("only a choice has `options`")
    if len(values) < len(options):
        raise Refused("two `options` have the same value")
    if not all(value and value.isprintable() for value in values):
        raise Refused("the value of an option has to be text that can be shown")


def _check_default(
    name: str,
    default: str,
    question_type: QuestionType,
    options: tuple[Option, ...],
    input_type: InputType,
    validation: Validation,
) -> None:
    if question_type == "approval" and default != "reject":
        raise Refused(f"the `{name}` of an approval can only be `reject`")
    if question_type == "input" and input_type == "password":
        raise Refused(f"a password has no `{name}`")
    wrong = objection(
        default, question_type, options=options, input_type=input_type, validation=validation
    )
    if wrong:
        raise Refused(f"the `{name}` is no answer: {wrong}")


def _validation(form: _ValidationForm) -> Validation:
    if form.pattern is not None:
        _check_pattern(form.pattern)
    for least, most in ((form.min_length, form.max_length), (form.minimum, form.maximum)):
        if least is not None and most is not None and least > most:
            raise Refused("`validation` can be met by nothing: its least is above its most")
    return Validation(**form.model_dump())


def _check_pattern(pattern: str) -> None:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # they would be written over the screen
            re.compile(pattern)
    except (re.error, RecursionError, OverflowError):
        raise Refused("`validation.pattern` is no regular expression") from None
    if not is_tame(pattern):
        raise Refused("`validation.pattern` may take for ever: it repeats too much that overlaps")
