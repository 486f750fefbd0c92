"""Whether every `${...}` in a layout can be filled in where it stands (see `domain.templates`)."""

from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass, field
from functools import partial
from itertools import chain

from mop_tui.domain import circumstances, templates
from mop_tui.domain.events import BY_KIND
from mop_tui.domain.ids import MemoryKey, QuestionName, TaskId
from mop_tui.domain.reactions import ANSWER, LOOKED_UP_AFTER_ERRORS
from mop_tui.domain.templates import MACHINE_FACTS
from mop_tui.domain.triggers import TriggerSpec
from mop_tui.errors import TemplateError
from mop_tui.layout import reactions
from mop_tui.layout.case import Case
from mop_tui.layout.findings import Finding
from mop_tui.layout.provisions import Provisions
from mop_tui.layout.references import doers, programs
from mop_tui.layout.schema import Hook, Question, Run
from mop_tui.layout.tree import Loc
from mop_tui.layout.trigger_section import Trigger

MAX_LENGTH = 100_000
"""How long a text may become through its variables, which could double from one to the next."""

_Judge = Callable[[Loc, str], Finding | None]
"""Says what is wrong with looking a name up in the text at a location."""


@dataclass(frozen=True, slots=True)
class _Variables:
    """What is known of the variables of a layout."""

    lengths: dict[str, int] = field(default_factory=dict)
    """How long each becomes, machine facts not counted."""
    machine: dict[str, str] = field(default_factory=dict)
    """Those that hold a machine fact, and which."""

    def length(self, text: str) -> int:
        """Return how long `text` becomes."""
        own = len(templates.render(text, lambda _: ""))
        return own + sum(self.lengths.get(name, 0) for name in templates.names(text))


def findings(case: Case, provisions: Provisions) -> Iterator[Finding]:
    """Yield the look-ups that lead nowhere, or to what cannot be known where they stand."""
    variables = _Variables()
    yield from _of_variables(case, variables)
    for loc, program in programs(case):
        for way, text in _texts(program):
            yield from _text((*loc, *way), text, variables, partial(_in_command, case))
    for name, question in case.layout.questions.items():
        judge = _InQuestion(case, provisions, variables, QuestionName(name))
        yield from _text(("questions", name, "question"), question.question, variables, judge)
        for way, text in templates.texts(question.context):
            yield from _text(("questions", name, "context", *way), text, variables, judge)
        in_reaction = _InReaction(judge, secret=question.input_type == "password")
        for way, text in reactions.texts(question.on_answer):
            yield from _text(("questions", name, "on_answer", *way), text, variables, in_reaction)
    for name, task in case.layout.tasks.items():
        after_error = _InQuestion(case, provisions, variables, None, LOOKED_UP_AFTER_ERRORS)
        for way, text in reactions.texts(task.on_error):
            yield from _text(("tasks", name, "on_error", *way), text, variables, after_error)
    yield from _text(
        ("session", "root"), case.layout.session.root, variables, partial(_in_command, case)
    )
    for index, spec in enumerate(case.plan.triggers):
        in_trigger: _Judge = _InTrigger(case, variables, spec)
        if spec.gate and spec.question is not None:
            in_trigger = _InQuestion(case, provisions, variables, spec.question)
        for way, text in _texts_of_trigger(case.layout.triggers[index]):
            yield from _text(("triggers", index, *way), text, variables, in_trigger)
    for loc, literal in _literals(case):
        yield from _literal(case, loc, literal)


def _of_variables(case: Case, variables: _Variables) -> Iterator[Finding]:
    above: dict[str, None] = {}
    for name, text in case.layout.session.vars.items():
        loc: Loc = ("session", "vars", name)
        if name in MACHINE_FACTS:
            yield Finding(
                loc, f"is what ${{{name}}} stands for anyway; take another name", key=True
            )
        wrong = list(_text(loc, text, variables, partial(_in_variable, case, above)))
        yield from wrong
        if not wrong:
            variables.lengths[name] = variables.length(text)
            for used in templates.names(text):
                fact = used if used in MACHINE_FACTS else variables.machine.get(used)
                if fact is not None:
                    variables.machine[name] = fact
        above[name] = None


