"""The protocol, spoken to the real host by a shell script, a Python script, and a script in a
language that knows nothing of mop-tui: those that `docs/agent-protocol.md` shows."""

import asyncio
import os
import shutil
import sys
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from textwrap import dedent
from typing import TypeVar

import pytest
from agent.document import examples
from agent.far_side import PATIENCE, environment

from mop_tui.agents.command import CommandHost, use_pidfd_child_watcher
from mop_tui.agents.host import (
    Asked,
    Assignment,
    Exited,
    Finished,
    Job,
    Misspoke,
    Note,
    Ping,
    Ponged,
    Progressed,
    Remembered,
    Reply,
    Report,
    Started,
    Told,
)
from mop_tui.domain.answers import Option
from mop_tui.domain.ids import AgentId, TaskId, TeamId
from mop_tui.domain.plan import AgentSpec, Command, TaskSpec, Work

SCRIPTS = {language: examples(language)[0] for language in ("sh", "python", "perl", "js")}
STARTS = {
    "sh": ("sh", "-c"),
    "python": (sys.executable, "-c"),
    "perl": ("perl", "-e"),
    "js": ("node", "-e"),
}


THIRD = [name for name in ("perl", "js") if shutil.which(STARTS[name][0])]
LANGUAGES = [
    *(pytest.param(name, id=name) for name in ("sh", "python", *THIRD)),
    *(
        []
        if THIRD
        else [pytest.param("", marks=pytest.mark.skip("neither perl nor node is there"))]
    ),
]

ALICE = AgentSpec(AgentId("alice"), "deployer", TeamId("crew"))
DEPLOY = TaskSpec(TaskId("deploy"), "Deploy it", agent=ALICE.id)

NO_SECRETS: Mapping[str, str] = {}
NO_LOOKUPS: dict[str, str] = {}

Kind = TypeVar("Kind", bound=Report)


class Desk:
    """The real host with one agent, alice, and what it reports."""

    def __init__(self, folder: Path) -> None:
        self.reports: list[Report] = []
        self._taken = 0
        self._news = asyncio.Event()
        self._env = environment(folder)
        self.host = CommandHost(
            NO_LOOKUPS.get, folder / "logs", self._take, os.environ, run=str(folder)
        )

    def _take(self, report: Report) -> None:
        self.reports.append(report)
        self._news.set()

    def start(
        self,
        language: str,
        script: str,
        given: TaskSpec | None,
        secrets: Mapping[str, str] = NO_SECRETS,
    ) -> None:
        """Start alice, for a task or for the session."""
        env = (("PATH", self._env["PATH"]), ("PYTHONPATH", self._env["PYTHONPATH"]))
        work = Work(Command((*STARTS[language], dedent(script)), env=env))
        assignment = None if given is None else Assignment(given)
        self.host.start(Job(ALICE, work, 1, assignment), secrets)

    def tell(self, what: Told, secret: str | None = None) -> None:
        """Tell alice something."""
        self.host.tell(ALICE.id, 1, what, secret)

    async def hears(self, kind: type[Kind]) -> Kind:
        """Wait for the next report of a kind; what comes before it is passed over."""
        while True:
            for report in self.reports[self._taken :]:
                self._taken += 1
                if isinstance(report, kind):
                    return report
            self._news.clear()
            try:
                await asyncio.wait_for(self._news.wait(), PATIENCE)
            except TimeoutError:
                pytest.fail(f"no {kind.__name__}, but {self.reports}")

    def of(self, kind: type[Kind]) -> list[Kind]:
        """Return all reports of a kind so far."""
        return [report for report in self.reports if isinstance(report, kind)]


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    """A host, which leaves nothing behind."""
    use_pidfd_child_watcher()
    desk = Desk(tmp_path)
    yield desk
    await desk.host.close()


