"""Values that nobody changes."""

from dataclasses import dataclass
from typing import Any, TypeVar, dataclass_transform

T = TypeVar("T")


def _equal(self: Any, other: Any) -> bool:
    if other.__class__ is not self.__class__:
        return False
    return all(getattr(self, name) == getattr(other, name) for name in self.__match_args__)


def _hash(self: Any) -> int:
    return hash((self.__class__, *(getattr(self, name) for name in self.__match_args__)))


def _repr(self: Any) -> str:
    fields = (f"{name}={getattr(self, name)!r}" for name in self.__match_args__)
    return f"{self.__class__.__name__}({', '.join(fields)})"


_SHARED = {"__eq__": _equal, "__hash__": _hash, "__repr__": _repr}


@dataclass_transform(frozen_default=True)
def immutable(cls: type[T]) -> type[T]:
    """Make a slotted data class that the type checker takes for frozen.

    A class that is frozen at run time takes four times as long to build a value, and recording one
    event builds several. So here it is mypy that holds the promise, as it holds all the others.
    Nor does each class get methods of its own to compare, hash and show its values: writing those
    takes most of a millisecond a class, and there are a hundred of them before the first frame.
    """
    made = dataclass(slots=True, eq=False, repr=False)(cls)
    for name, method in _SHARED.items():
        setattr(made, name, method)
    return made
