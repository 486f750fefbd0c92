"""Signs that stay in their column in every terminal."""

import unicodedata
from typing import get_args

import pytest

from mop_tui.dashboard.looks import (
    CLOSED,
    CURSOR,
    OPEN,
    WAITING_FOR_YOU,
    Look,
    agent_look,
    mode_look,
    severity_look,
    task_look,
    tone_look,
)
from mop_tui.domain.agent_lifecycle import AgentState
from mop_tui.domain.events import Severity
from mop_tui.domain.plan import Mode
from mop_tui.domain.task_lifecycle import TaskState
from mop_tui.domain.tones import Tone

AGENTS = [agent_look(state) for state in AgentState]
TASKS = [task_look(state) for state in TaskState]
SEVERITIES = [severity_look(severity) for severity in get_args(Severity)]
TONES = [tone_look(tone) for tone in get_args(Tone)]
MODES = [mode_look(mode, replayed=replayed) for mode in Mode for replayed in (False, True)]


@pytest.mark.parametrize("look", [*AGENTS, *TASKS, *SEVERITIES, *TONES, *MODES, WAITING_FOR_YOU])
def test_every_sign_is_one_narrow_cell(look: Look) -> None:
    assert len(look.sign) == 1
    assert unicodedata.east_asian_width(look.sign) in ("N", "Na")
    assert look.word


def test_marks_of_lists_are_narrow_too() -> None:
    for mark in (OPEN, CLOSED, CURSOR):
        assert unicodedata.east_asian_width(mark) in ("N", "Na")


def test_states_that_differ_in_meaning_differ_in_sign_not_only_in_ink() -> None:
    assert len({look.sign for look in AGENTS}) >= len(AgentState) - 1, "starting states share one"
    assert len({look.sign for look in TASKS}) == len(TaskState)
    assert len({look.sign for look in MODES}) == 3
    assert WAITING_FOR_YOU.sign not in {look.sign for look in AGENTS + TASKS}
