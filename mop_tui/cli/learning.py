"""What sessions leave to be learnt from, and what they had set out to do."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from pydantic import JsonValue

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
        known = store.count(record.task, Mode.LIVE)
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


class Planner:
    """Makes plans of the layouts of records, of those that differ in their variables alone once.

    What is known already may be given: a layout, its plan, and for what mode that is.
    """

    def __init__(self, known: tuple[Mapping[str, JsonValue], Plan, Mode] | None = None) -> None:
        self._made: dict[str, Plan | None] = {}
        if known is not None:
            document, plan, mode = known
            self._made[_but_for_variables(document, mode)] = plan

    def __call__(self, record: Record) -> Plan | None:
        """Return what a session had set out to do; None if its layout is none for this version."""
        key = _but_for_variables(record.layout, record.mode)
        if key not in self._made:
            self._made[key] = _planned(record)
        plan = self._made[key]
        return None if plan is None else replace(plan, variables=record.variables)


def _planned(record: Record) -> Plan | None:
    try:
        return layout.plan_of(record.layout, rehearse=record.mode is Mode.REHEARSAL)
    except layout.LayoutError:
        return None


def _but_for_variables(document: Mapping[str, JsonValue], mode: Mode) -> str:
    """Return a layout as text, with the names of its variables and without what these are."""
    session = document.get("session")
    if isinstance(session, dict) and isinstance(variables := session.get("vars"), dict):
        session = {**session, "vars": list(variables)}
    return json.dumps([mode, {**document, "session": session}])
