"""`${name}` look-ups in texts, and nothing else: no expressions, no code.

A plan keeps every text as the layout has it. Look-ups are filled in when a text is used, never
before, so that neither plan nor journal header depends on the machine:

    where                           what may be looked up
    commands, their cwd and env     variables, machine facts
    variables                       variables above them, machine facts
    question texts and contexts     variables without machine facts,
                                    `${tasks.ID.output}`, `${memory:KEY}`
    what triggers do                variables without machine facts,
                                    `${memory:KEY}`, and what happened (see `circumstances`)
    the folder whose files          variables, machine facts
    are watched

*Variables* are the layout's own `session.vars`, by plain name: `${project}`. *Machine facts* are
`${layout.dir}`, `${session.workspace}` and `${python}`; they differ from machine to machine, and so
must not become part of what a human is asked. Everywhere else a text is only a text, and the layout
room refuses look-ups in it.

Whoever uses a text calls `resolve` once to get the values of all variables, and then `render`. What
a look-up yields is inserted as it is and not looked into again: the output of a task cannot look up
anything. `$${` stands for `${` itself. The layout room has checked all names before anything runs.
"""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace

from pydantic import JsonValue

from mop_tui.domain.ids import MemoryKey, TaskId
from mop_tui.domain.plan import Command
from mop_tui.errors import TemplateError

LAYOUT_DIR = "layout.dir"
"""The folder of the layout file."""
WORKSPACE = "session.workspace"
"""A private folder of this run, beside its session file."""
PYTHON = "python"
"""The interpreter that runs mop-tui."""

MACHINE_FACTS = (LAYOUT_DIR, WORKSPACE, PYTHON)

Lookup = Callable[[str], str | None]
"""What a name stands for, or None where that is not known."""

_TOKEN = re.compile(r"(?P<escape>\$\$\{)|\$\{(?P<name>[^{}$]*)\}|(?P<stray>\$\{)")
_TASK_OUTPUT = re.compile(r"tasks\.(?P<task>.+)\.output")
_MEMORY = "memory:"


def names(text: str) -> tuple[str, ...]:
    """Return every name that `text` looks up, in order, repetitions included.

    Raises TemplateError where a `${` opens no look-up.
    """
    found: list[str] = []
    for token in _TOKEN.finditer(text):
        if token["stray"]:
            raise TemplateError(
                "a '${' that opens no look-up: write ${name}, or $${ for the two signs themselves"
            )
        if token["name"] is not None:
            found.append(token["name"])
    return tuple(found)


def render(text: str, lookup: Lookup) -> str:
    """Return `text` with its look-ups filled in; one that is not known stays as it is written."""

    def fill(token: re.Match[str]) -> str:
        if token["escape"]:
            return "${"
        name: str | None = token["name"]
        value = None if name is None else lookup(name)
        return token[0] if value is None else value

    return _TOKEN.sub(fill, text)


def escape(text: str) -> str:
    """Return a text that renders to exactly `text`."""
    return text.replace("${", "$${")


def resolve(variables: Mapping[str, str], facts: Lookup) -> Lookup:
    """Return the look-up of `facts` and of `variables`, each filled in from those above it."""
    values: dict[str, str] = {}

    def lookup(name: str) -> str | None:
        value = values.get(name)
        return facts(name) if value is None else value

    for name, text in variables.items():
        values[name] = render(text, lookup)
    return lookup


def render_command(command: Command, lookup: Lookup) -> Command:
    """Return `command` with its words, folder and environment filled in."""
    return replace(
        command,
        argv=tuple(render(word, lookup) for word in command.argv),
        cwd=None if command.cwd is None else render(command.cwd, lookup),
        env=tuple((key, render(value, lookup)) for key, value in command.env),
    )


def render_value(value: JsonValue, lookup: Lookup) -> JsonValue:
    """Return `value` with all texts in it filled in, however deep; keys stay as they are."""
    match value:
        case str():
            return render(value, lookup)
        case list():
            return [render_value(item, lookup) for item in value]
        case dict():
            return {key: render_value(item, lookup) for key, item in value.items()}
        case _:
            return value


def texts(value: JsonValue) -> Iterator[tuple[tuple[str | int, ...], str]]:
    """Yield all texts in `value` that `render_value` would fill in, each with the way to it."""
    match value:
        case str():
            yield (), value
        case list():
            for index, item in enumerate(value):
                for way, text in texts(item):
                    yield (index, *way), text
        case dict():
            for key, item in value.items():
                for way, text in texts(item):
                    yield (key, *way), text


def as_text(value: JsonValue) -> str:
    """Return what a memory value looks like inside a text: texts as they are, others as JSON."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def task_of(name: str) -> TaskId | None:
    """Return the task whose output `name` looks up: `lint` for `tasks.lint.output`."""
    match = _TASK_OUTPUT.fullmatch(name)
    return TaskId(match["task"]) if match else None


def key_of(name: str) -> MemoryKey | None:
    """Return the memory key that `name` looks up: `a/b` for `memory:a/b`."""
    return MemoryKey(name.removeprefix(_MEMORY)) if name.startswith(_MEMORY) else None