def _text(loc: Loc, text: str, variables: _Variables, judge: _Judge) -> Iterator[Finding]:
    try:
        names = dict.fromkeys(templates.names(text))
    except TemplateError as error:
        yield Finding(loc, f"holds {error}")
        return
    for name in names:
        finding = judge(loc, name)
        if finding is not None:
            yield finding
    if variables.length(text) > MAX_LENGTH:
        yield Finding(loc, f"becomes longer than {MAX_LENGTH:,} signs when it is filled in")


def _in_variable(case: Case, above: Collection[str], loc: Loc, name: str) -> Finding | None:
    if name in MACHINE_FACTS or name in above:
        return None
    if name in case.declared.variables:
        return Finding(
            loc, f"looks up '{name}', which is not above it; a variable may use those above"
        )
    return _nowhere(case, loc, name, chain(above, MACHINE_FACTS))


def _in_command(case: Case, loc: Loc, name: str) -> Finding | None:
    if name in MACHINE_FACTS or name in case.declared.variables:
        return None
    return _nowhere(case, loc, name, chain(case.declared.variables, MACHINE_FACTS))


@dataclass(frozen=True, slots=True)
class _InQuestion:
    """Judges look-ups in the texts of a question, or in what is done about an error."""

    case: Case
    provisions: Provisions
    variables: _Variables
    question: QuestionName | None
    besides: tuple[str, ...] = ()
    """Names that can be looked up there besides."""

    def __call__(self, loc: Loc, name: str) -> Finding | None:
        if name in self.besides:
            return None
        task, key = templates.task_of(name), templates.key_of(name)
        if task is not None:
            return self._output(loc, task)
        if key is not None:
            return self._key(loc, key)
        fact = name if name in MACHINE_FACTS else self.variables.machine.get(name)
        if fact is not None:
            through = "" if fact == name else f"with ${{{fact}}} in it, "
            return Finding(
                loc,
                f"looks up '{name}', {through}a path of this machine; "
                f"{'a question must read' if self.question else 'what is done must be'} the same "
                "everywhere",
            )
        if name in self.case.declared.variables:
            return None
        known = chain(self.besides, self.case.declared.variables)
        return _nowhere(self.case, loc, name, known)

    def _output(self, loc: Loc, task: TaskId) -> Finding | None:
        if task not in self.case.declared.tasks:
            return Finding(
                loc,
                f"looks up the output of '{task}', and there is no such task",
                wrong=task,
                candidates=self.case.declared.tasks,
            )
        order_known = self.provisions.complete and not self.case.losses.may_have_said(
            "needs", "provides", "sim"
        )
        if not order_known or self.question is None:
            return None
        for gated in self.provisions.gated.get(self.question, ()):
            if gated == task:
                return Finding(
                    loc, f"shows the output of '{task}', which begins only after the answer"
                )
            if task not in self.provisions.before(gated):
                return Finding(
                    loc,
                    f"shows the output of '{task}', which may not be complete by then: '{gated}', "
                    "which waits for the answer, does not need it",
                )
        return None

    def _key(self, loc: Loc, key: MemoryKey) -> Finding | None:
        provided = self.provisions.unforeseen or self.provisions.provided(key)
        lost = self.case.losses.may_have_said("provides", "sim")
        if provided or lost or self.case.losses.within("triggers"):
            return None
        return Finding(
            loc,
            f"no task provides the memory key '{key}'",
            wrong=key,
            candidates=self.provisions.keys,
        )


@dataclass(frozen=True, slots=True)
class _InReaction:
    """Judges look-ups in what is done about the answers to a question."""

    question: _InQuestion
    secret: bool

    def __call__(self, loc: Loc, name: str) -> Finding | None:
        if name != ANSWER:
            return self.question(loc, name)
        if self.secret:
            return Finding(loc, "looks up the answer, which is a secret, and so is told to nobody")
        return None


