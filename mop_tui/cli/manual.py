"""The help of every command, in the form of a manual page.

A command says what is its own in a `Manual`; what files and variables mean, and what the same
argument means everywhere, stands here once.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from inspect import cleandoc
from textwrap import wrap
from typing import Any

import click
from click.shell_completion import CompletionItem

from mop_tui.cli.contents import GROUPS, SUMMARIES

PROGRAM = "mop-tui"

ARGUMENTS: Mapping[str, str] = {
    "LAYOUT": "A layout file, or the name of a layout that comes with mop-tui (`mop-tui layouts`)."
    " A file of that name goes first.",
    "SESSION": "A session file, or its name in the folder `sessions`, with or without `.jsonl`.",
}
"""What an argument means wherever a command does not say otherwise."""

FILES: Mapping[str, str] = {
    "sessions/NAME.jsonl": "The session file: what happened, one JSON object a line. It and all"
    " that lies beside it can be read by you alone.",
    "sessions/NAME.logs/": "The output of each agent, the last 48 MiB.",
    "sessions/NAME.work/": "The session's workspace, where its agents write.",
    "sessions/NAME.lock": "Says who writes the session file while mop-tui runs.",
    "sessions/NAME.sock": "The socket that other terminals reach the session by while it runs.",
    "sessions/NAME.report.md, NAME.report.html": "The report that is written when a session ends.",
    "$XDG_STATE_HOME/mop-tui/trusted": "What you agreed to run, as hashes.",
    "$XDG_DATA_HOME/mop-tui/workflows/": "What was learnt, one JSON file a session.",
}
"""What the files are that a command may name."""

ENVIRONMENT: Mapping[str, str] = {
    "NO_COLOR": "If set to anything, nothing is coloured; signs and words say the same.",
    "XDG_STATE_HOME": "Where it is kept what you agreed to run. Default: ~/.local/state",
    "XDG_DATA_HOME": "Where it is kept what was learnt. Default: ~/.local/share",
    "TMPDIR": "Where the details of a defect of the program are written. Default: /tmp",
    "COLUMNS": "How wide the text is, where that is not known from the terminal.",
    "MOP_AGENT, MOP_TASK, …": "Set by mop-tui for the programs that it starts;"
    " docs/agent-protocol.md lists them.",
}
"""What the variables mean that a command may name."""

WRONG_USAGE = "Wrong usage or input: the message says what, where, and what to do."
DEFECT = "A defect of the program; the message names a file with details."

EXITS_OF_SESSIONS: Mapping[int, str] = {
    0: "All is done.",
    1: "It ended with failed, rejected or cancelled work.",
    2: "Wrong usage or input, or a session that cannot be recorded.",
    3: "Headless, and only questions are left.",
    130: "You ended it early (headless: Ctrl-C twice).",
    143: "It was ended early by SIGTERM.",
}
"""The exit status of the commands that run a session."""


FILES_OF_SESSIONS = (
    "sessions/NAME.jsonl",
    "sessions/NAME.logs/",
    "sessions/NAME.work/",
    "sessions/NAME.lock",
    "sessions/NAME.sock",
    "sessions/NAME.report.md, NAME.report.html",
    "$XDG_STATE_HOME/mop-tui/trusted",
    "$XDG_DATA_HOME/mop-tui/workflows/",
)
"""What the commands that run a session read and write."""

RUNNING = f"{ARGUMENTS['SESSION']} It has to run."
"""What SESSION means where it has to run."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Manual:
    """What the help of a command says beside its name, its description and its options."""

    examples: Mapping[str, str]
    """Command lines, by what they are for. Each begins with `mop-tui`."""
    arguments: Mapping[str, str] = field(default_factory=dict)
    """What the arguments are, by how the synopsis calls them, where `ARGUMENTS` does not say it."""
    options: Mapping[str, Sequence[str]] = field(default_factory=dict)
    """Options in groups, by titles. What is in none of them comes last."""
    exits: Mapping[int, str] = field(default_factory=dict)
    """What the exit status means, where it is not just 0 for success."""
    files: Sequence[str] = ()
    """Keys of `FILES`."""
    environment: Sequence[str] = ()
    """Keys of `ENVIRONMENT`."""
    see_also: Sequence[str] = ()
    """Other commands by their names, and pages of the documentation."""
    synopsis: Sequence[str] = ()
    """How the command is called, where this does not follow from its arguments."""
    more: Mapping[str, str] = field(default_factory=dict)
    """Sections of its own, by heading, after the options. What begins with `\\b` stays as it is."""


