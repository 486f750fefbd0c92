"""Stands by while production is validated; when that fails, asks how to go on and does it."""

from collections.abc import Callable

import checks
from repository import ATTEMPTS, Document, Repository, awaited, begin, failure

from mop_tui import agent

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
    decisions = repository.rounds("decision")
    if decisions:  # said once more, should it have been lost when the session broke off
        agent.remember(f"swarm/devops/decision-{len(decisions)}", decisions[-1])
    decided: list[str] = [one["done"] for one in decisions]
    for attempt in range(len(decided) + 1, ATTEMPTS + 1):
        agent.progress(0, f"standing by for validation {attempt}")
        verdict = awaited(f"swarm/platform/validation-{attempt}")
        if verdict["passed"]:
            # What the operator is asked about production is made of this.
            skipped = "prod" in checks.left_out(repository)
            left = WITHOUT_PRODUCTION if skipped else "deploy to production"
            agent.remember("swarm/devops/last-step", left)
            return "; ".join(decided) or "nothing to repair"
        if attempt == ATTEMPTS:
            break
        agent.progress(50, "asking how to go on")
        done = decide(repository, verdict["fault"])
        decided.append(done)
        print(done, flush=True)
        decision: Document = {"status": "complete", "done": done}
        repository.add_round("decision", decision)
        agent.remember(f"swarm/devops/decision-{attempt}", decision)
    raise failure("not_repaired", f"not repaired after {ATTEMPTS} attempts")


def decide(repository: Repository, fault: str) -> str:
    """Ask what to do about a fault, do it, and return what was done."""
    lacking = checks.shortage(repository, "prod")
    if lacking is None:
        answer = agent.ask(
            "Validation failed. How to proceed?",
            options=[SKIP, BY_HAND],
            context={"error": fault, "repository": str(repository.root)},
        )
        repairs: dict[str, Callable[[], str]] = {}
    else:
        namespace, how, quota, wanted = lacking
        replicas: int = repository.read(OBI)["spec"]["replicas"]
        repairs = {"increase_quota": lambda: raise_quota(repository, namespace, quota, wanted)}
        options = [
            {
                "value": "increase_quota",
                "label": f"Increase CPU quota to {wanted:g}",
                "description": f"Changes {QUOTAS}",
            }
        ]
        if namespace == "obi" and replicas > 1:
            repairs["reduce_replicas"] = lambda: reduce(repository, replicas)
            options.append(
                {
                    "value": "reduce_replicas",
                    "label": f"Reduce OBI replicas from {replicas} to {replicas - 1}",
                    "description": f"Changes {OBI}",
                }
            )
        answer = agent.ask(
            "OBI deployment failed in prod. How to proceed?",
            options=[*options, SKIP, BY_HAND],
            context={
                "error": "Insufficient CPU quota",
                "current_quota": f"{quota:g} CPU",
                "required": f"{wanted:g} CPU",
                "because": how,
                "repository": str(repository.root),
            },
        )
    repairs["skip_prod"] = lambda: skip(repository)
    repairs["manual_fix"] = lambda: "the operator changed files by hand"
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
    agent.message("platform-engineer-prod", f"the quota of {namespace} is {wanted:g} CPU now")
    return f"raised the CPU quota of {namespace} in prod from {quota:g} to {wanted:g}"


def reduce(repository: Repository, replicas: int) -> str:
    changed = repository.read(OBI)
    changed["spec"]["replicas"] = replicas - 1
    repository.write(OBI, changed)
    agent.message("obi-specialist", f"OBI has {replicas - 1} replicas in prod now")
    return f"reduced OBI in prod from {replicas} to {replicas - 1} replicas"


agent.output(support(begin()))
