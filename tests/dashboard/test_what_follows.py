"""What is done for an answer, or about an error, is read before it comes to that."""

import re
from dataclasses import replace
from pathlib import Path

import pytest
from dashboard.desk import at_desk
from dashboard.plays import rollout
from dashboard.stage import Stage

from mop_tui.domain.ids import AgentId
from mop_tui.domain.plan import Retry
from mop_tui.domain.reactions import Reaction
from sessions import agent, fixed, plan, play, task

ON_ANSWER = (
    (
        "canary",
        (Reaction("create_task", "Watch it", AgentId("watcher")), Reaction("skip", "later")),
    ),
    ("*", (Reaction("spawn", type="fixer"), Reaction("stop"))),
    ("blue-green", ()),
)


@pytest.mark.parametrize("width", [40, 80])
async def test_the_dialog_tells_what_follows_from_each_answer(width: int) -> None:
    async with at_desk(rollout(on_answer=ON_ANSWER, context=()), (width, 44)) as desk:
        said = " ".join(desk.in_the_dialog().split())
        for part in (
            "on canary",
            "- a task for watcher: Watch it",
            "- the task is skipped (later)",
            "on any other answer",
            "- fixer is spawned",
            "- the session ends",
        ):
            words = part.split()
            assert all(word in said for word in words), part
        assert "on blue-green" not in said


@pytest.fixture
def failed(tmp_path: Path) -> Stage:
    """A session in which a task has failed that says what is done about errors."""
    on_error = (
        ("timeout", (Reaction("retry"),)),
        ("exit_3", (Reaction("create_task", "Mend ${task.id}", AgentId("ben")),)),
        ("*", ()),
    )
    ship = replace(task("ship", "ann", retry=Retry(1)), on_error=on_error)
    what = plan([agent("ann"), agent("ben")], [ship], scripts={"ship": fixed(5, exit_code=3)})
    stage = Stage()
    for event in play(what, tmp_path / "s.jsonl").events:
        if event.at > 5_000:
            break
        stage.happen(event.data, event.cause)
    stage.time = 6_000
    return stage


async def test_a_task_tells_what_is_done_about_its_errors(failed: Stage) -> None:
    async with at_desk(failed, (200, 50)) as desk:
        await desk.press("tab", "g", "enter")
        said = re.sub(r"[\s│]+", " ", desk.in_the_dialog())
        assert "on timeout - the task is done again" in said
        assert "on exit_3 - a task for ben: Mend ${task.id} - the task fails at once" in said
        assert "on any other error - the task fails at once" in said
        await desk.press("escape", "j", "enter")
        said = re.sub(r"[\s│]+", " ", desk.in_the_dialog())
        assert "Mend ship" in said
        assert "created by on_error of ship" in said
        assert "because ship met exit_3" in said
