"""Leads: looks at every message that passes it, beside its own work."""

import time

from mop_tui import agent

STEPS = 36

agent.relay(lambda _message: time.sleep(0.2))
for task in agent.tasks():
    for step in range(1, STEPS + 1):
        if agent.cancelled():
            agent.done(failed="cancelled")
            break
        time.sleep(0.5)
        agent.progress(100 * step / STEPS)
    else:
        agent.output(f"{task.title}: done")
