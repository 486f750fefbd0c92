"""Writes what a service of the observability stack is to run as, in the namespaces that are there.

OBI's specialist takes the image that OBI's own manual names, `latest`, and does not know that the
architect's conventions want a version: that is why its deployment fails.
"""

from repository import CONVENTIONS, ENVIRONMENTS, Document, read, step, write

from mop_tui import agent

STEPS = 4


def image_of(name: str) -> str:
    versions = (read(CONVENTIONS) or {})["versions"]
    version = "latest" if name == "obi" else versions[name]
    return f"registry.example/{name}:{version}"


agent.listen()
name = agent.task().id
service: Document = {"name": name, "image": image_of(name), "environments": [*ENVIRONMENTS]}
for number, what in enumerate(("resources", "configuration", "probes", "dashboards")):
    step(number, STEPS, f"{what.capitalize()} of {name}")
    service[what] = f"{name}-{what}"
for environment in ENVIRONMENTS:
    if "obi" not in (read(f"namespaces/{environment}.yaml") or {}).get("namespaces", ()):
        agent.done(failed="no_namespace", message=f"{environment} has no namespaces")
        raise SystemExit(1)
write(f"services/{name}.yaml", service)
agent.output(f"{service['image']} for {', '.join(ENVIRONMENTS)}")
