"""The judge of the complete example's rehearsals finds nothing in sound ones, and names what is
broken in them."""

import random
from pathlib import Path
from typing import Any

import pytest
import yaml

from bench import complete
from mop_tui.layout import bundled

Record = dict[str, Any]


def rehearsed(folder: Path, answer: str) -> list[Record]:
    """Return what is recorded of the example as it is shipped, answered by nobody in particular."""
    shipped = bundled.find(complete.NAME)
    assert shipped is not None
    document = yaml.safe_load(shipped.read_text("utf-8"))
    document["unattended_answers"] = {"prod_deployment": answer}
    plan, canonical = complete.planned(document)
    file = folder / f"{answer}.jsonl"
    return complete.rehearsed(plan, canonical, 1, file, attended=False)


@pytest.fixture(scope="module")
def records(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[Record]]:
    """A session that is complete, and one in which production was rejected."""
    folder = tmp_path_factory.mktemp("complete")
    return {answer: rehearsed(folder, answer) for answer in ("approve", "reject")}


def test_nothing_is_wrong_with_sound_records(records: dict[str, list[Record]]) -> None:
    assert [complete.wrongs(events) for events in records.values()] == [[], []]
    ended = {answer: events[-1]["data"]["outcome"] for answer, events in records.items()}
    assert ended == {"approve": "complete", "reject": "incomplete"}


@pytest.fixture(scope="module")
def tried(records: dict[str, list[Record]]) -> list[tuple[list[str], list[str]]]:
    """What could be broken in each of them, and what of that was not named."""
    return [complete.tried(events) for events in records.values()]


@pytest.mark.parametrize("name", complete.BREAKAGES)
def test_what_is_broken_is_named(tried: list[tuple[list[str], list[str]]], name: str) -> None:
    assert any(name in planted for planted, _ in tried), "it can be planted in one of them"
    assert not any(name in unseen for _, unseen in tried)


def test_faults_are_as_different_as_the_seeds_and_the_same_for_the_same() -> None:
    layouts = [complete.with_faults(random.Random(seed)) for seed in (1, 1, 2, 3, 4)]
    assert layouts[0] == layouts[1]
    assert len({str(layout) for layout in layouts}) == 4
