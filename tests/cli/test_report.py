"""`mop-tui report`, and the reports that are written when a session ends."""

import json
import os
import signal
import stat
import subprocess
import sys
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path

import pytest
from running import Running
from terminal import ENTER, Terminal

from mop_tui.cli.report_files import reports_of
from mop_tui.cli.reporting import MOST_BYTES, report_beside
from mop_tui.orchestrator.replay import open_replay
from mop_tui.orchestrator.reported import report_on

Mop = Callable[..., subprocess.CompletedProcess[str]]
Answers = Callable[[str], Path]
RECORDED = Path(__file__).parents[2] / "sessions" / "mop-platform.jsonl"
APPROVED = "- {question: sure, value: approve}"
HEADLESS = ("--headless", "--session-file", "one.jsonl", "--answers")


def _mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def _run(mop: Mop, layout: Path, answers: Answers, *more: str) -> Path:
    """Run a session that is approved; return its file."""
    done = mop("run", layout, *HEADLESS, answers(APPROVED), *more)
    assert done.returncode == 0, done.stderr
    return layout.parent / "one.jsonl"


@pytest.fixture
def recorded(tmp_path: Path) -> Path:
    """A session file of one's own."""
    path = tmp_path / "mine.jsonl"
    path.write_bytes(RECORDED.read_bytes())
    return path


# -- by command -------------------------------------------------------------------------------


def test_it_goes_to_standard_output_as_markdown(mop: Mop, recorded: Path) -> None:
    done = mop("report", recorded)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("# mop-platform: complete\n")
    assert "waited 15 min for one key" in done.stdout
    assert mop("report", recorded, "-o", "-").stdout == done.stdout


def test_each_form_says_the_same(mop: Mop, recorded: Path) -> None:
    text = mop("report", recorded).stdout
    html = mop("report", recorded, "--format", "html").stdout
    plain = json.loads(mop("report", recorded, "--format", "json").stdout)
    HTMLParser().feed(html)
    insight = plain["insights"][0]["text"]
    assert plain["outcome"] == "complete"
    assert insight in text
    assert insight in html
    for task in plain["tasks"]:
        assert f"`{task['id']}`" in text
        assert f"<code>{task['id']}</code>" in html


@pytest.mark.parametrize(
    ("name", "begins"),
    [
        ("a.html", "<!doctype html>"),
        ("a.json", "{"),
        ("a.md", "<!-- mop-tui report -->"),
        ("a", "<!"),
    ],
)
def test_the_form_is_that_of_the_files_name(
    mop: Mop, recorded: Path, tmp_path: Path, name: str, begins: str
) -> None:
    done = mop("report", recorded, "-o", name)
    assert done.returncode == 0, done.stderr
    assert done.stdout == ""
    assert name in done.stderr
    written = tmp_path / name
    assert written.read_text(encoding="utf-8").startswith(begins)
    assert _mode(written) == 0o600


def test_a_name_that_stands_for_no_form_is_not_written_to(
    mop: Mop, recorded: Path, tmp_path: Path
) -> None:
    done = mop("report", recorded, "-o", "a.pdf")
    assert done.returncode == 2
    assert "no report has the form of .pdf files. Say which one to write by --format" in done.stderr
    assert not (tmp_path / "a.pdf").exists()
    assert mop("report", recorded, "-o", "a.pdf", "--format", "md").returncode == 0


def test_a_session_is_named_as_elsewhere(mop: Mop, tmp_path: Path) -> None:
    (tmp_path / "sessions").mkdir()
    (tmp_path / "sessions" / "that.jsonl").write_bytes(RECORDED.read_bytes())
    assert mop("report", "that").stdout.startswith("# mop-platform")
    done = mop("report", "other")
    assert done.returncode == 2
    assert "no such session file" in done.stderr


