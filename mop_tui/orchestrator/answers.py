"""Answers that the operator wrote down beforehand.

A YAML list of items `{question, value, reason, after}`: the question's name in the layout,
`approve` or `reject`, and optionally a reason and how long after the asking the answer is given.
Each item answers one asking, in the order of the file.
"""

from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path
from typing import Annotated, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from mop_tui.domain.ids import QuestionName
from mop_tui.domain.plan import Plan
from mop_tui.errors import UsageError


class _Item(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, hide_input_in_errors=True)

    question: str
    value: Literal["approve", "reject"]
    reason: str = ""
    after: Annotated[float, Field(ge=0)] = 0
    """Seconds of session time."""


@dataclass(frozen=True, slots=True)
class PreparedAnswer:
    """One answer, to be given `after_ms` after its question is asked."""

    question: QuestionName
    value: Literal["approve", "reject"]
    reason: str
    after_ms: int


@dataclass(slots=True)
class PreparedAnswers:
    """The answers that are left, and the name under which they are recorded."""

    by: str
    left: list[PreparedAnswer]

    def take(self, question: QuestionName) -> PreparedAnswer | None:
        """Return the next answer to `question`, which is then used up."""
        for index, answer in enumerate(self.left):
            if answer.question == question:
                return self.left.pop(index)
        return None


def read_answers(path: Path, plan: Plan) -> PreparedAnswers:
    """Read an answers file for a session of `plan`.

    Raises `UsageError` naming what is wrong, also for answers to questions that the layout does
    not have and to those it marks dangerous, which only a present human may answer.
    """
    try:
        content = path.read_bytes()
        items = TypeAdapter(list[_Item]).validate_python(yaml.safe_load(content), strict=True)
    except OSError as error:
        raise UsageError(f"{path}: cannot be read: {error.strerror}") from None
    except (yaml.YAMLError, ValueError) as error:
        raise UsageError(f"{path}: {_in_words(error)}") from None
    for item in items:
        spec = plan.questions.get(QuestionName(item.question))
        if spec is None:
            known = ", ".join(plan.questions) or "none"
            raise UsageError(
                f"{path}: the layout has no question {item.question!r}; it has: {known}"
            )
        if spec.dangerous:
            raise UsageError(
                f"{path}: {item.question!r} is marked dangerous, so a file may not answer it; "
                "answer it on the screen"
            )
    return PreparedAnswers(
        by=f"file#{blake2b(content, digest_size=8).hexdigest()}",
        left=[
            PreparedAnswer(
                QuestionName(item.question), item.value, item.reason, round(item.after * 1000)
            )
            for item in items
        ],
    )


def _in_words(error: Exception) -> str:
    if isinstance(error, ValidationError):
        first = error.errors(include_input=False, include_url=False)[0]
        where = ".".join(str(part) for part in first["loc"]) or "the file"
        return (
            f"{where}: {first['msg']}; a list of {{question, value: approve|reject, reason, after}}"
            " is expected"
        )
    return " ".join(str(error).split())
