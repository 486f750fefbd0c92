"""`mop-tui init`: the layout it writes is sound, and runs as it says."""

import subprocess
from collections.abc import Callable
from pathlib import Path

Mop = Callable[..., subprocess.CompletedProcess[str]]


def test_what_it_writes_is_sound_and_runs(mop: Mop, tmp_path: Path) -> None:
    begun = mop("init")
    assert begun.stdout == "wrote layout.yaml; run it with: mop-tui run layout.yaml\n"
    assert mop("check", "layout.yaml").stdout == "layout.yaml: sound\n"
    assert "Wave 2" in mop("plan", "layout.yaml").stdout
    (tmp_path / "answers.yaml").write_text("- {question: sure, value: approve}", encoding="utf-8")
    words = ("--headless", "--answers", "answers.yaml", "--set", "name=Ada")
    done = mop("run", "layout.yaml", *words)
    assert done.returncode == 0, done.stderr
    assert "all of 3 tasks complete" in done.stdout
    assert (tmp_path / "greeted.txt").read_text(encoding="utf-8") == "Ada was greeted\n"


def test_it_makes_the_folder_and_overwrites_nothing(mop: Mop, tmp_path: Path) -> None:
    assert mop("init", "new/place").returncode == 0
    file = tmp_path / "new" / "place" / "layout.yaml"
    file.write_text("mine", encoding="utf-8")
    again = mop("init", "new/place")
    assert again.returncode == 2
    assert again.stderr == (
        "new/place/layout.yaml: there is such a file already."
        " Name another folder: mop-tui init FOLDER\n"
    )
    assert file.read_text(encoding="utf-8") == "mine"


def test_where_nothing_can_be_written_that_is_said(mop: Mop, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    done = mop("init", "file/inside")
    assert done.returncode == 2
    assert "cannot be written: Not a directory." in done.stderr
