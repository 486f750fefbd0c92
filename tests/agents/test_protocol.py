"""What agents may say, and that no line of theirs does any harm."""

import json
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mop_tui.agents.host import (
    Asked,
    Assignment,
    Cancel,
    Erred,
    Locking,
    Messaged,
    Note,
    Ping,
    Progressed,
    Relayed,
    Remembered,
    Reply,
    Reported,
    Unlocking,
    Waiting,
)
from mop_tui.agents.masking import Mask
from mop_tui.agents.protocol import KINDS, Done, Heard, Nonsense, Pong, Result, read, spoken
from mop_tui.agents.telling import written
from mop_tui.domain.answers import Option, Validation
from mop_tui.domain.ids import AgentId, AskId, MemoryKey, MessageId, Resource, TaskId
from sessions import task

A = AgentId("a")


def said(**form: Any) -> Heard | None:
    return read(json.dumps(form).encode(), A, 1)


def problem(**form: Any) -> str:
    heard = said(**form)
    assert isinstance(heard, Nonsense), heard
    return heard.problem


@pytest.mark.parametrize(
    ("form", "report"),
    [
        ({"mop": "progress", "percent": 40, "note": "half"}, Progressed(A, 1, 40, "half")),
        ({"mop": "progress", "percent": 99.9}, Progressed(A, 1, 99)),
        ({"mop": "health"}, Reported(A, 1)),
        (
            {
                "mop": "health",
                "status": "degraded",
                "cpu_usage": 45,
                "memory_usage": 62.5,
                "error_count": 0,
                "response_time": 1250,
            },
            Reported(A, 1, "degraded", 45.0, 62.5, 0, 1250.0),
        ),
        (
            {"mop": "memory", "key": "k", "value": {"a": [1, None]}},
            Remembered(A, 1, MemoryKey("k"), {"a": [1, None]}),
        ),
        (
            {"mop": "error", "type": "deployment_failed", "message": "no"},
            Erred(A, 1, "deployment_failed", "no", "protocol"),
        ),
        (
            dict(mop="waiting", id="w1", **{"for": "memory:a/b"}),
            Waiting(A, 1, AskId("w1"), MemoryKey("a/b")),
        ),
        (
            dict(mop="waiting", id="w2", **{"for": "lock:env/*/values.yaml"}),
            Locking(A, 1, AskId("w2"), Resource("env/*/values.yaml")),
        ),
        ({"mop": "unlock", "resource": "release"}, Unlocking(A, 1, Resource("release"))),
        (
            {"mop": "notify", "text": "look", "severity": "critical"},
            Messaged(A, 1, "operator", "look", "critical"),
        ),
        ({"mop": "message", "to": "b", "text": "hello"}, Messaged(A, 1, "b", "hello")),
        ({"mop": "relayed", "id": "m12"}, Relayed(A, 1, MessageId(12))),
        ({"mop": "output", "value": "text"}, Result("text")),
        ({"mop": "output", "value": {"n": 1}}, Result('{"n":1}')),
        ({"mop": "pong", "id": 7}, Pong(7)),
        ({"mop": "done"}, Done(None, None, "", "")),
        (
            {"mop": "done", "output": [1], "failed": "lint", "message": "no", "task": "t"},
            Done("t", "[1]", "lint", "no"),
        ),
    ],
)
def test_each_form_says_what_it_says(form: dict[str, Any], report: Heard) -> None:
    assert said(**form) == report
    assert said(**form, newer="dialect") == report


def test_every_kind_is_tried_here() -> None:
    assert set(KINDS) == {
        *("progress", "health", "memory", "error", "ask", "waiting", "notify", "message"),
        *("output", "pong", "done", "unlock", "relayed"),
    }


