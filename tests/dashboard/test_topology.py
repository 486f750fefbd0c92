"""The topology: what is drawn, what its keys do, and that it is drawn anew only when it changed."""

import subprocess
import sys
from dataclasses import dataclass, replace

import pytest
from dashboard.desk import Desk, at_desk
from dashboard.plays import coordinated, crowd, mop_platform
from dashboard.stage import Recording, Stage

from mop_tui.dashboard.detail_dialog import DetailDialog
from mop_tui.dashboard.line import ELLIPSIS
from mop_tui.dashboard.overview import Overview
from mop_tui.dashboard.question_dialog import QuestionDialog
from mop_tui.dashboard.sketch import ALARM
from mop_tui.dashboard.topology_map import MANY, TopologyMap
from mop_tui.dashboard.topology_screen import TopologyScreen
from mop_tui.dashboard.why_dialog import WhyDialog
from mop_tui.domain import events as e
from mop_tui.domain.coordination import Coordination, Figures, RelayLoad
from mop_tui.domain.feed import Steer, SwitchTopology
from mop_tui.domain.ids import AgentId, DeadlockId, MemoryKey
from mop_tui.domain.session import Snapshot
from mop_tui.domain.subject import Subject
from mop_tui.domain.topology import SHAPES, Shape
from mop_tui.domain.wait_graph import Node

WIDE = (120, 40)


def drawing(desk: Desk) -> TopologyMap:
    assert isinstance(desk.app.screen, TopologyScreen)
    return desk.app.screen.query_one(TopologyMap)


@pytest.mark.parametrize("way_back", ["escape", "b", "q"])
async def test_one_key_opens_it_and_three_lead_back(way_back: str) -> None:
    async with at_desk(coordinated("hierarchical")) as desk:
        await desk.press("b")
        assert "Topology  hierarchical" in desk.text()
        await desk.press(way_back)
        assert isinstance(desk.app.screen, Overview)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("size", [(40, 20), (80, 24), (200, 50)])
async def test_every_agent_has_a_box_in_every_shape(shape: Shape, size: tuple[int, int]) -> None:
    stage = coordinated(shape)
    async with at_desk(stage, size) as desk:
        await desk.press("b")
        boxes = drawing(desk).chart.boxes
        assert set(boxes) == {("agent", name) for name in stage.session.agents}
        assert f"Topology  {shape}" in desk.text()
        assert "boss" in desk.text()


async def test_a_box_tells_name_state_and_what_its_agent_does() -> None:
    async with at_desk(coordinated("hierarchical"), WIDE) as desk:
        await desk.press("b")
        assert "\u25b8 mason" in desk.text()
        assert "ACTIVE 40% walls" in desk.text()
        assert "AVAILABLE paint" in desk.text()


async def test_without_colours_state_is_still_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    async with at_desk(coordinated("star", stuck=True), WIDE) as desk:
        await desk.press("b", "down")
        assert "ACTIVE 40% walls" in desk.text()
        assert f"{ALARM} \u25b8 mason" in desk.text()


async def test_arrows_select_and_enter_tells_all() -> None:
    async with at_desk(coordinated("hierarchical"), WIDE) as desk:
        await desk.press("b")
        assert drawing(desk).here == ("agent", "boss")
        await desk.press("down")
        below = drawing(desk).here
        assert below in (("agent", "architect"), ("agent", "foreman"))
        await desk.press("right", "left", "up")
        assert drawing(desk).here == ("agent", "boss")
        await desk.press("tab", "enter")
        assert isinstance(desk.app.screen, DetailDialog)
        assert desk.app.screen.subject == Subject(agent=AgentId("architect"))


async def test_keys_of_agents_are_about_the_selected_box() -> None:
    stage = coordinated("ring")
    async with at_desk(stage, WIDE) as desk:
        await desk.press("b", "slash", *"mason", "enter", "p")
        assert stage.commands == [Steer("pause", AgentId("mason"))]
        assert "= mason" in desk.text()
        await desk.press("w")
        assert isinstance(desk.app.screen, WhyDialog)


async def test_a_question_opens_over_it() -> None:
    stage = coordinated("mesh")
    async with at_desk(stage) as desk:
        await desk.press("b")
        stage.ask("Shall we go on?", task="walls")
        await desk.wait(3)
        assert isinstance(desk.app.screen, QuestionDialog)
        await desk.wait(3)
        await desk.press("escape")
        assert isinstance(desk.app.screen, TopologyScreen)


async def test_teams_fold_and_open() -> None:
    async with at_desk(coordinated("mesh"), WIDE) as desk:
        await desk.press("b", "slash", *"mason", "enter", "f")
        here = drawing(desk)
        assert here.here == ("team", "build")
        assert ("agent", "mason") not in here.chart.boxes
        assert "\u25b8 Build" in desk.text()
        assert "4 \u25b82" in desk.text(), "four of whom two are active"
        await desk.press("enter")
        assert here.here == ("agent", "foreman")
        await desk.press("c")
        assert {key[0] for key in here.chart.boxes} == {"agent", "team"}, (
            "the boss is alone in its team"
        )
        assert len(here.chart.boxes) == 3
        await desk.press("c")
        assert len(here.chart.boxes) == 8


