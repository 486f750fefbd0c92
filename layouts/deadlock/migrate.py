"""Changes the schema, and then needs the release, too."""

from mop_tui import agent

with agent.lock("schema"):
    agent.progress(30, "the schema is locked")
    agent.remember("schema/taken", {"status": "complete"})
    agent.wait_for("release/taken")
    with agent.lock("release"):
        agent.progress(90, "both are locked")
agent.output("the schema is changed and tagged")
