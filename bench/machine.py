"""Where and when a measurement was made, and how numbers are summed up."""

import os
import platform
import sys
from collections.abc import Sequence
from datetime import UTC, datetime


def described() -> str:
    """Return date, machine and Python in one line."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return (
        f"{datetime.now(UTC):%Y-%m-%d}, {platform.system()} {platform.machine()}, {cores} cores,"
        f" Python {sys.version.split()[0]}"
    )


def quantile(values: Sequence[float], share: float) -> float:
    """Return the value below which `share` of all values lie."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]
