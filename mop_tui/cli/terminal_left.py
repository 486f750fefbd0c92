"""A terminal that is left by a program which goes on.

The shell that started the program waits for it to end or to stop. So the program stops for a
moment, as with Ctrl-Z: the shell takes its terminal back, and what was its foreground job goes on
as one in the background.
"""

import os
import signal
import subprocess
import sys
from contextlib import suppress

_IN, _OUT, _ERROR = 0, 1, 2
"""File descriptors: a screen puts other things in the place of `sys.stdout`."""
_MOMENT = 0.3
"""Seconds that a shell has to notice that its job has stopped."""
_WAKE = f"""
import os, sys, time
time.sleep({_MOMENT})
os.killpg(int(sys.argv[1]), {int(signal.SIGCONT)})
"""


def is_foreground_job() -> bool:
    """Return whether a shell waits for this program, and would notice that it stops."""
    group = os.getpgrp()
    try:
        return os.tcgetpgrp(_IN) == group != os.getsid(0)
    except OSError:
        return False


def give_back() -> None:
    """Give the terminal back to the shell that waits for it, and go on without one.

    Stops the whole process group for a moment, for a shell waits for all of its job. Agents have
    groups of their own, and work on.
    """
    group = os.getpgrp()
    try:
        waker = subprocess.Popen(
            [sys.executable, "-I", "-S", "-c", _WAKE, str(group)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
    except OSError:
        return  # who stops and cannot be woken would not go on at all
    let_go()
    os.killpg(group, signal.SIGSTOP)
    waker.wait()


def let_go() -> None:
    """Never use the terminal again: it belongs to others now, or is not there any more.

    A background job that reads it would be stopped, and writing to one that is gone fails, even
    when the interpreter ends.
    """
    with suppress(OSError):
        terminal = os.fstat(_IN).st_rdev
        null = os.open(os.devnull, os.O_RDWR)
        for number in (_IN, _OUT, _ERROR):
            if os.fstat(number).st_rdev == terminal:
                os.dup2(null, number)
        os.close(null)
