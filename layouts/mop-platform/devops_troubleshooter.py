"""Stands by while production is validated; when that fails, asks how to go on and does it."""

import checks
from repository import ATTEMPTS, Document, Repository, begin

from mop_tui import agent

QUOTAS = "environments/prod/kubernetes/quotas.yaml"
OBI = "environments/prod/observability/obi-agent.yaml"


def support(repository: Repository) -> str:
    decisions = repository.rounds("decision")
    if decisions:  # said once more, should it have been lost when the session broke off
        agent.remember(f"swarm/devops/decision-{len(decisions)}", decisions[-1])
    decided: list[str] = [one["done"] for one in decisions]
    for attempt in range(len(decided) + 1, ATTEMPTS + 1):
        agent.progress(0, f"standing by for validation {attempt}")
        verdict = agent.wait_for(f"swarm/platform/validation-{attempt}")
        if verdict["passed"]:
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
    agent.done(failed="not_repaired", message=f"not repaired after {ATTEMPTS} attempts")
    raise SystemExit(1)


def decide(repository: Repository, fault: str) -> str:
    """Ask what to do about a fault, do it, and return what was done."""
    lacking = checks.shortage(repository, "prod")
    if lacking is None:
        answer = agent.ask(
            "Validation failed. How to proceed?",
            options=[
                {"value": "skip_prod", "label": "Skip prod deployment for now"},
                {
                    "value": "manual_fix",
                    "label": "I'll fix it manually",
                    "description": "Choose this when it is done: it is validated again.",
                },
            ],
            context={"error": fault, "repository": str(repository.root)},
        )
    else:
        namespace, how, quota, wanted = lacking
        replicas = deployment(repository)["spec"]["replicas"]
        answer = agent.ask(
            "OBI deployment failed in prod. How to proceed?",
            options=[
                {
                    "value": "increase_quota",
                    "label": f"Increase CPU quota to {wanted:g}",
                    "description": f"Changes {QUOTAS}",
                },
                {
                    "value": "reduce_replicas",
                    "label": f"Reduce OBI replicas from {replicas} to {replicas - 1}",
                    "description": f"Changes {OBI}",
                },
                {
                    "value": "skip_prod",
                    "label": "Skip prod deployment for now",
                    "description": "dev and staging go on",
                },
                {
                    "value": "manual_fix",
                    "label": "I'll fix it manually",
                    "description": "Choose this when it is done: it is validated again.",
                },
            ],
            context={
                "error": "Insufficient CPU quota",
                "current_quota": f"{quota:g} CPU",
                "required": f"{wanted:g} CPU",
                "because": how,
                "repository": str(repository.root),
            },
        )
    match answer.value:
        case "increase_quota":
            return raise_quota(repository, namespace, quota, wanted)
        case "reduce_replicas":
            return reduce(repository, replicas)
        case "skip_prod":
            reason = "the operator skipped it"
            repository.write("environments/prod/rollout.yaml", {"enabled": False, "reason": reason})
            return "prod is left out"
        case _:
            return "the operator changed files by hand"


def raise_quota(repository: Repository, namespace: str, quota: float, wanted: float) -> str:
    documents = [*repository.documents(QUOTAS)]
    for one in documents:
        if one["metadata"]["namespace"] == namespace:
            one["spec"]["hard"]["requests.cpu"] = wanted
    repository.write(QUOTAS, *documents)
    agent.message("platform-engineer-prod", f"the quota of {namespace} is {wanted:g} CPU now")
    return f"raised the CPU quota of {namespace} in prod from {quota:g} to {wanted:g}"


def reduce(repository: Repository, replicas: int) -> str:
    changed = deployment(repository)
    changed["spec"]["replicas"] = replicas - 1
    repository.write(OBI, changed)
    agent.message("obi-specialist", f"OBI has {replicas - 1} replicas in prod now")
    return f"reduced OBI in prod from {replicas} to {replicas - 1} replicas"


def deployment(repository: Repository) -> Document:
    return repository.read(OBI)


agent.output(support(begin()))
