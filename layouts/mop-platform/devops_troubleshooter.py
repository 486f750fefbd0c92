"""Repairs a deployment that failed: asks how to go on, and does it.

Whoever does that is spawned because of the error, and is told of it with its task. The one that
belongs to the team sums up afterwards what was decided.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import checks
import clusters
from repository import ATTEMPTS, Document, Repository, begin, complete, failure, work

from mop_tui import agent

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from mop_tui.agent import JsonValue

QUOTAS = "environments/prod/kubernetes/quotas.yaml"
OBI = "environments/prod/observability/obi-agent.yaml"
SKIP = {
    "value": "skip_prod",
    "label": "Skip prod deployment for now",
    "description": "dev and staging go on",
}
WITHOUT_PRODUCTION = "finish without production, which is skipped"
BY_HAND = {
    "value": "manual_fix",
    "label": "I'll fix it manually",
    "description": "Choose this when it is done: it is validated again.",
}


def support(repository: Repository) -> str:
    """Sum up, and tell what is left to be done: the operator is asked about that."""
    decided: list[str] = []
    skipped: list[str] = []

    def read() -> None:
        decided.extend(one["done"] for one in repository.rounds("decision"))

    def look() -> None:
        skipped.extend(checks.left_out(repository))

    work(("Reading what was decided", read), ("Looking what is left", look))
    left = WITHOUT_PRODUCTION if "prod" in skipped else "deploy to production"
    agent.remember("swarm/devops/last-step", left)
    return "; ".join(decided) or "nothing to repair"


def repair(repository: Repository) -> str:
    """Have the operator decide about the failure that this was spawned for."""
    # A validation that fails is written down before it is told, and the next one waits for the
    # decision: the latest is the one in hand.
    number = len(repository.rounds("verdict"))
    decisions = repository.rounds("decision")
    if number >= ATTEMPTS:
        return f"nobody is asked any more: production was validated {number} times"
    if len(decisions) < number:
        agent.progress(20, "looking what lacks")
        done = decide(repository, agent.task().context)
        decision: Document = complete(done=done)
        repository.add_round("decision", decision)
        decisions.append(decision)
    # Said once more if this is done again, should it have been lost when the session broke off.
    agent.remember(f"swarm/devops/decision-{number}", decisions[-1])
    return str(decisions[-1]["done"])


def decide(repository: Repository, told: Mapping[str, JsonValue]) -> str:
    """Ask what to do about an error, do it, and return what was done."""
    error = told["error"]
    fault = error["message"] if isinstance(error, dict) else error
    known = {
        "reported_by": told["failed_agent"],
        "repository": str(repository.root),
        "last_lines": told["logs"],
    }
    repairs: dict[str, Callable[[], str]] = {}
    options: list[dict[str, str]] = []
    lacking = checks.shortage(repository, "prod")
    if lacking is None:
        question = "Validation failed. How to proceed?"
        known = {"error": fault, **known}
    else:
        question = "OBI deployment failed in prod. How to proceed?"
        namespace, how, quota, wanted = lacking
        known = {
            "error": "Insufficient CPU quota",
            "current_quota": f"{quota:g} CPU",
            "required": f"{wanted:g} CPU",
            "because": how,
            **known,
        }
        repairs["increase_quota"] = lambda: raise_quota(repository, namespace, quota, wanted)
        options.append(
            {
                "value": "increase_quota",
                "label": f"Increase CPU quota to {wanted:g}",
                "description": f"Changes {QUOTAS}",
            }
        )
        replicas: int = next(repository.documents(OBI))["spec"]["replicas"]
        if namespace == "obi" and replicas > 1:
            repairs["reduce_replicas"] = lambda: reduce(repository, replicas)
            options.append(
                {
                    "value": "reduce_replicas",
                    "label": f"Reduce OBI replicas from {replicas} to {replicas - 1}",
                    "description": f"Changes {OBI}",
                }
            )
    repairs["skip_prod"] = lambda: skip(repository)
    repairs["manual_fix"] = lambda: "the operator changed files by hand"
    agent.progress(50, "asking how to go on")
    answer = agent.ask(question, options=[*options, SKIP, BY_HAND], context=known)
    chosen = str(answer.value) if answer.given else answer.outcome
    if chosen not in repairs:
        raise failure("unknown_answer", f"nothing was changed: nobody knows how to do {chosen!r}")
    return repairs[chosen]()


def skip(repository: Repository) -> str:
    reason = "the operator skipped it"
    repository.write("environments/prod/rollout.yaml", {"enabled": False, "reason": reason})
    return "prod is left out"


def raise_quota(repository: Repository, namespace: str, quota: float, wanted: float) -> str:
    documents = [*repository.documents(QUOTAS)]
    for one in documents:
        if one["metadata"]["namespace"] == namespace:
            one["spec"]["hard"]["requests.cpu"] = wanted
    repository.write(QUOTAS, *documents)
    agent.message("production-validator", f"the quota of {namespace} is {wanted:g} CPU now")
    return f"raised the CPU quota of {namespace} in prod from {quota:g} to {wanted:g}"


def reduce(repository: Repository, replicas: int) -> str:
    changed, *rest = repository.documents(OBI)
    changed["spec"]["replicas"] = replicas - 1
    repository.write(OBI, changed, *rest)
    try:
        clusters.admit(repository, OBI)
    except clusters.RejectedError as rejected:
        raise failure("not_deployed", str(rejected)) from None
    agent.message("production-validator", f"OBI has {replicas - 1} replicas in prod now")
    return f"reduced OBI in prod from {replicas} to {replicas - 1} replicas"


repository = begin()
agent.output(support(repository) if agent.task().id == "support" else repair(repository))
