"""The overview as an operator meets it."""

import re

import pytest
from dashboard.desk import Desk, at_desk
from dashboard.plays import crowd, mop_platform, release
from dashboard.stage import SECOND, Recording, Stage, team
from textual.selection import SELECT_ALL

from mop_tui.dashboard.detail_dialog import DetailDialog
from mop_tui.dashboard.event_log import EventLog
from mop_tui.dashboard.issue_list import IssueList
from mop_tui.dashboard.key_line import KeyLine
from mop_tui.dashboard.line import Line
from mop_tui.dashboard.looks import CURSOR, UNKNOWN
from mop_tui.dashboard.quit_dialog import QuitDialog
from mop_tui.dashboard.swarm import Swarm
from mop_tui.dashboard.task_list import TaskList
from mop_tui.domain import events as e
from mop_tui.domain.ids import AgentId, IssueId, TaskId
from mop_tui.domain.plan import Mode


@pytest.mark.parametrize(
    ("stage", "banner"),
    [
        (mop_platform(), "◉ LIVE  "),
        (mop_platform(Mode.REHEARSAL), "~ REHEARSAL  "),
        (Recording.of(mop_platform()), "↻ REPLAY  "),
        (Recording.of(mop_platform(Mode.REHEARSAL)), "↻ REPLAY   of a rehearsal"),
    ],
)
async def test_the_first_line_says_what_this_is_and_where_the_file_is(
    stage: Stage, banner: str
) -> None:
    async with at_desk(stage) as desk:
        await desk.press(*["]"] * 11)
        first = desk.lines()[0]
        assert banner in first
        assert ".jsonl" in first


@pytest.mark.parametrize("width", [40, 80, 200])
async def test_that_nothing_is_recorded_cannot_be_missed(width: int) -> None:
    stage = mop_platform()
    async with at_desk(stage, (width, 24)) as desk:
        assert "!" not in desk.lines()[1]
        stage.trouble = "NOT RECORDING: no space left on the disk of the session file"
        stage.revision += 1
        await desk.look()
        said = " ".join(line.strip(" !") for line in desk.lines()[1:4])
        assert said.startswith("NOT RECORDING: no space left on the disk of the session file")
        stage.trouble = ""
        stage.revision += 1
        await desk.look()
        assert "NOT RECORDING" not in desk.text()


async def test_the_header_says_which_session_how_far_and_how_long() -> None:
    async with at_desk(mop_platform()) as desk:
        names, progress = desk.lines()[1:3]
        assert names.split()[:2] == ["swarm-mop-platform", "sample"]
        assert "Deploy the MOP platform" in names
        assert names.endswith("started 14:30:00")
        assert re.search(r"█+░+ +52% +▸ RUNNING +~ 1 ill +1h15m elapsed", progress)


async def test_a_session_that_ended_says_how_and_its_time_stands_still() -> None:
    stage = mop_platform()
    stage.end("incomplete", "ingress failed")
    async with at_desk(stage, (120, 30)) as desk:
        assert re.search(r"✗ INCOMPLETE +ingress failed +1h15m", desk.lines()[2])
        stage.time += 100_000
        await desk.look()
        assert "1h15m elapsed" in desk.lines()[2]


async def test_an_agent_row_says_state_progress_time_task_and_what_it_does() -> None:
    async with at_desk(mop_platform(), (200, 50)) as desk:
        row = desk.line_with("platform-engineer-prod ")
        said = r"▸ platform-engineer-prod +ACTIVE +85% ━+─ +1h14m +prod-cluster +nodes 17 of 20"
        assert re.search(said, row)


async def test_an_agent_that_is_complete_says_so_beside_a_full_bar() -> None:
    async with at_desk(mop_platform(), (200, 50)) as desk:
        row = desk.line_with("platform-engineer-dev ")
        assert re.search(r"✓ platform-engineer-dev +COMPLETE +100% ━+ ", row)
        assert "─" not in row.partition("dev-namespaces")[0]


async def test_a_team_row_says_how_many_there_are_and_how_far_they_are() -> None:
    stage = mop_platform()
    async with at_desk(stage, (200, 50)) as desk:
        # Of 126 minutes of work, 21 are done, and 85 % of 30 and 60 % of 40.
        row = desk.line_with("Platform Team")
        assert re.search(r"▾ Platform Team  6 agents .* 56% ━━━━━━────", row)
        assert "Observability Team  5 agents" in desk.text()
        assert "DevOps Team  4 agents" in desk.text()
        stage.finish("terraform-specialist", "12 modules")
        await desk.look()
        assert re.search(r" 69% ━━━━━━━───", desk.line_with("Platform Team"))


