"""From a layout file, or from the layout that a session recorded, to a plan."""

import sys
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import NamedTuple

from pydantic import JsonValue

from mop_tui.domain import templates
from mop_tui.domain.plan import Plan
from mop_tui.errors import LayoutError, Problem
from mop_tui.layout import (
    advice,
    answering,
    calling,
    exposure,
    guide,
    health,
    lifetimes,
    limits,
    locking,
    lookups,
    ownership,
    provisions,
    questions,
    recovery,
    references,
    relaying,
    reviewing,
    strategies,
    triggers,
    yaml_text,
)
from mop_tui.layout.case import Case, declared
from mop_tui.layout.findings import Finding, Placed, placed, problems
from mop_tui.layout.form import formed
from mop_tui.layout.losses import Losses
from mop_tui.layout.planning import plan
from mop_tui.layout.provisions import Provisions
from mop_tui.layout.schema import Layout
from mop_tui.layout.tree import Node, from_plain


@dataclass(frozen=True, slots=True)
class Loaded:
    """A layout, ready to be run.

    `document` is the layout in its canonical form, with the operator's variables in it: JSON
    values from which `plan_of` makes the same plan again. The order of its keys matters. It names
    no place on this machine unless the layout or the operator did.
    """

    document: dict[str, JsonValue]
    directory: Path
    plan: Plan
    warnings: tuple[Problem, ...]
    """What is not wrong with it, but probably not meant, in the file's order."""


def load(
    path: str | Path, *, overrides: Mapping[str, str] | None = None, rehearse: bool = False
) -> Loaded:
    """Return the layout in the file at `path`.

    `overrides` are values for variables that the layout declares, taken as they are: nothing is
    looked up in them. With `rehearse`, every agent is simulated.

    Raises LayoutError with all problems, in the file's order.
    """
    file, path = str(path), Path(path)
    tree, found = yaml_text.parse(yaml_text.read(path, file), file)
    found += _override(tree, overrides or {})
    directory = path.resolve().parent
    facts = {templates.LAYOUT_DIR: str(directory), templates.PYTHON: sys.executable}
    judged = _judged(tree, found, file, rehearse=rehearse, facts=facts.get)
    document = judged.layout.model_dump(mode="json", by_alias=True, exclude_defaults=True)
    return Loaded(document, directory, judged.plan, judged.warnings)


def plan_of(document: Mapping[str, JsonValue], *, rehearse: bool = False) -> Plan:
    """Return the plan of a layout that `load` returned as a document.

    Raises LayoutError where it is none, with problems that have no place in a file.
    """
    tree = from_plain(dict(document))
    return _judged(tree, [], "the recorded layout", rehearse=rehearse, facts=None).plan


def _override(tree: Node, overrides: Mapping[str, str]) -> list[Placed]:
    """Put the operator's values into `tree`, and return what cannot be put there."""
    found: list[Placed] = []
    session = tree.child("session") or tree
    variables = session.mapping("vars")
    place = (session.child("vars") or session).key_at
    for name, value in overrides.items():
        problem: Finding | None = None
        if name not in variables:
            problem = Finding(
                (),
                "the layout has no such variable",
                wrong=name,
                candidates=variables,
                otherwise=f"; it has {', '.join(variables) or 'none'}",
            )
        elif yaml_text.NO_TEXT.search(value):
            problem = Finding((), "is given something that is not UTF-8 text")
        elif secret := exposure.of_variable(name, templates.escape(value)):
            problem = Finding((), secret)
        else:
            variables[name].value = templates.escape(value)
        if problem:
            found.append(Placed(problem, f"--set {name}", place))
    return found


class _Judged(NamedTuple):
    layout: Layout
    plan: Plan
    warnings: tuple[Problem, ...]


def _judged(
    tree: Node,
    found: list[Placed],
    file: str,
    *,
    rehearse: bool,
    facts: templates.Lookup | None,
) -> _Judged:
    """Return the layout in `tree` and its plan, or raise LayoutError with all that is wrong.

    `facts` are what is known of this machine. Without them the layout is one that was recorded:
    secrets are not looked for in it, for it is too late to refuse them, and nothing is advised.
    """
    found += guide.normalised(tree)
    names = declared(tree)
    told = {one.path for one in found}
    form = formed(tree)
    made = plan(form.layout, rehearse=rehearse)
    case = Case(form.layout, made, names, Losses(form.cut))
    provided = Provisions(made)
    found += [one for one in form.found if one.path not in told]
    found += [
        placed(finding, tree)
        for finding in chain(
            references.findings(case),
            provisions.findings(case, provided, rehearse=rehearse),
            lookups.findings(case, provided),
            lifetimes.findings(case, provided),
            relaying.findings(case),
            ownership.findings(case),
            locking.findings(case),
            reviewing.findings(case, provided, rehearse=rehearse),
            limits.findings(case, provided),
            questions.findings(case),
            health.findings(case),
            calling.findings(case),
            answering.findings(case, provided),
            recovery.findings(case, provided),
            triggers.findings(case, provided, rehearse=rehearse),
            strategies.findings(case),
            () if facts is None else exposure.findings(case),
        )
    ]
    advised = [
        placed(finding, tree)
        for finding in (
            ()
            if facts is None or form.cut
            else advice.findings(case, provided, facts, programs=not rehearse and not found)
        )
    ]
    warnings = problems(advised, file, warnings=True)
    if found:
        raise LayoutError(problems(found, file), warnings)
    return _Judged(form.layout, made, warnings)
