"""What a session knows of its files outlives its program."""

import shutil
from pathlib import Path

import pytest
from running import Running, eventually

LAYOUT = """
session: {id: watching, project: Test, root: .}
agent_types: {worker: {}}
teams: {crew: {agents: [{id: ann, type: worker}]}}
tasks:
  slow: {agent: ann, run: {shell: "echo started; until test -e go-on; do sleep 0.05; done"}}
triggers:
  - {name: new, type: file_created, path_pattern: "drop/*.txt", action: notify}
  - {name: news, type: file_modified, path_pattern: "drop/*.txt", action: notify}
  - {name: less, type: file_deleted, path_pattern: "drop/*.txt", action: notify}
"""


def paths(program: Running, kind: str) -> list[str]:
    return [told["path"] for told in program.events(kind)]


def fired(program: Running) -> dict[str, int]:
    names = [told["trigger"] for told in program.events("system.fired")]
    return {name: names.count(name) for name in sorted(set(names))}


@pytest.fixture
def drop(tmp_path: Path) -> Path:
    """Where files are watched; one is there from the beginning."""
    folder = tmp_path / "drop"
    folder.mkdir()
    (folder / "old.txt").write_text("old", encoding="utf-8")
    return folder


def test_what_was_seen_is_not_seen_again_and_what_changed_meanwhile_is(
    tmp_path: Path, drop: Path
) -> None:
    with Running(tmp_path, LAYOUT) as program:
        for name in ("same", "changed", "gone"):
            (drop / f"{name}.txt").write_text(name, encoding="utf-8")
        eventually(lambda: len(program.events("system.fired")) == 3)
        program.kill()
        (drop / "changed.txt").write_text("something else", encoding="utf-8")
        (drop / "gone.txt").unlink()
        (drop / "later.txt").write_text("later", encoding="utf-8")
        program.resume()
        eventually(lambda: len(program.events("system.fired")) == 6)
        (drop / "latest.txt").write_text("latest", encoding="utf-8")
        program.go_on()
        assert program.wait() == 0
        assert sorted(paths(program, "file.created")) == [
            f"drop/{name}.txt" for name in ("changed", "gone", "later", "latest", "same")
        ]
        assert paths(program, "file.modified") == ["drop/changed.txt"]
        assert paths(program, "file.deleted") == ["drop/gone.txt"]
        assert fired(program) == {"less": 1, "new": 5, "news": 1}


def test_a_program_that_died_before_it_looked_takes_the_files_that_are_there_for_old(
    tmp_path: Path, drop: Path
) -> None:
    with Running(tmp_path, LAYOUT) as program:
        program.kill()
        lines = program.session.read_bytes().splitlines(keepends=True)
        watching = next(n for n, line in enumerate(lines) if b'"system.watching"' in line)
        program.session.write_bytes(b"".join(lines[:watching]))
        shutil.copy(drop / "old.txt", drop / "other.txt")
        program.resume()
        program.go_on()
        assert program.wait() == 0
        assert paths(program, "file.created") == []
        (told,) = program.events("system.watching")
        assert [path for path, _ in told["known"]] == ["drop/old.txt", "drop/other.txt"]