@pytest.mark.parametrize("language", LANGUAGES)
async def test_each_language_says_asks_and_delivers(desk: Desk, language: str) -> None:
    desk.start(language, SCRIPTS[language], DEPLOY)
    asked = await desk.hears(Asked)
    assert asked.question.question == "Where to?"
    assert asked.question.question_type == "choice"
    assert asked.question.options == (Option("staging"), Option("production"))

    desk.tell(Ping(7))
    if language != "sh":  # which could not go on answering while it works
        assert (await desk.hears(Ponged)).response_ms >= 0
    desk.tell(Note("operator", "take your time"))
    desk.tell(Reply(asked.ask, "answered", "staging"))
    gone = await desk.hears(Exited)
    assert (gone.code, gone.failed, gone.result) == (0, "", "deployed to staging")
    [progressed] = desk.of(Progressed)
    assert (progressed.percent, progressed.note) == (40, "compiling")
    [remembered] = desk.of(Remembered)
    assert (remembered.key, remembered.value) == ("build", {"files": 3})
    assert desk.of(Misspoke) == []
    assert len(desk.of(Ponged)) == (language != "sh")


@pytest.mark.parametrize(
    ("language", "script"),
    [
        ("sh", "token=$(mop-tui tell secret deploy-token); mop-tui tell output ${#token}"),
        ("python", "from mop_tui import agent\nagent.output(len(agent.secret('deploy-token')))"),
    ],
    ids=["sh", "python"],
)
async def test_the_secret_of_a_gate_reaches_its_agent(
    desk: Desk, language: str, script: str
) -> None:
    desk.start(language, script, DEPLOY, {"deploy-token": "hunter2"})
    assert (await desk.hears(Exited)).result == "7"


@pytest.mark.parametrize(
    ("language", "script"),
    [
        (
            "sh",
            """
            token=$(mop-tui tell ask "Token?" --password)
            echo "it is $token"
            mop-tui tell output ${#token}
            """,
        ),
        (
            "python",
            """
            from mop_tui import agent
            token = agent.ask("Token?", password=True)
            print("it is", token.value)
            agent.output(len(token.value))
            """,
        ),
    ],
    ids=["sh", "python"],
)
async def test_a_password_reaches_its_agent_and_no_report(
    desk: Desk, language: str, script: str
) -> None:
    desk.start(language, script, DEPLOY)
    asked = await desk.hears(Asked)
    assert asked.question.input_type == "password"
    desk.tell(Reply(asked.ask, "answered"), "hunter2")
    assert (await desk.hears(Exited)).result == "7"
    assert "hunter2" not in repr(desk.reports)


@pytest.mark.parametrize(
    ("language", "script"),
    [
        (
            "sh",
            """
            while id=$(mop-tui tell task id 2>/dev/null); do
                if [ "$id" = two ]; then
                    mop-tui tell done --failed no_luck --message "it is two"
                else
                    mop-tui tell output "$id is deployed"
                    mop-tui tell done
                fi
            done
            """,
        ),
        (
            "python",
            """
            from mop_tui import agent
            for task in agent.tasks():
                if task.id == "two":
                    agent.done(failed="no_luck", message="it is two")
                else:
                    agent.output(f"{task.id} is deployed")
            """,
        ),
    ],
    ids=["sh", "python"],
)
async def test_an_agent_for_the_session_does_one_task_after_the_other(
    desk: Desk, language: str, script: str
) -> None:
    desk.start(language, script, None)
    await desk.hears(Started)
    for name, failed, result in (
        ("one", "", "one is deployed"),
        ("two", "no_luck", ""),
        ("three", "", "three is deployed"),
    ):
        desk.tell(Assignment(TaskSpec(TaskId(name), name, agent=ALICE.id)))
        finished = await desk.hears(Finished)
        assert (finished.task, finished.failed, finished.result) == (name, failed, result)
    desk.host.stop(ALICE.id, 1)
    assert (await desk.hears(Exited)).code == 0
    assert desk.of(Misspoke) == []


async def test_an_agent_that_says_done_may_clean_up_and_go(desk: Desk) -> None:
    script = """
        from mop_tui import agent
        agent.done(output="all of it")
        for task in agent.tasks():
            assert task.id == "deploy"
        agent.remember("cleaned", True)
    """
    desk.start("python", script, DEPLOY)
    gone = await desk.hears(Exited)
    assert (gone.code, gone.done, gone.result) == (0, True, "all of it")
    assert [remembered.key for remembered in desk.of(Remembered)] == ["cleaned"]