def test_a_question_says_all_that_a_question_can() -> None:
    heard = said(
        mop="ask",
        id="a1",
        question="Where to?",
        question_type="choice",
        options=["here", {"value": "there", "label": "There", "description": "far"}],
        context={"why": ["so"]},
        default="here",
        timeout=1.5,
        required=True,
    )
    assert isinstance(heard, Asked)
    assert heard.ask == "a1"
    asked = heard.question
    assert (asked.name, asked.question, asked.question_type) == ("a/a1", "Where to?", "choice")
    assert asked.options == (Option("here"), Option("there", "There", "far"))
    assert asked.context == (("why", ["so"]),)
    assert (asked.default, asked.timeout_ms, asked.required) == ("here", 1500, True)


def test_an_input_says_what_is_valid() -> None:
    rules = {"min_length": 2, "max_length": 9, "pattern": "[a-z]+", "require_special": True}
    rules |= {"require_digit": True, "minimum": 1, "maximum": 2.5}
    heard = said(mop="ask", id="a", question="?", question_type="input", validation=rules)
    assert isinstance(heard, Asked)
    assert heard.question.validation == Validation(2, 9, "[a-z]+", True, True, 1, 2.5)  # noqa: FBT003


@pytest.mark.parametrize(
    ("form", "sentence"),
    [
        ({"default": "approve"}, "of an approval can only be `reject`"),
        ({"default": "yes"}, "of an approval can only be `reject`"),
        ({"options": ["a"]}, "only a choice has `options`"),
        ({"question_type": "choice"}, "a choice needs `options`"),
        ({"question_type": "choice", "options": ["a", "a"]}, "two `options` have the same value"),
        ({"question_type": "choice", "options": ["a\x1b"]}, "text that can be shown"),
        (
            {"question_type": "choice", "options": ["a"], "default": "b"},
            "the `default` is no answer",
        ),
        ({"question_type": "input", "input_type": "password", "default": "x"}, "has no `default`"),
        ({"fallback": "approve"}, "the `fallback` of an approval can only be `reject`"),
        ({"class": "of its own"}, "class"),
        ({"question_type": "input", "validation": {"pattern": "("}}, "no regular expression"),
        ({"question_type": "input", "validation": {"pattern": "(a+)+$"}}, "may take for ever"),
        (
            {"question_type": "input", "validation": {"min_length": 3, "max_length": 2}},
            "by nothing",
        ),
        ({"timeout": 0}, "greater than 0"),
        ({"timeout": 1e300}, "less than or equal"),
        ({"question": ""}, "at least 1 character"),
        ({"question": 7}, "`question` has to be a text"),
        ({"context": [1]}, "`context`"),
    ],
)
def test_a_question_that_cannot_be_asked_is_refused_by_name(
    form: dict[str, Any], sentence: str
) -> None:
    heard = said(**{"mop": "ask", "id": "a1", "question": "Deploy?"} | form)
    assert isinstance(heard, Nonsense)
    assert sentence in heard.problem
    assert heard.ask == "a1"


@pytest.mark.parametrize(
    "pattern",
    ["(a*)*", "(a|aa)+", "((a+)b?)*", "(?:a?)+", "(a{1,99}){5}", "([a)]+)*", "a*" * 30 + "b"],
)
def test_a_pattern_that_may_take_for_ever_is_refused(pattern: str) -> None:
    form = {"question_type": "input", "validation": {"pattern": pattern}}
    assert "may take for ever" in problem(mop="ask", id="a", question="?", **form)


@pytest.mark.parametrize(
    "pattern",
    ["[a-z]+", "a*b*", "(abc)+", r"\d{4}-\d{2}", "(a|b)c", r"[()*+]+", r"\(a+\)+", "[]+]+"],
)
def test_an_ordinary_pattern_is_accepted(pattern: str) -> None:
    re.compile(pattern)
    form = {"question_type": "input", "validation": {"pattern": pattern}}
    assert isinstance(said(mop="ask", id="a", question="?", **form), Asked)


