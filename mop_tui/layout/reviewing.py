"""Whether reviews can be done, and by somebody who has not done the work."""

from collections.abc import Iterator

from mop_tui.domain.plan import Review, TaskSpec
from mop_tui.layout.case import Case
from mop_tui.layout.durations import written
from mop_tui.layout.findings import Finding
from mop_tui.layout.provisions import Provisions
from mop_tui.layout.tree import Loc


def findings(case: Case, provisions: Provisions, *, rehearse: bool) -> Iterator[Finding]:
    """Yield reviews that nobody does, or whoever does the task."""
    hands_known = not case.losses.may_have_said("run", "sim", "skills", "type", "id")
    for task, review, loc in _reviews(case):
        if review.by not in case.declared.agents:
            if not case.losses.agents:
                yield Finding(
                    (*loc, "by"),
                    f"there is no agent '{review.by}'",
                    wrong=review.by,
                    candidates=case.declared.agents,
                )
        elif task.agent == review.by:
            yield Finding(
                (*loc, "by"),
                f"is the agent '{review.by}' that does the task; somebody else has to review it",
            )
        elif hands_known:
            if _is_alone(provisions, task, review):
                yield Finding(
                    (*loc, "by"),
                    f"leaves nobody to do the task: '{review.by}' alone has the skill "
                    f"'{task.requires_skill}'; somebody else has to review it",
                )
            if not rehearse:
                yield from _work(provisions, review, loc)


def advice(case: Case) -> Iterator[Finding]:
    """Yield reviews that are expected to take longer than they may."""
    for _, review, loc in _reviews(case):
        if review.timeout_ms is None or review.expected_ms is None:
            continue
        if review.expected_ms > review.timeout_ms:
            yield Finding(
                (*loc, "timeout"),
                f"is shorter than the {written(review.expected_ms)} the review is expected to take",
            )


def _reviews(case: Case) -> Iterator[tuple[TaskSpec, Review, Loc]]:
    for task in case.plan.tasks.values():
        if task.review is not None:
            yield task, task.review, ("tasks", task.id, "review")


def _is_alone(provisions: Provisions, task: TaskSpec, review: Review) -> bool:
    able = provisions.with_skill.get(task.requires_skill or "", [])
    return bool(able) and all(agent.id == review.by for agent in able)


def _work(provisions: Provisions, review: Review, loc: Loc) -> Iterator[Finding]:
    who = provisions.reviewer(review)
    if who.without_run is not None:
        yield Finding(
            (*loc, "by"),
            f"has nothing to run for a review: neither agent '{review.by}' nor its type has a run",
        )
    elif who.without_sim is not None:
        yield Finding(
            (*loc, "by"),
            f"does not know how to review: neither agent '{review.by}' nor its type has a run or "
            "a sim",
        )
