"""Whether a question asks what can be answered, and falls back to what it would accept.

What is done about answers is judged in `answering`.
"""

from collections.abc import Iterator

from mop_tui.domain.answers import objection
from mop_tui.domain.ids import QuestionName
from mop_tui.domain.plan import QuestionSpec
from mop_tui.layout.case import Case
from mop_tui.layout.findings import Finding
from mop_tui.layout.schema import Question
from mop_tui.layout.tree import Loc

_ONLY = {
    "options": "choice",
    "input_type": "input",
    "validation": "input",
    "on_reject": "approval",
}
"""Fields that one type of question has."""


def findings(case: Case) -> Iterator[Finding]:
    """Yield what is wrong with questions. Of which a part was cut out, nothing is known."""
    for name, question in case.layout.questions.items():
        loc: Loc = ("questions", name)
        spec = case.plan.questions[QuestionName(name)]
        if case.losses.within(*loc):
            continue
        yield from _fields(loc, question)
        if question.question_type == "choice":
            yield from _options(loc, question)
        if question.question_type == "input" and question.input_type != "number":
            yield from _range(loc, question)
        if spec.default is not None:
            yield from _default((*loc, "default"), spec, spec.default)
        if spec.fallback is not None:
            yield from _default((*loc, "fallback"), spec, spec.fallback)
        answer = case.layout.unattended_answers.get(spec.name)
        if answer is not None:
            yield from _unattended(("unattended_answers", spec.name), spec, answer)


def _unattended(loc: Loc, spec: QuestionSpec, answer: str) -> Iterator[Finding]:
    if spec.question_type == "choice" and not spec.options:
        return  # which is told by itself, and no answer could be better
    wrong = objection(
        answer,
        spec.question_type,
        options=spec.options,
        input_type=spec.input_type,
        validation=spec.validation,
    )
    if wrong:
        yield Finding(loc, f"would be refused as an answer: {wrong}")


def _fields(loc: Loc, question: Question) -> Iterator[Finding]:
    for field, type_ in _ONLY.items():
        if field in question.model_fields_set and question.question_type != type_:
            yield Finding(
                (*loc, field),
                f"is for question_type: {type_}; this question is of type {question.question_type}",
                key=True,
            )


def _options(loc: Loc, question: Question) -> Iterator[Finding]:
    if not question.options:
        yield Finding(loc, "offers nothing to choose; list two or more options")
    elif len(question.options) == 1:
        yield Finding((*loc, "options"), "holds one option, which is no choice; give it two")
    taken: set[str] = set()
    for index, option in enumerate(question.options):
        if option.value in taken:
            yield Finding(
                (*loc, "options", index, "value"),
                "is the value of an option above; each needs its own",
            )
        taken.add(option.value)


def _range(loc: Loc, question: Question) -> Iterator[Finding]:
    for field in ("minimum", "maximum"):
        if field in question.validation.model_fields_set:
            yield Finding(
                (*loc, "validation", field),
                f"is for input_type: number; what is typed here is a {question.input_type}",
                key=True,
            )


def _default(loc: Loc, spec: QuestionSpec, default: str) -> Iterator[Finding]:
    """Yield what is wrong with what is to hold where nobody answers."""
    if spec.question_type == "approval":
        if default != "reject":
            yield Finding(
                loc,
                "can only be reject: what nobody answered must never count as approved",
            )
    elif spec.question_type == "choice":
        values = [option.value for option in spec.options]
        if default not in values:
            yield Finding(
                loc,
                "is none of the options",
                wrong=default,
                candidates=values,
                otherwise=f"; they are {', '.join(values)}" if values else "",
            )
    elif spec.input_type == "password":
        yield Finding(
            loc,
            "would be a secret for everybody who can read the layout; leave it out",
        )
    else:
        wrong = objection(
            default,
            "input",
            input_type=spec.input_type,
            validation=spec.validation,
        )
        if wrong:
            yield Finding(loc, f"would be refused as an answer: {wrong}")