@dataclass(frozen=True, slots=True)
class Item:
    """Something that is explained: an option, a file, an exit status."""

    term: str
    text: str


@dataclass(frozen=True, slots=True)
class Group:
    """Items under a title, which may be empty."""

    title: str
    items: Sequence[Item]


@dataclass(frozen=True, slots=True)
class Section:
    """A part of a page: paragraphs, or groups of items."""

    heading: str
    text: str = ""
    groups: Sequence[Group] = ()
    aside: bool = False
    """Whether the terms are so short that texts stand beside them."""


class Documented(click.Command):
    """A command whose help is a manual page: `@click.command(NAME, cls=Documented, manual=…)`.

    Its docstring is the description.
    """

    def __init__(self, *args: Any, manual: Manual, **more: Any) -> None:
        super().__init__(*args, **more)
        self.manual = manual

    def format_help(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the page."""
        formatter.write("\n".join(lines(self.sections(ctx), formatter.width)) + "\n")

    def sections(self, ctx: click.Context) -> Iterator[Section]:
        """Yield the page in its parts."""
        manual = self.manual
        yield Section("NAME", f"{ctx.command_path} - {SUMMARIES[self.name or '']}")
        yield Section("SYNOPSIS", _as_it_stands(self._synopsis(ctx)))
        yield Section("DESCRIPTION", cleandoc(self.help or ""))
        arguments = dict(manual.arguments)
        if not manual.synopsis:
            names = [_name_of(param) for param in self.params if isinstance(param, click.Argument)]
            arguments = {name: arguments.get(name) or ARGUMENTS[name] for name in names}
        if arguments:
            yield _explained("ARGUMENTS", arguments)
        groups = list(options(self, ctx, manual.options))
        if groups:
            yield Section("OPTIONS", groups=groups)
        yield from (Section(heading, text) for heading, text in manual.more.items())
        yield from closing(manual)

    def _synopsis(self, ctx: click.Context) -> Sequence[str]:
        if self.manual.synopsis:
            return self.manual.synopsis
        return [" ".join([ctx.command_path, *self.collect_usage_pieces(ctx)])]


class DocumentedGroup(click.Group):
    """The program itself, with its commands in groups.

    The first line of its docstring says what it is, and the rest is the description.
    """

    def __init__(self, *args: Any, manual: Manual, **more: Any) -> None:
        super().__init__(*args, **more)
        self.manual = manual

    def format_help(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the page."""
        formatter.write("\n".join(lines(self.sections(ctx), formatter.width)) + "\n")

    def sections(self, ctx: click.Context) -> Iterator[Section]:
        """Yield the page in its parts."""
        about, _, description = (cleandoc(self.help or "")).partition("\n\n")
        yield Section("NAME", f"{PROGRAM} - {about}")
        yield Section("SYNOPSIS", _as_it_stands([f"{PROGRAM} COMMAND [OPTIONS] [ARGUMENTS]"]))
        yield Section("DESCRIPTION", description)
        groups = [
            Group(title, [Item(*command) for command in commands.items()])
            for title, commands in GROUPS.items()
        ]
        yield Section("COMMANDS", groups=groups, aside=True)
        yield Section("OPTIONS", groups=list(options(self, ctx, self.manual.options)))
        yield from (Section(heading, text) for heading, text in self.manual.more.items())
        yield from closing(self.manual)

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        """Return the commands, or the options, that begin so. No command is loaded for it."""
        if incomplete.startswith("-"):
            return click.Command.shell_complete(self, ctx, incomplete)
        return [
            CompletionItem(name, help=summary)
            for name, summary in SUMMARIES.items()
            if name.startswith(incomplete)
        ]


def options(
    command: click.Command, ctx: click.Context, grouped: Mapping[str, Sequence[str]]
) -> Iterator[Group]:
    """Yield the options of a command in groups; those without one come last."""
    items: dict[str, Item] = {}
    for param in command.get_params(ctx):
        record = param.get_help_record(ctx)
        if isinstance(param, click.Option) and record is not None:
            items[param.opts[-1]] = Item(*record)
    for title, names in grouped.items():
        yield Group(title, [items.pop(name) for name in names])
    if items:
        yield Group("In general" if grouped else "", [*items.values()])


def closing(manual: Manual) -> Iterator[Section]:
    """Yield the sections that a page ends with."""
    examples = [Item(line, "") for line in manual.examples.values()]
    yield Section(
        "EXAMPLES",
        groups=[Group(what, [item]) for what, item in zip(manual.examples, examples, strict=True)],
    )
    exits = {0: "Done.", 2: WRONG_USAGE, 70: DEFECT} | dict(manual.exits)
    yield _explained("EXIT STATUS", {str(code): exits[code] for code in sorted(exits)}, aside=True)
    if manual.files:
        yield _explained("FILES", {name: FILES[name] for name in manual.files})
    if manual.environment:
        yield _explained("ENVIRONMENT", {name: ENVIRONMENT[name] for name in manual.environment})
    others = [f"{PROGRAM} {name}" if name in SUMMARIES else name for name in manual.see_also]
    if others:
        yield Section("SEE ALSO", ", ".join(others))


def _explained(heading: str, items: Mapping[str, str], *, aside: bool = False) -> Section:
    return Section(heading, groups=[Group("", [Item(*it) for it in items.items()])], aside=aside)


def _as_it_stands(texts: Sequence[str]) -> str:
    return "\b\n" + "\n".join(texts)


def _name_of(param: click.Argument) -> str:
    """Return how texts call an argument: LAYOUT for [LAYOUT]... ."""
    return (param.metavar or param.human_readable_name).strip("[].")


# -- as text --------------------------------------------------------------------------------------


def lines(sections: Iterator[Section], width: int) -> Iterator[str]:
    """Yield a page as lines of text, at most `width` columns wide where its words allow that."""
    for place, section in enumerate(sections):
        if place:
            yield ""
        yield section.heading
        yield from _paragraphs(section.text, width)
        column = max(
            (len(item.term) for group in section.groups for item in group.items), default=0
        )
        for number, group in enumerate(section.groups):
            if number:
                yield ""
            if group.title:
                indent = 2 if any(item.text for item in group.items) else 4
                yield from _wrapped(group.title, width, indent)
            for item in group.items:
                if section.aside:
                    yield from _hanging(f"{item.term:<{column}}  {item.text}", width, column + 2)
                elif item.text:
                    yield f"    {item.term}"
                    yield from _wrapped(item.text, width, 8)
                else:
                    yield from _command(item.term, width)


def _paragraphs(text: str, width: int) -> Iterator[str]:
    """Yield paragraphs, wrapped but where they begin with a line of `\\b`."""
    for place, paragraph in enumerate(filter(None, text.strip("\n").split("\n\n"))):
        if place:
            yield ""
        if paragraph.startswith("\b\n"):
            yield from (f"    {line}" for line in paragraph.split("\n")[1:])
        else:
            yield from _wrapped(paragraph, width, 4)


def _command(line: str, width: int) -> Iterator[str]:
    """Yield a command line as it can be typed, continued where it is too long."""
    begun, *parts = re.split(r" (?=--|\| |&& )", line)
    indent = 8
    for part in parts:
        if indent + len(f"{begun} {part} \\") <= width:
            begun = f"{begun} {part}"
            continue
        yield f"{' ' * indent}{begun} \\"
        begun, indent = part, 10
    yield f"{' ' * indent}{begun}"


def _wrapped(text: str, width: int, indent: int) -> list[str]:
    return _hanging(text, width, 0, indent)


def _hanging(text: str, width: int, hang: int, indent: int = 4) -> list[str]:
    return wrap(
        text,
        width,
        initial_indent=" " * indent,
        subsequent_indent=" " * (indent + hang),
        break_long_words=False,
        break_on_hyphens=False,
    )
