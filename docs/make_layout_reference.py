"""Writes `docs/layout.md` from the classes that layouts are checked against.

    python docs/make_layout_reference.py

A test compares the document with what this would write.
"""

import ast
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import get_args

from mop_tui.domain.plan import OnDoubt, Topology
from mop_tui.domain.shapes import Shape
from mop_tui.domain.strategies import Pressure, Remedial
from mop_tui.domain.triggers import Complexity, Health, TriggerType
from mop_tui.layout.reference import Described, Key, sections

DOCUMENT = Path(__file__).with_name("layout.md")

INTRODUCTION = """\
# Layouts

A layout is one YAML file. `mop-tui check LAYOUT` says everything that is wrong with it, \
`mop-tui plan LAYOUT` what running it would come to, `mop-tui init` writes one to start from, and \
`mop-tui schema` prints its form for editors. This page is made from the same classes that `check` \
uses, by `docs/make_layout_reference.py`.

YAML is read as YAML 1.2 has it: only `true` and `false` are booleans, and `no`, `on` or `1:30` \
are texts. Anchors, aliases and merge keys work. A file has at most 4 MiB, 100,000 values once \
aliases are expanded, and a depth of 100.

`${name}` in commands, their folders and environments stands for a variable of the session, \
`${layout.dir}`, `${session.workspace}` or `${python}`; in the text and context of questions for \
a variable, `${tasks.ID.output}` or `${memory:KEY}`. `$${` is `${` itself. There are no expressions.

What triggers do may look up what happened, such as `${event.path}`; [triggers](triggers.md) says \
more.

The blocks of the orchestration guide may stand in a layout as they are: `trigger:`, \
`health_checks:`, and the arguments of `ask_human`, `orchestrate_triggers`, \
`orchestrate_session_start`, `swarm_monitor` and `adaptation_strategies`, under these names.

How agents are checked is said by [`health_checks`](#healthchecks), for all of them and for those \
of a type; all of it has a default. Every 30 s an agent at work is checked, twice as often while \
something is wrong with it, and a ping may take 10 s. Three bad checks in a row make it ill, one \
good check makes it well, and 5 min of being degraded make it unhealthy. What degrades, and what \
is unhealthy: an answer that takes 2 s, and one that takes longer than 5 s, or none; 1 error \
within 5 min, and 3; less than half the expected rate in two checks, and no progress for longer \
than 10 min; 80 % of its processor or memory limit, and more than 95 %. What is not known counts \
neither way. Who is unhealthy and does not work is started again, at most 3 times within 10 min, \
and 3 times for one task; over that you are asked, and where nobody is there its attempt fails. A \
rehearsal plays the ailments that [`sim.health`](#simulatedailment) declares.

A layout that runs:

```yaml
session: {id: hello}
agent_types:
  greeter: {run: [echo, Hello]}
teams:
  greeters: {agents: [{id: alice, type: greeter}]}
tasks:
  greet: {agent: alice, duration: 1s}
```

What is done about an answer:

```yaml
questions:
  quota:
    question: OBI deployment failed in prod. How to proceed?
    question_type: choice
    options: [increase_quota, reduce_replicas, skip_prod]
    on_answer:
      increase_quota:
        - create_task: {agent: platform-engineer, task: Increase prod CPU quota to 75}
      reduce_replicas:
        - set_memory: {obi/replicas: 2}
        - spawn: {agent_type: obi-specialist, task: Deploy OBI with 2 replicas}
      "*": [skip]
```

What is done when an attempt at a task fails, by the type of the error, in place of its retries \
([triggers](triggers.md#before-triggers-look) says more):

```yaml
tasks:
  deploy:
    agent: deployer
    retry: 2
    on_error:
      timeout: [retry]
      deployment_failed:
        - spawn: {agent_type: devops-troubleshooter, task: "Look into ${error.message}"}
      "*": []
```
"""