async def test_searching_opens_a_folded_team() -> None:
    async with at_desk(coordinated("star"), WIDE) as desk:
        await desk.press("b", "c", "slash", *"WELD")
        assert drawing(desk).here == ("agent", "welder")
        assert "1 found" in desk.text()
        await desk.press("x")
        assert "not found" in desk.text()
        await desk.press("escape")
        assert isinstance(desk.app.screen, TopologyScreen)


async def test_sizes_and_panning_and_what_is_off_the_screen() -> None:
    async with at_desk(coordinated("hierarchical"), (60, 20)) as desk:
        await desk.press("b")
        assert "off screen" not in desk.text()
        await desk.press("z")
        here = drawing(desk)
        assert "off screen" in desk.text()
        assert all(box.height == 4 for box in here.chart.boxes.values())
        before = here.scroll_offset
        await desk.press("shift+down", "shift+down")
        assert here.scroll_offset.y > before.y
        await desk.press("z", "z", "z")
        assert all(box.height == 1 for box in here.chart.boxes.values())
        await desk.press("z")
        assert "off screen" not in desk.text()


async def test_the_selected_box_is_brought_into_view() -> None:
    async with at_desk(crowd(60, 3), (60, 20)) as desk:
        await desk.press("b", "slash", *"0059", "enter")
        here = drawing(desk)
        assert "agent-0059" in desk.text()
        assert here.scroll_offset != (0, 0)


async def test_a_state_that_changes_is_painted_and_nothing_is_laid_out_anew() -> None:
    stage = coordinated("hierarchical")
    async with at_desk(stage, WIDE) as desk:
        await desk.press("b")
        before = drawing(desk).chart
        stage.progress("mason", 75)
        await desk.look()
        assert "ACTIVE 75% walls" in desk.text()
        assert drawing(desk).chart is before


async def test_who_joins_and_another_shape_are_drawn_anew() -> None:
    stage = coordinated("hierarchical")
    async with at_desk(stage, WIDE) as desk:
        await desk.press("b", "tab")
        before = drawing(desk).here
        stage.spawn("glazier", "build")
        await desk.look()
        assert "glazier" in desk.text()
        stage.happen(e.SystemTopologyChanged("hierarchical", "star"))
        await desk.look()
        assert "Topology  star" in desk.text()
        assert drawing(desk).here == before


async def test_the_other_layer_shows_what_waits_for_what() -> None:
    async with at_desk(coordinated("star"), WIDE) as desk:
        await desk.press("b", "W")
        here = drawing(desk)
        assert set(here.chart.boxes) == {
            ("task", "paint"), ("task", "walls"), ("task", "frame"),
            ("key", "drawings"), ("task", "plans"), ("task", "manual"),
        }  # fmt: skip
        boxes = here.chart.boxes
        assert boxes["task", "plans"].y < boxes["key", "drawings"].y < boxes["task", "manual"].y
        assert "task PENDING painter" in desk.text()
        await desk.press("W")
        assert ("agent", "boss") in here.chart.boxes


async def test_where_nothing_waits_it_says_so() -> None:
    async with at_desk(mop_platform()) as desk:
        await desk.press("b", "W")
        assert "Nothing waits" not in desk.text()
    stage = Stage()
    stage.begin()
    async with at_desk(stage) as desk:
        await desk.press("b")
        assert "No agent has joined yet." in desk.text()
        await desk.press("W", "enter", "down", "tab", "f", "z", "y")
        assert "Nothing waits for anything." in desk.text()


async def test_many_that_wait_for_the_same_are_counted_until_they_are_wanted() -> None:
    stage = coordinated("mesh")
    for number in range(20):
        stage.plan(f"copy-{number}", needs_keys=(MemoryKey("drawings"),))
    async with at_desk(stage, WIDE) as desk:
        await desk.press("b", "W")
        assert "21 tasks" in desk.text()
        await desk.press("slash", *"drawings", "enter", "down", "enter")
        assert ("task", "copy-19") in drawing(desk).chart.boxes


