"""`mop-tui tell`: what an agent that is a shell script says to mop-tui, and asks it.

    mop-tui tell progress 40 "compiling"
    answer=$(mop-tui tell ask "Where to?" --choice staging --choice production)

Each call is a process of its own, so it starts in little more time than Python itself: it imports
nothing but `mop_tui.agent`. It speaks through `MOP_TELL_FD`, so it is heard even where the script
sends its output elsewhere, and reads the answer from the script's standard input byte by byte, so
that what follows the answer is left for whoever reads next.
"""

from __future__ import annotations

import os
import sys

from mop_tui.agent import (
    AgentError,
    HungUpError,
    NoAnswerError,
    encoded,
    heard,
    in_mop,
    line_of,
    secret_from_pipe,
    speaking_fd,
    task_given_last,
    write,
)

TYPE_CHECKING = False  # `typing` takes as long to import as Python to start
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from mop_tui.agent import Jsonable, JsonValue

SAID = 0
"""It was said; or there is an answer, and it is no rejection."""
REJECTED = 1
"""The answer is a rejection."""
MISUSED = 2
"""The call is wrong, or mop-tui did not start the script."""
UNANSWERED = 3
"""No answer: expired, withdrawn, refused, or mop-tui has gone."""
INTERRUPTED = 130
"""Ended by SIGINT while it waited."""

SYNOPSIS = "mop-tui tell KIND ..."
SAYING = """\
    progress PERCENT [NOTE]
        How far the task is.
    health [STATUS] [--cpu PERCENT] [--memory PERCENT] [--errors COUNT]
           [--response-time MS]
        How the agent is. STATUS: healthy, degraded or unhealthy.
    memory KEY VALUE [--json]
        Set a key of the shared memory.
    error TYPE [MESSAGE]
        Report an error; the task goes on.
    notify TEXT [--severity info|warning|critical]
        Tell the operator something.
    message TO TEXT
        Tell an agent, the coordinator or the operator something.
    output VALUE [--json]
        Deliver the result of the task.
    done [--output VALUE [--json]] [--failed TYPE] [--message TEXT]
        End the task, as done or, with --failed, as failed.
    unlock RESOURCE
        Give back what was locked with `lock`."""
"""The kinds of what is said, and what they mean."""
ASKING = """\
    ask QUESTION [--choice VALUE[=LABEL]]... | --approval | --password
        | --number [--default VALUE] [--timeout SECONDS] [--required]
        [--fallback VALUE] [--class NAME] [--context NAME=TEXT]...
        [--min-length N] [--max-length N] [--pattern REGEX] [--require-digit]
        [--require-special] [--minimum N] [--maximum N]
        Ask the operator; prints the answer.
    waiting memory:KEY
        Wait until a key of the shared memory is set; prints its value.
    lock RESOURCE
        Wait until nobody else has locked that, and lock it; prints nothing.
    secret NAME
        Print the answer to the password gate of the task.
    task [FIELD]
        Wait for the next task; prints its JSON, or one field of it."""
"""The kinds of what is asked, and what they mean."""
WORDS = "With --json a VALUE is JSON, else it is text. After -- nothing is an option."
HELP = f"""\
NAME
    mop-tui tell - Speak to the session, in a script that runs as an agent

SYNOPSIS
    {SYNOPSIS}

SAYING
{SAYING}

ASKING, AND WAITING FOR WHAT COMES
{ASKING}

OPTIONS
    {WORDS}

EXAMPLES
    Say how far the task is:
        mop-tui tell progress 40 "compiling"

    Ask, and keep the answer:
        to=$(mop-tui tell ask "Where to?" --choice staging --choice production)

EXIT STATUS
    0    Said or answered.
    1    The answer is a rejection.
    2    Wrong usage, or not run by mop-tui.
    3    No answer: expired, withdrawn, refused, or mop-tui has gone.
    130  Interrupted while it waited.

SEE ALSO
    docs/agent-protocol.md
"""


class _MisuseError(Exception):
    """The call is wrong; says why."""


