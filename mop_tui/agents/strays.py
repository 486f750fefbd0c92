"""Agents that outlived the program that started them, and how they are told from others.

Beside each session that runs real processes lies a register of them (`.pids`): which program
started them and where, and of each process its number and when it was born. Numbers are used
again, so only a process with the same number *and* the same birth is the one in the register.
"""

import asyncio
import json
import os
import platform
import signal
import time
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from mop_tui.agents.escapees import processes
from mop_tui.domain.ids import AgentId

SUFFIX = ".pids"
GRACE = 1.0
POLL = 0.02
WRITTEN_WITHIN = 0.05
"""Seconds, so that many starts at once are one write."""


def born(pid: int) -> str | None:
    """Return when a process was born, in terms that fit no other process; None if it is gone."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_bytes()
    except FileNotFoundError:
        return _born_elsewhere(pid)
    except OSError:
        return None
    # The name in parentheses may hold anything, so what counts begins after the last of them.
    fields = stat[stat.rindex(b")") + 2 :].split()
    if fields[0] in (b"Z", b"X"):
        return None
    return f"{_boot()}/{fields[19].decode()}"


@cache
def _boot() -> str:
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    except OSError:
        return ""


def _born_elsewhere(pid: int) -> str | None:
    if Path("/proc/self/stat").exists():
        return None
    try:
        import psutil  # noqa: PLC0415 - only where there is no /proc

        process = psutil.Process(pid)
        if process.status() == psutil.STATUS_ZOMBIE:
            return None
        return f"{process.create_time():.3f}"
    except (ImportError, OSError, ValueError):
        return None
    except Exception:  # noqa: BLE001 - psutil's own errors, which cannot be named without it
        return None


@cache
def place() -> str:
    """Return where process numbers mean what they mean here: this host, and this namespace of it.

    Sessions of several hosts or containers may lie in one folder.
    """
    try:
        numbers = str(Path("/proc/self/ns/pid").readlink())
    except OSError:
        numbers = ""
    return f"{platform.node()}/{numbers}"


class Register:
    """The register of one session. What cannot be written is left out: it is a second net."""

    def __init__(self, path: Path | None, run: str) -> None:
        self._path = path
        self._run = run
        self._file: int | None = None
        self._new: dict[int, AgentId] = {}
        self._gone: list[int] = []
        self._timer: asyncio.TimerHandle | None = None

    def add(self, pid: int, agent: AgentId) -> None:
        """Note a process."""
        if self._path is not None:
            self._new[pid] = agent
            self._write_soon()

    def remove(self, pid: int) -> None:
        """Note that a process is gone, and all of its group."""
        if self._path is not None and self._new.pop(pid, None) is None:
            self._gone.append(pid)
            self._write_soon()

    def close(self) -> None:
        """Remove the register: nothing runs any more."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._file is not None and self._path is not None:
            os.close(self._file)
            self._file = None
            with suppress(OSError):
                self._path.unlink()

    def _write_soon(self) -> None:
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(WRITTEN_WITHIN, self._write)

    def _write(self) -> None:
        self._timer = None
        entries: list[dict[str, object]] = [{"gone": pid} for pid in self._gone]
        entries += [
            {"pid": pid, "born": birth, "agent": agent}
            for pid, agent in self._new.items()
            if (birth := born(pid)) is not None
        ]
        self._gone.clear()
        self._new.clear()
        with suppress(OSError):
            if self._file is None and self._path is not None:
                self._file = self._create(self._path)
                own = os.getpid()
                entries.insert(
                    0, {"program": own, "born": born(own), "run": self._run, "place": place()}
                )
            if self._file is not None:
                os.write(self._file, "".join(json.dumps(e) + "\n" for e in entries).encode())

    def _create(self, path: Path) -> int:
        flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_APPEND | os.O_CLOEXEC
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        return os.open(path, flags, 0o600)


@dataclass(frozen=True, slots=True)
class Stray:
    """A process that still runs although the program that started it is gone."""

    pid: int
    born: str
    agent: AgentId


@dataclass(frozen=True, slots=True)
class Abandoned:
    """A register whose program is gone, and what still runs of it: perhaps nothing."""

    register: Path
    strays: tuple[Stray, ...]


def find_strays(folder: Path) -> list[Abandoned]:
    """Return the registers in a folder that were abandoned. Raises nothing."""
    found = []
    try:
        paths = sorted(folder.glob(f"*{SUFFIX}"))
    except OSError:
        return []
    for path in paths:
        abandoned = _read(path)
        if abandoned is not None:
            found.append(abandoned)
    return found


def end_strays(abandoned: Iterable[Abandoned], grace: float = GRACE) -> int:
    """End strays with their groups, remove the registers, and return how many were ended.

    Takes up to about `grace` seconds, and blocks meanwhile.
    """
    abandoned = list(abandoned)
    strays = [stray for one in abandoned for stray in one.strays]
    _signal(strays, signal.SIGTERM, signal.SIGCONT)
    deadline = time.monotonic() + grace
    while time.monotonic() < deadline and any(born(s.pid) == s.born for s in strays):
        time.sleep(POLL)
    _signal(strays, signal.SIGKILL)
    for one in abandoned:
        with suppress(OSError):
            one.register.unlink()
    return len(strays)


def _signal(strays: Iterable[Stray], *numbers: int) -> None:
    for stray in strays:
        if born(stray.pid) != stray.born:
            continue
        for number in numbers:
            with suppress(ProcessLookupError, PermissionError):
                if os.getpgid(stray.pid) == stray.pid:
                    os.killpg(stray.pid, number)
                else:
                    os.kill(stray.pid, number)


def _read(path: Path) -> Abandoned | None:
    """Return what a register says, unless its program still runs or it is no register."""
    program: Mapping[str, object] = {}
    known: dict[int, Stray] = {}
    try:
        lines = path.read_bytes().splitlines()
    except OSError:
        return None
    for line in lines:
        try:
            entry = json.loads(line)
        except (ValueError, RecursionError):
            continue  # half a line: the program died while it wrote
        match entry:
            case {"program": int(), "born": str(), "run": str()}:
                program = entry
            case {"pid": int(pid), "born": str(birth), "agent": str(agent)}:
                known[pid] = Stray(pid, birth, AgentId(agent))
            case {"gone": int(pid)}:
                known.pop(pid, None)
    match program:
        case {"place": str(there)} if there != place():
            return None  # whether it still runs can only be told there
        case {"program": int(pid), "born": str(birth), "run": str(run)} if born(pid) != birth:
            pass
        case _:
            return None
    strays = {s.pid: s for s in known.values() if born(s.pid) == s.born}
    if run:
        for pid, (agent_id, _) in processes(run):
            birth_of_it = born(pid)
            if birth_of_it is not None:
                strays.setdefault(pid, Stray(pid, birth_of_it, agent_id))
    return Abandoned(path, tuple(strays.values()))
