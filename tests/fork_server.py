"""Starts mop-tui many times and imports it once: a process that forks itself for every start.

`programs` starts it and tells it what to start. What is forked is a process of its own, with its
own session, terminal, folder, environment and arguments, and ends as Python ends.
"""

import fcntl
import gc
import json
import os
import signal
import socket
import sys
import termios
import time
from importlib import import_module

from mop_tui.__main__ import main
from mop_tui.cli import program


def serve(channel: socket.socket) -> None:
    """Fork for every request, until nobody is left who could make one; return in what is forked."""
    while True:
        request, received, _, _ = socket.recv_fds(channel, 1, 4)
        if not request:
            sys.exit()
        if os.fork() == 0:
            channel.close()
            reply, *streams = received
            with os.fdopen(reply, closefd=False) as words:
                wanted = json.loads(words.readline())
            _start(reply, streams, **wanted)
            return
        for fd in received:
            os.close(fd)


def _start(
    reply: int,
    streams: list[int],
    arguments: list[str],
    cwd: str,
    env: dict[str, str],
    *,
    controlled: bool,
) -> None:
    """Return in the new program; say over `reply` who it is, and once it has ended, how."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    pid = os.fork()
    if pid:
        for fd in streams:
            os.close(fd)
        os.write(reply, f"{pid}\n".encode())
        _, status = os.waitpid(pid, 0)
        os.write(reply, f"{os.waitstatus_to_exitcode(status)}\n".encode())
        os._exit(0)
    os.close(reply)
    os.setsid()
    for own, fd in enumerate(streams):
        os.dup2(fd, own)
        os.close(fd)
    if controlled:
        fcntl.ioctl(0, termios.TIOCSCTTY, 0)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    os.chdir(cwd)
    os.environ.clear()
    os.environ.update(env)
    time.tzset()
    sys.argv = ["mop-tui", *arguments]
    sys.stdin = os.fdopen(0, encoding="utf-8", closefd=False)
    sys.stdout = os.fdopen(1, "w", encoding="utf-8", closefd=False)
    sys.stderr = os.fdopen(2, "w", 1, encoding="utf-8", errors="backslashreplace", closefd=False)


if __name__ == "__main__":
    context = program.make_context("mop-tui", [], resilient_parsing=True)
    for name in program.list_commands(context):
        program.get_command(context, name)
    for late in ("mop_tui.agents.strays", "mop_tui.cli.session", "mop_tui.dashboard.app"):
        import_module(late)  # which commands import only where they need them
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    gc.collect()
    gc.freeze()
    serve(socket.socket(fileno=int(sys.argv[1])))
    main()
