"""Prints sheets, one task after the other, until mop-tui closes its standard input."""

import time

from mop_tui import agent

SHEETS = 20

for task in agent.tasks():
    for sheet in range(1, SHEETS + 1):
        if agent.cancelled():
            agent.done(failed="cancelled", message=f"stopped after {sheet - 1} sheets")
            break
        time.sleep(0.2)
        agent.progress(100 * sheet / SHEETS, f"sheet {sheet} of {SHEETS}")
    else:
        agent.done(output=f"{SHEETS} sheets for {task.id}")
