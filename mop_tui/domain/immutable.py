"""Values that nobody changes."""

from dataclasses import dataclass
from typing import TypeVar, dataclass_transform

T = TypeVar("T")


@dataclass_transform(frozen_default=True)
def immutable(cls: type[T]) -> type[T]:
    """Make a slotted data class that the type checker takes for frozen.

    A class that is frozen at run time takes four times as long to build, and recording one event
    builds several. So here it is mypy that holds the promise, as it holds all the others.
    """
    return dataclass(slots=True)(cls)
