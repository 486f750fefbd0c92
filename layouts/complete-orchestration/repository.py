"""The folder that the agents of the complete example work on, and how a step of work is taken.

Every agent is a program of its own: `PROGRAM REPOSITORY PACE`, where PACE is how many seconds each
step of its work takes at least. Nothing here talks to a network or a cluster: what the agents write
are files, and what they check is what those files say.
"""

import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import yaml

from mop_tui import agent

ENVIRONMENTS = ("dev", "staging", "prod")
CONVENTIONS = "conventions.yaml"
PARTS = (
    *("namespaces", "access", "quotas", "network", "storage", "ingress"),
    *("names", "secrets", "certificates", "scaling", "disruption", "backup"),
)
"""What an environment consists of, in the order in which it is configured."""
REPOSITORY, PACE = Path(sys.argv[1]), float(sys.argv[2])

Document = dict[str, Any]


def write(path: str, document: Document) -> None:
    """Write a file; whoever reads it at the same time sees the old one or the new one."""
    file = REPOSITORY / path
    file.parent.mkdir(parents=True, exist_ok=True)
    half = file.with_name(f".{file.name}.{os.getpid()}")
    half.write_text(yaml.safe_dump(document, sort_keys=False), encoding="utf-8")
    half.replace(file)
    print(f"wrote {path}", flush=True)


def read(path: str) -> Document | None:
    """Return what a file says, or None if it is not there."""
    try:
        found = yaml.safe_load((REPOSITORY / path).read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    return found if isinstance(found, dict) else {}


def part_of(environment: str, number: int) -> str:
    """Return the file of one part of an environment."""
    return f"environments/{environment}/{number + 1:02}-{PARTS[number]}.yaml"


def step(done: int, of: int, note: str, do: Callable[[], object] = lambda: None) -> None:
    """Take one step of the task in hand, and tell how far that is."""
    agent.progress(100 * done / of, note)
    time.sleep(PACE)
    do()
