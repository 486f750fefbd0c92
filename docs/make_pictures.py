"""Makes the pictures of the documents: python docs/make_pictures.py

They show the recorded deployment of `sessions/mop-platform.jsonl` at moments of interest, and a
rehearsal of it that has come to the question about production.
"""

import asyncio
import os
import sys
import tempfile
from math import inf
from pathlib import Path
from typing import NamedTuple

from mop_tui.cli import preparing, session
from mop_tui.dashboard.picture import picture
from mop_tui.orchestrator.replay import open_replay

DOCS = Path(__file__).parent.absolute()
LAYOUT = DOCS.parent / "layouts" / "mop-platform.yaml"
SESSION = "sessions/mop-platform.jsonl"
WIDE, USUAL, SMALL = (160, 44), (120, 36), (80, 24)
MINUTE = 60_000
ANSWERS = """\
- {question: tempo-storage, value: s3}
- {question: grafana-password, value: only-for-rehearsals!}
- {question: devops-troubleshooter/*, value: increase_quota}
"""
"""To all that is asked before production."""


class Shot(NamedTuple):
    """A picture of the recorded session."""

    name: str
    size: tuple[int, int]
    minute: float
    """Of session time."""
    keys: tuple[str, ...] = ()


SHOTS = (
    Shot("overview", WIDE, 50),
    Shot("small", SMALL, 62),
    Shot("light", USUAL, 62, ("t",)),
    Shot("agent", USUAL, 50, (*["down"] * 8, "enter")),
    Shot("tasks", WIDE, 62, ("tab", "v")),
    Shot("why", USUAL, 62, ("tab", "w")),
    Shot("timeline", USUAL, 62, ("L", "v")),
    Shot("topology", USUAL, 62, ("b",)),
    Shot("triggers", USUAL, 50, ("T", "down")),
    Shot("events", USUAL, 110, ("shift+tab", "shift+tab", "slash", *"grafana", "enter")),
)


async def asking() -> str:
    """Return a picture of a rehearsal that asks whether to deploy to production."""
    prepared = preparing.prepare(
        LAYOUT,
        overrides={},
        rehearse=True,
        speed=inf,
        seed=7,
        answers=Path("answers.yaml"),
        session_file=Path("sessions", "mop-platform.jsonl"),
        attended=True,
        trusted=True,
    )
    async with session.running(prepared) as live:
        await asyncio.sleep(3)  # at full speed, it asks long before
        return await picture(live, size=WIDE, keys=("a",))


def main() -> None:
    """Make all pictures."""
    os.chdir(DOCS.parent)
    for shot in SHOTS:
        replay = open_replay(Path(SESSION))
        replay.seek_time(round(shot.minute * MINUTE))
        made = asyncio.run(picture(replay, size=shot.size, keys=shot.keys))
        (DOCS / f"{shot.name}.svg").write_text(made, encoding="utf-8")
        print(f"made docs/{shot.name}.svg", file=sys.stderr)
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        Path("sessions").mkdir()
        Path("answers.yaml").write_text(ANSWERS, encoding="utf-8")
        made = asyncio.run(asking())
    (DOCS / "approval.svg").write_text(made, encoding="utf-8")
    print("made docs/approval.svg", file=sys.stderr)


if __name__ == "__main__":
    main()
