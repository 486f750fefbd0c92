"""Designs the platform and leads its deployment: what the engineers tell each other passes it.

Reading a message takes its time, as a lead's attention does. It writes down what it read, one after
the other, and so becomes the bottleneck of a hierarchy in which much is said.
"""

import time

from repository import (
    CONVENTIONS,
    ENVIRONMENTS,
    PACE,
    PARTS,
    REPOSITORY,
    part_of,
    read,
    step,
    write,
)

from mop_tui import agent

VERSIONS = {"obi": "1.4.2", "grafana": "11.3.0", "alloy": "1.5.1"}


def look_at(message: agent.Message) -> None:
    """Read what an engineer tells another one, and write it down."""
    time.sleep(PACE)
    with (REPOSITORY / "claims.log").open("a", encoding="utf-8") as log:
        log.write(f"{message.sender} to {message.to}: {message.text}\n")


def design() -> str:
    """Write the conventions and the namespaces, then lead until all environments are there."""
    step(0, 10, "Deciding on conventions")
    networks = {name: f"10.{number}" for number, name in enumerate(ENVIRONMENTS, 1)}
    write(CONVENTIONS, {"images": "pinned", "versions": VERSIONS, "networks": networks})
    agent.remember("swarm/platform/conventions", {"status": "complete", "file": CONVENTIONS})
    for number, name in enumerate(ENVIRONMENTS, 1):
        step(number, 10, f"Namespaces of {name}")
        write(f"namespaces/{name}.yaml", {"namespaces": ["obi", "observability"]})
    # Whoever works in the namespaces can come now: a trigger waits for this key.
    agent.remember("swarm/platform/namespace-ready", {"status": "complete"})
    for number, name in enumerate(ENVIRONMENTS, 1):
        agent.progress(30 + 20 * number, f"Leading: waiting for {name}")
        agent.wait_for(f"swarm/platform/{name}-ready")
    last = len(PARTS) - 1
    there = [name for name in ENVIRONMENTS if read(part_of(name, last)) is not None]
    return f"designed and led: {', '.join(there)} of {len(PARTS)} parts each"


agent.relay(look_at)
for _task in agent.tasks():
    agent.output(design())
