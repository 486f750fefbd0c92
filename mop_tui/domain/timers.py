"""What timers are called, so that whoever sets one and whoever unsets it mean the same."""

from mop_tui.domain.ids import AgentId, QuestionId, TaskId, TimerId


def timer_of(question: QuestionId) -> TimerId:
    """Return the name of the timer that limits a question."""
    return TimerId(f"question/{question}")


def call_of(question: QuestionId, *, overdue: bool) -> TimerId:
    """Return the name of the timer after which somebody is called because of a question.

    One that is `overdue` begins anew.
    """
    return TimerId(f"call/{question}/overdue" if overdue else f"call/{question}")


def rest_of(task: TaskId) -> TimerId:
    """Return the name of the timer that ends a task's rest before it is tried again."""
    return TimerId(f"retry/{task}")


def timeout_of(task: TaskId, attempt: int) -> TimerId:
    """Return the name of the timer that limits one attempt at a task."""
    return TimerId(f"timeout/{task}/{attempt}")


def force_of(task: TaskId, attempt: int) -> TimerId:
    """Return the name of the timer after which a cancelled attempt is ended by force."""
    return TimerId(f"force/{task}/{attempt}")


_RELAY = "relay/"


def relay_of(agent: AgentId) -> TimerId:
    """Return the name of the timer after which an agent that relays is looked after."""
    return TimerId(f"{_RELAY}{agent}")


def who_relays(timer: TimerId) -> AgentId:
    """Return the agent that such a timer is about."""
    return AgentId(timer.removeprefix(_RELAY))
