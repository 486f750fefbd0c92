"""Messages among real processes, through a lead that takes its time."""

import asyncio
import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from running import Running, eventually

from mop_tui.domain.feed import SwitchTopology
from mop_tui.orchestrator.attached import attached

SPEAKER = """
import json, os, select

name, task, passing, begun = os.environ["MOP_AGENT"], None, [], b""

def say(**what):
    print(json.dumps(what), flush=True)

while True:
    if select.select([0], [], [], 0.02)[0]:
        chunk = os.read(0, 65536)
        if not chunk:
            break
        *lines, begun = (begun + chunk).split(b"\\n")
        for told in map(json.loads, lines):
            if told["mop"] == "task":
                task = told["id"]
                for text in "123" if name == "ann" else "":
                    say(mop="message", to="ben", text=text)
            elif told["mop"] == "relay":
                passing.append(told["id"])
                say(mop="progress", percent=len(passing))
            elif told["mop"] == "message":
                with open("heard", "a") as file:
                    file.write(told["text"])
    if passing and os.path.exists("relay"):
        say(mop="relayed", id=passing.pop(0))
    if task and os.path.exists("go-on"):
        say(mop="done", task=task)
        task = None
"""
"""Ann says three things to ben as soon as she has a task, and ben notes what he hears. The lead
relays once there is a file `relay`, and all are done with their tasks once there is one `go-on`."""
LAYOUT = """
session: {id: talking, project: Test, topology: hierarchical, coordinator: top}
agent_types:
  speaker: {lifetime: session, run: ["${python}", "${layout.dir}/speaker.py"]}
  head: {lifetime: session, relays: true, run: ["${python}", "${layout.dir}/speaker.py"]}
teams:
  staff: {agents: [{id: top, type: speaker}]}
  crew:
    lead: head
    agents: [{id: head, type: head}, {id: ann, type: speaker}, {id: ben, type: speaker}]
tasks:
  lead-them: {agent: head, retry: 1}
  ask: {agent: ann}
  listen: {agent: ben}
"""


class Talk(Running):
    """A session in which ann has said three things, which are with the lead."""

    def until_relayed(self) -> None:
        """Return once the lead has been told all of it."""
        eventually(lambda: self._handed() == 3)

    def _handed(self) -> int:
        told = {it["action"] for it in self.events("system.intended") if self._passes(it)}
        return sum(it["action"] in told for it in self.events("system.done"))

    @staticmethod
    def _passes(intended: dict[str, object]) -> bool:
        return intended["agent"] == "head" and intended["message"] is not None

    @property
    def heard(self) -> str:
        """What ben has heard."""
        file = self.folder / "heard"
        return file.read_text(encoding="utf-8") if file.exists() else ""

    def let_relay(self) -> None:
        """Let the lead relay what it has."""
        (self.folder / "relay").touch()


@pytest.fixture
def talk(tmp_path: Path) -> Iterator[Talk]:
    (tmp_path / "speaker.py").write_text(SPEAKER, encoding="utf-8")
    with Talk(tmp_path, LAYOUT) as talk:
        talk.until_relayed()
        assert talk.heard == ""
        yield talk


def test_a_lead_relays_in_its_own_time(talk: Talk) -> None:
    talk.let_relay()
    eventually(lambda: talk.heard == "123")
    talk.go_on()
    assert talk.wait() == 0
    assert len(talk.events("agent.relayed")) == 3
    assert not talk.events("system.taken_over")


def test_a_lead_that_is_killed_meanwhile_holds_nothing_up(talk: Talk) -> None:
    [start] = [it for it in talk.events("system.done") if it["agent"] == "head" and it["pid"]]
    os.kill(start["pid"], signal.SIGKILL)
    eventually(lambda: talk.heard == "123")
    talk.let_relay()
    talk.go_on()
    assert talk.wait() == 0
    assert [it["why"] for it in talk.events("system.taken_over")] == ["gone"]
    assert talk.heard == "123"


def test_a_switch_meanwhile_sends_it_directly_and_what_comes_late_means_nothing(
    talk: Talk,
) -> None:
    async def switch() -> None:
        async with attached(talk.session, talk.session.name, "attach") as visitor:
            visitor.submit(SwitchTopology("mesh"))
            while visitor.snapshot().shape != "mesh":  # noqa: ASYNC110 - in another program
                await asyncio.sleep(0.02)

    asyncio.run(switch())
    eventually(lambda: talk.heard == "123")
    talk.let_relay()
    eventually(lambda: len(talk.events("agent.relayed")) == 3)
    talk.go_on()
    assert talk.wait() == 0
    assert talk.heard == "123"


def test_what_was_under_way_when_the_program_was_killed_comes_after_it_went_on(
    talk: Talk,
) -> None:
    talk.kill()
    talk.resume()
    # Ann has a new process, which says all of it again.
    talk.let_relay()
    eventually(lambda: talk.heard == "123123")
    talk.go_on()
    assert talk.wait() == 0
    assert talk.heard == "123123"