@pytest.mark.parametrize("form", ["md", "html", "json"])
def test_a_report_is_overwritten_and_anything_else_is_kept(
    mop: Mop, recorded: Path, tmp_path: Path, form: str
) -> None:
    place = tmp_path / "out"
    place.write_text("my notes", encoding="utf-8")
    command = ("report", recorded, "--format", form, "-o", place)
    refused = mop(*command)
    assert refused.returncode == 2
    assert "something else in this file" in refused.stderr
    assert "--force" in refused.stderr
    assert place.read_text(encoding="utf-8") == "my notes"
    assert mop(*command, "--force").returncode == 0
    first = place.read_text(encoding="utf-8")
    assert "my notes" not in first
    assert mop(*command).returncode == 0
    assert place.read_text(encoding="utf-8") == first
    assert sorted(it.name for it in tmp_path.iterdir()) == ["mine.jsonl", "out"]


def test_the_session_itself_is_never_overwritten(mop: Mop, recorded: Path, tmp_path: Path) -> None:
    before = recorded.read_bytes()
    link = tmp_path / "link.html"
    link.symlink_to(recorded)
    for place in (recorded, link):
        for more in ((), ("--force",)):
            done = mop("report", recorded, "-o", place, *more)
            assert done.returncode == 2
            assert "session file itself" in done.stderr
            assert "--force" not in done.stderr
    assert recorded.read_bytes() == before


def test_folders_and_places_that_cannot_be_written_are_told(
    mop: Mop, recorded: Path, tmp_path: Path
) -> None:
    done = mop("report", recorded, "-o", tmp_path, "--force")
    assert done.returncode == 2
    assert "no regular file" in done.stderr
    done = mop("report", recorded, "-o", tmp_path / "none" / "a.md")
    assert done.returncode == 2
    assert "cannot be written: No such file or directory" in done.stderr


def test_damage_is_told_or_what_comes_before_it(mop: Mop, recorded: Path) -> None:
    lines = recorded.read_bytes().split(b"\n")
    lines[400] = lines[400].replace(b'"at"', b'"ta"', 1)
    recorded.write_bytes(b"\n".join(lines))
    done = mop("report", recorded)
    assert done.returncode == 2
    assert done.stdout == ""
    for form in ("md", "html"):
        told = mop("report", recorded, "--until-damage", "--format", form)
        assert told.returncode == 0, told.stderr
        assert "interrupted" in told.stdout
        assert "401" in told.stdout


def test_a_reader_that_has_seen_enough_is_no_error(recorded: Path, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "mop_tui", "report", str(recorded), "--format", "html"]
    read, write = os.pipe()
    os.close(read)
    try:
        done = subprocess.run(
            command,
            stdout=write,
            stderr=subprocess.PIPE,
            cwd=tmp_path,
            env=os.environ | {"PYTHONPATH": str(Path(__file__).parents[2])},
            text=True,
            timeout=60,
            check=False,
        )
    finally:
        os.close(write)
    assert done.stderr == ""
    assert done.returncode == 0


@pytest.mark.parametrize("command", ["report", "info"])
def test_an_output_that_is_full_is_told_and_is_no_defect(recorded: Path, command: str) -> None:
    words = [str(recorded)] if command == "report" else []
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(
            [sys.executable, "-m", "mop_tui", command, *words],
            stdout=full,
            stderr=subprocess.PIPE,
            env=os.environ | {"PYTHONPATH": str(Path(__file__).parents[2])},
            text=True,
            timeout=60,
            check=False,
        )
    assert done.stderr == "mop-tui: the output cannot be written: No space left on device.\n"
    assert done.returncode == 2


# -- at the end of a session ------------------------------------------------------------------


