"""What sessions leave to be learnt from, and what they had set out to do."""

from dataclasses import dataclass
from pathlib import Path

from mop_tui import layout
from mop_tui.decisions.wording import counted
from mop_tui.domain.plan import Mode, Plan
from mop_tui.domain.session import Snapshot
from mop_tui.foresight.observing import COMPLETE, is_learnt_from, record_of, task_name
from mop_tui.foresight.record import Record
from mop_tui.foresight.store import Known, Store, StoreError, usual_folder
from mop_tui.journal import Header
from mop_tui.layout import bundled


@dataclass(frozen=True, slots=True)
class Lesson:
    """What came of learning from a session, in a sentence."""

    said: str
    failed: bool = False


def learn_from(header: Header, snapshot: Snapshot) -> Lesson | None:
    """Keep a record of a session that has ended; None if it is none to learn from.

    Nothing of this changes how a session has ended, so no failure is raised.
    """
    if (
        header.mode is not Mode.LIVE
        or snapshot.outcome != COMPLETE
        or not is_learnt_from(header.layout)
    ):
        return None
    try:
        record = record_of(header, snapshot)
        store = Store(usual_folder())
        store.add(record)
        known = len(store.read(record.task).of(record.task, Mode.LIVE))
    except StoreError as error:
        return Lesson(f"nothing is learnt from this session: {error}", failed=True)
    except Exception as error:  # noqa: BLE001 - a defect here is no failure of the session
        return Lesson(f"nothing is learnt from this session, by a defect: {error!r}", failed=True)
    return Lesson(f"learnt from: task {record.task}, {counted(known, 'session')} known")


def task_of_layout(name: str, known: Known) -> str | None:
    """Return the task of a layout of which something is known, and that somebody calls by its own
    name: by the id of its session, by its file, or as it comes with the program; else None."""
    for record in reversed(known.records):
        session = record.layout.get("session")
        if isinstance(session, dict) and session.get("id") == name:
            return record.task
    path = Path(name)
    found = path if path.suffix and path.is_file() else bundled.find(name)
    if found is None:
        return None
    try:
        task = task_name(layout.load(found, rehearse=True).document)
    except layout.LayoutError:
        return None
    return task if known.of(task) else None


def planned(record: Record) -> Plan | None:
    """Return what a session had set out to do; None if its layout is none for this version."""
    try:
        return layout.plan_of(record.layout, rehearse=record.mode is Mode.REHEARSAL)
    except layout.LayoutError:
        return None
