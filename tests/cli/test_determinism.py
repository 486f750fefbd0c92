"""The same rehearsal twice is the same journal, to the byte."""

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from mop_tui.journal import JournalFile
from mop_tui.orchestrator.replay import open_replay

Mop = Callable[..., subprocess.CompletedProcess[str]]
LAYOUTS = Path(__file__).parents[2] / "layouts"
RELEASE = LAYOUTS / "python-release.yaml"


def _rehearse(
    mop: Mop,
    file: Path,
    hash_seed: str,
    seed: str,
    *more: str | Path,
    speed: str = "max",
    layout: Path = RELEASE,
) -> list[bytes]:
    done = mop(
        "run",
        layout,
        "--headless",
        "--rehearse",
        "--speed",
        speed,
        "--seed",
        seed,
        "--session-file",
        file,
        *more,
        env={"PYTHONHASHSEED": hash_seed},
    )
    assert done.returncode in (0, 3), done.stderr
    return file.read_bytes().splitlines(keepends=True)[1:]


@pytest.mark.parametrize(
    "name", ["python-release", "agents-tour", "mop-platform", "illness", "talkative", "deadlock"]
)
def test_same_layout_and_seed_give_the_same_bytes(mop: Mop, tmp_path: Path, name: str) -> None:
    layout = LAYOUTS / f"{name}.yaml"
    first = _rehearse(mop, tmp_path / "first.jsonl", "1", "7", layout=layout)
    again = _rehearse(mop, tmp_path / "again.jsonl", "1", "7", layout=layout)
    other_hashes = _rehearse(mop, tmp_path / "other.jsonl", "2", "7", layout=layout)
    assert len(first) > 100
    assert first == again == other_hashes


def test_the_speed_at_which_it_is_played_changes_nothing(mop: Mop, tmp_path: Path) -> None:
    fastest = _rehearse(mop, tmp_path / "fastest.jsonl", "1", "7")
    slower = _rehearse(mop, tmp_path / "slower.jsonl", "1", "7", speed="2000")
    assert fastest == slower


def test_so_do_the_same_answers(mop: Mop, tmp_path: Path, answers: Callable[[str], Path]) -> None:
    file = answers("- {question: ship, value: approve, reason: fine, after: 90}")
    first = _rehearse(mop, tmp_path / "first.jsonl", "1", "7", "--answers", file)
    again = _rehearse(mop, tmp_path / "again.jsonl", "2", "7", "--answers", file)
    assert first == again
    with JournalFile.open(tmp_path / "first.jsonl") as journal:
        last = journal.event(journal.length)
    assert last.data.outcome == "complete"


def test_another_seed_gives_another_play(mop: Mop, tmp_path: Path) -> None:
    first = _rehearse(mop, tmp_path / "first.jsonl", "1", "7")
    other = _rehearse(mop, tmp_path / "other.jsonl", "1", "8")
    assert first != other


def test_what_was_learnt_from_other_sessions_changes_nothing(mop: Mop, tmp_path: Path) -> None:
    layout = LAYOUTS / "mop-platform.yaml"
    before = _rehearse(mop, tmp_path / "before.jsonl", "1", "7", layout=layout)
    for seed in "123":
        _rehearse(mop, tmp_path / f"{seed}.jsonl", "1", seed, layout=layout)
    trained = mop("train", *(tmp_path / f"{seed}.jsonl" for seed in "123"))
    assert trained.returncode == 0, trained.stderr
    after = _rehearse(mop, tmp_path / "after.jsonl", "1", "7", layout=layout)
    assert after == before
    with JournalFile.open(tmp_path / "before.jsonl") as journal:
        assert journal.header.outlook is None
    with JournalFile.open(tmp_path / "after.jsonl") as journal:
        outlook = journal.header.outlook
    assert outlook is not None
    assert outlook.sessions == 3
    assert outlook.coverage == 0.5
    assert outlook.durations
    assert open_replay(tmp_path / "after.jsonl").outlook == outlook
