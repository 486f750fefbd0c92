"""Triggers are listed, explained, fired, muted and disabled, and no single key does harm."""

import re

import pytest
from dashboard.desk import Desk, at_desk
from dashboard.plays import ERRORS, FILES, GATE, triggered
from dashboard.stage import Recording, Stage

from mop_tui.dashboard.detail_dialog import DetailDialog
from mop_tui.dashboard.looks import UNKNOWN
from mop_tui.dashboard.steer_dialog import AutoSpawnDialog, SteerDialog
from mop_tui.dashboard.triggers_dialog import TriggersDialog
from mop_tui.dashboard.why_dialog import WhyDialog
from mop_tui.domain import events as e
from mop_tui.domain.feed import AutoSpawn, Command, Seen, SteerTrigger

SIZES = pytest.mark.parametrize("size", [(40, 20), (80, 24), (250, 70)], ids=str)


def commands(stage: Stage) -> list[Command]:
    return [command for command in stage.commands if not isinstance(command, Seen)]


def said(desk: Desk) -> str:
    """What stands on the screen, without borders and the breaks of lines."""
    return re.sub(r"[\s│▁-█]+", " ", desk.text())


@SIZES
async def test_t_lists_all_triggers_at_any_size(size: tuple[int, int]) -> None:
    async with at_desk(triggered(), size) as desk:
        await desk.press("T")
        assert isinstance(desk.app.screen, TriggersDialog)
        assert "Triggers, auto-spawn on: all 3" in desk.text()
        for name in (FILES, ERRORS, GATE):
            assert name in desk.text()
        await desk.press("T")
        assert len(desk.app.screen_stack) == 1


async def test_a_row_says_what_it_waits_for_does_and_did() -> None:
    async with at_desk(triggered(), (160, 40)) as desk:
        await desk.press("T")
        row = desk.line_with(f"ARMED {FILES}")
        assert "file created environments/*/observability/obi-*.yaml → spawns obi-spec" in row
        assert re.search(r"9,900 refused by total +1. +12s", row)
        assert "error deployment_failed → spawns devops-troubleshooter" in desk.text()
        assert "deploying to production → asks you to let it" in desk.text()


async def test_all_is_told_below_the_list_and_on_enter() -> None:
    told = [
        "if event.path is anything but obi-old.yaml",
        "what to do Deploy ${event.path}",
        "fired once",
        "refused 9,900 times, by limits.total",
        "spawned obi-specialist-1 (ACTIVE)",
        "tasks new-config-1 (ACTIVE)",
        "may fire 20,000 times, at most",
        "rests 10s after it has fired",
    ]
    async with at_desk(triggered(), (120, 60)) as desk:
        await desk.press("T")
        assert all(part in said(desk) for part in told)
        await desk.press("enter")
        assert isinstance(desk.app.screen, DetailDialog)
        assert f"Trigger {FILES}" in desk.text()
        assert all(part in said(desk) for part in told)


async def test_w_tells_why_it_fired_back_to_the_file() -> None:
    stage = triggered()
    stage.happened = [event for event in stage.happened if event.kind != "system.refused"]
    stage = rebuilt(stage)
    async with at_desk(stage, (120, 40)) as desk:
        await desk.press("T", "w")
        assert isinstance(desk.app.screen, WhyDialog)
        assert f"What {FILES} did last, and why" in desk.text()
        assert "rule trigger/new-config decided: environments/dev/observability" in desk.text()
        assert "obi-1.yaml was created" in desk.line_with("here it begins")


def rebuilt(stage: Stage) -> Stage:
    """Return a stage on which the same happened."""
    other = Stage(time=stage.time)
    for event in stage.happened:
        cause = event.cause if event.cause is None or event.cause < 6 else len(other.happened)
        other.happen(event.data, cause)
    return other


# -- what can be done -----------------------------------------------------------------------------


async def test_m_mutes_and_arms() -> None:
    stage = triggered()
    async with at_desk(stage, (100, 30)) as desk:
        await desk.press("T", "m")
        assert commands(stage) == [SteerTrigger("mute", FILES)]
        assert "MUTED" in desk.line_with(FILES)
        assert "2 of 3 armed" in desk.text()
        await desk.press("m")
        assert commands(stage)[1:] == [SteerTrigger("arm", FILES)]
        assert "ARMED" in desk.line_with(FILES)


@pytest.mark.parametrize(("key", "do"), [("f", "fire"), ("x", "disable")])
@pytest.mark.parametrize("where", ["row", "view"])
async def test_firing_and_disabling_ask_first_and_take_a_reason(
    key: str, do: str, where: str
) -> None:
    stage = triggered()
    async with at_desk(stage, (100, 40)) as desk:
        await desk.press("T", *(["enter"] if where == "view" else []), key)
        assert isinstance(desk.app.screen, SteerDialog)
        assert f"{do.capitalize()} {FILES}?" in desk.text()
        assert "new-config is armed, and has fired once." in said(desk)
        await desk.press("enter")
        assert commands(stage) == []
        await desk.press(key, "shift+tab", *"why not", "enter", "enter")
        assert commands(stage) == [SteerTrigger(do, FILES, "why not")]  # type: ignore[arg-type]