@pytest.mark.parametrize(
    ("form", "sentence"),
    [
        ({"mop": "nope"}, "there is no `nope` in the protocol; known are progress"),
        ({"mop": "no" * 30}, f"there is no `{'no' * 20}…` in"),
        ({"mop": "a\x1b[2J"}, "there is no such thing to say in the protocol; known are progress"),
        ({"mop": 7}, "known are progress"),
        ({"mop": ["progress"]}, "known are progress"),
        ({"mop": "progress"}, "`percent` is missing"),
        ({"mop": "progress", "percent": "40"}, "`percent` has to be a number"),
        ({"mop": "progress", "percent": True}, "`percent` has to be a number"),
        ({"mop": "progress", "percent": 101}, "less than or equal to 100"),
        ({"mop": "progress", "percent": float("nan")}, "no numbers in JSON"),
        ({"mop": "health", "status": "great"}, "'healthy', 'degraded' or 'unhealthy'"),
        ({"mop": "health", "error_count": -1}, "greater than or equal to 0"),
        ({"mop": "memory", "key": "k"}, "`value` is missing"),
        ({"mop": "memory", "key": "k", "value": float("inf")}, "no numbers in JSON"),
        ({"mop": "memory", "key": "k", "value": 10**30}, "too large"),
        (dict(mop="waiting", id="w", **{"for": "task:t"}), "`memory:` and a key, or `lock:`"),
        (dict(mop="waiting", id="w", **{"for": "lock:"}), "`memory:` and a key, or `lock:`"),
        (dict(mop="waiting", id="w", **{"for": "lock:../x"}), "a lock is on a name, or on a"),
        ({"mop": "unlock", "resource": "a\x1b[2J"}, "a lock is on a name, or on a pattern"),
        ({"mop": "unlock"}, "`resource` is missing"),
        ({"mop": "message", "text": "to whom?"}, "`to` is missing"),
        ({"mop": "pong", "id": "7"}, "has to be a whole number"),
    ],
)
def test_what_makes_no_sense_is_said_in_a_sentence(form: dict[str, Any], sentence: str) -> None:
    assert sentence in problem(**form)


@pytest.mark.parametrize(
    "line",
    [
        b"plain output",
        b'{"level":"info","message":"the \\"mop\\" key is elsewhere"}',
        b'["mop"]',
        b'{"mop":"progress","percent"',
        b'{"mop": 1} and more',
        b"",
    ],
)
def test_what_is_no_protocol_is_output(line: bytes) -> None:
    assert read(line, A, 1) is None


def test_a_line_that_looks_like_protocol_and_is_not_json_is_nonsense() -> None:
    assert isinstance(read(b"{\"mop\":'progress'}", A, 1), Nonsense)


@pytest.mark.parametrize("opening", [b"[", b'{"a":'])
def test_nesting_without_end_is_nonsense(opening: bytes) -> None:
    line = b'{"mop":"memory","key":"k","value":' + opening * 20_000 + b"}"
    assert read(line, A, 1) == Nonsense("a line of the protocol is nested too deeply")


def test_a_line_of_any_length_is_refused_without_being_read() -> None:
    heard = read(b'{"mop":"memory","key":"k","value":"' + b"x" * (1 << 18) + b'"}', A, 1)
    assert heard == Nonsense("a line of the protocol is longer than 256 KiB")


@pytest.mark.parametrize(
    "form",
    [
        {"mop": "progress", "percent": "hunter2"},
        {"mop": "hunter2"},
        {"mop": "ask", "id": "a", "question": "?", "default": "hunter2"},
        {
            "mop": "ask",
            "id": "a",
            "question": "?",
            "question_type": "input",
            "validation": {"pattern": "hunter2("},
        },
        {"mop": "health", "status": "hunter2"},
    ],
)
def test_no_sentence_quotes_what_was_said(form: dict[str, Any]) -> None:
    assert "hunter2" not in problem(**form)


