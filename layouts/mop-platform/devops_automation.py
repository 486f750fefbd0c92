"""Makes the environment in which people develop."""

from repository import Repository, complete, perform, work

from mop_tui import agent

TILTFILE = """\
k8s_yaml(listdir('environments/dev', recursive=True) + ['lib/alloy/kubernetes.yaml'])
k8s_resource('grafana', port_forwards=3000)
"""
JUSTFILE = """\
up:
    tilt up

test:
    kubectl apply --dry-run=client --recursive -f environments/dev -f lib/alloy/kubernetes.yaml
"""


def develop(repository: Repository) -> str:
    work(
        ("Tiltfile", repository.write_text, "Tiltfile", TILTFILE),
        ("justfile", repository.write_text, "justfile", JUSTFILE),
    )
    agent.remember("swarm/devops/dev-env-ready", complete(files=["Tiltfile", "justfile"]))
    return "tilt up, just test"


perform({"dev-env": develop})
