"""What the operator types to see only some events, and which events that lets pass.

`kind:`, `agent:`, `task:`, `health:` and `is:` say what an event has to be; the rest is a text that
has to stand in its sentence. Where a word is given twice, or with commas, either will do.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any, get_args

from mop_tui.domain.agent_lifecycle import AgentState, AgentTrigger
from mop_tui.domain.events import (
    BY_KIND,
    MAY_LACK_CAUSE,
    AgentChecked,
    AgentHealth,
    AgentTransitioned,
    AnyEvent,
)
from mop_tui.domain.health import WORSE
from mop_tui.domain.sentences import sentence
from mop_tui.domain.tones import Tone, tone
from mop_tui.domain.wording import listed, printable

TONES: tuple[Tone, ...] = get_args(Tone)
"""What `is:` may be followed by."""
_OTHER_WORDS = {"error": "critical"}
"""What is written for a tone as well."""
_KINDS = sorted({*BY_KIND, *MAY_LACK_CAUSE})
_CATEGORIES = list(dict.fromkeys(kind.partition(".")[0] for kind in _KINDS))
_WORD = re.compile(r"(kind|agent|task|health|is):(\S*)", re.IGNORECASE)
_GLOB = re.compile(r"[*?\[]")


@dataclass(frozen=True, slots=True)
class Filter:
    """Which events to show. One that says nothing lets every event pass."""

    text: str = ""
    """What has to stand in the sentence, whatever its case."""
    kinds: tuple[str, ...] = ()
    """Kinds, first words of kinds, and patterns for kinds."""
    agents: tuple[str, ...] = ()
    """Agents, and patterns for agents."""
    tasks: tuple[str, ...] = ()
    tones: tuple[Tone, ...] = ()
    levels: tuple[str, ...] = ()
    """How an agent is, of which an event tells."""

    @property
    def names_which(self) -> bool:
        """True if it says which events are meant, those included that are details else."""
        return bool(self.kinds or self.tones or self.levels)

    def passes(self, event: AnyEvent) -> bool:
        """Return whether `event` is to be shown. What is cheap is looked at first."""
        data = event.data
        return (
            (not self.kinds or _any(self.kinds, event.kind, _is_kind))
            and (not self.agents or _any(self.agents, getattr(data, "agent", None), fnmatchcase))
            and (not self.tasks or _any(self.tasks, getattr(data, "task", None), fnmatchcase))
            and (not self.levels or _level(event) in self.levels)
            and (not self.tones or tone(event) in self.tones)
            and (not self.text or self.text in sentence(event).casefold())
        )


EVERYTHING = Filter()
"""No filter at all."""


@dataclass(frozen=True, slots=True)
class Misspelt:
    """Something was typed that says nothing about events; `why` tells what."""

    why: str


def parse(typed: str) -> Filter | Misspelt:
    """Return what was typed as a filter, or why it is none."""
    said: dict[str, list[str]] = {"kind": [], "agent": [], "task": [], "health": [], "is": []}
    text = []
    for word in typed.split():
        found = _WORD.fullmatch(word)
        if found is None:
            text.append(word)
            continue
        name = found[1].lower()
        values = [value for value in found[2].split(",") if value]
        why = _wrong(name, values)
        if why:
            return Misspelt(why)
        said[name] += values
    return Filter(
        text=" ".join(text).casefold(),
        kinds=tuple(kind.lower() for kind in said["kind"]),
        agents=tuple(said["agent"]),
        tasks=tuple(said["task"]),
        levels=tuple(level.lower() for level in said["health"]),
        tones=tuple(known for word in said["is"] if (known := _tone(word)) is not None),
    )


def _wrong(name: str, values: list[str]) -> str:
    """Return what is wrong with a word; empty if nothing is."""
    if not values:
        return f"{name}: {_EXAMPLES[name]}"
    for value in values:
        shown = printable(value)
        if name == "is" and _tone(value) is None:
            return f"is:{shown}? {_EXAMPLES[name]}"
        if name == "kind" and not _is_known(value.lower()):
            return f"kind:{shown}? {_EXAMPLES[name]}"
        if name == "health" and value.lower() not in WORSE:
            return f"health:{shown}? {_EXAMPLES[name]}"
    return ""


def _tone(word: str) -> Tone | None:
    lower = word.lower()
    name = _OTHER_WORDS.get(lower, lower)
    return next((known for known in TONES if known == name), None)


def _level(event: AnyEvent) -> str | None:
    """Return how an agent is by what an event tells: a check, itself, or that it fell ill."""
    match event.data:
        case AgentChecked(level=level):
            return level
        case AgentHealth(status=status):
            return status
        case AgentTransitioned(trigger=AgentTrigger.PERFORMANCE_RECOVERED):
            return "healthy"
        case AgentTransitioned(to_state=AgentState.DEGRADED | AgentState.UNHEALTHY as state):
            return state.lower()
        case _:
            return None


def _is_known(kind: str) -> bool:
    """True unless `kind` names a kind that no event has. A newer version may have any that a
    pattern means."""
    return bool(_GLOB.search(kind)) or any(_is_kind(known, kind) for known in _KINDS)


def _is_kind(kind: str, wanted: str) -> bool:
    return wanted in (kind, kind.partition(".")[0]) or fnmatchcase(kind, wanted)


def _any(wanted: tuple[str, ...], value: Any, fits: Callable[[str, str], bool]) -> bool:
    return value is not None and any(fits(value, one) for one in wanted)


_EXAMPLES = {
    "kind": listed([*_CATEGORIES, "task.*"], " or "),
    "agent": "a name, or part of it with a *",
    "task": "a name, or part of it with a *",
    "health": listed(list(WORSE), " or "),
    "is": listed(TONES, " or "),
}