def test_secrets_are_taken_out_of_all_that_is_said() -> None:
    mask = Mask()
    mask.add("hunter2")
    mask.add("4711")
    form = {"mop": "memory", "key": "k", "value": {"hunter2": ["my hunter2", 4711, 47110, True]}}
    line = json.dumps(form).replace("hunter2", "\\u0068unter2").encode()
    heard = read(line, A, 1, mask)
    assert isinstance(heard, Remembered)
    assert heard.value == {"••••••": ["my ••••••", "••••••", 47110, True]}


def test_text_for_people_obeys_no_terminal() -> None:
    heard = said(mop="notify", text="a\x1b[2J\nb\u202ec")
    assert isinstance(heard, Messaged)
    assert heard.text == "a␛[2J\nb<202E>c"


# -- whatever is said ------------------------------------------------------------------------------

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=9),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=9,
)
FIELDS = (
    *("percent", "note", "status", "cpu_usage", "key", "value", "type", "message", "id", "for"),
    *("question", "question_type", "options", "input_type", "validation", "context", "default"),
    *("timeout", "required", "text", "to", "severity", "output", "failed", "task"),
)


@given(st.binary())
def test_no_bytes_do_any_harm(line: bytes) -> None:
    spoken(line)
    read(line, A, 1)


@given(
    st.sampled_from(KINDS) | json_values,
    st.dictionaries(st.sampled_from(FIELDS), json_values, max_size=6),
)
def test_no_object_does_any_harm(kind: Any, fields: dict[str, Any]) -> None:
    heard = said(mop=kind, **fields)
    if isinstance(heard, Nonsense):
        assert heard.problem
    else:
        # It can be recorded.
        str(heard).encode()


@given(st.sampled_from(KINDS), st.dictionaries(st.sampled_from(FIELDS), json_values, max_size=6))
def test_unknown_keys_change_nothing(kind: str, fields: dict[str, Any]) -> None:
    heard = said(mop=kind, **fields)
    newer = said(mop=kind, **fields, newer=[1, {"dialect": True}])
    assert str(heard) == str(newer)


texts = st.text(st.characters(codec="utf-8"))
finite = st.none() | st.booleans() | st.integers(-(2**53), 2**53) | texts
told = (
    st.builds(
        Assignment,
        st.builds(task, texts),
        st.integers(1, 9),
        st.none() | st.dictionaries(texts, finite, max_size=3),
    )
    | st.builds(
        Reply,
        texts.map(AskId),
        st.sampled_from(["answered", "default", "expired", "withdrawn", "refused"]),
        finite,
        texts,
    )
    | st.builds(Note, texts, texts)
    | st.builds(Ping, st.integers(0, 2**53))
    | st.builds(Cancel, texts.map(TaskId), texts)
)


@given(told, st.none() | texts)
def test_whatever_is_told_is_one_line_of_plain_json(what: Any, secret: str | None) -> None:
    line = written(A, what, secret)
    assert line.endswith(b"\n")
    assert line.count(b"\n") == 1
    assert line.isascii()
    form = json.loads(line)
    assert form["mop"] in ("task", "answer", "message", "ping", "cancel")


def test_what_an_agent_is_told() -> None:
    def form(what: Any, secret: str | None = None) -> Any:
        return json.loads(written(A, what, secret))

    first = Assignment(task("t"), 2, {"why": "because"})
    assert form(first) == {
        "mop": "task",
        "id": "t",
        "title": "t",
        "attempt": 2,
        "agent": "a",
        "context": {"why": "because"},
    }
    assert form(Reply(AskId("a1"), "answered", "yes", "sure")) == {
        "mop": "answer",
        "id": "a1",
        "outcome": "answered",
        "value": "yes",
        "reason": "sure",
    }
    assert form(Reply(AskId("a1"), "answered"), "hunter2")["value"] == "hunter2"
    assert "value" not in form(Reply(AskId("a1"), "expired"))
    assert form(Note("operator", "hi")) == {"mop": "message", "from": "operator", "text": "hi"}
    assert form(Ping(7)) == {"mop": "ping", "id": 7}
    assert form(Cancel(TaskId("t"), "no")) == {"mop": "cancel", "task": "t", "reason": "no"}
