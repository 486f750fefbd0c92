"""What an agent written in Python says to mop-tui, and hears from it.

    from mop_tui import agent

    agent.progress(40, "compiling")
    if agent.approve("Deploy now?", context={"version": "1.2"}):
        agent.output("deployed")

The protocol behind it is described in `docs/agent-protocol.md`; this module needs the standard
library alone and is imported within a few milliseconds. All functions may be called from any
thread.

Speaking needs nothing but the stream that mop-tui reads. Hearing starts one thread, the first time
something has to be heard: it reads standard input from then on, answers pings while the agent
works, and keeps what nobody has asked for yet. Standard input then belongs to it: programs that
the agent starts are to be given another one, such as `subprocess.DEVNULL`.

Outside of mop-tui (no `MOP_AGENT` in the environment) what is said is printed for a person to
read, and what would need an answer raises `NotAnAgentError`. The errors:

    AgentError
    ├── NotAnAgentError   mop-tui did not start this program, so nobody can answer
    ├── HungUpError       the stream from or to mop-tui is at its end
    └── NoAnswerError     it was expired, withdrawn or refused
"""

from __future__ import annotations

import os
import sys
from _thread import allocate_lock

TYPE_CHECKING = False  # `typing` takes as long to import as Python to start
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from typing import Literal

    JsonValue = None | bool | int | float | str | list["JsonValue"] | dict[str, "JsonValue"]
    Jsonable = None | bool | int | float | str | Sequence["Jsonable"] | Mapping[str, "Jsonable"]
    Outcome = Literal["answered", "default", "expired", "withdrawn", "refused"]

__all__ = [
    "AgentError",
    "Answer",
    "HungUpError",
    "Locked",
    "Message",
    "NoAnswerError",
    "NotAnAgentError",
    "Task",
    "approve",
    "ask",
    "cancelled",
    "done",
    "error",
    "health",
    "listen",
    "lock",
    "message",
    "messages",
    "next_message",
    "notify",
    "output",
    "progress",
    "relay",
    "remember",
    "secret",
    "task",
    "tasks",
    "unlock",
    "wait_for",
]

MOST_BYTES = 1 << 18
"""No line of the protocol is longer, its line feed included. More belongs into a file."""


class AgentError(Exception):
    """Something is wrong between this agent and mop-tui."""


class NotAnAgentError(AgentError):
    """mop-tui did not start this program, so nobody can answer."""


class HungUpError(AgentError):
    """The stream from or to mop-tui is at its end."""


class NoAnswerError(AgentError):
    """What was waited for will not come."""

    def __init__(self, outcome: str, reason: str) -> None:
        super().__init__(f"{outcome}: {reason}" if reason else outcome)
        self.outcome = outcome
        """`expired`, `withdrawn` or `refused`."""
        self.reason = reason
        """Why, in words; may be empty."""


class Answer:
    """How a question came out. `repr` does not show the answer to a password question."""

    __slots__ = ("outcome", "reason", "secret", "value")

    def __init__(
        self, outcome: Outcome, value: JsonValue, reason: str, *, secret: bool = False
    ) -> None:
        self.outcome = outcome
        """`answered` by a human; `default`: by nobody, in time; else there is no answer."""
        self.value = value
        """`approve` or `reject`, the value of an option, or what was typed. None: no answer."""
        self.reason = reason
        """Why it was rejected, or why there is no answer; may be empty."""
        self.secret = secret

    @property
    def given(self) -> bool:
        """Whether there is an answer, a human's or the default."""
        return self.outcome in ("answered", "default")

    def __repr__(self) -> str:
        """Fit for a log."""
        value = "<secret>" if self.secret else repr(self.value)
        return f"Answer(outcome={self.outcome!r}, value={value}, reason={self.reason!r})"


class Task:
    """A task that this agent is given."""

    __slots__ = ("agent", "attempt", "context", "id", "title")

    def __init__(self, said: Mapping[str, JsonValue]) -> None:
        self.id = str(said.get("id", ""))
        self.title = str(said.get("title", ""))
        attempt = said.get("attempt", 1)
        self.attempt = attempt if isinstance(attempt, int) else 1
        """1 the first time, then 2, and so on."""
        self.agent = str(said.get("agent", ""))
        """Who is given it: the id of this agent."""
        context = said.get("context")
        self.context: dict[str, JsonValue] = context if isinstance(context, dict) else {}
        """What there is to know besides, such as what failed before."""

    @property
    def feedback(self) -> list[Message]:
        """What the operator said of this task before, and of what else this agent did."""
        told = self.context.get("feedback")
        return (
            [_message(said) for said in told if isinstance(said, dict)]
            if isinstance(told, list)
            else []
        )

    @property
    def rejections(self) -> list[str]:
        """Why what was done of this task before was rejected by its reviewer, the first one
        first."""
        told = self.context.get("rejections")
        return (
            [str(said.get("reason") or "") for said in told if isinstance(said, dict)]
            if isinstance(told, list)
            else []
        )

    def __repr__(self) -> str:
        """Name it."""
        return f"Task(id={self.id!r}, title={self.title!r}, attempt={self.attempt})"


