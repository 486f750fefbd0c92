"""Mends what a cluster did not take. It is spawned because of the error, and told of it.

It reads which file is meant and what the conventions say, corrects the file, and says so: whoever
deploys waits for that.
"""

from repository import CONVENTIONS, read, step, write

from mop_tui import agent

agent.listen()
error = agent.task().context["error"]
message = str(error["message"]) if isinstance(error, dict) else ""
file = message.partition(":")[0]
step(0, 3, f"Reading {file}")
service = read(file) if file else None
versions = (read(CONVENTIONS) or {}).get("versions", {})
step(1, 3, "Comparing it with the conventions")
if service is None or service.get("name") not in versions or "is not pinned" not in message:
    agent.done(failed="not_mended", message=f"nothing is known about: {message}")
    raise SystemExit(1)
image = str(service["image"]).rpartition(":")[0]
pinned = f"{image}:{versions[service['name']]}"
step(2, 3, f"Pinning {image}", lambda: write(file, {**service, "image": pinned}))
agent.remember("swarm/devops/mended", f"{file} has {pinned} now")
agent.output(f"{file}: {service['image']} is {pinned} now")
