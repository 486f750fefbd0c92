"""What is done for an answer is read before it is given."""

import pytest
from dashboard.desk import at_desk
from dashboard.plays import rollout

from mop_tui.domain.ids import AgentId
from mop_tui.domain.reactions import Reaction

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