class Message:
    """What the operator or another agent says."""

    __slots__ = ("about", "sender", "text", "to", "verdict")

    def __init__(
        self, sender: str, text: str, about: str = "", verdict: str = "", to: str = ""
    ) -> None:
        self.sender = sender
        self.to = to
        """Whom it is for, if it is not for this agent, which relays it."""
        self.text = text
        self.about = about
        """Of feedback: the task, or else the agent, that it is about. Empty for other messages."""
        self.verdict = verdict
        """Of feedback: `good`, `bad` or empty."""

    def __repr__(self) -> str:
        """Quote it."""
        return f"Message(sender={self.sender!r}, text={self.text!r})"


def _message(said: Mapping[str, JsonValue]) -> Message:
    parts = ("from", "text", "about", "verdict", "to")
    return Message(*(str(said.get(part) or "") for part in parts))


# -- saying ---------------------------------------------------------------------------------------


def progress(percent: float, note: str = "") -> None:
    """Say how far the task is. What is below 0 or above 100 is cut; ValueError if not a number."""
    _say("progress", {"percent": int(min(max(percent, 0), 100))}, note=note or None)


def health(
    status: Literal["healthy", "degraded", "unhealthy"] | None = None,
    *,
    cpu_usage: float | None = None,
    memory_usage: float | None = None,
    error_count: int | None = None,
    response_time: float | None = None,
) -> None:
    """Say how well this agent is: usage in percent of its limits, response time in milliseconds.

    What is left out stays unknown.
    """
    _say(
        "health",
        {},
        status=status,
        cpu_usage=cpu_usage,
        memory_usage=memory_usage,
        error_count=error_count,
        response_time=response_time,
    )


def remember(key: str, value: Jsonable) -> None:
    """Set a key of the memory that all agents share."""
    _say("memory", {"key": key, "value": value})


def error(error_type: str, message: str = "") -> None:
    """Report an error by its type, such as `deployment_failed`. The task goes on."""
    _say("error", {"type": error_type, "message": message})


def notify(text: str, severity: Literal["info", "warning", "critical"] = "info") -> None:
    """Tell whoever watches the session."""
    _say("notify", {"text": text, "severity": severity})


def message(to: str, text: str) -> None:
    """Say something to an agent by its id, to `coordinator` or to `operator`."""
    _say("message", {"to": to, "text": text})


def output(value: Jsonable) -> None:
    """Deliver the result of the task. The last one counts."""
    _say("output", {"value": value})


def done(output: Jsonable = None, *, failed: str = "", message: str = "") -> None:
    """Say that the task in hand is done, or that it failed: `failed` is the type of the error.

    A process that was started for one task need not say so, and is to end soon after it has.
    """
    name = None
    if _ears is not None and _ears.task is not None:
        _ears.said_done = True
        name = _ears.task.id
    _say("done", {}, task=name, output=output, failed=failed or None, message=message or None)


# -- asking ---------------------------------------------------------------------------------------


