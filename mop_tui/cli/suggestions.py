"""What can be suggested for a word of a command: layouts, sessions, questions, agents, tasks.

Each takes what the word begins with. Whatever cannot be read has nothing to suggest, and nothing is
loaded for it that takes long.
"""

from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any, Literal

import click
from click.shell_completion import CompletionItem

from mop_tui.cli.completing import YAML, files
from mop_tui.decisions.wording import counted
from mop_tui.domain.wording import printable
from mop_tui.journal import glance
from mop_tui.journal.lock import holder_of

State = Literal["running", "interrupted", "ended"]
Item = CompletionItem[str]
Suggest = Callable[[click.Context, click.Parameter, str], list[Item]]


def layouts(begun: str) -> Iterator[Item]:
    """Yield the names of layouts that come with the program, then layout files."""
    from mop_tui.layout import bundled  # noqa: PLC0415 - loaded only where it is used

    for name in bundled.names():
        if name.startswith(begun):
            yield CompletionItem(name, help="comes with mop-tui")
    yield from files(begun, endings=YAML)


def sessions(begun: str, wanted: str, folder: Path, suffix: str) -> Iterator[Item]:
    """Yield sessions: by name those in `folder`, running ones first, the newest first among equals;
    and files by their paths."""
    found = []
    if "/" not in begun:
        with suppress(OSError):
            found = [path for path in folder.iterdir() if path.suffix == suffix]
    known = [(_state(path), path) for path in found if path.stem.startswith(begun)]
    known.sort(key=lambda one: (one[0] == "running", _written(one[1])), reverse=True)
    for state, path in known:
        if wanted in ("any", state):
            yield CompletionItem(path.stem, help=state)
    for item in files(begun, endings=(suffix,)):
        if item.value.endswith("/"):
            fits = bool(begun) or not found
        else:
            fits = wanted in ("any", _state(Path(item.value).expanduser()))
        if fits:
            yield item


def _state(path: Path) -> State:
    if holder_of(path) is not None:
        return "running"
    try:
        return "ended" if glance.has_ended(path) else "interrupted"
    except OSError:
        return "ended"


