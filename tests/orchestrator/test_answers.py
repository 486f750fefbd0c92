"""Answers that the operator wrote down beforehand."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hands import Behaviour, Hand

from mop_tui.agents.host import Assignment, Reply, Told
from mop_tui.domain.answers import Validation
from mop_tui.domain.ids import AgentId, QuestionName, TriggerName
from mop_tui.domain.plan import AgentKind, Mode, Plan
from mop_tui.domain.triggers import TriggerSpec
from mop_tui.errors import UsageError
from mop_tui.orchestrator.answers import PreparedAnswers, read_answers, unattended_answers
from sessions import agent, plan, play, question, task

CANARY = "correct horse battery"
PLAN = replace(
    plan(
        [agent("ann")],
        [task("one", "ann")],
        [
            question("sure"),
            question("colour", options=["blue", "no", "007"]),
            question("name", input_type="text", validation=Validation(max_length=9)),
            question("count", input_type="number", validation=Validation(maximum=9)),
            question("key", input_type="password", validation=Validation(min_length=8)),
            question("danger", dangerous=True),
        ],
    ),
    kinds={"digger": AgentKind()},
)


@pytest.fixture
def read(tmp_path: Path) -> "Read":
    return Read(tmp_path)


class Read:
    """Reads answers that stand in a file, and secrets beside it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def secret(self, content: str | bytes, mode: int = 0o600) -> None:
        path = self._folder / "key.txt"
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        path.chmod(mode)

    def __call__(self, text: str, mode: Mode = Mode.LIVE, what: Plan = PLAN) -> PreparedAnswers:
        path = self._folder / "answers.yaml"
        path.write_text(text, encoding="utf-8")
        return read_answers(path, what, mode)

    def wrong(self, text: str, mode: Mode = Mode.LIVE) -> str:
        with pytest.raises(UsageError) as caught:
            self(text, mode)
        message = str(caught.value)
        assert message.startswith(str(self._folder / "answers.yaml"))
        return message


@pytest.mark.parametrize(
    ("question_name", "written", "value"),
    [
        ("sure", "approve", "approve"),
        ("colour", "blue", "blue"),
        ("colour", "no", "no"),
        ("colour", "007", "007"),
        ("name", "'Zoë'", "Zoë"),
        ("count", "7", "7"),
        ("count", "-2.50", "-2.50"),
        ("ann/which", "whatever it is", "whatever it is"),
        ("digger-12/which", "whatever it is", "whatever it is"),
    ],
)
def test_every_type_of_answer_is_given_as_it_is_written(
    read: Read, question_name: str, written: str, value: str
) -> None:
    answers = read(f"- {{question: {question_name}, value: {written}, reason: r, after: 1.5}}")
    [prepared] = answers.left
    assert (prepared.question, prepared.value, prepared.secret) == (question_name, value, None)
    assert (prepared.reason, prepared.after_ms) == ("r", 1500)
    assert answers.by.startswith("file#")


@pytest.mark.parametrize(
    ("item", "sentence"),
    [
        (
            "{question: sure, value: maybe}",
            "for 'sure' is no answer: approve or reject is expected",
        ),
        ("{question: colour, value: red}", "is no answer: one of blue, no, 007 is expected"),
        ("{question: name, value: far too long}", "at most 9 characters are allowed"),
        ("{question: count, value: many}", "a number is expected"),
        ("{question: count, value: 10}", "must be at most 9"),
        ("{question: nope, value: approve}", "the layout has no question 'nope'; it has: sure,"),
        ("{question: zoe/q, value: approve}", "what an agent asks is AGENT/ID"),
        ("{question: digger-x/q, value: approve}", "what an agent asks is AGENT/ID"),
        ("{question: digger-1, value: approve}", "what an agent asks is AGENT/ID"),
        ("{question: smith-1/q, value: approve}", "what an agent asks is AGENT/ID"),
        ("{question: danger, value: approve}", "marked dangerous"),
        ("{question: sure}", "value"),
        ("{question: sure, value: approve, when: now}", "a list of"),
        ("{question: sure, value: approve, after: soon}", "0.after"),
        ("{question: sure, value: approve, after: -1}", "0.after"),
        ("{question: sure, value: approve, after: inf}", "0.after"),
        ("{question: sure, value: {path: x}}", "a list of"),
        ("{question: sure, value: {file: key.txt}}", "'sure' asks for no password"),
        ("{question: key, value: hunter2hunter2}", "which may not stand here"),
        ("{question: key, value: {file: nowhere}}", "cannot be read: No such file"),
        ('{question: key, value: {file: "a\\0b"}}', "cannot be read"),
        ("{question: sure", "line 2, column 1"),
    ],
)
def test_what_is_wrong_is_told_before_anything_runs(read: Read, item: str, sentence: str) -> None:
    read.secret(CANARY)
    message = read.wrong(f"- {item}\n")
    assert sentence in message
    assert "hunter2" not in message


