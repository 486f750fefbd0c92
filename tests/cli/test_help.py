"""Help: a manual page for the program and every command, in one style."""

import re
import shlex
import subprocess
from collections.abc import Callable
from importlib import import_module
from pathlib import Path

import click
import pytest

from mop_tui import tell
from mop_tui.cli import program
from mop_tui.cli.contents import GROUPS, SUMMARIES
from mop_tui.cli.manual import Documented, DocumentedGroup

Mop = Callable[..., subprocess.CompletedProcess[str]]
ROOT = Path(__file__).parents[2]
EVERYWHERE = ["NAME", "SYNOPSIS", "DESCRIPTION", "OPTIONS", "EXAMPLES", "EXIT STATUS", "SEE ALSO"]
PAGES = ["", *SUMMARIES]
"""The program, and its commands."""


def documented(name: str) -> Documented | DocumentedGroup:
    command = import_module(f"mop_tui.cli.{name}").command if name else program
    assert isinstance(command, Documented | DocumentedGroup), f"{name} declares no manual"
    return command


def context(name: str) -> click.Context:
    above = click.Context(program, info_name="mop-tui", **program.context_settings)
    if not name:
        return above
    command = documented(name)
    return click.Context(command, info_name=name, parent=above, **command.context_settings)


def page(name: str) -> str:
    return documented(name).get_help(context(name))


def test_the_program_lists_its_commands_in_groups(mop: Mop) -> None:
    text = mop("--help").stdout
    commands = text[text.index("\nCOMMANDS\n") : text.index("\nOPTIONS\n")]
    width = max(map(len, SUMMARIES))
    assert [line.strip() for line in commands.splitlines() if line.startswith("  ")] == [
        line
        for title, group in GROUPS.items()
        for line in (title, *(f"{name:<{width}}  {summary}" for name, summary in group.items()))
    ]


def test_every_command_that_is_listed_explains_itself(mop: Mop) -> None:
    for name in SUMMARIES:
        explained = mop(name, "--help")
        assert explained.returncode == 0, name
        assert explained.stdout.startswith(f"NAME\n    mop-tui {name} - {SUMMARIES[name]}"[:70])


@pytest.mark.parametrize("name", PAGES)
def test_a_page_has_all_sections_in_their_order(name: str) -> None:
    headings = re.findall(r"^[A-Z].*$", page(name), re.MULTILINE)
    assert [heading for heading in headings if heading in EVERYWHERE] == EVERYWHERE
    takes = any(isinstance(param, click.Argument) for param in documented(name).params)
    assert ("ARGUMENTS" in headings) == takes
    assert all(heading == heading.upper() for heading in headings)


@pytest.mark.parametrize("name", PAGES)
def test_every_option_is_explained_in_a_sentence(name: str) -> None:
    for param in documented(name).get_params(context(name)):
        if isinstance(param, click.Option):
            assert re.fullmatch(r"[A-Z-].*\.", param.help or ""), param.opts


@pytest.mark.parametrize("columns", [80, 100])
@pytest.mark.parametrize("name", PAGES)
def test_a_page_fits(name: str, columns: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    widths = [len(line) for line in page(name).splitlines()]
    assert max(widths) <= columns
    assert "\x1b" not in page(name)


def test_what_an_agent_reads_fits_too() -> None:
    assert max(map(len, tell.HELP.splitlines())) <= 80


@pytest.mark.parametrize("name", PAGES)
def test_the_examples_can_be_typed(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    text = page(name)
    shown = text[text.index("\nEXAMPLES\n") : text.index("\nEXIT STATUS\n")].replace("\\\n", " ")
    calls = 0
    for line in re.findall(r"^ {8}(\S.*)$", shown, re.MULTILINE):
        for call in re.split(r" \| | && | > |\$\(", line):
            if call.startswith("mop-tui "):
                words = shlex.split(re.sub(r"\)\"?$", "", call))
                calls += 1
                assert_can_be_parsed(words[1:])
                assert not name or words[1] in (name, *documented(name).manual.see_also), call
    assert calls


def assert_can_be_parsed(words: list[str]) -> None:
    """Assert that there is a command that takes these words, whatever they stand for."""
    name, *rest = words
    command = documented(name)
    values, left, _ = command.make_parser(context(name)).parse_args(rest)
    assert not left, words
    for param in command.params:
        assert not param.required or values.get(param.name or "") is not None, (words, param.name)


@pytest.mark.parametrize("name", PAGES)
def test_a_page_names_only_what_exists(name: str) -> None:
    manual = documented(name).manual
    assert name not in manual.see_also
    for other in manual.see_also:
        assert other in SUMMARIES or (ROOT / other).is_file(), other
    for other in re.findall(r"`mop-tui ([a-z]+)", re.sub(r"\s+", " ", page(name))):
        assert other in SUMMARIES, other
    for other in re.findall(r"docs/[\w-]+\.md", page(name)):
        assert (ROOT / other).is_file(), other
