"""The log of an agent keeps what there is room for."""

from pathlib import Path

from mop_tui.agents.log import AgentLog


def test_old_output_gives_way_to_new(tmp_path: Path) -> None:
    log = AgentLog(tmp_path / "a.log", size=1000, generations=3)
    for number in range(100):
        log.write(b"%099d\n" % number)
    log.close()
    files = sorted(tmp_path.iterdir())
    assert [path.name for path in files] == ["a.log", "a.log.1", "a.log.2"]
    assert all(path.stat().st_size <= 1000 for path in files)
    assert all(path.stat().st_mode & 0o077 == 0 for path in files)
    kept = b"".join(path.read_bytes() for path in reversed(files)).splitlines()
    assert [int(line) for line in kept] == list(range(70, 100))


def test_a_single_generation_begins_anew(tmp_path: Path) -> None:
    log = AgentLog(tmp_path / "a.log", size=10, generations=1)
    log.write(b"12345678\n")
    log.write(b"abc\n")
    log.close()
    assert [path.name for path in tmp_path.iterdir()] == ["a.log"]
    assert (tmp_path / "a.log").read_bytes() == b"abc\n"


def test_the_size_counts_what_earlier_incarnations_wrote(tmp_path: Path) -> None:
    for text in (b"1234567\n", b"abcdefg\n"):
        log = AgentLog(tmp_path / "a.log", size=10, generations=2)
        log.write(text)
        log.close()
    assert (tmp_path / "a.log").read_bytes() == b"abcdefg\n"
    assert (tmp_path / "a.log.1").read_bytes() == b"1234567\n"


def test_notes_come_before_what_is_written_next_and_are_never_lost(tmp_path: Path) -> None:
    log = AgentLog(tmp_path / "logs" / "a.log")
    log.note("first")
    assert not (tmp_path / "logs").exists()
    log.write(b"second\n")
    log.note("third")
    log.close()
    assert (tmp_path / "logs" / "a.log").read_bytes() == b"first\nsecond\nthird\n"


def test_a_folder_that_cannot_be_made_is_said_and_costs_nothing_else(tmp_path: Path) -> None:
    (tmp_path / "logs").write_text("")
    log = AgentLog(tmp_path / "logs" / "a.log")
    for _ in range(3):
        log.note("note")
        log.write(b"data")
    log.close()
    assert log.failure == "the log is incomplete: Not a directory"


def test_what_could_not_be_written_is_counted_and_said(tmp_path: Path) -> None:
    path = tmp_path / "a.log"
    path.symlink_to("/dev/full")
    log = AgentLog(path, size=4, generations=1)
    log.write(b"lost")
    assert log.failure == "the log is incomplete: No space left on device"
    path.unlink()
    # The next file takes it again.
    log._size = 4
    log.write(b"kept")
    log.close()
    assert path.read_bytes() == b"[4 bytes could not be written]\nkept"
