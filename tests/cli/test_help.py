"""Help: a manual page for the program and every command, in one style."""

import subprocess
from collections.abc import Callable

from mop_tui.cli.contents import GROUPS, SUMMARIES

Mop = Callable[..., subprocess.CompletedProcess[str]]


def test_the_program_lists_its_commands_in_groups(mop: Mop) -> None:
    page = mop("--help").stdout
    commands = page[page.index("\nCOMMANDS\n") : page.index("\nOPTIONS\n")]
    assert [line.strip() for line in commands.splitlines() if line.startswith("  ")] == [
        line
        for title, group in GROUPS.items()
        for line in (title, *(f"{name:<8}  {summary}" for name, summary in group.items()))
    ]


def test_every_command_that_is_listed_explains_itself(mop: Mop) -> None:
    for name in SUMMARIES:
        explained = mop(name, "--help")
        assert explained.returncode == 0, name
        assert name in explained.stdout
