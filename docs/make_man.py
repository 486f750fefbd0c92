"""Writes man pages of the program and its commands, from what their help is made of.

python docs/make_man.py FOLDER      then: man FOLDER/mop-tui-run.1
"""

import re
import sys
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import click

from mop_tui import __version__
from mop_tui.cli import program
from mop_tui.cli.contents import SUMMARIES
from mop_tui.cli.manual import Documented, DocumentedGroup, Section


def main(folder: Path) -> None:
    """Write a page for the program and each command into a folder, which is made."""
    folder.mkdir(parents=True, exist_ok=True)
    above = click.Context(program, info_name="mop-tui", **program.context_settings)
    _write(folder, above)
    for name in SUMMARIES:
        command = import_module(f"mop_tui.cli.{name}").command
        _write(folder, click.Context(command, info_name=name, parent=above))


def _write(folder: Path, ctx: click.Context) -> None:
    command = ctx.command
    if not isinstance(command, Documented | DocumentedGroup):
        raise TypeError(f"{ctx.command_path} declares no manual")
    name = ctx.command_path.replace(" ", "-")
    heading = f'.TH "{name.upper()}" 1 "" "mop-tui {__version__}" "mop-tui"'
    lines = [heading, *(line for it in command.sections(ctx) for line in _section(it))]
    (folder / f"{name}.1").write_text("\n".join(lines) + "\n", encoding="utf-8")


def _section(section: Section) -> Iterator[str]:
    yield f'.SH "{section.heading}"'
    for paragraph in filter(None, section.text.strip("\n").split("\n\n")):
        yield ".PP"
        if paragraph.startswith("\b\n"):
            yield from (".nf", *map(_text, paragraph.split("\n")[1:]), ".fi")
        else:
            yield _text(" ".join(paragraph.split()))
    for group in section.groups:
        explained = any(item.text for item in group.items)
        if group.title:
            yield from [f'.SS "{_text(group.title)}"'] if explained else (".PP", _text(group.title))
        for item in group.items:
            if item.text:
                yield from (".TP", f"\\fB{_text(item.term)}\\fR", _text(item.text))
            else:
                yield from (".RS 4", ".nf", _text(item.term), ".fi", ".RE")


def _text(text: str) -> str:
    """Return text as roff has it: what is quoted as code is bold."""
    text = text.replace("\\", "\\e").replace("-", "\\-")
    text = re.sub(r"`([^`]+)`", r"\\fB\1\\fR", text)
    text = re.sub(r"[^\x00-\x7f]", lambda sign: f"\\[u{ord(sign[0]):04X}]", text)
    return f"\\&{text}" if text[:1] in (".", "'") else text


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: python docs/make_man.py FOLDER")
    main(Path(sys.argv[1]))
