"""The categories of events that the guide lists, and what it names in each."""

import pytest

from mop_tui.domain.events import BY_KIND, INPUTS

GUIDE = {
    "file": {"creation": "created", "modification": "modified", "deletion": "deleted"},
    "agent": {"spawn": "spawned", "complete": "finished", "error": "erred", "health": "health"},
    "task": {"start, complete, fail": "transitioned", "progress": "output"},
    "system": {"resource limits, bottlenecks": "sampled", "errors": "issue_opened"},
    "user": {"questions": "asked", "approvals": "answered", "feedback": "feedback"},
}


def test_every_kind_is_of_a_category_that_the_guide_has() -> None:
    assert {kind.partition(".")[0] for kind in BY_KIND} == set(GUIDE)
    assert all(kind == fact.KIND for kind, fact in BY_KIND.items())


@pytest.mark.parametrize("category", GUIDE)
def test_what_the_guide_lists_in_a_category_has_its_kind(category: str) -> None:
    for listed, name in GUIDE[category].items():
        assert f"{category}.{name}" in BY_KIND, listed


def test_what_happens_outside_comes_in_as_it_is_and_all_else_follows() -> None:
    outside = {"file.created", "agent.erred", "agent.health", "system.sampled", "user.answered"}
    follows = {"agent.spawned", "task.transitioned", "system.issue_opened", "user.asked"}
    assert outside <= INPUTS
    assert not follows & INPUTS
