"""What is said when a file is changed while its owner is not at work."""

from collections.abc import Iterable

import pytest

from mop_tui.decisions.ownership import MOST, NOTICED_LATER
from mop_tui.decisions.rules import RuleBook
from mop_tui.decisions.standard import RULES
from mop_tui.domain.events import AgentExited, FileModified, SystemDone, SystemStarted
from mop_tui.domain.ids import AgentId, TaskId
from mop_tui.domain.plan import AgentSpec, Mode, TaskSpec
from mop_tui.orchestrator.effects import Start
from mop_tui.orchestrator.engine import Engine
from sessions import agent, plan, task


class Watched:
    """A session in which tasks were begun as soon as they could be, and in which files change."""

    def __init__(self, agents: Iterable[AgentSpec], tasks: Iterable[TaskSpec]) -> None:
        what = plan(agents, tasks)
        self.engine = Engine(what, RuleBook(what, RULES))
        self.session = self.engine.session
        started = SystemStarted(
            "it", "", "", Mode.LIVE, attended=False, max_agents=None, teams=what.teams
        )
        for effect in self.engine.receive(started, 0, None).effects:
            assert isinstance(effect, Start)
            done = SystemDone(effect.action, "start_process", effect.agent)
            self.engine.receive(done, 0, effect.seq)

    def end(self, name: str, at: int) -> None:
        """Let an agent complete its task."""
        row = self.session.agents[AgentId(name)]
        self.engine.receive(AgentExited(AgentId(name), row.incarnation, row.task, 0), at, 1)

    def changed(self, path: str, at: int = 60_000) -> list[str]:
        """Change a file, and return the issues that were opened because of it."""
        before = len(self.session.issues)
        self.engine.receive(FileModified(path, ""), at, None)
        return [issue.text for issue in list(self.session.issues.values())[before:]]


OWNER = agent("ann", owns=["lib/alloy/", "docs/*.md"])


def test_whose_owner_is_at_work_may_be_changed() -> None:
    it = Watched([OWNER, agent("ben")], [task("one", "ann"), task("two", "ben")])
    assert it.changed("lib/alloy/a/b.c") == []


def test_a_file_of_an_owner_who_is_not_at_work_is_told_with_who_was() -> None:
    it = Watched([OWNER, agent("ben")], [task("two", "ben")])
    assert it.changed("lib/alloy/a/b.c") == [
        "lib/alloy/a/b.c belongs to ann, which was not at work when it was changed; only ben was"
    ]
    [issue] = it.session.issues.values()
    assert (issue.severity, issue.agent, issue.task) == ("warning", "ben", "two")
    assert "locks the file" in issue.suggestion


def test_each_file_is_told_once() -> None:
    it = Watched([OWNER, agent("ben"), agent("cid")], [task("two", "ben"), task("three", "cid")])
    assert it.changed("docs/a.md") == [
        "docs/a.md belongs to ann, which was not at work when it was changed; ben and cid were"
    ]
    assert it.changed("docs/a.md", 70_000) == []
    assert len(it.changed("docs/b.md")) == 1


@pytest.mark.parametrize("path", ["docs/a/b.md", "lib/alloy", "README.md", "", "lib/*"])
def test_what_nobody_owns_is_anybodys(path: str) -> None:
    it = Watched([OWNER, agent("ben")], [task("two", "ben")])
    assert it.changed(path) == []


def test_while_nobody_is_at_work_it_was_a_person() -> None:
    it = Watched([OWNER, agent("ben")], [task("two", "ben", keys=["that never comes"])])
    assert it.changed("docs/a.md") == []


def test_who_has_just_ended_may_have_made_a_change_that_is_noticed_only_now() -> None:
    tasks = [task("one", "ann"), task("two", "ben"), task("three", "ann", needs=["two"])]
    it = Watched([OWNER, agent("ben")], tasks)
    it.end("ann", 20_000)
    assert it.changed("docs/a.md", 20_000 + NOTICED_LATER) == []
    assert len(it.changed("docs/a.md", 20_001 + NOTICED_LATER)) == 1


def test_who_has_just_ended_may_also_be_the_one_who_did_it() -> None:
    it = Watched([OWNER, agent("ben")], [task("two", "ben"), task("one", "ann", needs=["two"])])
    it.session.tasks[TaskId("one")].doubtful = True  # so that ann does not begin it
    it.end("ben", 20_000)
    assert len(it.changed("docs/a.md", 20_000 + NOTICED_LATER)) == 1
    assert it.changed("docs/b.md", 20_001 + NOTICED_LATER) == []


def test_who_has_locked_a_file_may_change_it() -> None:
    it = Watched([OWNER, agent("ben")], [task("two", "ben", locks=["docs/a.*"])])
    assert it.changed("docs/a.md") == []
    assert len(it.changed("docs/b.md")) == 1


def test_what_a_task_owns_is_its_agents_only_meanwhile() -> None:
    tasks = [task("two", "ben", owns=["docs/a.md"]), task("three", "cid")]
    it = Watched([OWNER, agent("ben"), agent("cid")], tasks)
    assert it.changed("docs/a.md") == []
    it.end("ben", 70_000)
    assert it.changed("docs/a.md", 70_000 + NOTICED_LATER) == []
    assert it.changed("docs/a.md", 70_001 + NOTICED_LATER) == [
        "docs/a.md belongs to ann, which was not at work when it was changed; only cid was"
    ]


def test_of_very_many_files_it_is_told_once_that_there_are_more() -> None:
    it = Watched([OWNER, agent("ben")], [task("two", "ben")])
    said = [text for n in range(MOST + 5) for text in it.changed(f"docs/{n}.md")]
    assert len(said) == MOST + 1
    assert said[-1] == (
        f"more than {MOST} files that belong to ann were changed while it was not at work"
    )
