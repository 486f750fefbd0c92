"""Who is at the other end of a Unix socket, as the kernel tells."""

import os
import socket
import struct
from dataclasses import dataclass
from pathlib import Path

from mop_tui.agents.launch import RUN

_LONGEST = 128
"""Bytes of what the kernel tells, and more."""


@dataclass(frozen=True, slots=True)
class Peer:
    """The process that connected, or that listens."""

    uid: int
    pid: int | None
    """None where the kernel does not tell."""


def peer_of(connection: socket.socket) -> Peer | None:
    """Return who is at the other end; None if the kernel does not tell.

    Linux tells by SO_PEERCRED (pid, uid, gid), macOS and FreeBSD by LOCAL_PEERCRED, whose `xucred`
    begins with a version and the uid.
    """
    try:
        if hasattr(socket, "SO_PEERCRED"):
            told = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _LONGEST)
            pid, uid = struct.unpack_from("=iI", told)
            return Peer(uid, pid)
        (uid,) = struct.unpack_from("=4xI", connection.getsockopt(0, 1, _LONGEST))
        return Peer(uid, None)
    except (OSError, struct.error):
        return None


def is_agent_of(peer: Peer, run: str) -> bool:
    """Return whether a peer is an agent of a run, as far as its environment tells.

    That keeps agents from answering their own questions as they go along. It is no defence against
    one that hides what it is: it has the operator's rights, and could do anything in their place.
    """
    if peer.pid is None:
        return False
    try:
        variables = Path(f"/proc/{peer.pid}/environ").read_bytes().split(b"\0")
    except OSError:
        return False
    tag = f"{RUN}={run}".encode()
    return any(variable.partition(b".")[0] == tag for variable in variables)


def is_trusted(peer: Peer | None, session: Path) -> bool:
    """Return whether what listens beside a session file may be told a secret.

    It is a program of ours or of root; for root, one of whoever owns the file.
    """
    if peer is None:
        return False
    ours = {os.getuid(), 0}
    if os.getuid() == 0:
        ours.add(session.stat().st_uid)
    return peer.uid in ours
