"""What earlier sessions let expect of a layout that is about to be run, or planned."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pydantic import JsonValue

from mop_tui.cli.learning import Planner
from mop_tui.domain.outlook import Outlook
from mop_tui.domain.plan import HostKind, Mode, Plan
from mop_tui.foresight.durations import LATEST, NEEDED, runs_of
from mop_tui.foresight.observing import task_name
from mop_tui.foresight.outlook import outlook_for
from mop_tui.foresight.record import Record
from mop_tui.foresight.store import Store, StoreError, usual_folder

_NOTHING_IN_COMMON = (
    "The sessions that are known of this task had no task and no type of agent of this layout."
)


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
        store = Store(usual_folder())
        records = store.read(task_name(document), mode, latest=LATEST).records
        return _foreseen(records, document, plan, mode)
    except StoreError as error:
        return Foreseen(trouble=str(error))
    except Exception as error:  # noqa: BLE001 - a defect here must not keep a session from running
        return Foreseen(trouble=f"What was learnt cannot be used, by a defect: {error!r}")


def _foreseen(
    records: Sequence[Record], document: Mapping[str, JsonValue], plan: Plan, mode: Mode
) -> Foreseen:
    outlook = outlook_for(records, plan, mode, Planner((document, plan, mode)))
    known = len(runs_of(records, mode))
    nothing = outlook is None and known >= NEEDED
    return Foreseen(outlook, known, trouble=_NOTHING_IN_COMMON if nothing else "")
