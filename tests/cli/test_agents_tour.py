"""The tour of agents as an operator takes it: real processes, and answers that are typed."""

import json
from pathlib import Path
from typing import Any

import psutil
from terminal import ENTER, Terminal

TOUR = Path(__file__).parents[2] / "layouts" / "agents-tour.yaml"
CANARY = "canary7!sings"


def _events(folder: Path) -> list[dict[str, Any]]:
    [file] = (folder / "sessions").glob("*.jsonl")
    return [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()[1:]]


def _holds(process: psutil.Process, secret: str) -> bool:
    try:
        return secret in " ".join([*process.cmdline(), *process.environ().values()])
    except (psutil.Error, OSError):
        return False


def test_a_typed_password_reaches_its_agent_and_nothing_else(tmp_path: Path) -> None:
    with Terminal("run", str(TOUR), cwd=tmp_path) as terminal:
        terminal.until("Where should the parcel go?", "A digit or the arrows choose")
        terminal.press("1")
        terminal.until("Enter answers attic")
        terminal.press(ENTER)
        terminal.until("Which password opens the door of the attic?", "Type the answer")
        terminal.press(*CANARY)
        terminal.until("*" * len(CANARY))
        told = [p for p in psutil.process_iter() if _holds(p, CANARY)]
        terminal.press(ENTER)
        terminal.until("all of 8 tasks complete")
        told += [p for p in psutil.process_iter() if _holds(p, CANARY)]
        terminal.press("q")
        assert terminal.wait() == 0
        assert CANARY.encode() not in terminal.transcript
    assert told == []
    events = _events(tmp_path)
    [delivered] = [
        e["data"]["value"]
        for e in events
        if e["kind"] == "task.output" and e["data"]["task"] == "deliver"
    ]
    assert delivered.startswith("delivered; the lock knows it as ")
    written = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert any(path.name == "courier.log" for path in written)
    assert [path for path in written if CANARY.encode() in path.read_bytes()] == []
