"""Tests what the others wrote: each file alone, then all of them together."""

import checks
from repository import ENVIRONMENTS, Repository, complete, failure, perform, work

from mop_tui import agent

WANTED = 80
"""Percent of the files that must be covered by some check."""


def unit(repository: Repository) -> str:
    faults: list[str] = []
    paths: list[str] = []
    # What the observability team deploys may be half there: `integration` reads it.
    groups = (
        "environments/*/kubernetes/*.yaml",
        "terraform/**/*.json",
        "experiments/*",
        ".github/**/*.yaml",
    )

    def look(pattern: str) -> None:
        for path in repository.find(pattern):
            paths.append(path)
            faults.extend(checks.readable(repository, path))

    work(*((f"Reading {pattern}", look, pattern) for pattern in groups))
    judge(faults)
    return f"{len(paths)} files are what their names say"


def integration(repository: Repository) -> str:
    faults: list[str] = []
    together = (
        checks.workloads,
        checks.endpoints,
        checks.pipelines,
        checks.namespaces,
        checks.access,
        checks.admission,
    )
    read = (
        "environments/*/observability/**/*.yaml",
        "clusters/*/admitted/*.yaml",
        "lib/**/*",
        "dashboards/*",
    )

    def look(environment: str) -> None:
        for check in together:
            faults.extend(check(repository, environment))

    def cover() -> None:
        for pattern in read:
            for path in repository.find(pattern):
                faults.extend(checks.readable(repository, path))

    work(
        *((f"Cross-checking {name}", look, name) for name in ENVIRONMENTS),
        ("Pipelines and dashboards", cover),
    )
    judge(faults)
    checked = {
        path
        for pattern in ("environments/**/*", "experiments/*.yaml", *read[1:])
        for path in repository.find(pattern)
    } | {*repository.find("terraform/**/*.json"), *repository.find(".github/**/*.yaml")}
    covered = 100 * len(checked) // len(repository.find("**/*"))
    if covered < WANTED:
        judge([f"checks cover {covered} % of the files, and {WANTED} % are wanted"])
    agent.remember("swarm/devops/tests-passing", complete(covered=covered))
    count = len(together) * len(ENVIRONMENTS) + 1
    return f"PASS: {count} checks, {covered} % of the files covered"


def judge(faults: list[str]) -> None:
    """Fail if there are faults, and tell each."""
    for fault in faults:
        print(f"FAULT {fault}")
    if faults:
        raise failure("tests_failed", f"{len(faults)} faults; first: {faults[0]}")


perform({"unit-tests": unit, "integration-tests": integration})
