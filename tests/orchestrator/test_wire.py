"""Commands cross the session's socket as they were given, whatever they are."""

from typing import get_args

import pytest

from mop_tui.domain.feed import (
    Answer,
    AutoSpawn,
    CancelTask,
    Command,
    CreateTask,
    Forget,
    GiveFeedback,
    Noticed,
    RetryTask,
    Say,
    Seen,
    SetMemory,
    Spawn,
    Steer,
    SteerTrigger,
    Stop,
    SwitchTopology,
)
from mop_tui.domain.ids import AgentId, CommandId, MemoryKey, QuestionId, TaskId, TriggerName
from mop_tui.domain.priority import Priority
from mop_tui.orchestrator.wire import MisspokenError, Order, decode_order, encode_order

COMMANDS: list[Command] = [
    Answer(QuestionId("q1"), "approve", "d", "fine"),
    Answer(QuestionId("q1"), "approve", "d", "fine", 60_000),
    Forget(QuestionId("q1")),
    Seen(QuestionId("q1")),
    Noticed(QuestionId("q1")),
    Stop("enough"),
    Steer("restart", AgentId("a"), "stuck"),
    CancelTask(TaskId("t"), "not needed"),
    RetryTask(TaskId("t"), "mended"),
    Say(AgentId("a"), "hello"),
    GiveFeedback("schön\x1b[2J", AgentId("a"), TaskId("t"), "bad"),
    GiveFeedback("fine", task=TaskId("t")),
    Spawn("fixer", "Tidy up", "large"),
    CreateTask("Once more", AgentId("a"), priority=Priority.URGENT),
    CreateTask("Once more", skill="python"),
    SetMemory(MemoryKey("k"), {"status": "complete", "parts": [1, 2.5, None, True, "ö"]}),
    SetMemory(MemoryKey("k"), None),
    SteerTrigger("mute", TriggerName("t"), "noisy"),
    AutoSpawn(on=False),
    SwitchTopology("mesh", "it talks too much"),
]


@pytest.mark.parametrize("command", COMMANDS, ids=repr)
def test_a_command_arrives_as_it_was_given(command: Command) -> None:
    order = Order(CommandId("c1.1"), command)
    assert decode_order(encode_order(order)) == order


def test_every_command_is_tried() -> None:
    assert {type(command) for command in COMMANDS} == set(get_args(Command))


@pytest.mark.parametrize(
    "line",
    [
        b'{"id": "c1.1", "do": "auto_spawn", "with": {"on": "maybe"}}',
        b'{"id": "c1.1", "do": "steer_trigger", "with": {"do": "eat", "trigger": "t"}}',
        b'{"id": "c1.1", "do": "create_task", "with": {"title": "x", "priority": 9}}',
        b'{"id": "c1.1", "do": "set_memory", "with": {"key": "k"}}',
        b'{"id": "c1.1", "do": "spawn", "with": {"type": 3}}',
        b'{"id": "c1.1", "do": "switch_topology", "with": {"shape": "adaptive"}}',
    ],
)
def test_what_is_no_such_command_is_not_taken(line: bytes) -> None:
    with pytest.raises(MisspokenError):
        decode_order(line)
