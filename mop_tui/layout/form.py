"""Brings a tree into the form of the schema, and says what stood in the way.

What has a wrong form is reported and then cut out, so that the rest can be judged in the same go.
"""

from dataclasses import dataclass

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from mop_tui.layout.findings import MAX_SUGGESTIONS, Finding, Placed, placed
from mop_tui.layout.schema import Layout
from mop_tui.layout.sentences import known_keys, meant, sentence
from mop_tui.layout.tree import Loc, Node

_MINIMAL: dict[str, dict[str, str]] = {"session": {"id": "unnamed"}}
"""What makes a section that has to be there complete."""


@dataclass(frozen=True, slots=True)
class Formed:
    """What is left of a layout once all of it has the right form.

    `found` is what was wrong, and `cut` where something had to be taken out because of that.
    """

    layout: Layout
    found: list[Placed]
    cut: list[Loc]


def formed(tree: Node) -> Formed:
    """Return the layout in `tree`, a mapping, which loses all that has a wrong form."""
    found: list[Placed] = []
    cut: list[Loc] = []
    while True:
        try:
            return Formed(Layout.model_validate(tree.plain()), found, cut)
        except ValidationError as invalid:
            errors = invalid.errors(include_url=False, include_input=False)
        if not cut:
            found = [placed(_finding(error, tree), tree) for error in _telling(errors)]
        # From here on, errors stem from what was cut. It is cut from the last to the first, for
        # items of lists move, and from the inside to the outside.
        for loc in sorted({_to_cut(tree, error["loc"]) for error in errors}, reverse=True):
            cut.append(loc)
            if len(loc) == 1 and loc[0] in _MINIMAL:
                _reduce(tree, str(loc[0]))
            else:
                tree.cut(loc)


def _telling(errors: list[ErrorDetails]) -> list[ErrorDetails]:
    """Return `errors` without keys that are missing for being misspelt, which is told anyway."""
    unknown = [error["loc"] for error in errors if error["type"] == "extra_forbidden"]
    misspelt = {meant(loc) for loc in unknown[:MAX_SUGGESTIONS]}
    return [error for error in errors if error["type"] != "missing" or error["loc"] not in misspelt]


def _finding(error: ErrorDetails, tree: Node) -> Finding:
    loc = error["loc"]
    if error["type"] == "extra_forbidden":
        known = known_keys(loc[:-1])
        return Finding(
            loc,
            "is not known here",
            wrong=str(loc[-1]),
            candidates=known,
            otherwise=f"; known here: {', '.join(known)}",
            key=True,
        )
    if loc[-1] == "[key]":
        return Finding(loc[:-1], sentence(error, Node("")), key=True)
    node, _ = tree.nearest(loc)
    return Finding(loc, sentence(error, node), key=error["type"] == "missing")


def _to_cut(tree: Node, loc: Loc) -> Loc:
    """Return where the deepest value on the way to `loc` is; a section, should it be missing."""
    return tree.way(loc) or loc[:1]


def _reduce(tree: Node, section: str) -> None:
    """Complete a section that has to be there, or put a minimal one in place of what it is."""
    minimal = {key: Node(value) for key, value in _MINIMAL[section].items()}
    tree.entries()[section] = Node(minimal | tree.mapping(section), section)