def test_a_session_leaves_reports_beside_its_file_and_says_where(
    mop: Mop, two_steps: Path, answers: Answers
) -> None:
    done = mop("run", two_steps, *HEADLESS, answers(APPROVED))
    assert done.returncode == 0
    assert "report in one.report.md and one.report.html" in done.stderr
    session = two_steps.parent / "one.jsonl"
    reports = reports_of(session)
    assert [it.name for it in reports] == ["one.report.md", "one.report.html"]
    assert [_mode(it) for it in reports] == [0o600, 0o600]
    for report in reports:
        told = report.read_text(encoding="utf-8")
        assert "complete" in told
        assert "Ship it now?" in told
    listed = mop("sessions", ".")
    assert "its report is beside it" in listed.stdout
    plain = json.loads(mop("sessions", ".", "--json").stdout)
    assert plain["reports"] == ["one.report.md", "one.report.html"]


def test_a_failed_session_has_one_too_and_keeps_its_exit_code(
    mop: Mop, two_steps: Path, answers: Answers
) -> None:
    file = answers("- {question: sure, value: reject, reason: not on a Friday}")
    done = mop("run", two_steps, "--headless", "--answers", file, "--session-file", "one.jsonl")
    assert done.returncode == 1
    told = (two_steps.parent / "one.report.md").read_text(encoding="utf-8")
    assert "not on a Friday" in told


def test_none_is_written_where_none_is_wanted(mop: Mop, two_steps: Path, answers: Answers) -> None:
    session = _run(mop, two_steps, answers, "--no-report")
    assert reports_of(session) == []
    assert "its report" not in mop("sessions", ".").stdout


def test_with_json_standard_output_stays_json(mop: Mop, two_steps: Path, answers: Answers) -> None:
    done = mop("run", two_steps, "--headless", "--json", "--answers", answers(APPROVED))
    assert done.returncode == 0
    for line in done.stdout.splitlines():
        json.loads(line)
    assert "report" not in done.stderr
    assert list(two_steps.parent.glob("sessions/*.report.html"))


@pytest.mark.parametrize("obstacle", ["folder", "notes"])
def test_what_is_in_the_way_is_told_and_changes_nothing(
    mop: Mop, two_steps: Path, answers: Answers, tmp_path: Path, obstacle: str
) -> None:
    place = tmp_path / "one.report.html"
    if obstacle == "folder":
        place.mkdir()
    else:
        place.write_text("my notes", encoding="utf-8")
    done = mop("run", two_steps, *HEADLESS, answers(APPROVED))
    assert done.returncode == 0
    assert "no report was written: " in done.stderr
    assert "one.report.html" in done.stderr
    assert obstacle == "folder" or place.read_text(encoding="utf-8") == "my notes"
    assert "intact" in mop("verify", "one.jsonl").stdout


def test_a_full_disk_is_told_and_leaves_nothing_half(tmp_path: Path) -> None:
    session = tmp_path / "mine.jsonl"
    session.write_bytes(RECORDED.read_bytes())
    code = (
        "import resource, signal, sys\n"
        "from pathlib import Path\n"
        "from mop_tui.cli.reporting import report_beside\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (30_000, 30_000))\n"
        "print(report_beside(Path(sys.argv[1]), Path('mine.jsonl')))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(session)],
        capture_output=True,
        env=os.environ | {"PYTHONPATH": str(Path(__file__).parents[2])},
        text=True,
        timeout=60,
        check=True,
    )
    assert done.stdout.startswith("no report was written: ")
    assert "File too large" in done.stdout
    assert sorted(it.name for it in tmp_path.iterdir()) == ["mine.jsonl", "mine.report.md"]


