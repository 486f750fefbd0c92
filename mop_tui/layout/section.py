"""What all mappings of a layout have in common."""

from typing import Any

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


def also(short: dict[str, Any]) -> ConfigDict:
    """Return the configuration of a section that may also be written in a short form.

    `short` is the JSON Schema of that form, for editors.
    """

    def extend(long: dict[str, Any]) -> None:
        form = dict(long)
        long.clear()
        long["anyOf"] = [form, short]
        if "description" in form:
            long["description"] = form.pop("description")

    return ConfigDict(json_schema_extra=extend)
