"""A file grows by whole pieces or not at all, even on a disk that fails."""

import errno
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from mop_tui.journal.growing_file import GrowingFile

Fail = Callable[[str], None]


@pytest.fixture
def file(tmp_path: Path) -> GrowingFile:
    """A file that holds one piece."""
    file = GrowingFile.new(tmp_path / "file")
    file.add(b"one\n", sync=True)
    return file


@pytest.fixture
def fails_once(monkeypatch: pytest.MonkeyPatch) -> Fail:
    """Have the next call of a function of the system fail with an input/output error."""

    def fails_once(name: str) -> None:
        real = getattr(os, name)

        def failing(*_: object) -> None:
            monkeypatch.setattr(os, name, real)
            raise OSError(errno.EIO, os.strerror(errno.EIO))

        monkeypatch.setattr(os, name, failing)

    return fails_once


def test_what_could_not_be_synced_is_taken_back_and_written_again(
    file: GrowingFile, fails_once: Fail, tmp_path: Path
) -> None:
    fails_once("fsync")
    with pytest.raises(OSError, match="Input/output error"):
        file.add(b"two\n", sync=True)
    assert (tmp_path / "file").read_bytes() == b"one\n"
    file.add(b"two\n", sync=True)
    file.close()
    assert (tmp_path / "file").read_bytes() == b"one\ntwo\n"
    assert file.size == 8


def test_what_could_not_be_taken_back_at_once_is_taken_back_before_the_next_piece(
    file: GrowingFile, fails_once: Fail, tmp_path: Path
) -> None:
    fails_once("fsync")
    fails_once("ftruncate")
    with pytest.raises(OSError, match="Input/output error"):
        file.add(b"two\n", sync=True)
    assert (tmp_path / "file").read_bytes() == b"one\ntwo\n"
    file.add(b"three\n", sync=True)
    file.close()
    assert (tmp_path / "file").read_bytes() == b"one\nthree\n"


def test_nothing_is_added_while_what_is_too_much_cannot_be_taken_back(
    file: GrowingFile, fails_once: Fail, tmp_path: Path
) -> None:
    fails_once("fsync")
    fails_once("ftruncate")
    with pytest.raises(OSError, match="Input/output error"):
        file.add(b"two\n", sync=True)
    fails_once("ftruncate")
    with pytest.raises(OSError, match="Input/output error"):
        file.add(b"three\n", sync=True)
    file.add(b"three\n", sync=True)
    file.close()
    assert (tmp_path / "file").read_bytes() == b"one\nthree\n"


def test_a_piece_is_written_whole_even_if_the_system_takes_it_in_parts(
    file: GrowingFile, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    write = os.write
    monkeypatch.setattr(os, "write", lambda fd, data: write(fd, data[:2]))
    file.add(b"a longer piece\n", sync=False)
    file.close()
    assert (tmp_path / "file").read_bytes() == b"one\na longer piece\n"