@pytest.mark.parametrize(
    ("number", "said"),
    [
        (signal.SIGTERM, "no report is complete, for it was interrupted"),
        (signal.SIGINT, "no report is complete, for it was interrupted"),
        (signal.SIGHUP, "report in one.report.md and one.report.html"),
    ],
)
def test_a_signal_while_it_is_written_changes_nothing_about_how_the_session_ended(
    two_steps: Path, answers: Answers, number: signal.Signals, said: str
) -> None:
    code = (
        "import signal, sys\n"
        "def heard(event, args):\n"
        "    if event == 'open' and '.one.report.md.' in str(args[0]):\n"
        "        signal.raise_signal(int(sys.argv.pop()))\n"
        "sys.addaudithook(heard)\n"
        "from mop_tui.cli import program\n"
        "program(sys.argv[1:-1], prog_name='mop-tui')\n"
    )
    words = ("run", two_steps, "--headless", "--answers", answers(APPROVED), "--trust")
    done = subprocess.run(
        [sys.executable, "-c", code, *words, "--session-file", "one.jsonl", str(int(number))],
        cwd=two_steps.parent,
        capture_output=True,
        env=os.environ | {"PYTHONPATH": str(Path(__file__).parents[2])},
        text=True,
        timeout=60,
        check=False,
    )
    assert said in done.stderr
    assert done.returncode == 0
    reports = reports_of(two_steps.parent / "one.jsonl")
    assert len(reports) == (2 if number is signal.SIGHUP else 0)
    assert not list(two_steps.parent.glob(".one.report*"))


def test_a_folder_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    assert "no report was written" in report_beside(Path("/proc/1/mine.jsonl"), Path("mine.jsonl"))
    assert "No such file" in report_beside(tmp_path / "none.jsonl", Path("none.jsonl"))


def test_a_giant_session_is_told_of_with_the_command(tmp_path: Path) -> None:
    session = tmp_path / "giant.jsonl"
    session.touch()
    os.truncate(session, MOST_BYTES + 1)
    said = report_beside(session, Path("giant.jsonl"))
    assert "mop-tui report giant.jsonl --format html -o giant.report.html" in said
    assert reports_of(session) == []


def test_what_cannot_be_read_is_told(tmp_path: Path) -> None:
    session = tmp_path / "odd.jsonl"
    session.write_text("{}\n", encoding="utf-8")
    assert report_beside(session, session).startswith("no report was written: ")


def test_a_session_may_not_be_named_like_a_report(mop: Mop, two_steps: Path) -> None:
    done = mop("run", two_steps, "--headless", "--rehearse", "--session-file", "a.report.md")
    assert done.returncode == 2
    assert "may not end in .report.md" in done.stderr


# -- on the screen ----------------------------------------------------------------------------

QUICK = """
session: {id: quick}
agent_types: {worker: {}}
teams: {crew: {agents: [worker]}}
tasks: {make: {agent: worker, run: [sh, -c, "echo made it"]}}
"""


def test_a_live_session_shows_its_report_once_it_has_ended(tmp_path: Path) -> None:
    (tmp_path / "quick.yaml").write_text(QUICK, encoding="utf-8")
    with Terminal(
        "run", "quick.yaml", "--trust", "--session-file", "it.jsonl", cwd=tmp_path
    ) as terminal:
        terminal.until("COMPLETE", "P report")
        terminal.press("P")
        terminal.until("quick: complete", "The session ended complete", "1 of 1 complete")
        terminal.press("q")
        terminal.until("P report")
        terminal.press("q")
        assert terminal.wait() == 0
        assert "report in it.report.md and it.report.html" in terminal.display
    assert len(reports_of(tmp_path / "it.jsonl")) == 2


def test_so_does_an_attached_screen(tmp_path: Path) -> None:
    with Running(tmp_path) as running, Terminal("attach", "it.jsonl", cwd=tmp_path) as terminal:
        terminal.until("y or n chooses")
        terminal.press("y")
        terminal.until("Enter approves")
        terminal.press(ENTER)
        terminal.until("COMPLETE")
        running.go_on()
        terminal.until("P report")
        terminal.press("P")
        terminal.until("asking: complete")


def test_a_replay_of_a_damaged_file_tells_what_comes_before_the_damage(recorded: Path) -> None:
    lines = recorded.read_bytes().split(b"\n")
    lines[400] = lines[400].replace(b'"at"', b'"ta"', 1)
    recorded.write_bytes(b"\n".join(lines))
    told = open_replay(recorded, until_damage=True).report()
    assert told.startswith("# mop-platform: interrupted\n")
    assert "could not be read" in told
    assert report_on(recorded).startswith("# No report\n")
