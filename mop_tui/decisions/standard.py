"""The rules every session runs by, in the order in which their decisions are carried out."""

from mop_tui.decisions import (
    approvals,
    assignment,
    by_hand,
    conversation,
    deadlines,
    dependencies,
    doubt,
    ending,
    opening,
    retries,
    steering,
    triggers,
    work,
)

RULES = (
    *opening.RULES,
    *triggers.RULES,
    *by_hand.RULES,
    *work.RULES,
    *retries.RULES,
    *deadlines.RULES,
    *conversation.RULES,
    *dependencies.RULES,
    *approvals.RULES,
    *doubt.RULES,
    *steering.RULES,
    *assignment.RULES,
    *ending.RULES,
)
