"""What can be done about an issue: one of the things that the operator may do by hand."""

from typing import Literal

from mop_tui.domain.immutable import immutable

Deed = Literal[
    "restart_agent",
    "resume_agent",
    "stop_agent",
    "answer",
    "retry_task",
    "cancel_task",
    "arm_trigger",
    "look_at_agent",
    "look_at_task",
    "look_at_trigger",
]


@immutable
class Remedy:
    """Something to be done with one agent, task, trigger or question, whose id is `about`.

    Nothing is done with it by itself: the operator is offered it, and it is offered only while it
    could be done by hand.
    """

    do: Deed
    about: str