def main(arguments: Sequence[str]) -> int:
    """Carry out `mop-tui tell` with the words that follow it, and return the exit code."""
    # What is no UTF-8 in an argument is shown as such rather than passed on.
    words = [os.fsencode(word).decode("utf-8", "replace") for word in arguments]
    try:
        if "--help" in words[:2] or "-h" in words[:2]:
            _print(HELP.rstrip("\n"))
            return SAID
        if not words:
            raise _MisuseError(f"one of {', '.join(KINDS)} is expected")
        kind = KINDS.get(words[0])
        if kind is None:
            raise _MisuseError(f"there is no {words[0]!r}; there are {', '.join(KINDS)}")
        if not in_mop():
            raise _MisuseError("this was not started by mop-tui (there is no MOP_AGENT)")
        return kind(_Words(words[1:], _OPTIONS.get(words[0], {})))
    except (_MisuseError, ValueError) as problem:
        _complain(f"{problem}. See `mop-tui tell --help`.")
        return MISUSED
    except NoAnswerError as problem:
        _complain(f"no answer: {problem}")
        return UNANSWERED
    except AgentError as problem:
        _complain(str(problem))
        return UNANSWERED
    except KeyboardInterrupt:
        return INTERRUPTED


# -- words ----------------------------------------------------------------------------------------

_FLAG = "flag"
_ONE = "one"
_MANY = "many"

_OPTIONS = {
    "health": {"cpu": _ONE, "memory": _ONE, "errors": _ONE, "response-time": _ONE},
    "memory": {"json": _FLAG},
    "notify": {"severity": _ONE},
    "output": {"json": _FLAG},
    "done": {"output": _ONE, "json": _FLAG, "failed": _ONE, "message": _ONE},
    "ask": {
        "choice": _MANY,
        "approval": _FLAG,
        "password": _FLAG,
        "number": _FLAG,
        "default": _ONE,
        "timeout": _ONE,
        "required": _FLAG,
        "fallback": _ONE,
        "class": _ONE,
        "context": _MANY,
        "min-length": _ONE,
        "max-length": _ONE,
        "pattern": _ONE,
        "require-digit": _FLAG,
        "require-special": _FLAG,
        "minimum": _ONE,
        "maximum": _ONE,
    },
}
"""The options that each kind takes, and how often they may stand with a value."""


class _Words:
    """The words of a call: options by name, and what is left in order."""

    def __init__(self, words: list[str], options: dict[str, str]) -> None:
        self.plain: list[str] = []
        self._given: dict[str, list[str]] = {}
        left = iter(words)
        for word in left:
            if word == "--":
                self.plain.extend(left)
            elif word.startswith("--"):
                name, equals, value = word[2:].partition("=")
                self._take(name, options.get(name), value if equals else None, left)
            else:
                self.plain.append(word)

    def _take(self, name: str, times: str | None, value: str | None, left: Iterator[str]) -> None:
        if times is None:
            raise _MisuseError(f"there is no option --{name} here")
        if times == _FLAG:
            if value is not None:
                raise _MisuseError(f"--{name} takes no value")
            value = ""
        elif value is None:
            value = next(left, None)
            if value is None:
                raise _MisuseError(f"--{name} needs a value")
        if name in self._given and times == _ONE:
            raise _MisuseError(f"--{name} is given twice")
        self._given.setdefault(name, []).append(value)

    def take(self, least: int, most: int, usage: str) -> list[str]:
        """The plain words; `usage` is said if they are too few or too many."""
        if not least <= len(self.plain) <= most:
            raise _MisuseError(f"{usage} is expected")
        return self.plain

    def has(self, name: str) -> bool:
        """Whether an option is given."""
        return name in self._given

    def all(self, name: str) -> list[str]:
        """Every value of an option."""
        return self._given.get(name, [])

    def text(self, name: str) -> str | None:
        """The value of an option."""
        return self._given[name][0] if name in self._given else None

    def number(self, name: str) -> float | None:
        """The value of an option that is a number."""
        text = self.text(name)
        return None if text is None else _number(text, f"--{name}")


def _number(text: str, what: str) -> float:
    try:
        number = float(text)
    except ValueError:
        raise _MisuseError(f"{what} is a number, and {text!r} is none") from None
    if number - number != 0:
        raise _MisuseError(f"{what} is a finite number, and {text!r} is none")
    return int(number) if number == int(number) else number