@dataclass(frozen=True, slots=True)
class _InTrigger:
    """Judges look-ups in the texts of a trigger."""

    case: Case
    variables: _Variables
    trigger: TriggerSpec

    def __call__(self, loc: Loc, name: str) -> Finding | None:
        if self.trigger.type == "event" and self.trigger.kind not in BY_KIND:
            return None
        known = circumstances.forms(self.trigger.kinds)
        if templates.key_of(name) or circumstances.form_at(name, known) is not None:
            return None
        fact = name if name in MACHINE_FACTS else self.variables.machine.get(name)
        if fact is not None:
            through = "" if fact == name else f"with ${{{fact}}} in it, "
            return Finding(
                loc,
                f"looks up '{name}', {through}a path of this machine; what a trigger does must be "
                "the same everywhere",
            )
        if name in self.case.declared.variables:
            return None
        return _nowhere(self.case, loc, name, chain(known, self.case.declared.variables))


def _nowhere(case: Case, loc: Loc, name: str, known: Iterable[str]) -> Finding | None:
    if case.losses.mapping("session", "vars"):
        return None
    if templates.task_of(name) is not None or templates.key_of(name) is not None:
        return Finding(loc, f"looks up '{name}', which only questions can")
    return Finding(
        loc,
        f"looks up '{name}', and there is no such name",
        wrong=name,
        candidates=known,
        otherwise="; where no look-up is meant, write $${",
    )


def _texts(run: Run | Hook) -> Iterator[tuple[Loc, str]]:
    """Yield every text of a command that is filled in, with the way to it."""
    for index, word in enumerate(run.command or ()):
        yield ("command", index), word
    if run.shell is not None:
        yield ("shell",), run.shell
    if run.cwd is not None:
        yield ("cwd",), run.cwd
    for key, value in run.env.items():
        yield ("env", key), value


def _texts_of_trigger(trigger: Trigger) -> Iterator[tuple[Loc, str]]:
    """Yield every text of a trigger that is filled in, with the way to it."""
    for name, text in (("task", trigger.task), ("dedupe_key", trigger.dedupe_key)):
        if text is not None:
            yield (name,), text
    for key, value in trigger.set.items():
        for way, text in templates.texts(value):
            yield ("set", key, *way), text


def _literals(case: Case) -> Iterator[tuple[Loc, str]]:
    """Yield texts that are never filled in."""
    layout = case.layout
    yield ("session", "project"), layout.session.project
    yield ("session", "goal"), layout.session.goal
    for name, team in layout.teams.items():
        yield ("teams", name, "name"), team.name or ""
    for name, task in layout.tasks.items():
        yield ("tasks", name, "title"), task.title or ""
    for name, question in layout.questions.items():
        for way, text in _literals_of_question(question):
            yield ("questions", name, *way), text
    for number, trigger in enumerate(layout.triggers):
        for key in ("path_pattern", "agent_type", "agent", "skill", "environment", "error_type"):
            yield ("triggers", number, key), getattr(trigger, key) or ""
    for loc, doer in doers(case):
        for index, line in enumerate(doer.sim.output if doer.sim else ()):
            yield (*loc, "sim", "output", index), line
        for index, error in enumerate(doer.sim.errors if doer.sim else ()):
            yield (*loc, "sim", "errors", index, "message"), error.message
        for way, text in _patterns(doer.run) if doer.run else ():
            yield (*loc, "run", *way), text


def _literals_of_question(question: Question) -> Iterator[tuple[Loc, str]]:
    for index, option in enumerate(question.options):
        yield ("options", index, "value"), option.value
        yield ("options", index, "label"), option.label
        yield ("options", index, "description"), option.description
    yield ("validation", "pattern"), question.validation.pattern or ""
    yield ("default",), question.default or ""


def _patterns(run: Run) -> Iterator[tuple[Loc, str]]:
    for index, of_type in enumerate(run.error_patterns):
        yield ("error_patterns", index, "pattern"), of_type.pattern
    for index, pattern in enumerate(run.progress_patterns):
        yield ("progress_patterns", index), pattern


def _literal(case: Case, loc: Loc, text: str) -> Iterator[Finding]:
    try:
        names = templates.names(text)
    except TemplateError:
        return
    for name in dict.fromkeys(names):
        if name in case.declared.variables or name in MACHINE_FACTS:
            yield Finding(loc, f"looks up '{name}', but this text is not filled in")