async def test_a_deadlock_is_drawn_told_and_gone_to_in_both_layers() -> None:
    stage = coordinated("hierarchical")
    async with at_desk(stage, WIDE) as desk:
        await desk.press("b")
        assert "deadlock" not in desk.text().lower(), "neither below nor among the keys"
        for event in coordinated("hierarchical", stuck=True).happened[len(stage.happened) :]:
            stage.happen(event.data)
        await desk.look()
        assert f"{ALARM} mason waits for the lock on crane" in desk.text()
        assert "lock crane" in desk.text()
        assert "! Deadlock" in desk.lines()[-1]
        assert "\u25b8\u2503" in desk.text(), "an arrow leads along the circle"
        await desk.press("!")
        first = drawing(desk).here
        await desk.press("!")
        assert first is not None
        assert first[:2] == ("task", "walls")
        assert drawing(desk).here == ("lock", "crane", "knot 0")
        await desk.press("W")
        assert f"{ALARM} mason waits for the lock on crane" in desk.text()
        await desk.press("W")
        stage.happen(e.SystemDeadlockCleared(DeadlockId("d1")))
        await desk.look()
        assert ALARM not in desk.text()


@pytest.mark.parametrize("size", [(40, 20), (80, 24)])
async def test_a_sentence_too_long_for_its_lines_is_cut_visibly(size: tuple[int, int]) -> None:
    said = "mason waits for the lock on crane; " * 8
    stage = coordinated("mesh")
    stage.happen(
        e.SystemDeadlockFound(
            DeadlockId("d1"), (Node("task", "manual"),), Node("key", "ink"), said.strip()
        )
    )
    async with at_desk(stage, size) as desk:
        await desk.press("b")
        assert desk.lines()[-2].rstrip().endswith(ELLIPSIS)


async def test_what_waits_for_nobody_any_more_is_no_circle() -> None:
    stage = coordinated("mesh")
    stage.happen(
        e.SystemDeadlockFound(
            DeadlockId("d1"), (Node("task", "manual"),), Node("key", "ink"), "nobody has ink"
        )
    )
    async with at_desk(stage, WIDE) as desk:
        await desk.press("b")
        assert f"{ALARM} for ever" in desk.text()
        arrows = [it for it in drawing(desk).chart.strokes if it.kind == "cycle"]
        assert len(arrows) == 1


async def test_in_a_replay_it_follows_time() -> None:
    recording = Recording.of(coordinated("hierarchical"))
    async with at_desk(recording, WIDE) as desk:
        await desk.press("b")
        assert "No agent has joined yet." in desk.text()
        await desk.press("end")
        await desk.look()
        assert "ACTIVE 40% walls" in desk.text()
        assert recording.position == len(recording.happened)
        await desk.press("comma")
        await desk.look()
        assert recording.position == len(recording.happened) - 1
        assert "40%" not in desk.text()


async def test_another_shape_is_asked_for_by_hand() -> None:
    stage = coordinated("hierarchical")
    async with at_desk(stage) as desk:
        await desk.press("b", "X", *"triangle", "enter", "enter")
        assert not stage.commands
        assert "It is not said which" in desk.text()
        await desk.press("up", *"ring", "enter", *"too slow", "enter")
        assert stage.commands == [SwitchTopology("ring", "too slow")]


async def test_very_many_begin_folded_and_are_opened_without_a_stop() -> None:
    agents = MANY + 200
    async with at_desk(crowd(agents, 5), WIDE) as desk:
        await desk.press("b")
        here = drawing(desk)
        assert here.count == 5
        await desk.press("c")
        await desk.until(lambda: here.count == agents)
        assert here.here is not None
        assert here.here[0] == "agent"


async def test_a_click_selects_and_two_tell_all() -> None:
    async with at_desk(coordinated("star"), WIDE) as desk:
        await desk.press("b")
        here = drawing(desk)
        place = here.chart.boxes["agent", "welder"]
        await desk.pilot.click(here, offset=(place.x + 2, place.y + 1))
        assert here.here == ("agent", "welder")
        await desk.pilot.click(here, offset=(place.x + 2, place.y + 1), times=2)
        assert isinstance(desk.app.screen, DetailDialog)


@dataclass
class Talking(Stage):
    """A stage on which messages pass the foreman, and some wait there."""

    def snapshot(self) -> Snapshot:
        load = RelayLoad(3, 5, 41, 41 * 400, 380, 41 * 900, 0)
        figures = Coordination(now=Figures(overhead=0.124), relays={AgentId("foreman"): load})
        return replace(super().snapshot(), coordination=figures)


async def test_what_coordination_costs_is_told_where_it_is_measured() -> None:
    quiet = coordinated("hierarchical")
    async with at_desk(quiet, WIDE) as desk:
        await desk.press("b")
        assert "overhead" not in desk.text()
    stage = Talking()
    for event in quiet.happened:
        stage.happen(event.data)
    async with at_desk(stage, WIDE) as desk:
        await desk.press("b", "slash", *"foreman", "enter")
        assert "overhead 12%" in desk.text()
        assert "AVAILABLE 3 to relay" in desk.text()
        assert "relays: 3 wait, 41 handled, 0.4 s each" in desk.text()


def test_networkx_takes_no_time_before_the_topology_is_wanted() -> None:
    program = "import sys, mop_tui.dashboard.app; print('networkx' in sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stdout == "False\n"
