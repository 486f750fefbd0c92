"""The hook that is run after an agent has changed files of its own."""

from mop_tui.decisions.rules import RuleBook
from mop_tui.decisions.standard import RULES
from mop_tui.domain.events import (
    AnyEvent,
    FileModified,
    SystemDecided,
    SystemDone,
    SystemIntended,
    SystemStarted,
)
from mop_tui.domain.ids import ActionId, AgentId
from mop_tui.domain.plan import Mode
from mop_tui.orchestrator.effects import Start
from mop_tui.orchestrator.engine import Engine
from sessions import agent, plan, task


class Edited:
    """A session in which `writer`, who owns `docs/` and has a hook, is at work beside `tester`."""

    def __init__(self) -> None:
        what = plan(
            [agent("writer", owns=["docs/"], real=True), agent("tester", real=True)],
            [task("write", "writer"), task("check", "tester")],
            hooks={"writer": ["post_edit"]},
        )
        self.engine = Engine(what, RuleBook(what, RULES))
        self.events: list[AnyEvent] = []
        started = SystemStarted(
            "it", "", "", Mode.LIVE, attended=False, max_agents=None, teams=what.teams
        )
        for effect in self.engine.receive(started, 0, None).effects:
            if isinstance(effect, Start):
                done = SystemDone(effect.action, "start_process", effect.agent)
                self.engine.receive(done, 0, effect.seq)

    def changed(self, path: str) -> list[AnyEvent]:
        return self.engine.receive(FileModified(path, "1"), 1_000, None).events

    def done(self, action: ActionId) -> list[AnyEvent]:
        done = SystemDone(action, "run_hook", AgentId("writer"))
        return self.engine.receive(done, 2_000, 1).events


def hooks(events: list[AnyEvent]) -> list[SystemIntended]:
    return [
        event.data
        for event in events
        if isinstance(event.data, SystemIntended) and event.data.about == "post_edit"
    ]


def test_a_change_of_ones_own_file_runs_the_hook() -> None:
    (hook,) = hooks(Edited().changed("docs/a.md"))
    assert (hook.agent, hook.task, hook.files) == ("writer", "write", ("docs/a.md",))


def test_a_change_of_another_file_runs_nothing() -> None:
    assert hooks(Edited().changed("src/a.py")) == []


def test_what_changes_meanwhile_comes_in_the_next_run_and_all_at_once() -> None:
    edited = Edited()
    (first,) = hooks(edited.changed("docs/a.md"))
    refused = [e.data for e in edited.changed("docs/b.md") if isinstance(e.data, SystemDecided)]
    assert [(d.rule, d.verdict) for d in refused] == [("after_edit", "no")]
    assert hooks(edited.changed("docs/c.md")) == []
    (second,) = hooks(edited.done(first.action))
    assert second.files == ("docs/b.md", "docs/c.md")
    assert hooks(edited.done(second.action)) == []


def test_a_hook_that_changes_the_file_it_was_told_of_is_not_called_again() -> None:
    edited = Edited()
    (hook,) = hooks(edited.changed("docs/a.md"))
    assert hooks(edited.changed("docs/a.md")) == []
    assert hooks(edited.done(hook.action)) == []
