"""What the clusters were handed. A cluster in miniature is a folder.

`clusters/ENVIRONMENT/admitted/` holds the files that it was handed one by one and took, of which
nothing runs yet; `clusters/ENVIRONMENT/applied.yaml` is what runs there, after the rollout.
"""

from collections.abc import Iterator
from pathlib import PurePosixPath

import yaml
from deployed import WORKLOADS, containers
from repository import ENVIRONMENTS, Document, Repository

OBI = "environments/*/observability/obi-*.yaml"
"""What is deployed as soon as it is there; the layout has a trigger for it."""


class RejectedError(Exception):
    """A cluster does not take a file, for this reason."""


def environment_of(path: str) -> str:
    """Return the environment that a file is for. Raises `RejectedError` if it is for none."""
    parts = PurePosixPath(path).parts
    if len(parts) < 3 or parts[0] != "environments" or parts[1] not in ENVIRONMENTS:
        raise RejectedError(f"{path} is for no environment")
    return parts[1]


def admitted(path: str) -> str:
    """Return where a cluster keeps a file that it was handed."""
    return f"clusters/{environment_of(path)}/admitted/{PurePosixPath(path).name}"


def examine(repository: Repository, path: str) -> list[Document]:
    """Return the manifests in a file. Raises `RejectedError` if its cluster would not take them."""
    environment = environment_of(path)
    try:
        found = [*repository.documents(path)]
    except (yaml.YAMLError, UnicodeError) as error:
        raise RejectedError(f"{path} is no YAML: {str(error).splitlines()[0]}") from None
    if not found:
        raise RejectedError(f"{path} holds no manifest")
    present = {
        one["metadata"]["name"]
        for one in repository.documents(f"environments/{environment}/kubernetes/*.yaml")
        if one["kind"] == "Namespace"
    }
    for number, one in enumerate(found, 1):
        for fault in faults(one, present):
            raise RejectedError(f"{path}: manifest {number} {fault}")
    return found


def faults(one: object, namespaces: set[str]) -> Iterator[str]:
    """Yield why a manifest is not taken by a cluster that has these namespaces."""
    if not isinstance(one, dict) or not {"apiVersion", "kind", "metadata"} <= one.keys():
        yield "does not say apiVersion, kind and metadata"
        return
    metadata = one["metadata"]
    if not isinstance(metadata, dict) or not metadata.get("name"):
        yield "has no name"
    elif metadata.get("namespace") not in namespaces:
        yield f"is in the namespace {metadata.get('namespace')}, which is not there"
    elif not isinstance(one.get("spec"), dict):
        yield "has no spec"
    elif one["kind"] in WORKLOADS and not containers(one):
        yield "has no container"


def admit(repository: Repository, path: str) -> list[Document]:
    """Hand a file to its cluster, and return what is in it. Raises `RejectedError`."""
    found = examine(repository, path)
    repository.write(admitted(path), *found)
    return found


def changed(repository: Repository, environment: str) -> list[str]:
    """Return the files of OBI that are not, or not any more, what the cluster was handed."""
    return [
        path
        for path in repository.find(OBI.replace("*", environment, 1))
        if [*repository.documents(path)] != [*repository.documents(admitted(path))]
    ]
