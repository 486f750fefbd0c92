"""Writes the infrastructure as Terraform in JSON, and rolls the manifests out to the clusters.

What a cluster was handed before, and what has changed since then, is handed to it anew.
"""

import hashlib

import checks
import clusters
from deployed import manifests
from repository import (
    CONVENTIONS,
    ENVIRONMENTS,
    Document,
    Repository,
    as_json,
    complete,
    failure,
    perform,
    work,
)

from mop_tui import agent


def infrastructure(repository: Repository) -> str:
    environments: Document = repository.read(CONVENTIONS)["environments"]

    def module(name: str, body: Document) -> None:
        repository.write_text(f"terraform/modules/{name}/main.tf.json", as_json(body))

    def network() -> None:
        blocks = {name: f"10.{number}.0.0/16" for number, name in enumerate(environments, 10)}
        module("network", {"variable": {"cidr": {"default": blocks}}})

    def nodes() -> None:
        capacity = {name: one["capacity"] for name, one in environments.items()}
        module("nodes", {"variable": {"capacity": {"default": capacity}}})

    def plan() -> None:
        calls = {name: {"source": f"./modules/{name}"} for name in ("network", "nodes")}
        repository.write_text("terraform/main.tf.json", as_json({"module": calls}))

    work(("Module: network", network), ("Module: nodes", nodes), ("Planning", plan))
    agent.remember(
        "swarm/platform/terraform-outputs",
        complete(clusters={name: f"clusters/{name}" for name in environments}),
    )
    return f"2 modules for {len(environments)} clusters"


def rollout(repository: Repository) -> str:
    name = agent.task().id.removeprefix("rollout-")
    rules = [*repository.documents(f"environments/{name}/rollout.yaml")]
    if rules and not rules[0]["enabled"]:
        agent.notify(f"{name} is left out: {rules[0]['reason']}", "info")
        return f"{name} is left out: {rules[0]['reason']}"
    found: list[Document] = []

    def render() -> None:
        try:
            for path in clusters.changed(repository, name):
                clusters.admit(repository, path)
        except clusters.RejectedError as rejected:
            raise failure("rollout_failed", str(rejected)) from None
        found.extend(manifests(repository, name))

    def apply() -> None:
        repository.write(f"clusters/{name}/applied.yaml", *found)

    def check() -> None:
        lacking = checks.shortage(repository, name)
        if lacking is not None:  # a cluster would not start what is beyond a quota
            namespace, how, quota, _ = lacking
            why = f"{how} in {namespace}, whose quota is {quota:g} CPU"
            raise failure("rollout_failed", f"{name} cannot start {why}")
        if [*repository.documents(f"clusters/{name}/applied.yaml")] != found:
            raise failure("rollout_failed", f"{name} does not run what was applied")

    work(
        (f"Rendering {name}", render),
        (f"Applying to {name}", apply),
        (f"Watching {name} come up", check),
    )
    digest = hashlib.sha256(str(found).encode()).hexdigest()[:12]
    return f"{name} runs {len(found)} manifests, revision {digest}"


perform({"infrastructure": infrastructure} | {f"rollout-{name}": rollout for name in ENVIRONMENTS})
