"""The rules every session runs by, in the order in which their decisions are carried out."""

from mop_tui.decisions import (
    approvals,
    assignment,
    by_hand,
    calling,
    conversation,
    deadlines,
    dependencies,
    doubt,
    edits,
    ending,
    hooks,
    locks,
    opening,
    ownership,
    retries,
    steering,
    triggers,
    work,
)

RULES = (
    *locks.RULES,  # before what its agent does next
    *opening.RULES,
    *triggers.RULES,
    *by_hand.RULES,
    *work.RULES,
    *hooks.RULES,
    *edits.RULES,
    *retries.RULES,
    *deadlines.RULES,
    *conversation.RULES,
    *dependencies.RULES,
    *approvals.RULES,
    *calling.RULES,
    *doubt.RULES,
    *steering.RULES,
    *ownership.RULES,
    *assignment.RULES,
    *ending.RULES,
)
