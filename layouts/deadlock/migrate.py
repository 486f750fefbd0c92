"""Changes the schema, and then needs the release, too."""

import os
import time

from mop_tui import agent

PACE = float(os.environ.get("PACE", "0"))

with agent.lock("schema"):
    agent.progress(30, "the schema is locked")
    time.sleep(PACE)
    agent.remember("schema/taken", {"status": "complete"})
    agent.wait_for("release/taken")
    with agent.lock("release"):
        agent.progress(90, "both are locked")
        time.sleep(PACE)
agent.output("the schema is changed and tagged")
