"""Compares what production would run with what it may use, and approves it or says why not.

When it does not fit, the task fails with `deployment_failed`. It is tried again after somebody has
decided what to do about it, and looks at the files as they are then.
"""

import checks
from repository import ENVIRONMENTS, Document, Repository, complete, failure, perform, work

from mop_tui import agent


def validate(repository: Repository) -> str:
    earlier = repository.rounds("verdict")
    if earlier:  # said once more, should it have been lost when the session broke off
        agent.remember(f"swarm/platform/validation-{len(earlier)}", earlier[-1])
        if not earlier[-1]["passed"]:
            agent.wait_for(f"swarm/devops/decision-{len(earlier)}")
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
    verdict: Document = {"passed": not faults, "fault": faults[0] if faults else ""}
    repository.add_round("verdict", verdict)
    agent.remember(f"swarm/platform/validation-{len(earlier) + 1}", verdict)
    if faults:
        raise failure("deployment_failed", faults[0])
    agent.remember("swarm/platform/validated", complete(environments=rolled_out))
    used = ", ".join(
        f"{name} {sum(checks.quotas(repository, name).values()):g} CPU" for name in rolled_out
    )
    left = "".join(f"; {name} is left out" for name in ENVIRONMENTS if name not in rolled_out)
    return f"OK: everything fits into its quotas ({used}){left}"


perform({"validate": validate})
