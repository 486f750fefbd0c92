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
    feedback,
    hooks,
    issues,
    locks,
    opening,
    ownership,
    steering,
    supervision,
    triggers,
    work,
)

RULES = (
    *locks.RULES,  # before what its agent does next
    *supervision.RULES,  # what was wrong is settled before its agent begins anew
    *opening.RULES,
    *triggers.RULES,
    *by_hand.RULES,
    *work.RULES,
    *hooks.RULES,
    *edits.RULES,
    *issues.RULES,
    *deadlines.RULES,
    *conversation.RULES,
    *dependencies.RULES,
    *approvals.RULES,
    *calling.RULES,
    *doubt.RULES,
    *feedback.RULES,
    *steering.RULES,
    *ownership.RULES,
    *assignment.RULES,
    *ending.RULES,
)
