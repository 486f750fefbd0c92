"""Writes the pipelines; that for production waits for a person."""

from repository import ENVIRONMENTS, Document, Repository, complete, perform, work

from mop_tui import agent

CHECKOUT = {"uses": "actions/checkout@v4"}


def pipelines(repository: Repository) -> str:
    def test() -> None:
        job = {"runs-on": "ubuntu-latest", "steps": [CHECKOUT, {"run": "just test"}]}
        repository.write(
            ".github/workflows/test.yaml",
            {"name": "test", "on": {"push": {}}, "jobs": {"test": job}},
        )

    def deploy(name: str) -> None:
        apply = {
            "run": f"kubectl apply --recursive -f environments/{name}/kubernetes"
            f" -f environments/{name}/observability -f lib/alloy/kubernetes.yaml"
        }
        deploy: Document = {
            "runs-on": "ubuntu-latest",
            "environment": {"name": name},
            "steps": [CHECKOUT, apply],
        }
        jobs = {"deploy": deploy}
        if name == "prod":
            # It waits for those who must approve what happens in that environment.
            jobs["approval"] = {
                "runs-on": "ubuntu-latest",
                "environment": {"name": "prod-approval"},
                "steps": [{"run": "echo approved"}],
            }
            deploy["needs"] = "approval"
        repository.write(
            f".github/workflows/deploy-{name}.yaml",
            {"name": f"deploy {name}", "on": {"workflow_dispatch": {}}, "jobs": jobs},
        )

    work(
        ("Pipeline: test", test),
        *((f"Pipeline: deploy to {name}", deploy, name) for name in ENVIRONMENTS),
    )
    agent.remember("swarm/devops/ci-ready", complete(pipelines=1 + len(ENVIRONMENTS)))
    return f"{1 + len(ENVIRONMENTS)} pipelines; prod needs an approval"


perform({"ci": pipelines})
