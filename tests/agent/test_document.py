"""What `docs/agent-protocol.md` says is so."""

import json

import pytest
from agent.document import examples, first_column, section
from agent.far_side import FarSide, python, sh

from mop_tui.agent import MOST_BYTES
from mop_tui.agents import protocol
from mop_tui.agents.launch import AGENT, INCARNATION, MODEL, RUN, TASK, TASK_FILE, TELL_FD
from mop_tui.agents.questions import AskForm
from mop_tui.domain.ids import AgentId

Env = dict[str, str]

TRANSCRIPT = examples("transcript")[0].splitlines()
SAID = [line[2:] for line in TRANSCRIPT if line.startswith("> ")]
TOLD = [line[2:] for line in TRANSCRIPT if line.startswith("< ")]


def test_the_transcript_is_of_lines_in_both_directions() -> None:
    assert len(SAID) + len(TOLD) == len(TRANSCRIPT)


@pytest.mark.parametrize("line", [line for line in SAID if line.startswith("{")])
def test_what_the_agent_says_in_the_transcript_makes_sense(line: str) -> None:
    data = line.encode()
    assert protocol.spoken(data)
    heard = protocol.read(data, AgentId("alice"), 1)
    assert heard is not None
    assert not isinstance(heard, protocol.Nonsense), heard


def test_the_transcript_shows_all_that_can_be_said() -> None:
    kinds = {json.loads(line)["mop"] for line in SAID if line.startswith("{")}
    assert kinds == set(protocol.KINDS)
    plain = [line for line in SAID if not line.startswith("{")]
    assert plain == ["warning: three files are new"]


def test_the_transcript_shows_all_that_can_be_told() -> None:
    lines = [json.loads(line) for line in TOLD]
    assert {line["mop"] for line in lines} == set(first_column("What an agent is told"))
    for line, form in zip(TOLD, lines, strict=True):
        assert json.dumps(form, separators=(",", ":")) == line


def test_every_answer_in_the_transcript_has_its_question() -> None:
    asked = {
        said["id"]
        for said in map(json.loads, filter(lambda line: line.startswith("{"), SAID))
        if said["mop"] in ("ask", "waiting")
    }
    answered = {told["id"] for told in map(json.loads, TOLD) if told["mop"] == "answer"}
    assert asked == answered


def test_the_tables_are_complete() -> None:
    assert sorted(first_column("What an agent says")) == sorted(protocol.KINDS)
    fields = [field.alias or name for name, field in AskForm.model_fields.items()]
    assert first_column("`ask`") == ["id", *fields]
    variables = set(first_column("Environment"))
    told = {AGENT, INCARNATION, TASK, TASK_FILE, MODEL, RUN, TELL_FD}
    assert variables == told | {"MOP_SECRET_FD_<NAME>"}


def test_the_longest_line_is_what_the_host_reads_and_the_helper_writes() -> None:
    assert protocol.LONGEST == MOST_BYTES
    assert f"at most {MOST_BYTES // 1024} KiB" in section("Limits")


@pytest.mark.parametrize(
    "command",
    [sh(examples("sh")[0]), python(examples("python")[0])],
    ids=["sh", "python"],
)
def test_the_examples_say_so_when_nobody_answers(env: Env, command: list[str]) -> None:
    with FarSide(command, env) as far:
        far.hears("progress")
        far.hears("memory")
        far.tell("answer", id=far.hears("ask")["id"], outcome="expired")
        assert far.hears("done")["failed"] == "no_answer"
        assert far.ends() == 0


@pytest.mark.parametrize(
    "command",
    [sh(examples("sh")[1]), python(examples("python")[1])],
    ids=["sh", "python"],
)
def test_the_loops_do_one_task_after_the_other(env: Env, command: list[str]) -> None:
    with FarSide(command, env) as far:
        for name in ("one", "two"):
            far.tell("task", id=name)
            assert far.hears("output") == {"value": f"{name} is done"}
            far.hears("done")
        far.hang_up()
        assert far.ends() == 0
