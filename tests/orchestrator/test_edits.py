"""The hook that is run after an agent has changed files of its own."""

from pathlib import Path

from hands import Hand, Hands

from mop_tui.agents.host import Assignment, Told
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
from mop_tui.domain.feed import CancelTask
from mop_tui.domain.ids import ActionId, AgentId, TaskId
from mop_tui.domain.plan import Mode
from mop_tui.orchestrator.effects import Start
from mop_tui.orchestrator.engine import Engine
from sessions import agent, plan, play, task


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
        if isinstance(event.data, SystemIntended) and event.data.effect == "run_hook"
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


def test_who_only_lives_on_after_its_task_was_cancelled_has_no_hook_run(file: Path) -> None:
    what = plan(
        [agent("writer", owns=["docs/"], real=True)],
        [task("write", "writer")],
        hooks={"writer": ["post_edit"]},
    )

    def behave(hand: Hand, heard: Told | None) -> None:
        if hand.job.hook is None and isinstance(heard, Assignment):
            hand.after(60, hand.exit)

    ran = play(
        what,
        file,
        hands=Hands(behave, obeys_stop=20),
        mode=Mode.LIVE,
        operator=[(5, CancelTask(TaskId("write")))],
        outside=[(at, FileModified(f"docs/{at}.md", "1")) for at in (4, 6, 8)],
    )
    assert [(hook.files, hook.task) for hook in hooks(ran.events)] == [(("docs/4.md",), "write")]
