"""Reading a session file from the shell."""

import json
import subprocess
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from mop_tui.domain.events import SystemDecided
from mop_tui.journal import JournalFile, JournalWriter
from mop_tui.journal.chain import hash64, tail

FIXTURE = Path(__file__).parents[1] / "journal" / "fixtures" / "mop-session-1.jsonl"

Mop = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def recorded(mop: Mop, two_steps: Path, answers: Callable[[str], Path], tmp_path: Path) -> Path:
    """A session file of a live session."""
    file = tmp_path / "s.jsonl"
    given = answers("- {question: sure, value: approve}")
    done = mop("run", two_steps, "--headless", "--session-file", file, "--answers", given)
    assert done.returncode == 0, done.stderr
    return file


def _json(mop: Mop, *arguments: str | Path) -> list[dict[str, Any]]:
    done = mop("events", "--json", *arguments)
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def _causes(events: dict[int, dict[str, Any]], event: dict[str, Any]) -> list[str]:
    """Return the kinds on the way from an event back to its beginning."""
    kinds = []
    while event["cause"] is not None:
        assert event["cause"] < event["seq"]
        event = events[event["cause"]]
        kinds.append(event["kind"])
    return kinds


def test_following_the_causes_of_an_agents_events_leads_to_its_beginning(
    mop: Mop, recorded: Path
) -> None:
    events = {event["seq"]: event for event in _json(mop, recorded)}
    of_agent = _json(mop, recorded, "--agent", "b")
    assert len(of_agent) > 5
    assert {_causes(events, event)[-1] for event in of_agent} == {"system.started"}


def test_the_chain_from_the_release_leads_through_the_approval(mop: Mop, recorded: Path) -> None:
    events = {event["seq"]: event for event in _json(mop, recorded)}
    [begun] = [
        e
        for e in events.values()
        if e["kind"] == "task.transitioned"
        and e["data"]["task"] == "ship"
        and e["data"]["to_state"] == "ACTIVE"
    ]
    kinds = _causes(events, begun)
    assert kinds.index("user.answered") < kinds.index("user.asked")


def test_a_kind_is_chosen_by_a_glob(mop: Mop, recorded: Path) -> None:
    kinds = {event["kind"] for event in _json(mop, recorded, "--kind", "task.*")}
    assert kinds == {"task.created", "task.transitioned", "task.output"}


def test_a_task_is_chosen_by_its_name(mop: Mop, recorded: Path) -> None:
    assert {e["data"]["task"] for e in _json(mop, recorded, "--task", "ship")} == {"ship"}


def test_without_json_each_event_is_a_sentence_with_its_cause(mop: Mop, recorded: Path) -> None:
    lines = mop("events", recorded).stdout.splitlines()
    assert any("user.answered" in line and "approved" in line for line in lines)
    assert "<-1 " in lines[1]


def test_an_intact_session_verifies_and_decides_the_same_again(mop: Mop, recorded: Path) -> None:
    done = mop("verify", recorded, "--decisions")
    assert done.returncode == 0
    assert "intact" in done.stdout
    assert "gives the same" in done.stdout


def test_what_would_be_decided_otherwise_is_named(mop: Mop, recorded: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.jsonl"
    with JournalFile.open(recorded) as file:
        events, head = list(file), file.header
    place = next(n for n, event in enumerate(events) if event.kind == "system.decided")
    decided: SystemDecided = events[place].data
    events[place] = replace(events[place], data=replace(decided, reason="I like it"))
    journal = JournalWriter(other, head)
    for event in events:
        journal.append(event)
    journal.close()
    done = mop("verify", other, "--decisions")
    assert done.returncode == 2
    assert f"event {events[place].seq} differs in reason" in done.stderr
    assert f"rule {decided.rule} decided: I like it" in done.stderr
    assert f"rule {decided.rule} decided: {decided.reason}" in done.stderr


def test_a_changed_line_is_named_with_exit_2(mop: Mop, recorded: Path) -> None:
    lines = recorded.read_bytes().splitlines(keepends=True)
    lines[10] = lines[10].replace(b"a", b"b", 1)
    recorded.write_bytes(b"".join(lines))
    done = mop("verify", recorded)
    assert done.returncode == 2
    assert f"{recorded}:11" in done.stderr
    reading = mop("events", recorded)
    assert reading.returncode == 2
    assert len(mop("events", recorded, "--until-damage").stdout.splitlines()) == 9


def test_what_is_no_session_is_refused_with_a_sentence(mop: Mop, two_steps: Path) -> None:
    for command in ("events", "verify", "replay"):
        done = mop(command, two_steps)
        assert done.returncode == 2
        assert "Traceback" not in done.stderr
        assert done.stderr


def test_what_a_later_version_may_have_recorded_is_shown_by_its_name(
    mop: Mop, tmp_path: Path
) -> None:
    lines = FIXTURE.read_bytes().splitlines(keepends=True)[:10]
    new = b'{"seq":10,"at":9000,"kind":"agent.dreamt","cause":9,"data":{"agent":"ann","of":"sheep"}'
    link = lines[-1][-19:-3].decode()
    (tmp_path / "s.jsonl").write_bytes(b"".join([*lines, new, tail(link, new)[1], b"\n"]))
    assert mop("verify", "s.jsonl").returncode == 0
    [event] = _json(mop, "s.jsonl", "--kind", "agent.dr*")
    assert (event["kind"], event["data"]) == ("agent.dreamt", {"agent": "ann", "of": "sheep"})
    assert "agent.dreamt" in mop("events", "s.jsonl").stdout.splitlines()[-1]


def test_a_file_of_a_later_format_says_who_can_read_it(mop: Mop, tmp_path: Path) -> None:
    stem = b'{"format":"mop-session/2","sessions":[]'
    seal = b',"seal":"%b"}\n' % hash64(stem).encode()
    (tmp_path / "s.jsonl").write_bytes(stem + seal)
    for command in ("events", "verify", "replay", "resume"):
        done = mop(command, "s.jsonl")
        assert done.returncode == 2, command
        assert "a later version wrote it, as mop-session/2" in done.stderr, command
        assert "Update mop-tui" in done.stderr


def test_replay_without_a_terminal_says_what_to_do_instead(mop: Mop, recorded: Path) -> None:
    done = mop("replay", recorded)
    assert done.returncode == 2
    assert "events" in done.stderr
