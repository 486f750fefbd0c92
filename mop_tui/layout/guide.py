"""The ways in which the orchestration guide writes things, brought into the form of the schema.

The guide shows its parts one at a time, as arguments of calls and as blocks of their own. They may
stand in a layout as they are:

    trigger: {...}                         one of `triggers`
    triggers: [{trigger: {...}}]           the same, wrapped
    orchestrate_triggers: {triggers: [..]} all of `triggers`
    adaptation_strategies: {strategies: .} all of `strategies`
    orchestrate_session_start: {...}       the keys of `session`
    swarm_monitor: {check_interval: 30}    the `interval` of `health_checks`
    ask_human: {...}                       one of `questions`, called `ask-human`, `ask-human-2`
    questions: {name: {session_id: ...}}   a question; its session's id changes nothing

Callbacks cannot stand in a file: what is done for an answer is said by `on_answer`, what is done
about an event by a trigger's `action`, and what the guide does `on_health_change` is done anyway.
"""

from collections.abc import Callable, Iterator

from mop_tui.layout.findings import Finding, Placed, placed
from mop_tui.layout.tree import Loc, Node


def normalised(tree: Node) -> list[Placed]:
    """Bring what `tree` says in the guide's way into the schema's form, in place.

    Returns what cannot be brought there: what is said twice, or is nothing that the guide has.
    """
    found: list[Placed] = []
    entries = tree.entries()
    for name, bring in _WAYS.items():
        if name in entries:
            found.extend([placed(finding, tree) for finding in bring(tree, entries[name])])
            del entries[name]
    _unwrap(tree)
    return [*found, *_sessions_of_questions(tree)]


def _session(tree: Node, start: Node) -> Iterator[Finding]:
    if not isinstance(start.value, dict):
        yield Finding(("orchestrate_session_start",), "must be a mapping of the session's keys")
        return
    yield from _merge(tree, "session", start)


def _one_trigger(tree: Node, trigger: Node) -> Iterator[Finding]:
    if not isinstance(trigger.value, dict | list):
        yield Finding(("trigger",), "must be a mapping that describes a trigger, or a list of them")
        return
    blocks = trigger.value if isinstance(trigger.value, list) else [trigger]
    yield from _extend(tree, "triggers", blocks)


def _all_triggers(tree: Node, call: Node) -> Iterator[Finding]:
    yield from _argument(call, "orchestrate_triggers", "triggers")
    yield from _extend(tree, "triggers", call.sequence("triggers"))


def _strategies(tree: Node, call: Node) -> Iterator[Finding]:
    yield from _argument(call, "adaptation_strategies", "strategies")
    yield from _extend(tree, "strategies", call.sequence("strategies"))


def _monitor(tree: Node, call: Node) -> Iterator[Finding]:
    """Take how often agents are checked to where all of their checks are said."""
    name = "swarm_monitor"
    if not isinstance(call.value, dict):
        yield Finding((name,), "must be a mapping with check_interval")
        return
    for key, value in call.value.items():
        match key:
            case "session_id":
                yield from _of_this_session(tree, value, (name, key))
            case "check_interval":
                told = Node({"interval": value}, "health_checks", call.at, call.key_at)
                yield from _merge(tree, "health_checks", told)
            case "on_health_change":
                message = "is a callback; what the guide does there is done anyway, and triggers"
                yield Finding((name, key), f"{message} of type agent_health do more", key=True)
            case _:
                known = "session_id, check_interval"
                yield Finding((name, key), f"is not known here; known here: {known}", key=True)


def _argument(call: Node, name: str, key: str) -> Iterator[Finding]:
    """Yield what is wrong with a call that takes one argument, a list."""
    if not isinstance(call.value, dict) or not isinstance(call.value.get(key, call).value, list):
        yield Finding((name,), f"must be a mapping with {key}, a list")
        return
    for other in call.value:
        if other != key:
            yield Finding((name, other), f"is not known here; known here: {key}", key=True)


def _questions(tree: Node, asked: Node) -> Iterator[Finding]:
    questions = tree.entries().setdefault(
        "questions", Node({}, "questions", asked.at, asked.key_at)
    )
    if not isinstance(questions.value, dict):
        return
    if not isinstance(asked.value, dict | list) or not asked.value:
        yield Finding(("ask_human",), "must be a mapping that describes a question, or a list")
        return
    for item in asked.value if isinstance(asked.value, list) else [asked]:
        number, name = 1, "ask-human"
        while name in questions.value:
            number += 1
            name = f"ask-human-{number}"
        questions.value[name] = item
    yield from ()


_WAYS: dict[str, Callable[[Node, Node], Iterator[Finding]]] = {
    "orchestrate_session_start": _session,
    "trigger": _one_trigger,
    "orchestrate_triggers": _all_triggers,
    "adaptation_strategies": _strategies,
    "ask_human": _questions,
    "swarm_monitor": _monitor,
}


def _merge(tree: Node, name: str, more: Node) -> Iterator[Finding]:
    """Add the keys of `more` to the section `name`; what is there twice is reported."""
    section = tree.entries().setdefault(name, Node({}, name, more.at, more.key_at))
    if not isinstance(section.value, dict) or not isinstance(more.value, dict):
        section.value = more.value if section.value == {} else section.value
        return
    for key, value in more.value.items():
        if key in section.value:
            yield Finding((name, key), "is said twice, here and in the guide's way")
        else:
            section.value[key] = value


def _extend(tree: Node, name: str, more: list[Node]) -> Iterator[Finding]:
    if not more:
        return
    section = tree.entries().setdefault(name, Node([], name))
    if isinstance(section.value, list):
        section.value.extend(more)
        if section.at is None:
            section.at, section.key_at = more[0].at, more[0].key_at
    yield from ()


def _unwrap(tree: Node) -> None:
    """Take triggers out of the mapping that only says that they are triggers."""
    section = tree.child("triggers")
    if section is None or not isinstance(section.value, list):
        return
    for index, item in enumerate(section.value):
        if isinstance(item.value, dict) and list(item.value) == ["trigger"]:
            section.value[index] = item.value["trigger"]


def _sessions_of_questions(tree: Node) -> list[Placed]:
    """Take out what session a question says it is of; it may only be this one."""
    found = []
    for name, question in tree.mapping("questions").items():
        if not isinstance(question.value, dict) or "session_id" not in question.value:
            continue
        said = question.value["session_id"]
        wrong = _of_this_session(tree, said, ("questions", name, "session_id"))
        found += [placed(finding, tree) for finding in wrong]
        del question.value["session_id"]
    return found


def _of_this_session(tree: Node, said: Node, loc: Loc) -> Iterator[Finding]:
    """Yield that a session's id is said that is not the id of this one, if so."""
    session = tree.child("session")
    own = session.child("id") or session.child("session_id") if session is not None else None
    if own is not None and said.value != own.value:
        yield Finding(loc, f"is not the id of this session, which is {own.value}")