def _pair(text: str, what: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals or not name:
        raise _MisuseError(f"{what} is expected, not {text!r}")
    return name, value


def _value(text: str, *, is_json: bool) -> JsonValue:
    if not is_json:
        return text
    from json import loads  # noqa: PLC0415 - takes two thirds of the time that Python takes to start

    try:
        value: JsonValue = loads(text)
    except ValueError as problem:
        raise _MisuseError(f"{text!r} is no JSON: {problem}") from None
    return value


# -- saying ---------------------------------------------------------------------------------------


def _say(kind: str, fields: dict[str, Jsonable], **more: Jsonable) -> int:
    # Of `more`, what is None is left out.
    said = fields | {name: part for name, part in more.items() if part is not None}
    write(speaking_fd(), line_of(kind, said))
    return SAID


def _progress(words: _Words) -> int:
    percent, *note = words.take(1, 2, "progress PERCENT [NOTE]")
    number = int(min(max(_number(percent, "PERCENT"), 0), 100))
    return _say("progress", {"percent": number}, note=note[0] if note else None)


def _health(words: _Words) -> int:
    status = words.take(0, 1, "health [STATUS]")
    if status and status[0] not in ("healthy", "degraded", "unhealthy"):
        raise _MisuseError(f"STATUS is healthy, degraded or unhealthy, not {status[0]!r}")
    return _say(
        "health",
        {},
        status=status[0] if status else None,
        cpu_usage=words.number("cpu"),
        memory_usage=words.number("memory"),
        error_count=words.number("errors"),
        response_time=words.number("response-time"),
    )


def _memory(words: _Words) -> int:
    key, value = words.take(2, 2, "memory KEY VALUE")
    return _say("memory", {"key": key, "value": _value(value, is_json=words.has("json"))})


def _error(words: _Words) -> int:
    error_type, *message = words.take(1, 2, "error TYPE [MESSAGE]")
    return _say("error", {"type": error_type, "message": message[0] if message else ""})


def _notify(words: _Words) -> int:
    [text] = words.take(1, 1, "notify TEXT")
    severity = words.text("severity") or "info"
    if severity not in ("info", "warning", "critical"):
        raise _MisuseError(f"--severity is info, warning or critical, not {severity!r}")
    return _say("notify", {"text": text, "severity": severity})


def _message(words: _Words) -> int:
    to, text = words.take(2, 2, "message TO TEXT")
    return _say("message", {"to": to, "text": text})


def _output(words: _Words) -> int:
    [value] = words.take(1, 1, "output VALUE")
    return _say("output", {"value": _value(value, is_json=words.has("json"))})


def _done(words: _Words) -> int:
    words.take(0, 0, "done without further words")
    output = words.text("output")
    return _say(
        "done",
        {} if output is None else {"output": _value(output, is_json=words.has("json"))},
        failed=words.text("failed"),
        message=words.text("message"),
    )


# -- asking ---------------------------------------------------------------------------------------


def _ask(words: _Words) -> int:
    [question] = words.take(1, 1, "ask QUESTION")
    kinds = [name for name in ("choice", "approval", "password", "number") if words.has(name)]
    if len(kinds) > 1:
        raise _MisuseError(f"--{kinds[0]} and --{kinds[1]} do not go together")
    kind = kinds[0] if kinds else "text"
    options = [_option(text) for text in words.all("choice")]
    context: Jsonable = dict(_pair(text, "--context NAME=TEXT") for text in words.all("context"))
    name = f"a{os.getpid()}"
    _say(
        "ask",
        {"id": name, "question": question},
        question_type=kind if kind in ("choice", "approval") else "input",
        options=options or None,
        input_type=None if kind in ("choice", "approval") else kind,
        validation=_validation(words) or None,
        context=context or None,
        default=words.text("default"),
        timeout=words.number("timeout"),
        required=words.has("required") or None,
        fallback=words.text("fallback"),
        **{"class": words.text("class")},
    )
    said = _awaited("answer", name)
    reason = str(said.get("reason") or "")
    if said.get("outcome") not in ("answered", "default"):
        raise NoAnswerError(str(said.get("outcome")), reason)
    value = said.get("value")
    _print(_shown(value))
    if kind == "approval" and value != "approve":
        if reason:
            _complain(f"rejected: {reason}")
        return REJECTED
    return SAID


def _option(text: str) -> Jsonable:
    value, equals, label = text.partition("=")
    return {"value": value, "label": label} if equals else value


def _validation(words: _Words) -> dict[str, Jsonable]:
    asked: dict[str, Jsonable] = {
        "min_length": words.number("min-length"),
        "max_length": words.number("max-length"),
        "pattern": words.text("pattern"),
        "require_digit": words.has("require-digit") or None,
        "require_special": words.has("require-special") or None,
        "minimum": words.number("minimum"),
        "maximum": words.number("maximum"),
    }
    return {name: part for name, part in asked.items() if part is not None}


def _waiting(words: _Words) -> int:
    [what] = words.take(1, 1, "waiting memory:KEY")
    if not what.startswith("memory:") or what == "memory:":
        raise _MisuseError(f"memory:KEY is expected, not {what!r}")
    name = f"w{os.getpid()}"
    _say("waiting", {"id": name, "for": what})
    return _pass_on(_awaited("answer", name))


def _lock(words: _Words) -> int:
    [resource] = words.take(1, 1, "lock RESOURCE")
    name = f"l{os.getpid()}"
    _say("waiting", {"id": name, "for": f"lock:{resource}"})
    said = _awaited("answer", name)
    if said.get("outcome") != "answered":
        raise NoAnswerError(str(said.get("outcome")), str(said.get("reason") or ""))
    return SAID


def _unlock(words: _Words) -> int:
    [resource] = words.take(1, 1, "unlock RESOURCE")
    return _say("unlock", {"resource": resource})


def _secret(words: _Words) -> int:
    [name] = words.take(1, 1, "secret NAME")
    text = secret_from_pipe(name)
    if text is None:
        return _pass_on(_awaited("answer", name))
    if not text:
        raise NoAnswerError("refused", f"the pipe with {name} is empty; it can be read once")
    _print(text)
    return SAID


def _task(words: _Words) -> int:
    field = words.take(0, 1, "task [FIELD]")
    said = _awaited("task", None)
    del said["mop"]  # printed to the log, it must not be taken for something said
    if field and field[0] not in said:
        raise _MisuseError(f"the task has no {field[0]!r}; it has {', '.join(said)}")
    _print(_shown(said[field[0]] if field else said))
    return SAID


def _pass_on(said: dict[str, JsonValue]) -> int:
    if said.get("outcome") not in ("answered", "default"):
        raise NoAnswerError(str(said.get("outcome")), str(said.get("reason") or ""))
    _print(_shown(said.get("value")))
    return SAID


def _awaited(kind: str, name: str | None) -> dict[str, JsonValue]:
    """Return the first line of a kind (and of an id) on standard input; mind the others."""
    for said in _lines():
        if said["mop"] == kind and (name is None or said.get("id") == name):
            return said
        match said["mop"]:
            case "cancel" if kind != "task" and _in_hand(said.get("task")):
                raise NoAnswerError("withdrawn", str(said.get("reason") or "the task is cancelled"))
            case "message":
                # Nobody else will see it: the log is better than nowhere.
                _complain(f"{said.get('from')} says: {said.get('text')}")
    raise HungUpError("standard input ended before the answer came: mop-tui has gone or hung up")


def _in_hand(task: JsonValue) -> bool:
    """Whether this is the task that the script works on, as far as that is known."""
    own: JsonValue = os.environ.get("MOP_TASK")
    if own is None and (given := task_given_last()) is not None:
        own = given.get("id")
    # Without a word about it, it has to be: there is one task after the other.
    return own is None or task == own


def _lines() -> Iterator[dict[str, JsonValue]]:
    # One byte at a time: what comes after the answer belongs to whoever reads next.
    line: list[bytes] = []
    while True:
        try:
            byte = os.read(0, 1)
        except OSError:
            return
        if not byte:
            return
        if byte != b"\n":
            line.append(byte)
            continue
        said = heard(b"".join(line))
        line.clear()
        if said is not None:
            yield said


# -- words to people and scripts ------------------------------------------------------------------


def _shown(value: JsonValue) -> str:
    return value if isinstance(value, str) else encoded(value)


def _print(text: str) -> None:
    write(1, f"{text}\n".encode("utf-8", "replace"))


def _complain(text: str) -> None:
    # Of one line, whatever is in it: a second one might be taken for the protocol.
    try:
        print("mop-tui tell:", " ".join(text.split()), file=sys.stderr, flush=True)
    except OSError:
        return  # whoever would read it has gone


KINDS: dict[str, Callable[[_Words], int]] = {
    "progress": _progress,
    "health": _health,
    "memory": _memory,
    "error": _error,
    "notify": _notify,
    "message": _message,
    "output": _output,
    "done": _done,
    "ask": _ask,
    "waiting": _waiting,
    "lock": _lock,
    "unlock": _unlock,
    "secret": _secret,
    "task": _task,
}
