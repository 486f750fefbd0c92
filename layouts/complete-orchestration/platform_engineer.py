"""Configures an environment, deploys to one, or tests what was deployed.

The environments share one network. So whoever configures a part tells the engineers of the other
two which addresses it takes, and goes on once it knows theirs. That is how much is said.
"""

import time

from repository import CONVENTIONS, ENVIRONMENTS, PARTS, part_of, read, step, write

from mop_tui import agent

PATIENCE = 60.0
"""Seconds that an engineer waits for what another one takes; then it goes on without."""
SERVICES = ("obi", "grafana", "alloy")
claims: dict[tuple[str, str], str] = {}
"""What the others said that they take, by environment and part."""


class FailedError(Exception):
    """A task failed; the text is why."""


def configure(environment: str) -> str:
    """Write all parts of an environment, each when it is known what the others take."""
    agent.wait_for("swarm/platform/conventions")
    networks = (read(CONVENTIONS) or {})["networks"]
    others = [name for name in ENVIRONMENTS if name != environment]
    for number, part in enumerate(PARTS):
        if read(part_of(environment, number)) is not None:
            continue  # it was there already when this program was started again
        taken = f"{networks[environment]}.{number}.0/24"
        for other in others:
            agent.message(f"platform-engineer-{other}", f"{environment} {part} {taken}")
        step(number, len(PARTS), f"{part.capitalize()} of {environment}")
        known = {other: hear(other, number) for other in others}
        if taken in known.values():
            raise FailedError(f"{taken} is taken twice, for {part}")
        write(part_of(environment, number), {"part": part, "addresses": taken, "others": known})
    return f"{environment} is configured: {len(PARTS)} parts"


def hear(other: str, number: int) -> str | None:
    """Return which addresses another environment takes for a part, once that is known."""
    until = time.monotonic() + PATIENCE
    while (other, PARTS[number]) not in claims:
        written = read(part_of(other, number))
        if written is not None:  # said before this program was started
            return str(written["addresses"])
        if time.monotonic() > until:
            return None
        said = agent.next_message(timeout=1)
        if said is not None and len(said.text.split()) == 3:
            environment, part, addresses = said.text.split()
            claims[environment, part] = addresses
    return claims[other, PARTS[number]]


def admit(environment: str) -> str:
    """Return why the cluster of an environment does not take a service; empty if it takes all."""
    conventions = read(CONVENTIONS) or {}
    for name in SERVICES:
        service = read(f"services/{name}.yaml") or {}
        image, _, version = str(service.get("image")).rpartition(":")
        if conventions["images"] == "pinned" and not version[:1].isdecimal():
            return f"services/{name}.yaml: image {image}:{version} is not pinned to a version"
        if environment not in service.get("environments", ()):
            return f"services/{name}.yaml: is not for {environment}"
    return ""


def deploy(environment: str) -> str:
    """Hand all services to a cluster. What it does not take brings a troubleshooter in."""
    mended = ""
    step(0, 3, f"Handing {len(SERVICES)} services to {environment}")
    fault = admit(environment)
    if fault:
        print(f"{environment} rejected {fault}", flush=True)
        agent.error("deployment_failed", fault)
        agent.progress(40, "waiting for somebody who mends it")
        mended = f"; mended: {agent.wait_for('swarm/devops/mended')}"
        fault = admit(environment)
    if fault:
        raise FailedError(fault)
    for number, name in enumerate(SERVICES, 1):
        step(number, len(SERVICES) + 1, f"Starting {name} in {environment}")
        write(f"clusters/{environment}/{name}.yaml", read(f"services/{name}.yaml") or {})
    return f"{environment} runs {', '.join(SERVICES)}{mended}"


def test() -> str:
    """Check what runs in staging, and that nobody's addresses are taken twice."""
    passed, failed, taken = 0, [], []
    for number, part in enumerate(PARTS):
        step(number, 2 * len(PARTS), f"Testing {part}") if number % 3 == 0 else None
        taken += [(read(part_of(name, number)) or {}).get("addresses") for name in ENVIRONMENTS]
    checks = {
        "all parts are there": None not in taken,
        "addresses are taken once": len(set(taken)) == len(taken),
        **{
            f"{name} runs as it was written": read(f"clusters/staging/{name}.yaml")
            == read(f"services/{name}.yaml")
            for name in SERVICES
        },
    }
    for what, good in checks.items():
        passed += good
        failed += [] if good else [what]
        print(f"{'PASS' if good else 'FAIL'} {what}", flush=True)
    if failed:
        raise FailedError(f"not so: {', '.join(failed)}")
    return f"PASS: {passed} of {len(checks)} checks"


def perform(name: str) -> str:
    """Do a task by its name, and return what it delivers."""
    kind, _, about = name.partition("-")
    match kind:
        case "configure":
            return configure(about)
        case "deploy":
            return deploy(about)
        case _:
            return test()


agent.listen()
for task in agent.tasks():
    try:
        agent.output(perform(task.id))
    except FailedError as failed:
        kind = "deployment_failed" if task.id.startswith("deploy") else "failed"
        agent.done(failed=kind, message=str(failed))