def ask(
    question: str,
    *,
    options: Sequence[str | Mapping[str, str]] = (),
    approval: bool = False,
    password: bool = False,
    number: bool = False,
    validation: Mapping[str, int | float | bool | str] | None = None,
    context: Mapping[str, Jsonable] | None = None,
    default: str | None = None,
    timeout: float | None = None,
    required: bool = False,
    fallback: str | None = None,
    class_: str | None = None,
) -> Answer:
    """Ask the human, and wait for the outcome.

    With `options` (values, or mappings of `value`, `label` and `description`) one is chosen; with
    `approval` the answer is `approve` or `reject`; else something is typed, which `validation`
    has to accept (`min_length`, `max_length`, `pattern`, `require_special`, `require_digit`,
    `minimum`, `maximum`). After `timeout` seconds the `default` is the answer, without one the
    `fallback`, which is also the answer where nobody is there to be asked; without either, a
    `required` question stays open and another one expires. `class_` is what kind of thing it is
    about, for which the human may have an answer remembered; what is `dangerous` a person answers.

    Raises NoAnswerError if the task in hand is cancelled meanwhile, and HungUpError if standard
    input ends before the answer comes.
    """
    if bool(options) + approval + password + number > 1:
        raise ValueError("a question has options, or is an approval, a password or a number")
    kind = "choice" if options else "approval" if approval else "input"
    typed = "password" if password else "number" if number else "text"
    ears = _listening("an answer")
    name = ears.expect("a")
    _say(
        "ask",
        {"id": name, "question": question, "question_type": kind},
        options=list(options) or None,
        input_type=typed if kind == "input" else None,
        validation=validation,
        context=context,
        default=default,
        timeout=timeout,
        required=required or None,
        fallback=fallback,
        **{"class": class_},
    )
    return _answer(ears.answer(name), secret=password)


def approve(
    question: str,
    *,
    context: Mapping[str, Jsonable] | None = None,
    timeout: float | None = None,
    required: bool = False,
    class_: str | None = None,
) -> bool:
    """Ask for an approval; True only if a human approved.

    `ask(..., approval=True)` also tells why it was rejected, or that nobody answered. Both raise
    NoAnswerError if the task in hand is cancelled meanwhile.
    """
    answer = ask(
        question,
        approval=True,
        context=context,
        timeout=timeout,
        required=required,
        class_=class_,
    )
    return answer.outcome == "answered" and answer.value == "approve"


def wait_for(key: str) -> JsonValue:
    """Wait until a key of the shared memory is there, and return its value.

    Raises NoAnswerError if it will not come, and HungUpError if standard input ends before.
    """
    ears = _listening("a value")
    name = ears.expect("w")
    _say("waiting", {"id": name, "for": f"memory:{key}"})
    answer = _answer(ears.answer(name), secret=False)
    if not answer.given:
        raise NoAnswerError(answer.outcome, answer.reason)
    return answer.value


class Locked:
    """What this agent has locked; as a context, it is given back at the end of that."""

    __slots__ = ("resource",)

    def __init__(self, resource: str) -> None:
        self.resource = resource

    def __enter__(self) -> Locked:
        """Nothing is left to be done."""
        return self

    def __exit__(self, *_: object) -> None:
        """Give it back."""
        unlock(self.resource)

    def __repr__(self) -> str:
        """Name it."""
        return f"Locked(resource={self.resource!r})"


def lock(resource: str) -> Locked:
    """Lock a resource for the task in hand, waiting until nobody else has it.

    A resource is a name, or a pattern for paths such as `environments/*/values.yaml`. It is given
    back with `unlock`, at the end of a `with`, or when the task is over. Locking twice counts once.

    Raises NoAnswerError if it is refused or the task in hand is cancelled, and HungUpError if
    standard input ends before.
    """
    ears = _listening("a lock")
    name = ears.expect("l")
    _say("waiting", {"id": name, "for": f"lock:{resource}"})
    answer = _answer(ears.answer(name), secret=False)
    if not answer.given:
        raise NoAnswerError(answer.outcome, answer.reason)
    return Locked(resource)


def unlock(resource: str) -> None:
    """Give back what was locked with `lock`. What the task itself locks stays locked."""
    _say("unlock", {"resource": resource})


def secret(name: str) -> str:
    """Return the answer to the password question `name` that was this task's gate.

    Raises NoAnswerError or HungUpError if there is none.
    """
    if name not in _secrets:
        if not in_mop():
            raise _not_an_agent("a secret")
        text = secret_from_pipe(name)
        if not text:
            answer = _answer(_listening("a secret").answer(name), secret=True)
            if not answer.given:
                raise NoAnswerError(answer.outcome, answer.reason)
            text = str(answer.value)
        _secrets[name] = text
    return _secrets[name]


# -- hearing --------------------------------------------------------------------------------------


def task() -> Task:
    """Return the task in hand, waiting for the first one if there is none yet."""
    if _ears is not None and _ears.task is not None:
        return _ears.task
    return _task_in_file() or _listening("a task").first_task()


def tasks() -> Iterator[Task]:
    """Yield one task after the other until there are no more.

    Whoever asks for the next one is done with the last; `done` is said for it unless the agent has
    said so itself. A process that was started for one task is given that one.
    """
    ears = _listening("a task")
    while (given := ears.next_task()) is not None:
        yield given
        if not ears.said_done:
            done()


