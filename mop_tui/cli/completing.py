"""What could come next on a command line, for the shells that ask.

A shell calls `mop-tui` with `MOP_COMPLETE` set to its name and the words so far as arguments, the
last being the one that the cursor is on (bash hands over the line instead, in `COMP_LINE`). What it
gets is one suggestion a line, with a tab and a description where it shows those.
"""

import os
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import click
from click.shell_completion import CompletionItem, ShellComplete, split_arg_string

from mop_tui.cli.contents import SUMMARIES

ASKED_BY = "MOP_COMPLETE"
"""The variable that says which shell asks."""
SHELLS = ("bash", "zsh", "fish")
YAML = (".yaml", ".yml")


def suggested(
    program: click.Command, environment: Mapping[str, str], arguments: Sequence[str]
) -> Iterator[str]:
    """Yield the lines that answer the shell which asks."""
    shell = environment[ASKED_BY]
    if shell == "bash":
        yield from _for_bash(program, environment)
        return
    *words, begun = arguments or [""]
    for item in suggestions(program, words, _unquoted(begun) if shell == "fish" else begun):
        yield f"{item.value}\t{item.help}" if item.help else str(item.value)


def suggestions(
    program: click.Command, words: list[str], begun: str
) -> Iterator[CompletionItem[str]]:
    """Yield what the word that is `begun` after `words` could become."""
    named = next((word for word in words if not word.startswith("-")), None)
    if named is not None and named not in SUMMARIES:
        return
    if words and words[-1].startswith("--") and words[-1] != "--" and not begun.startswith("-"):
        # Without its value, an option would keep click from reading the other words.
        *words, option = words
        begun = f"{option}={begun}"
    asked = ShellComplete(program, {}, "mop-tui", "")
    for item in asked.get_completions(words, begun):
        if item.type in ("file", "dir"):
            # What is begun is its value: without the name of an option before it.
            yield from files(item.value, folders_only=item.type == "dir")
        else:
            is_option = item.value.startswith("-")
            yield CompletionItem(item.value, help=_short(item.help) if is_option else item.help)


def files(
    begun: str, *, endings: tuple[str, ...] = (), folders_only: bool = False
) -> Iterator[CompletionItem[str]]:
    """Yield the folders and files whose paths begin so; of files, those with one of `endings`."""
    stem, name = os.path.split(begun)
    place = Path(stem or ".").expanduser()
    try:
        found = sorted(place.iterdir())
    except (OSError, RuntimeError, ValueError):
        return
    for path in found:
        if not path.name.startswith(name) or (path.name.startswith(".") and not name):
            continue
        written = os.path.join(stem, path.name)  # noqa: PTH118 - as it was typed, with any `~`
        if path.is_dir():
            yield CompletionItem(f"{written}/")
        elif not folders_only and path.name.endswith(endings or ("",)):
            yield CompletionItem(written)


def _for_bash(program: click.Command, environment: Mapping[str, str]) -> Iterator[str]:
    """Yield suggestions as bash wants them: quoted, and without what it does not replace.

    What bash replaces is the part of a word that comes after the last of its `COMP_WORDBREAKS`,
    such as a colon.
    """
    line = environment.get("COMP_LINE", "")
    typed = _word_begun(line)
    words = split_arg_string(line[: len(line) - len(typed)])
    breaks = "".join(set(environment.get("COMP_WORDBREAKS", "")) & {":", "="})
    kept = re.match(rf".*[{breaks}]", typed) if breaks else None
    for item in suggestions(program, words[1:], _unquoted(typed)):
        value = item.value.removeprefix(kept[0]) if kept is not None else item.value
        yield value if typed[:1] in ("'", '"') else re.sub(r"([^\w@%+=:,./~-])", r"\\\1", value)


def _short(text: str | None) -> str:
    """Return what a description begins with: its first sentence, up to a colon or semicolon."""
    return re.split(r"[.:;](?:\s|$)", text or "", maxsplit=1)[0]


def _word_begun(line: str) -> str:
    """Return the last word of a line as it was typed, with its quotes; empty after a space."""
    start, quote, escaped = 0, "", False
    for place, sign in enumerate(line):
        if escaped:
            escaped = False
        elif sign == "\\" and quote != "'":
            escaped = True
        elif quote:
            quote = "" if sign == quote else quote
        elif sign in "'\"":
            quote = sign
        elif sign.isspace():
            start = place + 1
    return line[start:]


def _unquoted(word: str) -> str:
    return "".join(split_arg_string(word)[:1])
