"""What earlier sessions let expect of a layout that is about to be run, or planned."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from pydantic import JsonValue

from mop_tui.cli.learning import planned
from mop_tui.domain.outlook import Outlook
from mop_tui.domain.plan import HostKind, Mode, Plan
from mop_tui.foresight.calibration import Planned
from mop_tui.foresight.durations import NEEDED, runs_of
from mop_tui.foresight.observing import task_name
from mop_tui.foresight.outlook import outlook_for
from mop_tui.foresight.record import Record
from mop_tui.foresight.store import Store, StoreError, usual_folder


@dataclass(frozen=True, slots=True)
class Foreseen:
    """What is expected, or why nothing is."""

    outlook: Outlook | None = None
    known: int = 0
    """How many sessions there are to learn from."""
    needed: int = NEEDED
    trouble: str = ""
    """Why nobody can tell, in a sentence, where it is not for want of sessions."""


def mode_of(plan: Plan) -> Mode:
    """Return what a session of `plan` stands for: whether anything in it is a real process."""
    hosts = [doer.host for doer in plan.agents.values()]
    hosts += [kind.host for kind in plan.kinds.values()]
    return Mode.LIVE if HostKind.COMMAND in hosts else Mode.REHEARSAL


def foreseen(document: Mapping[str, JsonValue], plan: Plan, mode: Mode) -> Foreseen:
    """Return what earlier sessions let expect of a layout's `document`, which makes `plan`.

    Nothing depends on it but what is told of the end, so no failure is raised.
    """
    try:
        records = Store(usual_folder()).read(task_name(document)).records
        return _foreseen(records, document, plan, mode)
    except StoreError as error:
        return Foreseen(trouble=str(error))
    except Exception as error:  # noqa: BLE001 - a defect here must not keep a session from running
        return Foreseen(trouble=f"What was learnt cannot be used, by a defect: {error!r}")


def _foreseen(
    records: Sequence[Record], document: Mapping[str, JsonValue], plan: Plan, mode: Mode
) -> Foreseen:
    outlook = outlook_for(records, plan, mode, _planned(document, plan))
    return Foreseen(outlook, len(runs_of(records, mode)))


def _planned(document: Mapping[str, JsonValue], plan: Plan) -> Planned:
    """Return how plans of earlier sessions are got. Most were run from the very same layout, but
    for its variables, and need not be read again."""
    ours = _without_variables(document)

    def planned_like(record: Record) -> Plan | None:
        if _without_variables(record.layout) == ours:
            return replace(plan, variables=record.variables)
        return planned(record)

    return planned_like


def _without_variables(document: Mapping[str, JsonValue]) -> Mapping[str, JsonValue]:
    session = document.get("session")
    if not isinstance(session, dict):
        return document
    rest = {name: value for name, value in session.items() if name != "vars"}
    return {**document, "session": rest}