async def test_what_is_not_known_is_a_dash_and_no_number() -> None:
    async with at_desk(mop_platform(), (200, 50)) as desk:
        assert re.search(rf"DEGRADED +{UNKNOWN} ─+", desk.line_with("grafana-specialist-2 "))


async def test_a_finished_agent_tells_its_result_and_not_what_it_said_on_the_way() -> None:
    stage = mop_platform()
    stage.progress("tester", 80, "looking around")
    stage.finish("tester", "212 passed")
    async with at_desk(stage, (200, 50)) as desk:
        row = desk.line_with("tester ")
        assert "212 passed" in row
        assert "looking around" not in desk.text()


async def test_a_reason_that_does_not_fit_into_the_header_says_so() -> None:
    stage = mop_platform()
    stage.end("incomplete", "the ingress failed, and nobody came to repair it in time")
    async with at_desk(stage) as desk:
        assert re.search(r"INCOMPLETE  the ingress failed, and\S*… ", desk.lines()[2])


async def test_an_idle_agent_says_what_it_waits_for() -> None:
    async with at_desk(mop_platform(), (200, 50)) as desk:
        assert "waits for memory key obi-" in desk.line_with("◦ alloy-specialist")
        assert "waits for prod-cluster an" in desk.line_with("◦ production-validator")


async def test_an_agent_of_the_layout_that_was_not_spawned_is_visible() -> None:
    stage = Stage()
    stage.begin(team("crew", "Crew", "here", "to-come"))
    stage.spawn("here", "crew")
    async with at_desk(stage) as desk:
        assert "not spawned yet" in desk.line_with("to-come")


async def test_tasks_that_nobody_has_are_visible_with_what_they_wait_for() -> None:
    async with at_desk(mop_platform(), (200, 50)) as desk:
        assert "4 with nobody yet" in desk.line_with("Tasks")
        assert "waits for prod-cluster and terraform" in desk.line_with("◌ prod-checks")
        assert "READY" in desk.line_with("◦ handbook")
        assert "with the skill writing, and" in desk.line_with("◦ handbook")


async def test_waiting_for_you_looks_different_from_idle_and_names_the_key() -> None:
    async with at_desk(release()) as desk:
        await desk.wait(1)
        await desk.press("escape")
        inbox = desk.line_with("Waiting for you: Release sample 1.4.0?")
        assert inbox.rstrip().endswith("14:30 left  a answers")
        row = desk.line_with("? publisher")
        assert "waits for your answer to: Release" in row
        assert "? 1 for you" in desk.line_with("Release  2 agents")
        assert "waits for your answer" in desk.line_with("? publish READY")


async def test_issues_are_counted_by_severity_and_the_worst_stands_first() -> None:
    async with at_desk(mop_platform(), (200, 50)) as desk:
        assert "Issues: 1 critical, 1 warning, 0 info" in desk.text()
        lines = desk.lines()
        critical = next(n for n, line in enumerate(lines) if "✗ CRITICAL" in line)
        assert "! WARNING" in lines[critical + 1]
        assert "read the output of devops-trouble" in lines[critical]
        assert lines[critical].endswith(" 5m│")


async def test_events_say_when_and_what_in_words() -> None:
    async with at_desk(mop_platform(), (200, 50)) as desk:
        assert "15:40:00 ✗ ingress failed: exit code 3" in desk.line_with("15:40:00 ✗ ingress")
        assert desk.line_with("14:45:00 ✓ platform-engineer-dev completed dev-namespaces")


async def test_events_of_a_rehearsal_are_told_in_its_own_time() -> None:
    async with at_desk(mop_platform(Mode.REHEARSAL), (200, 50)) as desk:
        assert "1:10:00 ✗ ingress failed" in desk.line_with("✗ ingress failed")


async def test_counts_stand_in_one_line() -> None:
    async with at_desk(mop_platform(), (120, 30)) as desk:
        said = desk.line_with("Agents 15")
        assert "8 active  ~ 1 degraded  3 complete  1 failed" in said
        assert "Tasks 17  1 failed  3 pending  1 ready  9 active  3 complete" in said