def cancelled() -> str | None:
    """Return why the task in hand is no longer wanted, or None while it is."""
    return _listening("a cancellation").cancellation()


def messages() -> list[Message]:
    """Return what was said to this agent since the last call, oldest first."""
    return _listening("a message").take_messages()


def next_message(timeout: float | None = None) -> Message | None:
    """Wait for something to be said to this agent, at most `timeout` seconds, and return it.

    None if nothing came, or nothing will.
    """
    return _listening("a message").next_message(timeout)


def relay(handler: Callable[[Message], object] | None = None) -> None:
    """Deal with messages from one agent to another that pass this one, from now on.

    For each, `handler` is called in a thread of its own, one after the other; when it returns, or
    fails, the message goes on as it is. The layout has to say that this agent `relays`.
    """
    _listening("a message").relay(handler or (lambda _message: None))


def listen() -> None:
    """Begin to hear, so that pings are answered from now on while the agent works."""
    _listening("a ping")


def _task_in_file() -> Task | None:
    # Without MOP_TASK there is one task after the other, and the file may be ahead of this process.
    said = task_given_last() if os.environ.get("MOP_TASK") and in_mop() else None
    return None if said is None else Task(said)


def task_given_last() -> dict[str, JsonValue] | None:
    """Return what the task file says, or None if there is none."""
    path = os.environ.get("MOP_TASK_FILE")
    if not path:
        return None
    try:
        with open(path, "rb") as file:  # noqa: PTH123 - pathlib takes as long as Python to start
            return heard(file.read())
    except OSError:
        return None


# -- lines ----------------------------------------------------------------------------------------

_ESCAPES = {
    code: f"\\u{code:04x}" for code in (*range(0x20), *range(0x7F, 0xA0), 0x2028, 0x2029)
} | {ord('"'): '\\"', ord("\\"): "\\\\", ord("\n"): "\\n", ord("\t"): "\\t"}


def encoded(value: Jsonable) -> str:
    """Return `value` as JSON, without line breaks or other control characters.

    `json` would take two thirds of the time that Python takes to start. Raises TypeError and
    ValueError for what JSON cannot say.
    """
    if value is None:
        return "null"
    if isinstance(value, str):
        return f'"{str.translate(value, _ESCAPES)}"'
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return int.__repr__(value)
    if isinstance(value, float):
        if value - value != 0:
            raise ValueError(f"{value!r} is not a number that JSON knows")
        return float.__repr__(value)
    if isinstance(value, list | tuple):
        return f"[{','.join(map(encoded, value))}]"
    if hasattr(value, "items"):
        return f"{{{','.join(f'{_key(key)}:{encoded(part)}' for key, part in value.items())}}}"
    raise TypeError(f"JSON cannot say a {type(value).__name__}")


def _key(key: object) -> str:
    if isinstance(key, str):
        return encoded(key)
    raise TypeError(f"keys are texts in JSON, not {type(key).__name__}")


def line_of(kind: str, fields: Mapping[str, Jsonable]) -> bytes:
    """Return a line of the protocol. Raises ValueError if it is longer than `MOST_BYTES`."""
    line = f"{encoded({'mop': kind} | dict(fields))}\n".encode("utf-8", "replace")
    if len(line) > MOST_BYTES:
        raise ValueError(f"a line of {len(line)} bytes is too long; {MOST_BYTES} are allowed")
    return line


def heard(line: bytes) -> dict[str, JsonValue] | None:
    """Return what a line of the protocol says, or None if it is none."""
    from json import loads  # noqa: PLC0415 - only who hears pays for it

    try:
        said = loads(line)
    except ValueError:
        return None
    return said if isinstance(said, dict) and isinstance(said.get("mop"), str) else None


# -- streams --------------------------------------------------------------------------------------


def in_mop() -> bool:
    """Whether mop-tui started this program."""
    return bool(os.environ.get("MOP_AGENT"))


def speaking_fd() -> int:
    """Return the file descriptor that mop-tui reads: `MOP_TELL_FD` if it is one, else stdout.

    Its number may have been closed on the way here, or belong to something else by now: what is
    no pipe or socket that is open for writing is left alone.
    """
    try:
        number = int(os.environ["MOP_TELL_FD"])
        mode = os.fstat(number).st_mode
    except (KeyError, ValueError, OverflowError, OSError):
        return 1
    from fcntl import F_GETFL, fcntl  # noqa: PLC0415
    from stat import S_ISFIFO, S_ISSOCK  # noqa: PLC0415

    talks = S_ISFIFO(mode) or S_ISSOCK(mode)
    return number if talks and fcntl(number, F_GETFL) & os.O_ACCMODE != os.O_RDONLY else 1


