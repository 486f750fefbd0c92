"""Publishes the release, which nobody is to touch before its documents are there."""

import os
import time

from mop_tui import agent

PACE = float(os.environ.get("PACE", "0"))

with agent.lock("release"):
    agent.progress(30, "the release is locked")
    time.sleep(PACE)
    agent.remember("release/taken", {"status": "complete"})
    agent.wait_for("docs/ready")
    agent.progress(90, "the documents are there")
    time.sleep(PACE)
agent.output("published with its documents")