async def test_where_room_is_short_nothing_is_counted_that_is_not_there() -> None:
    stage = Stage()
    stage.begin(team("crew", "Crew", "ann"))
    stage.spawn("ann", "crew")
    for number in range(3):
        stage.plan(f"t{number}", agent="ann")
    stage.give("t0", "ann")
    async with at_desk(stage, (120, 30)) as desk:
        assert "Agents 1  1 active  0 complete  0 failed  Tasks 3" in desk.line_with("Agents 1")
    async with at_desk(stage, (50, 30)) as desk:
        assert "Agents 1  1 active  Tasks 3  2 ready  1 active" in desk.line_with("Agents 1")


async def test_time_ticks_without_reading_the_session_again() -> None:
    stage = mop_platform()
    async with at_desk(stage) as desk:
        reads = stage.reads
        stage.time += 60 * SECOND
        await desk.look()
        assert "1h16m elapsed" in desk.text()
        assert stage.reads == reads
        stage.progress("tester", 80)
        await desk.look()
        assert stage.reads == reads + 1


async def test_keys_walk_rows_and_panes() -> None:
    async with at_desk(mop_platform()) as desk:
        assert isinstance(desk.focused(), Swarm)
        await desk.press("down", "j", "j", "k")
        assert "✓ platform-engineer-sta" in desk.line_with(CURSOR)
        seen = []
        for _ in range(4):
            await desk.press("tab")
            seen.append(type(desk.focused()).__name__)
        assert seen == ["TaskList", "IssueList", "EventLog", "Swarm"]


async def test_enter_folds_a_team_and_its_summary_stays() -> None:
    async with at_desk(mop_platform(), (200, 50)) as desk:
        await desk.press("enter")
        assert "▸ Platform Team" in desk.line_with("Platform Team")
        assert "terraform-specialist  ACTIVE" not in desk.text()
        assert "= 1 paused" in desk.line_with("Platform Team")
        await desk.press("right")
        assert "▾ Platform Team" in desk.line_with("Platform Team")
        await desk.press("c")
        assert "obi-specialist  " not in "".join(line[:110] for line in desk.lines())
        await desk.press("c")
        assert "obi-specialist " in desk.text()


async def test_the_cursor_stays_with_its_agent_when_rows_move() -> None:
    stage = mop_platform()
    async with at_desk(stage, (200, 50)) as desk:
        await desk.press(*["down"] * 8)
        assert "obi-specialist" in desk.line_with(CURSOR)
        stage.spawn("latecomer", "platform")
        await desk.look()
        assert "obi-specialist" in desk.line_with(CURSOR)


async def test_enter_tells_all_about_an_agent_and_its_last_words() -> None:
    stage = mop_platform()
    async with at_desk(stage, (100, 40)) as desk:
        await desk.press("c", "c", *["down"] * 17, "enter")
        assert isinstance(desk.app.screen, DetailDialog)
        said = desk.text()
        assert "Agent devops-troubleshooter" in said
        for part in (
            "✗ FAILED",
            "15:40:00, for 5m00s",
            "exit code 3: no healthy upstream",
            "ended with exit code 3",
            "devops in team devops",
            "upstream connect error: connection refused",
        ):
            assert part in said
        await desk.press("escape")
        assert not isinstance(desk.app.screen, DetailDialog)


async def test_details_stay_true_while_they_are_open() -> None:
    stage = mop_platform()
    async with at_desk(stage, (100, 40)) as desk:
        await desk.press("down", "down", "down", "enter")
        assert "85 %" in desk.text()
        stage.progress("platform-engineer-prod", 95, "nodes 19 of 20")
        stage.write("platform-engineer-prod", *(f"node {n} joined" for n in range(300)))
        await desk.look()
        assert "95 %" in desk.text()
        assert "node 299 joined" in desk.text()
        assert "300 lines" in desk.text()


async def test_what_agents_write_cannot_steer_the_terminal() -> None:
    stage = mop_platform()
    stage.write("tester", "\x1b[2J\x1b]0;title\x07harm\u202eless\x9b31m")
    async with at_desk(stage, (200, 50)) as desk:
        assert "harm�less�31m" in desk.text() or "160 of 212" in desk.text()
        await desk.press(*["down"] * 16, "enter")
        assert "harm�less�31m" in desk.text()
        assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e]", desk.text())


async def test_enter_tells_why_a_task_waits_and_what_to_do_about_an_issue() -> None:
    async with at_desk(mop_platform(), (100, 40)) as desk:
        await desk.press("tab", "down", "down", "enter")
        assert "Task prod-checks" in desk.text()
        assert "waits for prod-cluster and terraform" in desk.text()
        await desk.press("escape", "tab", "enter")
        assert "what to do  read the output of devops-troubleshooter" in desk.text()


