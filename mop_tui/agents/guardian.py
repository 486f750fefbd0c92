"""The guardian: a process that ends all agents when the program that started them is gone.

It is run by its path, without site packages (`python -I -S guardian.py RUN GRACE`), so that it
stands within milliseconds; hence it knows the standard library alone. On its standard input it
is told the process groups that begin (`+123`) and end (`-123`), and it acts when that input ends:
that happens whatever way the program dies, `kill -9` included. `quit` sends it home instead.

What left its group is found by what its environment says: `MOP_RUN=RUN`. Where environments of
other processes cannot be read, as outside Linux, what left its group is not found.
"""

import os
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import suppress

POLL = 0.02
LOOKS = 3
"""Looks that have to find nothing: while a program replaces itself by another (`exec`), it shows
no environment for a moment."""
PATIENCE = 10.0
"""Seconds after which it gives up on what even being killed does not end."""


def tagged(run: str) -> Iterator[tuple[int, dict[str, str]]]:
    """Yield every process that carries the tag of a run, and its variables that begin `MOP_`."""
    tag = b"MOP_RUN=" + os.fsencode(run)
    own = os.getpid()
    try:
        names = os.listdir("/proc")  # noqa: PTH208 - this is about start-up and speed
    except OSError:
        return
    for name in names:
        if not name.isdecimal() or int(name) == own:
            continue
        try:
            fd = os.open(f"/proc/{name}/environ", os.O_RDONLY | os.O_CLOEXEC)
        except OSError:
            continue  # gone meanwhile, or somebody else's
        try:
            environment = _read(fd)
        except OSError:
            continue
        finally:
            os.close(fd)
        if tag not in environment:
            continue
        variables = environment.split(b"\0")
        if tag in variables:
            pairs = (v.partition(b"=") for v in variables if v.startswith(b"MOP_"))
            yield int(name), {os.fsdecode(k): os.fsdecode(value) for k, _, value in pairs}


def _read(fd: int) -> bytes:
    parts = []
    while part := os.read(fd, 1 << 17):
        parts.append(part)
    return b"".join(parts)


def signal_group(group: int, number: int) -> bool:
    """Return True if there was a group to signal."""
    try:
        os.killpg(group, number)
    except (ProcessLookupError, PermissionError):
        return False
    return True


def _signal(groups: set[int], run: str, *numbers: int) -> bool:
    """Signal all groups, and all processes of the run. Return True if there were any."""
    found = False
    for group in groups:
        found |= signal_group(group, numbers[0])
        for number in numbers[1:]:
            signal_group(group, number)
    for pid, _ in tagged(run):
        found = True
        for number in numbers:
            with suppress(ProcessLookupError, PermissionError):
                os.kill(pid, number)
    return found


def end_all(groups: set[int], run: str, grace: float) -> None:
    """End all groups and all processes of the run: ask them first, then make them."""
    _signal(groups, run, signal.SIGTERM, signal.SIGCONT)
    asked = time.monotonic()
    looks = LOOKS
    while looks and time.monotonic() < asked + grace + PATIENCE:
        time.sleep(POLL)
        groups = {group for group in groups if signal_group(group, 0)}
        # Again and again: what is being ended may be starting something.
        force = (signal.SIGKILL,) if time.monotonic() > asked + grace else (0,)
        looks = LOOKS if _signal(groups, run, *force) else looks - 1


def listen() -> set[int] | None:
    """Return the groups that are there when the program is gone; None if there is nothing to do."""
    groups: set[int] = set()
    rest = b""
    while True:
        try:
            data = os.read(0, 1 << 16)
        except OSError:
            data = b""
        if not data:
            return groups
        *lines, rest = (rest + data).split(b"\n")
        for line in lines:
            if line == b"quit":
                return None
            if line[:1] == b"+":
                groups.add(int(line[1:]))
            elif line[:1] == b"-":
                groups.discard(int(line[1:]))


def main() -> None:
    """Listen, and act."""
    for number in (signal.SIGINT, signal.SIGHUP, signal.SIGTERM, signal.SIGQUIT, signal.SIGTSTP):
        signal.signal(number, signal.SIG_IGN)
    run, grace = sys.argv[1], float(sys.argv[2])
    groups = listen()
    if groups is not None:
        end_all(groups, run, grace)


if __name__ == "__main__":
    main()
