"""Writes the pipelines; that for production waits for a person."""

from repository import ENVIRONMENTS, Repository, complete, perform, work

from mop_tui import agent


def pipelines(repository: Repository) -> str:
    def test() -> None:
        steps = [{"run": "just test"}]
        repository.write(
            ".github/workflows/test.yaml",
            {"name": "test", "jobs": {"test": {"runs-on": "ubuntu-latest", "steps": steps}}},
        )

    def deploy(name: str) -> None:
        job: dict[str, object] = {
            "runs-on": "ubuntu-latest",
            "environment": {"name": name},
            "steps": [{"run": f"terraform apply {name}"}],
        }
        if name == "prod":
            job["needs"] = "approval"
        repository.write(
            f".github/workflows/deploy-{name}.yaml",
            {"name": f"deploy {name}", "jobs": {"deploy": job}},
        )

    work(
        ("Pipeline: test", test),
        *((f"Pipeline: deploy to {name}", deploy, name) for name in ENVIRONMENTS),
    )
    agent.remember("swarm/devops/ci-ready", complete(pipelines=1 + len(ENVIRONMENTS)))
    return f"{1 + len(ENVIRONMENTS)} pipelines; prod needs an approval"


perform({"ci": pipelines})