async def test_an_issue_says_what_led_to_it_and_what_can_be_done_here_and_now() -> None:
    stage = Stage()
    stage.begin(team("crew", "Crew", "ann"))
    stage.spawn("ann", "crew")
    stage.plan("build")
    stage.give("build", "ann")
    name, task = AgentId("ann"), TaskId("build")
    cause = stage.happen(e.AgentErred(name, 1, task, "disk", "no space is left", "protocol")).seq
    opened = e.SystemIssueOpened(IssueId("i1"), "warning", "ann may be stuck", "", name, task)
    stage.happen(opened, cause)
    async with at_desk(stage, (100, 40)) as desk:
        desk.app.query_one(IssueList).focus()
        await desk.press("enter")
        assert "no space is left" in desk.line_with("led to by")
        said = "restart ann (r on its row), or cancel build (x on its row)"
        assert said in desk.line_with("what to do")
        stage.end("incomplete", "it was stopped")
        await desk.look()
        assert "what to do" not in desk.text(), "nothing can be done any more"


@pytest.mark.parametrize("width", [40, 60, 80, 120, 200])
async def test_every_width_shows_banner_progress_states_and_counts(width: int) -> None:
    async with at_desk(mop_platform(), (width, 24)) as desk:
        said = desk.text()
        for part in ("LIVE", "52%", "RUNNING", "COMPLETE", "ACTIVE", "Tasks", "Issues", "Events"):
            assert part in said
        assert "q Quit" in desk.lines()[-1]
        assert all(len(line) <= width for line in desk.lines())


async def test_wide_terminals_put_agents_beside_the_rest() -> None:
    async with at_desk(mop_platform(), (200, 50)) as desk:
        assert "Agents" in desk.line_with("Tasks")
    async with at_desk(mop_platform(), (80, 50)) as desk:
        assert "Agents" not in desk.line_with("Tasks")


async def test_zoom_gives_one_pane_the_screen_and_takes_it_back() -> None:
    async with at_desk(mop_platform()) as desk:
        await desk.press("z")
        assert "devops-troubleshooter" in desk.text()
        assert "Events" not in desk.text()
        await desk.press("z")
        assert "Events" in desk.text()


async def test_zoom_leaves_in_view_what_must_never_be_missed() -> None:
    stage = release()
    async with at_desk(stage) as desk:
        await desk.wait(1.5)
        await desk.press("escape", "z")
        assert "LIVE" in desk.lines()[0]
        assert "Waiting for you: Release sample 1.4.0?" in desk.text()
        assert "? Help" in desk.lines()[-1]
        assert "Events" not in desk.text()
        stage.trouble = "NOT RECORDING: no space left"
        stage.revision += 1
        await desk.look()
        assert "NOT RECORDING" in desk.text()
        assert "linter" in desk.text()


