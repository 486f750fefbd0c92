"""Describes the schema, which nobody is to change meanwhile."""

import os
import time

from mop_tui import agent

PACE = float(os.environ.get("PACE", "0"))

agent.wait_for("schema/taken")
with agent.lock("schema"):
    agent.progress(50, "the schema is locked")
    time.sleep(PACE)
    agent.remember("docs/ready", {"status": "complete"})
agent.output("the schema is described")