@pytest.mark.parametrize("key", ["enter", "escape", "n", "y", "f", "x", "m", "space"])
async def test_no_single_key_fires_or_disables_anything(key: str) -> None:
    stage = triggered()
    async with at_desk(stage) as desk:
        await desk.press("T", "f", key)
        assert commands(stage) == []


async def test_a_gate_can_only_be_looked_at() -> None:
    stage = triggered()
    async with at_desk(stage, (100, 30)) as desk:
        await desk.press("T", "G")
        assert "w Why" in desk.text()
        for offered in ("f Fire", "m Mute", "x Disable"):
            assert offered not in desk.text()
        assert "nothing but your answer opens it" in said(desk)
        await desk.press("f", "m", "x")
        assert commands(stage) == []


async def test_auto_spawn_is_shown_and_switched_after_asking() -> None:
    stage = triggered()
    async with at_desk(stage, (120, 30)) as desk:
        assert "auto-spawn off" not in desk.text()
        await desk.press("A")
        assert isinstance(desk.app.screen, AutoSpawnDialog)
        await desk.press("enter", "T", "A", "right", "enter")
        assert commands(stage) == [AutoSpawn(on=False)]
        assert "auto-spawn off: all 3 armed" in desk.text()
        await desk.press("escape")
        assert "Triggers 3  1 fired  9,900 refused  auto-spawn off" in desk.text()
        await desk.press("A", "right", "enter")
        assert commands(stage)[1:] == [AutoSpawn(on=True)]


async def test_why_a_trigger_could_not_be_fired_is_told() -> None:
    stage = triggered()
    async with at_desk(stage, (100, 30), notices=True) as desk:
        await desk.press("T", "j", "f", "right", "enter")
        command = stage.happened[-1]
        assert command.data.command == "fire_trigger"
        no = "operator fires it, but limits.total is 100, and 100 agents are there"
        stage.happen(e.SystemDecided("trigger/rescue", "no", no), command.seq)
        await desk.look()
        assert "Refused: Fire rescue" in said(desk)
        assert "limits.total is 100" in said(desk)


# -- elsewhere ------------------------------------------------------------------------------------


async def test_an_issue_of_a_trigger_counts_how_often() -> None:
    stage = triggered()
    async with at_desk(stage, (100, 40)) as desk:
        assert "\N{MULTIPLICATION SIGN}9,900 trigger new-config spawns no more" in desk.text()
        stage.happen(e.SystemRefused(FILES, "total"))
        await desk.look()
        assert "\N{MULTIPLICATION SIGN}9,901" in desk.text()


async def test_agent_and_task_say_what_brought_them_in() -> None:
    async with at_desk(triggered(), (120, 40)) as desk:
        await desk.press("G", "enter")
        assert re.search(r"spawned by trigger new-config, because of event \d+", said(desk))
        await desk.press("escape", "tab", "enter")
        assert "created by trigger new-config" in said(desk)
        assert "because environments/dev/observability/obi-1.yaml came" in said(desk)


async def test_a_proposal_says_who_proposes_it() -> None:
    stage = triggered()
    async with at_desk(stage, (100, 30)) as desk:
        stage.ask(
            "Spawn obi-specialist, because a file came?",
            context=(("because", "a file came"), ("what is spawned", ["obi-specialist"])),
            trigger=FILES,
        )
        await desk.look()
        await desk.press("T", "enter", "a")
        assert "Trigger new-config asks" in said(desk)
        assert "what is spawned   - obi-specialist" in re.sub(r" *▌", "", desk.in_the_dialog())


async def test_without_triggers_there_is_no_view_of_them() -> None:
    stage = Stage()
    stage.begin()
    async with at_desk(stage, (100, 30)) as desk:
        assert "Triggers" not in desk.text()
        await desk.press("T", "A")
        assert len(desk.app.screen_stack) == 1


async def test_in_a_replay_triggers_are_as_they_were_and_nothing_can_be_done() -> None:
    recording = Recording.of(triggered())
    async with at_desk(recording, (100, 30)) as desk:
        recording.seek(1)
        await desk.look()
        await desk.press("T")
        assert UNKNOWN in desk.line_with(f"ARMED {FILES}")
        for offered in ("f Fire", "m Mute", "x Disable", "A Auto-spawn"):
            assert offered not in desk.text()
        await desk.press("f", "m", "x", "A")
        assert isinstance(desk.app.screen, TriggersDialog)
        recording.seek(len(recording.happened))
        await desk.look()
        assert "9,900 refused" in desk.line_with(f"ARMED {FILES}")
        recording.seek(0)
        await desk.look()
        assert "The layout has no triggers." in desk.text()
        await desk.press("escape", "s", "C", "M")
        assert len(desk.app.screen_stack) == 1
