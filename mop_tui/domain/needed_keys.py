"""When a memory key that a task needs counts as there: by itself, or as its `when` wants it."""

from collections.abc import Iterator, Mapping

from pydantic import JsonValue

from mop_tui.domain.conditions import Condition
from mop_tui.domain.ids import MemoryKey
from mop_tui.domain.immutable import immutable


@immutable
class WantedKey:
    """What must hold of the value of a key, or of what stands in it under `condition.path`, step by
    step; an empty path is the value itself."""

    key: MemoryKey
    condition: Condition

    @property
    def told(self) -> str:
        """What is wanted, in words: `count of build/report to be at least 3`."""
        path, wanted = self.condition.path, self.condition.wanted
        return f"{path} of {self.key} to be {wanted}" if path else f"{self.key} to be {wanted}"

    def holds(self, value: JsonValue) -> bool:
        """Return whether the value of the key is as wanted."""
        for step in filter(None, self.condition.path.split(".")):
            value = value.get(step) if isinstance(value, dict) else None
        return self.condition.holds(value)


def is_provided(memory: Mapping[MemoryKey, JsonValue], key: MemoryKey) -> bool:
    """True if `key` is present and, where its value has a `status`, that is `complete`."""
    if key not in memory:
        return False
    value = memory[key]
    return not isinstance(value, dict) or value.get("status", "complete") == "complete"


def counts(
    memory: Mapping[MemoryKey, JsonValue], key: MemoryKey, when: tuple[WantedKey, ...]
) -> bool:
    """True if `key` is there for whoever needs it `when` all of that holds; where that says nothing
    of the key, if it is provided."""
    wanted = [it for it in when if it.key == key]
    if not wanted:
        return is_provided(memory, key)
    return key in memory and all(it.holds(memory[key]) for it in wanted)


def told(key: MemoryKey, when: tuple[WantedKey, ...]) -> Iterator[str]:
    """Yield how a key is waited for, in words."""
    wanted = [it.told for it in when if it.key == key]
    yield from wanted or [key]
