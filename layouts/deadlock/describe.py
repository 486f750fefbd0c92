"""Describes the schema, which nobody is to change meanwhile."""

from mop_tui import agent

agent.wait_for("schema/taken")
with agent.lock("schema"):
    agent.progress(50, "the schema is locked")
    agent.remember("docs/ready", {"status": "complete"})
agent.output("the schema is described")
