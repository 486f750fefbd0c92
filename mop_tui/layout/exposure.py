"""Secrets where others can read them: in command lines, environments and session files.

Every program of the same user, and with `ps` every user, can read how a program was started. So
what looks like a secret must not stand in a layout, which is recorded besides. What is looked for
is a literal value under a telling name, and a URL with a password in it; a look-up of a variable
counts as literal, since its value comes from the layout or the command line. What a shell looks up
itself (`$TOKEN`, `$(cat token)`) is no business of the layout, nor is the path of a file.
"""

import re
from collections.abc import Iterator
from itertools import pairwise

from mop_tui.domain.templates import LAYOUT_DIR, WORKSPACE
from mop_tui.layout.case import Case
from mop_tui.layout.findings import Finding
from mop_tui.layout.references import programs
from mop_tui.layout.schema import Hook, Run
from mop_tui.layout.tree import Loc

_INSTEAD = (
    "ask for it with an input question of input_type password, whose answer only the agent of the "
    "task gets"
)
IN_COMMAND = f"puts a secret where every process on the machine can read it; {_INSTEAD}"
IN_FILE = f"puts a secret into the session file; {_INSTEAD}"

_WORDS = frozenset(
    {"PASSWORD", "PASSWD", "PASSPHRASE", "SECRET", "TOKEN", "APIKEY", "CREDENTIAL", "CREDENTIALS"}
)
_PAIRS = frozenset({("API", "KEY"), ("PRIVATE", "KEY")})
_HARMLESS = frozenset({"FILE", "FD", "PATH", "DIR", "URL"})
"""Last words of names of what leads to a secret, and is none."""

_OPTION_ENDS = tuple(
    f"_{name}"
    for name in ("PASSWORD", "PASSWD", "PASSPHRASE", "SECRET", "TOKEN", "APIKEY", "API_KEY")
)
_NO_VALUE = frozenset({"NO", "SKIP", "ASK", "PROMPT", "WITH", "USE", "REQUIRE"})
"""First words of options that take no value."""

_PATH = re.compile(rf"\$\{{(?:{re.escape(LAYOUT_DIR)}|{re.escape(WORKSPACE)})\}}")
_ELSEWHERE = re.compile(r"-$|@|/dev/|/proc/|(?:file|fd|env):")
"""What programs take for the place of a secret."""
_BY_SHELL = re.compile(r"\$(?!\{)|\$\$\{|`|<")
"""What a shell fills in; `${` is the layout's own, and `$${` the shell's."""

# Each is bounded, and begins where no other match can: a text may be made to take time.
_URL = re.compile(r"://[^\s/:@'\"]{0,200}:([^\s/@'\"]{1,200})@")
_OPTION = re.compile(
    r"(?<![\w-])(--[A-Za-z][\w-]{0,99})(?:=|(?:\s|\\\n){1,20}(?![-|&;<>)]))(\S{1,200})"
)
_ASSIGNMENT = re.compile(r"(?<![\w$-])([A-Za-z_]\w{0,199})=(?!=)(\S{1,200})")


def findings(case: Case) -> Iterator[Finding]:
    """Yield every place of a secret."""
    for name, value in case.layout.session.vars.items():
        problem = of_variable(name, value)
        if problem:
            yield Finding(("session", "vars", name), problem)
    for loc, program in programs(case):
        for way in dict.fromkeys(_ways(program)):
            yield Finding((*loc, *way), IN_COMMAND)


def of_variable(name: str, value: str) -> str:
    """Return what is wrong with the value of a variable of the layout; nothing is ''."""
    if _telling(name) and _literal(value):
        return f"{IN_FILE}; if it is none, give the variable another name"
    return IN_FILE if _in_url(value) else ""


def _ways(run: Run | Hook) -> Iterator[Loc]:
    """Yield the ways to secrets in a command."""
    words = run.command or []
    for index, word in enumerate(words):
        follows = index > 0 and _takes_secret(words[index - 1]) and not word.startswith("-")
        if follows and _is_given(word):
            yield "command", index
        # One word of several may be a script.
        if _in_text(word, script=any(map(str.isspace, word)), any_case=False):
            yield "command", index
    if run.shell is not None and _in_text(run.shell, script=True, any_case=True):
        yield ("shell",)
    for name, value in run.env.items():
        if (_telling(name) and _literal(value)) or _in_url(value):
            yield "env", name


def _in_text(text: str, *, script: bool, any_case: bool) -> bool:
    """True if a word or script holds a secret; `any_case` if names of variables are in any."""
    options = (value for name, value in _OPTION.findall(text) if _takes_secret(name))
    assigned = (
        value
        for name, value in _ASSIGNMENT.findall(text)
        if (any_case or name.isupper()) and _telling(name)
    )
    return (
        _in_url(text)
        or any(_is_given(value, script=script) for value in options)
        or any(_is_given(value, script=script) for value in assigned)
    )


def _in_url(text: str) -> bool:
    return any(_is_given(password, script=True) for password in _URL.findall(text))


def _telling(name: str) -> bool:
    """True if a name is that of a secret: `DB_PASSWORD`, but not `DB_PASSWORD_FILE`."""
    words = re.split("[_-]", name.upper())
    if words[-1] in _HARMLESS:
        return False
    return not _WORDS.isdisjoint(words) or not _PAIRS.isdisjoint(pairwise(words))


def _takes_secret(option: str) -> bool:
    """True if `option` is one that takes a secret: `--db-password`, but not `--token-limit`."""
    name = option.upper().replace("-", "_")
    return (
        option.startswith("--")
        and name.endswith(_OPTION_ENDS)
        and name[2:].split("_")[0] not in _NO_VALUE
    )


def _literal(value: str) -> bool:
    """True if `value` is there, and is not the path of a file."""
    return bool(value.strip()) and not _PATH.match(value)


def _is_given(value: str, *, script: bool = False) -> bool:
    """True if a command is given `value` itself; in a `script`, by no look-up of the shell's."""
    value = value.strip("'\"")
    elsewhere = _ELSEWHERE.match(value) or (script and _BY_SHELL.match(value))
    return _literal(value) and not elsewhere