NAMES = {
    "str": "text",
    "Text": "text",
    "int": "whole number",
    "float": "number",
    "bool": "true or false",
    "Id": "id",
    "Variable": "name",
    "Key": "memory key",
    "Path": "path",
    "EnvironmentName": "name",
    "ExitCode": "exit code",
    "Duration": "duration",
    "Timeout": "duration",
    "DurationRange": "duration, or two",
    "Size": "size",
    "Cores": "number",
    "Price": "number",
    "Percent": "percentage",
    "Count": "whole number",
    "Length": "whole number",
    "Regex": "regular expression",
    "ProgressRegex": "regular expression",
    "JsonValue": "anything",
    "Scalar": "text, number, true or false",
    "Globs": "list of path patterns",
    "Locks": "list of names or path patterns",
    "Resource": "name or path pattern",
    "Condition": "condition",
}
CHOICES = {
    "Complexity": Complexity,
    "Health": Health,
    "OnDoubt": OnDoubt,
    "Pressure": Pressure,
    "Remedial": Remedial,
    "Shape": Shape,
    "Topology": Topology,
    "TriggerType": TriggerType,
}
FORMS = {
    "duration": "`30s`, `10m`, `1h30m`, `250ms`, or a number of seconds",
    "size": "`512MiB`, `2GiB`, `500MB`, or a number of bytes",
    "id": "up to 64 letters, digits and `. _ -` after a letter or digit",
    "path pattern": "`*` and `?` stay within a folder, `**` goes through any number of them, "
    "`[ab]` is one character, `{a,b}` one of its parts, and what ends in `/` is all that is below",
    "condition": "`{path: value}` or `{path: {eq|ne|in|lt|le|gt|ge: value}}`",
}


def written() -> str:
    """Return the whole document."""
    parts = [INTRODUCTION, "Some values may be written in several ways:\n"]
    parts.append("\n".join(f"- *{name}*: {form}" for name, form in FORMS.items()) + "\n")
    described = sections()
    parts += ["\n".join(_section(one, described)) for one in described.values()]
    return "\n".join(parts)


def _section(one: Described, described: dict[str, Described]) -> Iterator[str]:
    yield f"## {one.name}"
    yield ""
    yield " ".join(one.text.split())
    yield ""
    yield "| key | value | meaning |"
    yield "|---|---|---|"
    for key in one.keys:
        yield f"| `{key.name}` | {_value(key, described)} | {_meaning(key)} |"
    yield ""


def _value(key: Key, described: dict[str, Described]) -> str:
    told = _type(key.type, described)
    if key.required:
        return f"{told}, required"
    return f"{told}, by default {key.default}" if key.default else told


def _meaning(key: Key) -> str:
    return key.text.replace("|", "\\|")


def _type(expression: ast.expr, described: dict[str, Described]) -> str:
    match expression:
        case ast.Name(id=name) if name in described:
            return f"[{name}](#{name.lower()})"
        case ast.Name(id=name) if name in CHOICES:
            return _one_of(get_args(CHOICES[name]))
        case ast.Name(id=name):
            return NAMES[name]
        case ast.Constant(value=None):
            return ""
        case ast.BinOp(left=left, right=right):
            parts = (_type(left, described), _type(right, described))
            return " or ".join(filter(None, parts))
        case ast.Subscript(value=ast.Name(id="Annotated"), slice=ast.Tuple(elts=[inner, *_])):
            return _type(inner, described)
        case ast.Subscript(value=ast.Name(id="Literal"), slice=inner):
            values = inner.elts if isinstance(inner, ast.Tuple) else [inner]
            return _one_of([ast.literal_eval(value) for value in values])
        case ast.Subscript(value=ast.Name(id="list"), slice=inner):
            return f"list of {_type(inner, described)}"
        case ast.Subscript(value=ast.Name(id="dict"), slice=ast.Tuple(elts=[key, value])):
            return f"mapping of {_type(key, described)} to {_type(value, described)}"
        case _:
            raise TypeError(f"no words for {ast.unparse(expression)}")


def _one_of(values: Sequence[str | bool]) -> str:
    *first, last = [f"`{str(it).lower() if isinstance(it, bool) else it}`" for it in values]
    return f"{', '.join(first)} or {last}" if first else last


if __name__ == "__main__":
    DOCUMENT.write_text(written(), encoding="utf-8")
