"""Designs the experiments: what is measured, by which probes, and how it will be judged."""

from repository import Repository, complete, perform, work

from mop_tui import agent

EXPERIMENTS = {
    "latency": ("p99 of HTTP requests", ["tcp_sendmsg", "tcp_recvmsg"], "p99 < 250 ms"),
    "errors": ("share of failed requests", ["http_response"], "errors < 0.1 %"),
    "throughput": ("requests per second", ["sock_sendmsg"], "within 5 % of the baseline"),
}


def design(repository: Repository) -> str:
    def specify(name: str) -> None:
        signal, probes, goal = EXPERIMENTS[name]
        repository.write(
            f"experiments/{name}.yaml",
            {"name": name, "signal": signal, "probes": probes, "goal": goal},
        )

    def plan() -> None:
        lines = [f"| {name} | {of[0]} | {of[2]} |" for name, of in EXPERIMENTS.items()]
        head = "# How the experiments are judged\n\n| experiment | signal | goal |\n|---|---|---|\n"
        repository.write_text("experiments/ANALYSIS.md", head + "\n".join(lines) + "\n")

    work(
        *((f"Experiment: {name}", specify, name) for name in EXPERIMENTS),
        ("Analysis plan", plan),
    )
    agent.remember("swarm/observability/experiment-specs", complete(experiments=[*EXPERIMENTS]))
    return f"{len(EXPERIMENTS)} experiments and how they are judged"


perform({"experiments": design})