def write(fd: int, line: bytes) -> None:
    """Write a whole line, at once where possible. Raises HungUpError if nobody can read it."""
    with _lock:
        rest = line
        while rest:
            try:
                rest = rest[os.write(fd, rest) :]
            except BlockingIOError:
                from select import select  # noqa: PLC0415

                select([], [fd], [])
            except OSError as problem:
                raise HungUpError(
                    f"mop-tui does not listen any more ({problem.strerror})"
                ) from problem


def secret_from_pipe(name: str) -> str | None:
    """Return what the inherited pipe of a secret holds, and close it; None if there is none.

    What is read is gone: another process that reads the same pipe gets an empty text.
    """
    shape = "".join(c if c.isascii() and c.isalnum() else "_" for c in name.upper())
    try:
        fd = int(os.environ[f"MOP_SECRET_FD_{shape}"])
        parts = []
        while part := os.read(fd, 65536):
            parts.append(part)
        os.close(fd)
    except (KeyError, ValueError, OverflowError, OSError):
        return None
    return b"".join(parts).decode("utf-8", "replace").removesuffix("\n")


_lock = allocate_lock()
_ears: _Ears | None = None
_fd: int | None = None
_secrets: dict[str, str] = {}


def _say(kind: str, fields: dict[str, Jsonable], **more: Jsonable) -> None:
    # Of `more`, what is None is left out.
    said = fields | {name: part for name, part in more.items() if part is not None}
    if not in_mop():
        print(f"[{kind}]", ", ".join(f"{name}: {part}" for name, part in said.items()), flush=True)
        return
    line = line_of(kind, said)
    fd = _stream()
    if sys.stdout is not None and not sys.stdout.closed:
        try:
            sys.stdout.flush()  # what was printed before stands before it
        except OSError as problem:
            raise HungUpError("mop-tui does not listen any more") from problem
    write(fd, line)


def _stream() -> int:
    global _fd  # noqa: PLW0603
    if _fd is None:
        _fd = speaking_fd()
        # A buffer is written wherever it is full, and a line of the protocol might fall into the
        # middle of what was printed.
        for stream in (sys.stdout, sys.stderr):
            if hasattr(stream, "reconfigure"):
                stream.reconfigure(line_buffering=True)
    return _fd


def _answer(said: Mapping[str, JsonValue], *, secret: bool) -> Answer:
    outcome = said.get("outcome")
    reason = str(said.get("reason") or "")
    match outcome:
        case "answered" | "default":
            return Answer(outcome, said.get("value"), reason, secret=secret)
        case "expired" | "withdrawn" | "refused":
            return Answer(outcome, None, reason, secret=secret)
        case _:
            return Answer("refused", None, f"an outcome that is unknown: {outcome}", secret=secret)


def _not_an_agent(what: str) -> NotAnAgentError:
    return NotAnAgentError(
        f"nobody can give {what}: mop-tui did not start this program (no MOP_AGENT)"
    )


def _listening(what: str) -> _Ears:
    global _ears  # noqa: PLW0603
    if not in_mop():
        raise _not_an_agent(what)
    _stream()
    with _lock:
        if _ears is None:
            _ears = _Ears()
    if _ears.pid != os.getpid():
        raise HungUpError(f"standard input, where {what} would come, is read by the parent process")
    _ears.caught_up.wait()
    return _ears