@pytest.mark.parametrize("text", ["just text", "", "a: b", "- 1", "&a [*a]", "- \x00", "\xff\x00"])
def test_what_is_no_list_of_answers_is_told_too(read: Read, text: str) -> None:
    assert "a list of {question, value, reason, after} is expected" in read.wrong(text)


def test_a_password_stands_in_a_file_of_its_own(read: Read) -> None:
    read.secret(f"{CANARY}\n")
    answers = read("- {question: key, value: {file: key.txt}}")
    [prepared] = answers.left
    assert (prepared.value, prepared.secret) == ("", CANARY)
    assert CANARY not in repr(answers)


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o644])
def test_a_password_that_others_can_read_is_not_taken(read: Read, mode: int) -> None:
    read.secret(CANARY, mode)
    message = read.wrong("- {question: key, value: {file: key.txt}}")
    assert "can be read by others; say: chmod 600" in message
    assert CANARY not in message


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ("short", "at least 8 characters are needed"),
        (b"\xff" * 9, "holds no UTF-8 text"),
        (f"{CANARY}\nsecond line", "control characters are not allowed"),
        (CANARY * 999, "at most 4096 characters are allowed"),
    ],
)
def test_a_password_that_does_not_fit_is_told_without_being_quoted(
    read: Read, content: str | bytes, sentence: str
) -> None:
    read.secret(content)
    message = read.wrong("- {question: key, value: {file: key.txt}}")
    assert sentence in message
    assert CANARY not in message


