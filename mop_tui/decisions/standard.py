"""The rules every session runs by, in the order in which their decisions are carried out."""

from mop_tui.decisions import approvals, assignment, dependencies, ending, opening, work

RULES = (
    *opening.RULES,
    *work.RULES,
    *dependencies.RULES,
    *approvals.RULES,
    *assignment.RULES,
    *ending.RULES,
)
