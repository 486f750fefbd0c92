"""Publishes the release, which nobody is to touch before its documents are there."""

from mop_tui import agent

with agent.lock("release"):
    agent.progress(30, "the release is locked")
    agent.remember("release/taken", {"status": "complete"})
    agent.wait_for("docs/ready")
    agent.progress(90, "the documents are there")
agent.output("published with its documents")
