"""Compares what production would run with what it may use, and approves it or says why not.

When it does not fit, it says `deployment_failed`, which brings a troubleshooter into being, and the
task fails. It is tried again after somebody has decided what to do about it, and looks at the files
as they are then.
"""

import checks
from repository import (
    ATTEMPTS,
    ENVIRONMENTS,
    Document,
    Repository,
    complete,
    failure,
    perform,
    work,
)

from mop_tui import agent


def validate(repository: Repository) -> str:
    earlier = repository.rounds("verdict")
    rounds = len(earlier)
    if earlier and earlier[-1]["fault"] and rounds < ATTEMPTS:
        if len(repository.rounds("decision")) < rounds:
            # Said once more, should it have been lost when the session broke off. A troubleshooter
            # comes once for each text.
            agent.error("deployment_failed", earlier[-1]["fault"])
        agent.wait_for(f"swarm/devops/decision-{rounds}")
    faults: list[str] = []
    short: list[tuple[str, str, float]] = []
    rolled_out = [name for name in ENVIRONMENTS if name not in checks.left_out(repository)]

    def rights(environment: str) -> None:
        for check in (checks.access, checks.capacity, checks.availability):
            faults.extend(check(repository, environment))

    def resources(environment: str) -> None:
        lacking = checks.shortage(repository, environment)
        if lacking is not None:
            short.append(lacking[:3])

    work(
        *((f"RBAC, capacity and HA of {name}", rights, name) for name in rolled_out),
        *((f"CPU quotas of {name}", resources, name) for name in rolled_out),
    )
    for namespace, how, quota in short:
        faults.append(
            f"Insufficient CPU quota: {how} in {namespace}, and its quota is {quota:g} CPU"
        )
    fault = f"validation {rounds + 1}: {faults[0]}" if faults else ""
    verdict: Document = {"passed": not faults, "fault": fault}
    repository.add_round("verdict", verdict)
    if faults:
        agent.error("deployment_failed", fault)
        raise failure("deployment_failed", fault)
    agent.remember("swarm/platform/validated", complete(environments=rolled_out))
    used = ", ".join(
        f"{name} {sum(checks.quotas(repository, name).values()):g} CPU" for name in rolled_out
    )
    left = "".join(f"; {name} is left out" for name in ENVIRONMENTS if name not in rolled_out)
    return f"OK: everything fits into its quotas ({used}){left}"


perform({"validate": validate})
