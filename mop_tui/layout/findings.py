"""What is found wrong, and how it becomes a problem with a place."""

from collections.abc import Iterable
from dataclasses import dataclass

from mop_tui.domain.wording import printable
from mop_tui.errors import Problem
from mop_tui.layout.sentences import closest
from mop_tui.layout.tree import Loc, Mark, Node, step_into

MAX_SUGGESTIONS = 100
"""How many problems come with a suggestion. Looking for one takes time, and nobody needs more."""


@dataclass(frozen=True, slots=True)
class Finding:
    """Something wrong at `loc`.

    Where a name is `wrong`, one of `candidates` may be meant; if not, there is something to say
    `otherwise`. With `key`, the key is what is wrong, or missing, and not what stands under it.
    """

    loc: Loc
    message: str
    wrong: str = ""
    candidates: Iterable[str] = ()
    otherwise: str = ""
    key: bool = False


@dataclass(frozen=True, slots=True)
class Placed:
    """A finding in its place."""

    finding: Finding
    path: str
    mark: Mark | None

    def problem(self, file: str, *, suggest: bool, warning: bool) -> Problem:
        """Return the problem to be reported, on one line and without anything a terminal obeys.

        With `suggest`, what may have been meant is sought.
        """
        finding = self.finding
        meant = closest(finding.wrong, finding.candidates) if suggest and finding.wrong else None
        hint = f" (did you mean {meant}?)" if meant else finding.otherwise
        line, column = self.mark or (None, None)
        message = printable(finding.message + hint)
        return Problem(file, line, column, self.path, message, warning)


def placed(finding: Finding, tree: Node) -> Placed:
    """Return `finding` with its place in `tree`.

    A mapping or list is told by its key, for in most files it begins in the line below.
    """
    node, left = tree.nearest(finding.loc)
    path = step_into(node.path, left[-1]) if finding.key and left else node.path
    by_key = finding.key or isinstance(node.value, dict | list)
    return Placed(finding, path, node.key_at if by_key and node.key_at else node.at)


def problems(found: Iterable[Placed], file: str, *, warnings: bool = False) -> tuple[Problem, ...]:
    """Return the problems, or `warnings`, in the order in which the file has them."""
    in_order = sorted(found, key=lambda one: one.mark or Mark(0, 0))
    return tuple(
        one.problem(file, suggest=number < MAX_SUGGESTIONS, warning=warnings)
        for number, one in enumerate(in_order)
    )