def _written(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except OSError:
        return 0.0


def in_session(tell: Callable[[Path, str], Iterator[Item]]) -> Suggest:
    """Return what suggests something of the session that the command line names."""

    def suggest(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[Item]:
        del param
        path = ctx.params.get("session")
        if not isinstance(path, Path):
            return []
        with suppress(OSError):
            return list(tell(path, incomplete))
        return []

    return suggest


def questions(path: Path, begun: str) -> Iterator[Item]:
    """Yield the open questions of a session: those by name that no other has, the others by id."""
    opened = _open_questions(path)
    names = [asked.get("name") for asked in opened.values()]
    for key, asked in opened.items():
        name = str(asked.get("name"))
        word = name if names.count(name) == 1 else key
        if not word.startswith(begun) and key.startswith(begun):
            word = key
        if word.startswith(begun):
            yield CompletionItem(word, help=_line(asked.get("text")))


def values(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[Item]:
    """Return what the question that the command line names can be answered with."""
    del param
    path, question = ctx.params.get("session"), ctx.params.get("question")
    if not isinstance(path, Path):
        return []
    with suppress(OSError):
        for key, asked in _open_questions(path).items():
            if question in (key, asked.get("name")):
                return [item for item in _answers(asked) if item.value.startswith(incomplete)]
    return []


def _answers(asked: dict[str, Any]) -> list[Item]:
    if asked.get("question_type") == "approval":
        return [CompletionItem("approve"), CompletionItem("reject")]
    return [
        CompletionItem(str(option["value"]), help=_line(option.get("label")))
        for option in asked.get("options", ())
    ]


def _open_questions(path: Path) -> dict[str, dict[str, Any]]:
    opened: dict[str, dict[str, Any]] = {}
    over = ("user.answered", "user.expired", "user.withdrawn")
    for kind, data in glance.facts(path, "user.asked", *over):
        if kind == "user.asked":
            opened[str(data.get("question"))] = data
        elif data.get("outcome") != "escalated":
            opened.pop(str(data.get("question")), None)
    return opened


def remembered(path: Path, begun: str) -> Iterator[Item]:
    """Yield the questions whose answers were to be remembered."""
    for _, data in glance.facts(path, "user.answered"):
        key = str(data.get("question"))
        if data.get("remember") and key.startswith(begun):
            yield CompletionItem(key, help=_line(data.get("value")))


def agents(path: Path, begun: str) -> Iterator[Item]:
    """Yield the agents of a session."""
    yield from _named(path, begun, ("agent.spawned", "agent"))


def tasks(path: Path, begun: str) -> Iterator[Item]:
    """Yield the tasks of a session."""
    yield from _named(path, begun, ("task.created", "task"))


def agents_and_tasks(path: Path, begun: str) -> Iterator[Item]:
    """Yield the agents and the tasks of a session, with what they are where both have a name."""
    both = (("agent.spawned", "agent"), ("task.created", "task"))
    known = [[item.value for item in _named(path, "", one)] for one in both]
    for names, (_, what) in zip(known, both, strict=True):
        for name in names:
            word = f"{what}:{name}" if name in known[0] and name in known[1] else name
            if word.startswith(begun) or (":" in begun and f"{what}:{name}".startswith(begun)):
                yield CompletionItem(f"{what}:{name}" if ":" in begun else word, help=what)


def _named(path: Path, begun: str, one: tuple[str, str]) -> Iterator[Item]:
    kind, what = one
    names = (str(data.get(what)) for _, data in glance.facts(path, kind))
    for name in dict.fromkeys(names):
        if name.startswith(begun):
            yield CompletionItem(name, help=what)


def learnt(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[Item]:
    """Return the names of tasks of which something was learnt."""
    del ctx, param
    from mop_tui.foresight.store import Store, usual_folder  # noqa: PLC0415 - only where it is used

    known = Store(usual_folder()).tasks()
    return [
        CompletionItem(printable(task), help=f"learnt from {counted(times, 'session')}")
        for task, times in sorted(known.items())
        if task.startswith(incomplete)
    ]


def learnt_or_layouts(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[Item]:
    """Return the names of tasks of which something was learnt, then layouts."""
    known = learnt(ctx, param, incomplete)
    named = {item.value for item in known}
    return [*known, *(item for item in layouts(incomplete) if item.value not in named)]


def kinds(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[Item]:
    """Return the kinds of events, and patterns for all of a category."""
    del ctx, param
    from mop_tui.domain.events import BY_KIND  # noqa: PLC0415 - loaded only where it is used

    every = sorted(BY_KIND)
    groups = dict.fromkeys(f"{kind.partition('.')[0]}.*" for kind in every if "." in kind)
    return [CompletionItem(kind) for kind in (*groups, *every) if kind.startswith(incomplete)]


def settings(layout: object, begun: str) -> Iterator[Item]:
    """Yield the variables that a layout declares, each with an equals sign: a file, or one that
    comes with the program, by its name."""
    import yaml  # noqa: PLC0415 - loaded only where it is used

    from mop_tui.layout import bundled  # noqa: PLC0415 - loaded only where it is used

    if isinstance(layout, str):
        layout = bundled.find(layout) or Path(layout)
    if not isinstance(layout, Path):
        return

    declared: dict[object, object] = {}
    with suppress(OSError, yaml.YAMLError, UnicodeError, KeyError, TypeError, ValueError):
        read = yaml.safe_load(layout.read_text(encoding="utf-8"))
        declared = dict(read["session"]["vars"])
    for name, value in declared.items():
        if str(name).startswith(begun):
            yield CompletionItem(f"{name}=", help=_line(value))


def _line(text: object) -> str:
    """Return a description of one line, which nothing in it can leave."""
    return printable(" ".join(str(text or "").split()))
