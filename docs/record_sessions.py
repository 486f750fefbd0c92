"""Records the sessions that come with the project: python docs/record_sessions.py

Each bundled layout is rehearsed once, and what it was is kept in `sessions/`, to be replayed, and
to be held against what the program decides today. The header of each names no machine.
"""

import os
import sys
import tempfile
from dataclasses import replace
from math import inf
from pathlib import Path

from mop_tui.cli import preparing, session

ROOT = Path(__file__).parents[1].absolute()
LAYOUTS = ("mop-platform", "python-release")
ANSWERS = {"python-release": "- {question: ship, value: approve, reason: all is well, after: 40}\n"}
"""For layouts that do not answer themselves in rehearsals."""
STARTED = "2026-11-25T14:30:00+00:00"
SEED = 7


def record(name: str, folder: Path) -> bytes:
    """Return the session file of a rehearsal of the layout called `name`."""
    answers = folder / "answers.yaml"
    answers.write_text(ANSWERS.get(name, ""), encoding="utf-8")
    prepared = preparing.prepare(
        ROOT / "layouts" / f"{name}.yaml",
        overrides={},
        rehearse=True,
        speed=inf,
        seed=SEED,
        answers=answers if name in ANSWERS else None,
        session_file=folder / f"{name}.jsonl",
        attended=False,
        trusted=True,
    )
    anywhere = replace(
        prepared.header, run=name, started=STARTED, user="operator", host="", paths={}
    )
    if session.run_headless(replace(prepared, header=anywhere), as_json=False) != "complete":
        raise SystemExit(f"the rehearsal of {name} did not complete")
    return prepared.path.read_bytes()


def main() -> None:
    """Record all of them."""
    for name in LAYOUTS:
        with tempfile.TemporaryDirectory() as folder:
            os.chdir(folder)
            recorded = record(name, Path(folder))
        (ROOT / "sessions" / f"{name}.jsonl").write_bytes(recorded)
        print(f"recorded sessions/{name}.jsonl", file=sys.stderr)


if __name__ == "__main__":
    main()