async def test_of_very_many_agents_only_visible_rows_are_made(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    made: list[int] = []
    line = Swarm.line

    def counted(self: Swarm, index: int, width: int) -> Line:
        made.append(index)
        return line(self, index, width)

    monkeypatch.setattr(Swarm, "line", counted)
    stage = crowd(1_500)
    async with at_desk(stage, (200, 50)) as desk:
        assert max(made) < 60
        assert len(list(desk.app.screen.query("*"))) < 60, "a widget per agent"
        await desk.press("c", "end")
        assert "agent-1499" in desk.text()
        made.clear()
        stage.progress("agent-0000", 50)
        await desk.look()
        assert min(made) > 1_400
        assert len(made) < 500


async def test_an_event_elsewhere_repaints_no_row(monkeypatch: pytest.MonkeyPatch) -> None:
    stage = crowd(1_500)
    async with at_desk(stage, (200, 50)) as desk:
        swarm = desk.app.screen.query_one(Swarm)
        await desk.press("c")
        painted: list[int] = []
        monkeypatch.setattr(swarm, "refresh_line", painted.append)
        stage.progress("agent-1499", 50)
        await desk.look()
        assert painted == []
        stage.progress("agent-0000", 50)
        await desk.look()
        assert len(painted) == 2, "the agent and its team"


async def test_without_colours_everything_is_said_by_signs_and_words(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with at_desk(release(), (120, 40)) as desk:
        await desk.wait(1)
        coloured = _words(desk)
        assert len(_fills(desk)) > 10
    monkeypatch.setenv("NO_COLOR", "1")
    async with at_desk(release(), (120, 40)) as desk:
        await desk.wait(1)
        assert _words(desk) == coloured
        assert len(_fills(desk)) <= 3, "the terminal's own: plain, dim, background"


def _words(desk: Desk) -> list[str]:
    """Words and signs, frames aside."""
    return re.findall(r"[\w.:,!?%✓✗◉◦▸]+", desk.text())


def _fills(desk: Desk) -> set[str]:
    picture = desk.app.export_screenshot().lower()
    window_buttons = {"#ff5f57", "#febc2e", "#28c840"}
    return set(re.findall(r"fill(?::|=\") ?(#[0-9a-f]{6})", picture)) - window_buttons


@pytest.mark.parametrize("theme", ["mop-light", "textual-light", "nord", "ansi-dark"])
async def test_other_themes_work(theme: str) -> None:
    async with at_desk(mop_platform(), (200, 50)) as desk:
        before = desk.text()
        desk.app.theme = theme
        await desk.look()
        assert desk.text() == before


async def test_t_changes_between_light_and_dark() -> None:
    async with at_desk(mop_platform()) as desk:
        await desk.press("t")
        assert not desk.app.current_theme.dark
        await desk.press("t")
        assert desk.app.current_theme.dark


async def test_rows_can_be_copied() -> None:
    async with at_desk(mop_platform(), (200, 50)) as desk:
        tasks = desk.app.screen.query_one(TaskList)
        desk.app.screen.selections = {tasks: SELECT_ALL}
        copied = desk.app.screen.get_selected_text()
        assert copied is not None
        assert "waits for prod-cluster and terraform" in copied
        assert len(copied.splitlines()) == 17


async def test_ctrl_c_copies_what_is_selected_and_then_quits_again() -> None:
    async with at_desk(mop_platform(), (200, 50), notices=True) as desk:
        tasks = desk.app.screen.query_one(TaskList)
        desk.app.screen.selections = {tasks: SELECT_ALL}
        await desk.press("ctrl+c")
        assert "waits for prod-cluster and terraform" in desk.app.clipboard
        assert "Copied." in desk.text()
        await desk.press("ctrl+c")
        assert isinstance(desk.app.screen, QuitDialog)


async def test_help_lists_the_keys_that_work_here() -> None:
    async with at_desk(mop_platform(), (100, 60)) as desk:
        await desk.press("question_mark")
        said = desk.text()
        assert "Answer the oldest open question" in said
        assert re.search(r"to approve +y, then enter", said)
        assert "Play or pause" not in said
    async with at_desk(Recording.of(mop_platform()), (100, 60)) as desk:
        await desk.press("question_mark")
        assert "Play or pause" in desk.text()
        assert "Answer the oldest open question" not in desk.text()
    async with at_desk(Recording.of(mop_platform()), (100, 120)) as desk:
        await desk.press("question_mark")
        said = desk.text()
        assert "_sign" not in said
        assert re.search(r"< {9,}Former decision", said)
        assert re.search(r"\N{MINUS SIGN} {9,}Slower", said)


async def test_the_last_line_names_the_keys_of_this_place_and_they_can_be_clicked() -> None:
    async with at_desk(mop_platform()) as desk:
        keys = desk.lines()[-1]
        named = [" ⏎ More", "tab Pane", "a Answer", "L Timeline", "b Topology"]
        named += ["? Help", "q Quit"]
        assert re.split("  +", keys) == named
        await desk.pilot.click(KeyLine, offset=(keys.index("tab"), 0))
        await desk.look()
        assert isinstance(desk.focused(), TaskList)
        await desk.pilot.click(KeyLine, offset=(keys.index("Quit") + 1, 0))
        await desk.look()
        assert isinstance(desk.app.screen, QuitDialog)


async def test_an_empty_session_says_so() -> None:
    async with at_desk(Stage()) as desk:
        said = desk.text()
        assert "No agent has joined yet." in said
        assert "No task has been planned yet." in said
        assert "Nothing has happened yet." in said
        assert "STARTING" in said
        assert isinstance(desk.app.screen.query_one(EventLog), EventLog)


async def test_a_paused_agent_says_by_whom_in_its_details() -> None:
    stage = mop_platform()
    assert stage.session.agents[AgentId("kubernetes-architect")].paused_by is not None
    async with at_desk(stage, (100, 40)) as desk:
        await desk.press(*["down"] * 6, "enter")
        assert re.search(r"paused by +the operator", desk.text())
