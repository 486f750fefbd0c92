"""What single values of a layout may be, and what they become.

A value that people write in several ways is read here, and written back in one.
"""

import re
import warnings
from typing import Annotated, Any

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    PlainSerializer,
    StringConstraints,
    WithJsonSchema,
)
from pydantic_core import PydanticCustomError

from mop_tui.domain import path_patterns
from mop_tui.domain.answers import MOST_CHARACTERS
from mop_tui.domain.ids import MEMORY_KEY
from mop_tui.domain.patterns import MANY_STEPS, is_tame
from mop_tui.layout import durations, sizes

ID = r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$"
VARIABLE = r"^[A-Za-z_][A-Za-z0-9_-]{0,63}$"
ENVIRONMENT_NAME = r"^[A-Za-z_][A-Za-z0-9_]{0,199}$"

LONGEST_PATTERN = 1_000
"""How many signs a regular expression may have."""
MOST_CORES = 4_096
MOST_MONEY = 100_000
MOST_RESOURCES = 100
"""How many patterns one agent or task may name."""

Id = Annotated[str, StringConstraints(pattern=ID)]
Variable = Annotated[str, StringConstraints(pattern=VARIABLE)]
Key = Annotated[str, StringConstraints(pattern=MEMORY_KEY)]
EnvironmentName = Annotated[str, StringConstraints(pattern=ENVIRONMENT_NAME)]
Text = Annotated[str, StringConstraints(min_length=1)]


def wrong(sentence: str) -> PydanticCustomError:
    """Return the error by which a validator says what is wrong with a value."""
    return PydanticCustomError("sentence", "{sentence}", {"sentence": sentence})


def _duration(value: object) -> int:
    try:
        return durations.parse(value)
    except ValueError as error:
        raise wrong(str(error)) from error


def _some_time(value: object) -> int:
    milliseconds = _duration(value)
    if milliseconds == 0:
        raise wrong("must be longer than nothing; leave it out to have its default")
    return milliseconds


def _duration_range(value: object) -> tuple[int, int]:
    if not isinstance(value, list):
        return _duration(value), _duration(value)
    if len(value) != 2:
        raise wrong("is not a duration or a range of two, such as [15s, 25s]")
    shortest, longest = _duration(value[0]), _duration(value[1])
    if shortest > longest:
        raise wrong("is a range that ends before it begins")
    return shortest, longest


def _written_range(value: tuple[int, int]) -> str | list[str]:
    shortest, longest = map(durations.written, value)
    return shortest if shortest == longest else [shortest, longest]


def _size(value: object) -> int:
    try:
        return sizes.parse(value)
    except ValueError as error:
        raise wrong(str(error)) from error


def _exit_code(value: object) -> int:
    """Return an exit code from a key, which is a text as it is written."""
    if value in ("0", 0):
        raise wrong("is no error: a program that exits with 0 has completed its task")
    code = int(value) if isinstance(value, str) and re.fullmatch("[1-9][0-9]{0,2}", value) else 0
    if not 1 <= code <= 255:
        raise wrong("is no exit code of a failed program; write a number from 1 to 255")
    return code


def _regex(value: str) -> str:
    try:
        # What is merely warned about today means something else in a later Python.
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            re.compile(value)
    except RecursionError as error:
        raise wrong("is no regular expression that Python's re takes: nested too deep") from error
    except (re.error, ValueError, OverflowError, Warning) as error:
        why = "".join(sign if sign.isprintable() else "?" for sign in str(error))
        raise wrong(f"is no regular expression that Python's re takes: {why}") from error
    if not is_tame(value, MANY_STEPS):
        raise wrong(
            "may take for ever: it repeats what repeats or chooses itself, as in (a+)+, or has "
            "more than three repetitions that overlap"
        )
    return value


def _measuring(value: str) -> str:
    groups = re.compile(value).groups
    if groups == 0:
        raise wrong(
            r"holds no group: put one around a percentage, as in (\d+)%, or two around how much "
            r"is done and how much there is, as in (\d+)/(\d+)"
        )
    if groups > 2:
        raise wrong(
            f"holds {groups} groups: one is a percentage, two are how much is done and how much "
            "there is; write (?:...) for what is neither"
        )
    return value


def _resource(value: str) -> str:
    """Return the name of something in the session's folder, or a pattern for such names."""
    problem = path_patterns.resource_problem(value)
    if problem:
        raise wrong(problem)
    return value


def _once(value: list[str]) -> list[str]:
    twice = next((item for index, item in enumerate(value) if item in value[:index]), None)
    if twice is not None:
        raise wrong(f"names {twice} twice")
    return value


_DURATION: dict[str, Any] = {"type": ["string", "number"]}
_WRITTEN_DURATION = WithJsonSchema(_DURATION)

Duration = Annotated[
    int, BeforeValidator(_duration), PlainSerializer(durations.written), _WRITTEN_DURATION
]
"""Milliseconds."""
Timeout = Annotated[
    int, BeforeValidator(_some_time), PlainSerializer(durations.written), _WRITTEN_DURATION
]
"""Milliseconds, at least one; without it some default holds, or there is no end."""
DurationRange = Annotated[
    tuple[int, int],
    BeforeValidator(_duration_range),
    PlainSerializer(_written_range),
    WithJsonSchema({"anyOf": [_DURATION, {"type": "array", "items": _DURATION}]}),
]
"""The shortest and the longest, in milliseconds."""
Size = Annotated[
    int,
    BeforeValidator(_size),
    PlainSerializer(sizes.written),
    WithJsonSchema({"type": ["string", "integer"]}),
]
"""Bytes."""
Cores = Annotated[float, Field(gt=0, le=MOST_CORES)]
"""Processor cores, or parts of one."""
Price = Annotated[float, Field(ge=0, le=MOST_MONEY)]
"""Money, in whatever unit; the same everywhere."""
ExitCode = Annotated[
    int, BeforeValidator(_exit_code), WithJsonSchema({"type": "string", "pattern": "^[0-9]{1,3}$"})
]
"""The exit code of a program that failed."""
Regex = Annotated[
    str, StringConstraints(min_length=1, max_length=LONGEST_PATTERN), AfterValidator(_regex)
]
"""A regular expression of Python's `re`."""
ProgressRegex = Annotated[Regex, AfterValidator(_measuring)]
"""A regular expression with a group for a percentage, or two for what is done and what there is."""
Resource = Annotated[
    str, StringConstraints(min_length=1, max_length=LONGEST_PATTERN), AfterValidator(_resource)
]
"""A name, or a pattern for paths in the session's folder."""
Globs = Annotated[list[Resource], Field(max_length=MOST_RESOURCES), AfterValidator(_once)]
"""Patterns for paths in the session's folder, each once."""
Locks = Annotated[list[Resource], Field(max_length=MOST_RESOURCES), AfterValidator(_once)]
"""Names and patterns for paths, each once."""
Length = Annotated[int, Field(ge=0, le=MOST_CHARACTERS)]
"""How many characters an answer has."""
