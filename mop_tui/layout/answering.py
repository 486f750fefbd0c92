"""Whether what is done about answers can be done, and comes from answers that there are."""

from collections.abc import Iterator, Mapping

from mop_tui.domain.answers import objection
from mop_tui.domain.ids import QuestionName
from mop_tui.domain.plan import QuestionSpec
from mop_tui.domain.reactions import ANY
from mop_tui.layout.answer_section import NewTask, Reaction
from mop_tui.layout.case import Case
from mop_tui.layout.findings import Finding
from mop_tui.layout.provisions import Provisions
from mop_tui.layout.reactions import said_by
from mop_tui.layout.references import doers
from mop_tui.layout.tree import Loc

_WITH_TASK = frozenset(
    {
        "task_created",
        "agent_error",
        "agent_health",
        "environment_deploy",
        "event",
    }
)
"""Types of triggers that may be about a task."""


def findings(case: Case, provided: Provisions) -> Iterator[Finding]:
    """Yield what is wrong with what is done about answers."""
    for name, question in case.layout.questions.items():
        spec = case.plan.questions[QuestionName(name)]
        subject = _Subject(case, provided, name)
        if case.losses.within("questions", name, "options"):
            continue
        for value, reactions in question.on_answer.items():
            loc: Loc = ("questions", name, "on_answer", value)
            yield from _value(loc, spec, value)
            if case.losses.within(*loc):
                continue
            for index, reaction in enumerate(reactions):
                yield from within_reaction(case, provided, (*loc, index), reaction)
                yield from subject.findings((*loc, index), spec, value, reaction)


def _value(loc: Loc, spec: QuestionSpec, value: str) -> Iterator[Finding]:
    """Yield that this can be no answer."""
    if value == ANY:
        return
    if spec.question_type == "input" and spec.input_type == "password":
        yield Finding(
            loc,
            'would be a password for everybody who can read the layout; write "*", for any',
            key=True,
        )
        return
    wrong = objection(
        value,
        spec.question_type,
        options=spec.options,
        input_type=spec.input_type,
        validation=spec.validation,
    )
    if spec.question_type == "choice" and wrong:
        values = [option.value for option in spec.options]
        yield Finding(
            loc,
            "is none of the options",
            wrong=value,
            candidates=values,
            otherwise=f'; they are {", ".join(values)}, and "*" is any other' if values else "",
            key=True,
        )
    elif wrong:
        yield Finding(loc, f"would be refused as an answer: {wrong}", key=True)


def within_reaction(
    case: Case, provided: Provisions, loc: Loc, reaction: Reaction
) -> Iterator[Finding]:
    """Yield what is wrong with one thing that is done, whatever it is done about."""
    said = dict(said_by(reaction))
    if len(said) > 1:
        yield Finding(loc, f"says {' and '.join(said)}; make each an item of its own")
    elif not said and not case.losses.within(*loc):
        yield Finding(
            loc,
            "does not say what is done: write create_task, spawn, set_memory, retry, skip or stop",
        )
    elif reaction.set_memory == {} and "set_memory" in said and not case.losses.within(*loc):
        yield Finding((*loc, "set_memory"), "sets nothing; give it a key, such as ready: true")
    created, spawned = reaction.create_task, reaction.spawn
    if created is not None:
        yield from _created(case, provided, (*loc, "create_task"), created)
    if spawned is not None and not case.losses.mapping("agent_types"):
        types = case.declared.types
        if spawned.agent_type not in types:
            yield Finding(
                (*loc, "spawn", "agent_type"),
                f"there is no agent type '{spawned.agent_type}'",
                wrong=spawned.agent_type,
                candidates=types,
            )


def _created(case: Case, provided: Provisions, loc: Loc, created: NewTask) -> Iterator[Finding]:
    declared, losses = case.declared, case.losses
    if created.agent is not None and created.skill is not None:
        yield Finding(loc, "has both agent and skill; keep one of them")
    elif created.agent is None and created.skill is None and not losses.within(*loc):
        yield Finding(loc, "does not say who does it; give it agent or skill")
    if created.agent is not None and not (losses.agents or losses.mapping("teams")):
        kind, _, number = created.agent.rpartition("-")
        later = kind in provided.spawned and number.isdecimal()
        if created.agent not in declared.agents and not later:
            numbered = (agent.id for agent in provided.spawned.values())
            yield Finding(
                (*loc, "agent"),
                f"there is no agent '{created.agent}'",
                wrong=created.agent,
                candidates=dict.fromkeys((*declared.agents, *numbered)),
            )
    lost = losses.may_have_said("skills", "type")
    if created.skill is not None and created.skill not in provided.with_skill and not lost:
        yield Finding(
            (*loc, "skill"),
            f"no agent has the skill '{created.skill}'",
            wrong=created.skill,
            candidates=provided.with_skill,
        )


class _Subject:
    """What task a question is about, as far as the layout tells who asks it."""

    def __init__(self, case: Case, provided: Provisions, name: str) -> None:
        self.gates = bool(provided.gated.get(QuestionName(name)))
        self.asked_at_work = any(
            doer.sim is not None and doer.sim.asks == name for _, doer in doers(case)
        )
        asking = [spec for spec in case.plan.triggers if spec.question == name]
        self.by_trigger = any(spec.type in _WITH_TASK and not spec.gate for spec in asking)
        self.unknown = (
            case.losses.within("triggers")
            or case.losses.mapping("triggers")
            or case.losses.may_have_said("gate", "sim", "environment")
        )
        self.asked = self.gates or self.asked_at_work or bool(asking)

    def findings(
        self, loc: Loc, spec: QuestionSpec, value: str, reaction: Reaction
    ) -> Iterator[Finding]:
        """Yield what makes no sense for the task that the question is about."""
        if self.unknown or not self.asked:
            return
        only_gate = self.gates and not self.by_trigger and not self.asked_at_work
        tasks: Mapping[str, bool] = {
            "retry": self.by_trigger or self.asked_at_work,
            "skip": self.by_trigger or self.asked_at_work or self.gates,
        }
        for name, possible in tasks.items():
            if getattr(reaction, name) is None:
                continue
            if name == "retry" and only_gate:
                yield Finding(
                    (*loc, name),
                    "cannot be: the task that waits for the answer has not begun, so there is "
                    "nothing to do again",
                    key=True,
                )
            elif not possible:
                yield Finding(
                    (*loc, name),
                    "is about a task, and this question is about none: it is no task's gate, and "
                    "no trigger that asks it is about one",
                    key=True,
                )
            elif name == "skip" and only_gate and spec.question_type == "approval":
                why = {
                    "approve": "contradicts itself: to approve is to let the task begin",
                    "reject": "says nothing: a rejection cancels the task anyway",
                }.get(value)
                if why is not None:
                    yield Finding((*loc, name), why, key=True)