class _Ears:
    """What has come on standard input. One thread reads it; all others wait here."""

    def __init__(self) -> None:
        from threading import Condition, Event, Thread  # noqa: PLC0415

        self.pid = os.getpid()
        self.task: Task | None = None
        self.said_done = False
        self.caught_up = Event()
        """Set once all that had come before the first reading is known."""
        self._changed = Condition()
        self._asked = 0
        self._expected: set[str] = set()
        self._answers: dict[str, dict[str, JsonValue]] = {}
        self._tasks: list[Task] = []
        self._messages: list[Message] = []
        self._relays: list[tuple[str, Message]] = []
        self._cancelled: dict[str, str] = {}
        self._ended = False
        os.register_at_fork(after_in_child=_fork)
        Thread(target=self._read, name="mop-tui", daemon=True).start()

    def expect(self, letter: str) -> str:
        """Return an id to ask with, which no other process of this agent uses."""
        with self._changed:
            self._asked += 1
            name = f"{letter}{self.pid}-{self._asked}"
            self._expected.add(name)
            return name

    def answer(self, name: str) -> dict[str, JsonValue]:
        """Wait for an answer by its id. Raises NoAnswerError if the task in hand is cancelled."""
        with self._changed:
            self._changed.wait_for(
                lambda: name in self._answers or self._ended or self.cancellation() is not None
            )
            self._expected.discard(name)
            answer = self._answers.pop(name, None)
            why = self.cancellation()
        if why is not None:
            # Even where there is an answer: nobody is to act on it any more.
            raise NoAnswerError("withdrawn", why)
        if answer is not None:
            return answer
        raise HungUpError(
            "standard input ended before the answer came: mop-tui has gone or hung up"
        )

    def first_task(self) -> Task:
        """Wait for a task and leave it to be taken."""
        with self._changed:
            self._changed.wait_for(lambda: self._tasks or self._ended)
            if self._tasks:
                return self._tasks[0]
        raise HungUpError("standard input ended before a task came: mop-tui has gone or hung up")

    def next_task(self) -> Task | None:
        """Wait for a task and take it; None if there are no more."""
        with self._changed:
            self._changed.wait_for(lambda: self._tasks or self._ended)
            self.task = self._tasks.pop(0) if self._tasks else None
            self.said_done = False
            _secrets.clear()
            return self.task

    def cancellation(self) -> str | None:
        """Why the task in hand is cancelled."""
        with self._changed:
            given = self.task or (self._tasks[0] if self._tasks else None)
            return self._cancelled.get(given.id if given else os.environ.get("MOP_TASK", ""))

    def take_messages(self) -> list[Message]:
        """All messages, once."""
        with self._changed:
            taken, self._messages = self._messages, []
            return taken

    def next_message(self, timeout: float | None) -> Message | None:
        """Wait for a message and take it."""
        with self._changed:
            self._changed.wait_for(lambda: self._messages or self._ended, timeout)
            return self._messages.pop(0) if self._messages else None

    def relay(self, handler: Callable[[Message], object]) -> None:
        """Deal with messages to relay, in a thread of its own."""
        from threading import Thread  # noqa: PLC0415

        Thread(target=self._relay, args=(handler,), name="mop-tui relay", daemon=True).start()

    def _relay(self, handler: Callable[[Message], object]) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._relays or self._ended)
                if not self._relays:
                    return
                name, passing = self._relays.pop(0)
            try:
                handler(passing)
            except Exception:  # noqa: BLE001 - whatever its author's mistake is
                from traceback import print_exc  # noqa: PLC0415

                print_exc()  # the message is not to be held up by it
            try:
                write(_stream(), line_of("relayed", {"id": name}))
            except HungUpError:
                return

    def _read(self) -> None:
        from select import select  # noqa: PLC0415

        begun = b""
        try:
            while True:
                if not self.caught_up.is_set() and not select([0], [], [], 0)[0]:
                    self.caught_up.set()
                chunk = os.read(0, 65536)
                if not chunk:
                    break
                *lines, begun = (begun + chunk).split(b"\n")
                for line in lines:
                    self._hear(line)
        except (OSError, HungUpError):
            pass  # closed, or nobody is there to hear a pong: the end either way
        finally:
            with self._changed:
                self._ended = True
                self._changed.notify_all()
            self.caught_up.set()

    def _hear(self, line: bytes) -> None:
        said = heard(line)
        if said is None:
            return
        if said["mop"] == "ping":
            # Without flushing: what is printed meanwhile is not this thread's.
            write(_stream(), line_of("pong", {"id": said.get("id")}))
            return
        with self._changed:
            match said["mop"]:
                case "answer":
                    self._answers[str(said.get("id"))] = said
                case "task":
                    given = Task(said)
                    self._cancelled.pop(given.id, None)
                    # What else was answered is about the gate of an earlier task.
                    self._answers = {
                        name: answer
                        for name, answer in self._answers.items()
                        if name in self._expected
                    }
                    self._tasks.append(given)
                case "message":
                    self._messages.append(_message(said))
                case "relay":
                    self._relays.append((str(said.get("id")), _message(said)))
                case "cancel":
                    reason = str(said.get("reason") or "no reason is given")
                    self._cancelled[str(said.get("task"))] = reason
            self._changed.notify_all()


def _fork() -> None:
    # The thread that may have held it is not there in the child.
    global _lock  # noqa: PLW0603
    _lock = allocate_lock()
