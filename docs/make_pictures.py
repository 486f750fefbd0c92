"""Makes the pictures of the README: python docs/make_pictures.py

A release is rehearsed twice with the bundled layout. The first rehearsal is recorded, approved by
an answers file, and shown in the middle of its work; the second is shown as it asks.
"""

import asyncio
import os
import sys
import tempfile
from math import inf
from pathlib import Path

from mop_tui.cli import preparing, session
from mop_tui.dashboard.picture import picture
from mop_tui.orchestrator.replay import open_replay

DOCS = Path(__file__).parent.absolute()
LAYOUT = DOCS.parent / "layouts" / "python-release.yaml"
SIZE = (120, 34)
MOMENT = 15_500
"""Session time of the overview, in milliseconds."""


def prepared(name: str, answers: Path | None) -> preparing.Prepared:
    """Prepare a rehearsal of the release."""
    return preparing.prepare(
        LAYOUT,
        overrides={},
        rehearse=True,
        speed=inf,
        seed=3,
        answers=answers,
        session_file=Path("sessions", f"{name}.jsonl"),
        attended=answers is None,
        trusted=True,
    )


def overview(folder: Path) -> str:
    """Return a picture of a recorded release in the middle of its work."""
    answers = folder / "answers.yaml"
    answers.write_text("- {question: ship, value: approve}\n", encoding="utf-8")
    rehearsal = prepared("python-release", answers)
    session.run_headless(rehearsal, as_json=False)
    replay = open_replay(Path("sessions", rehearsal.path.name))
    replay.seek_time(MOMENT)
    return asyncio.run(picture(replay, size=SIZE))


async def approval() -> str:
    """Return a picture of a rehearsal that asks whether to release."""
    async with session.running(prepared("asking", None)) as live:
        await asyncio.sleep(1)  # at full speed, it asks long before
        return await picture(live, size=SIZE, keys=("a",))


def main() -> None:
    """Make both pictures."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        os.chdir(folder)
        Path("sessions").mkdir()
        (DOCS / "overview.svg").write_text(overview(folder), encoding="utf-8")
        (DOCS / "approval.svg").write_text(asyncio.run(approval()), encoding="utf-8")
    print("made docs/overview.svg and docs/approval.svg", file=sys.stderr)


if __name__ == "__main__":
    main()