def test_a_folder_is_no_password(read: Read, tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir(mode=0o700)
    assert "cannot be read" in read.wrong("- {question: key, value: {file: folder}}")


@pytest.mark.parametrize("text", ["- {question: key, value: *correct}", "- {key: [correct horse"])
def test_an_answer_is_not_quoted_where_the_file_is_no_yaml(read: Read, text: str) -> None:
    assert "correct" not in read.wrong(text, Mode.REHEARSAL)


def test_only_in_a_rehearsal_a_password_may_stand_among_the_answers(read: Read) -> None:
    answers = read(f"- {{question: key, value: {CANARY}}}", Mode.REHEARSAL)
    [prepared] = answers.left
    assert (prepared.value, prepared.secret) == ("", CANARY)
    assert CANARY not in repr(answers)
    assert "at least 8" in read.wrong("- {question: key, value: short}", Mode.REHEARSAL)


# -- given to a session -------------------------------------------------------------------------


def asking(form: Mapping[str, Any]) -> Behaviour:
    def behave(hand: Hand, heard: Told | None) -> None:
        match heard:
            case Assignment():
                hand.ask("which", **form)
            case Reply():
                hand.after(1, hand.exit)

    return behave


PASSWORD = {"question_type": "input", "input_type": "password"}
TEXT = {"question_type": "input"}


@pytest.mark.parametrize("mode", Mode)
def test_what_an_agent_asks_is_answered_by_its_name(read: Read, file: Path, mode: Mode) -> None:
    answers = read("- {question: ann/which, value: this, after: 30}", mode)
    ran = play(PLAN, file, hands=asking(TEXT), answers=answers.left)
    assert ran.of("user.answered")[0].at == 30_000
    assert ran.session.outcome == "complete"


@pytest.mark.parametrize("mode", Mode)
def test_a_password_that_an_agent_asks_for_comes_from_its_file(
    read: Read, file: Path, mode: Mode
) -> None:
    read.secret(CANARY)
    answers = read("- {question: ann/which, value: {file: key.txt}}", mode)
    ran = play(PLAN, file, hands=asking(PASSWORD), answers=answers.left)
    assert ran.session.outcome == "complete"
    assert CANARY not in file.read_text(encoding="utf-8")


def test_a_password_is_not_given_where_an_agent_asks_for_something_else(
    read: Read, file: Path
) -> None:
    read.secret(CANARY)
    answers = read("- {question: ann/which, value: {file: key.txt}}")
    ran = play(PLAN, file, hands=asking(TEXT), answers=answers.left)
    assert ran.refusals() == ["no secret is expected"]
    assert CANARY not in file.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("mode", "refusals"), [(Mode.LIVE, ["a secret is expected"]), (Mode.REHEARSAL, [])]
)
def test_a_literal_for_the_password_of_an_agent_is_for_rehearsals(
    read: Read, file: Path, mode: Mode, refusals: list[str]
) -> None:
    answers = read(f"- {{question: ann/which, value: {CANARY}}}", mode)
    ran = play(PLAN, file, hands=asking(PASSWORD), answers=answers.left)
    assert ran.refusals() == refusals
    assert CANARY not in file.read_text(encoding="utf-8")


def test_what_a_trigger_proposes_is_known_by_its_name(read: Read) -> None:
    spawns = TriggerSpec(TriggerName("leak"), "memory_key", "spawn_agent", agents=("fixer",))
    tells = TriggerSpec(TriggerName("news"), "memory_key", "notify")
    what = replace(PLAN, triggers=(spawns, tells))
    answers = read("[{question: spawn/leak, value: reject}]", what=what)
    assert answers.take(QuestionName("spawn/leak")) is not None
    with pytest.raises(UsageError, match="value for 'spawn/leak' is no answer: approve or reject"):
        read("[{question: spawn/leak, value: maybe}]", what=what)
    with pytest.raises(UsageError, match="has no question 'spawn/news'"):
        read("[{question: spawn/news, value: approve}]", what=what)


def test_answers_are_used_up_in_the_order_of_the_file(read: Read) -> None:
    answers = read("- {question: sure, value: reject}\n- {question: sure, value: approve}\n")
    taken = [answers.take(answers.left[0].question) for _ in range(2)]
    assert [prepared and prepared.value for prepared in taken] == ["reject", "approve"]
    assert not answers.left


def test_what_a_rehearsal_is_told_for_a_question_holds_whoever_asks_it_however_often() -> None:
    unattended = ((QuestionName("sure"), "approve"), (QuestionName("colour"), "blue"))
    answers = unattended_answers(replace(PLAN, unattended=unattended))
    digger = AgentId("digger-3")
    asked = [("sure", None), ("digger-3/colour", digger), ("digger-3/colour", digger)]
    taken = [answers.take(QuestionName(name), agent) for name, agent in asked]
    assert [one and one.value for one in taken] == ["approve", "blue", "blue"]
    assert answers.take(QuestionName("start/sure")) is None
    assert answers.take(QuestionName("digger-3/key"), digger) is None


def test_what_an_agent_asks_by_an_id_that_nobody_can_know_is_answered_all_the_same(
    read: Read, file: Path
) -> None:
    answers = read("- {question: ann/*, value: this}")
    ran = play(PLAN, file, hands=asking(TEXT), answers=answers.left)
    assert [e.data.value for e in ran.of("user.answered")] == ["this"]
