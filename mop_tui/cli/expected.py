"""How long a plan will take, as earlier sessions tell, in words and as JSON."""

from dataclasses import dataclass
from functools import cached_property

from pydantic import JsonValue

from mop_tui.cli.foreseeing import Foreseen
from mop_tui.decisions.wording import counted
from mop_tui.domain.eta import Estimate, estimate
from mop_tui.domain.plan import Plan
from mop_tui.domain.wording import cases, lasting
from mop_tui.foresight.simulation import opening


@dataclass(frozen=True)
class Expected:
    """What is foreseen of a sound plan, played through from its beginning."""

    foreseen: Foreseen
    plan: Plan

    @cached_property
    def told(self) -> Estimate | None:
        """When it would end; None where nothing is foreseen, or there is nothing to do."""
        outlook = self.foreseen.outlook
        return None if outlook is None else estimate(opening(self.plan), 0, outlook)

    @property
    def sentence(self) -> str:
        """How long it will take, or why nobody can tell."""
        foreseen, told = self.foreseen, self.told
        if foreseen.trouble:
            return f"Expected length: unknown. {foreseen.trouble}"
        if foreseen.outlook is None:
            enough = f"{foreseen.known} of {foreseen.needed}"
            return f"Expected length: not enough sessions yet ({enough})."
        if told is None or told.end is None:
            why = "there is nothing to do" if told is None else told.why
            return f"Expected length: unknown, for {why}."
        said = f"Expected length: {lasting(told.end)}, learnt from"
        said = f"{said} {counted(foreseen.outlook.sessions, 'session')}"
        if told.span is None or told.coverage is None:
            return f"{said}."
        soonest, latest = map(lasting, told.span)
        return f"{said}; in {cases(told.coverage)} {soonest} to {latest}."

    def plain(self) -> dict[str, JsonValue]:
        """Return the same as JSON values; times are milliseconds, and None is unknown."""
        told = self.told
        return {
            "sessions": self.foreseen.known,
            "sessions_needed": self.foreseen.needed,
            "length_ms": None if told is None else told.end,
            "soonest_ms": None if told is None else told.soonest,
            "latest_ms": None if told is None else told.latest,
            "coverage": None if told is None else told.coverage,
        }
