"""What all mappings of a layout have in common."""

from pydantic import BaseModel, ConfigDict


class Section(BaseModel):
    """A mapping whose keys are all known."""

    model_config = ConfigDict(
        extra="forbid",
        strict=True,
        frozen=True,
        hide_input_in_errors=True,
        # Building a validator costs; only that of the whole layout is ever used.
        defer_build=True,
    )


class Later:
    """Marks a key that is understood and checked, but that this version does not act on yet.

    Whoever uses one is told so, since what has no effect must not go unnoticed. What builds the
    effect removes the mark.
    """


LATER = Later()
