"""Deploys one file of OBI. It appears because the file did, and is told of it with its task."""

from clusters import RejectedError, admit, environment_of, examine
from repository import Repository, begin, complete, deployed_key, failure, work

from mop_tui import agent


def deploy(repository: Repository) -> str:
    event = agent.task().context["event"]
    if not isinstance(event, dict):
        raise TypeError(f"no event led to this: {event!r}")
    path = str(event["path"])
    try:
        environment = environment_of(path)
        work(
            (f"Examining {path}", examine, repository, path),
            (f"Handing it to {environment}", admit, repository, path),
        )
        count = len(examine(repository, path))
    except RejectedError as rejected:
        # Whoever waits for it must not wait for ever.
        agent.remember(deployed_key(path), complete(fault=str(rejected)))
        raise failure("manifest_rejected", str(rejected)) from None
    agent.remember(deployed_key(path), complete(manifests=count))
    return f"{environment} took {count} manifests from {path}"


agent.output(deploy(begin()))
