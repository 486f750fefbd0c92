"""How ill agents are shown: in rows, counts, details, reasons and on the timeline."""

import re

import pytest
from dashboard.desk import Desk, at_desk
from dashboard.plays import deployment
from dashboard.stage import MINUTE, SECOND, Recording, Stage

from mop_tui.dashboard.filter_words import Filter, Misspelt, parse
from mop_tui.dashboard.looks import level_look, mark_look
from mop_tui.domain import events as e
from mop_tui.domain.agent_lifecycle import AgentState, AgentTrigger
from mop_tui.domain.health import Level, Reading, crossed
from mop_tui.domain.ids import ActionId, AgentId, TaskId

MEMORY = Reading("memory", "degraded", "measured", 92.4, 80.0)
FULL = Reading("memory", "unhealthy", "measured", 97.0, 95.0)
SILENT = Reading("response", "unhealthy", "ping", 25_000.0, 10_000.0, answered=False)
WELL: tuple[Reading, ...] = ()


def check(stage: Stage, agent: str, *found: Reading) -> e.AnyEvent:
    """Have a check of an agent find something wrong, worst first, or nothing."""
    row = stage.session.agents[AgentId(agent)]
    level: Level = found[0].level if found else "healthy"
    return stage.happen(e.AgentChecked(row.spec.id, row.incarnation, level, found))


def fall_ill(stage: Stage, agent: str, *found: Reading, times: int = 3) -> e.AnyEvent:
    """Have an agent fall ill by some checks, half a minute apart, and supervision see to it."""
    row = stage.session.agents[AgentId(agent)]
    for _ in range(times):
        stage.time += 30 * SECOND
        checked = check(stage, agent, *found)
    task = row.task
    severe = found[0].level == "unhealthy"
    trigger = AgentTrigger.PERFORMANCE_THRESHOLD_EXCEEDED
    if severe:
        trigger = AgentTrigger.HEALTH_CHECK_FAILED
    to = AgentState.UNHEALTHY if severe else AgentState.DEGRADED
    why = "3 checks in a row find it so"
    judged = stage.happen(
        e.SystemDecided("judge_check", "yes", why, (), row.spec.id, task), checked.seq
    )
    return stage.happen(
        e.AgentTransitioned(row.spec.id, trigger, row.state, to, why, task), judged.seq
    )


def said(desk: Desk) -> str:
    return re.sub(r"[\s│]+", " ", desk.text())


async def opened(desk: Desk) -> str:
    """Open the view of the first agent and return what it says."""
    await desk.press("down", "enter")
    return said(desk)


# -- rows -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("width", [40, 60, 80, 100, 120, 200])
async def test_rows_say_by_sign_and_word_how_ill_somebody_is_and_by_what(width: int) -> None:
    stage = deployment()
    fall_ill(stage, "deployer", MEMORY)
    fall_ill(stage, "watcher", SILENT)
    async with at_desk(stage, (width, 30)) as desk:
        ill, worse = desk.line_with("~ deployer"), desk.line_with("! watcher")
        assert "DEGRADED" in ill
        assert "UNHEALTHY" in worse
        if width >= 80:
            assert "memory 92 %" in ill
            assert "no answer for 25 s" in worse
        assert all(len(line) <= width for line in desk.lines())


async def test_a_column_tells_the_well_from_those_of_whom_nothing_is_known() -> None:
    stage = deployment()
    stage.health("watcher", "ping", response_ms=12.0)
    async with at_desk(stage, (200, 50)) as desk:
        assert "\N{EN DASH} unknown" in desk.line_with("▸ deployer")
        assert "+ healthy" in desk.line_with("▸ watcher")
        stage.time += MINUTE
        check(stage, "watcher", SILENT)
        await desk.look()
        assert re.search(r"! bad 1/3 .* no answer for 25 s", desk.line_with("▸ watcher"))


async def test_who_is_paused_while_ill_is_still_shown_as_ill() -> None:
    stage = deployment()
    fall_ill(stage, "deployer", MEMORY)
    stage.agent_waits("deployer", "baseline")
    async with at_desk(stage, (200, 50)) as desk:
        assert re.search(r"= deployer +PAUSED .*~ degraded", desk.line_with("= deployer"))


async def test_without_colours_signs_and_words_are_left(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    stage = deployment()
    fall_ill(stage, "deployer", SILENT)
    async with at_desk(stage, (200, 50)) as desk:
        assert re.search(r"! deployer +UNHEALTHY .*! unhealthy", desk.text())


async def test_the_ill_are_counted_in_the_header_and_in_the_line_of_counts() -> None:
    stage = deployment()
    async with at_desk(stage, (200, 50)) as desk:
        assert "unhealthy" not in desk.lines()[2] + desk.lines()[-2]
        fall_ill(stage, "deployer", MEMORY)
        fall_ill(stage, "watcher", SILENT)
        await desk.look()
        for line in (desk.lines()[2], desk.lines()[-2]):
            assert "! 1 unhealthy  ~ 1 degraded" in line
    async with at_desk(stage, (80, 24)) as desk:
        assert "! 2 ill" in desk.lines()[2]
        assert "! 1 unhealthy" in desk.lines()[-2]
    async with at_desk(stage, (40, 24)) as desk:
        assert "! 1 unhealthy" in desk.lines()[-2]


# -- details --------------------------------------------------------------------------------------


async def test_what_is_wrong_is_told_with_its_source_and_the_threshold_it_has_crossed() -> None:
    stage = deployment()
    stage.health("deployer", "measured", cpu_usage=76.0, memory_usage=92.4, stopped=False)
    stage.health("deployer", "reported", cpu_usage=97.0, status="degraded", response_ms=2_500.0)
    stage.err("deployer", "network", "reset")
    async with at_desk(stage, (200, 50)) as desk:
        text = await opened(desk)
        for part in (
            "says that it is degraded",
            "response unknown; 2,500 ms, reported (degraded from 2 s on)",
            "errors 1 seen; last network: reset (degraded from 1 on)",
            "97 %, reported (unhealthy above 95 %)",
            "suspended no, measured",
            "pace unknown: it has not told of two steps",
        ):
            assert part in text


async def test_a_ping_that_is_not_answered_is_told_and_not_the_answer_before() -> None:
    stage = deployment()
    stage.health("deployer", "ping", response_ms=12.0)
    stage.health("deployer", "ping", unanswered_ms=25_000)
    async with at_desk(stage, (200, 50)) as desk:
        text = await opened(desk)
        assert "response none for 25 s, ping (unhealthy after 10 s)" in text
        assert "12 ms" not in text


async def test_the_checks_are_told_with_what_is_needed_and_what_comes_next() -> None:
    stage = deployment()
    stage.health("deployer", "ping", response_ms=12.0)
    async with at_desk(stage, (200, 50)) as desk:
        text = await opened(desk)
        assert "health + healthy, as far as is known" in text
        assert "checked every 30 s; nothing wrong so far" in text
        stage.time += 30 * SECOND
        check(stage, "deployer", MEMORY)
        await desk.look()
        text = said(desk)
        assert "health ~ 1 bad in a row of 3 checks that make it ill" in text
        assert re.search(r"checked every 15 s instead of 30 s; [\d:]+ degraded, 1 bad", text)
        fall_ill(stage, "deployer", MEMORY, times=2)
        await desk.look()
        text = said(desk)
        assert "health ~ degraded for 0s, until a check is good" in text
        assert re.search(r"unhealthy [\d:]+ at the latest, unless it recovers", text)
        assert re.search(r"history ~~~ [\d:]+ to [\d:]+ \(~ degraded\)", text)


async def test_who_has_just_recovered_is_not_ill_again_and_that_is_told() -> None:
    stage = deployment()
    fall_ill(stage, "deployer", MEMORY)
    row = stage.session.agents[AgentId("deployer")]
    stage.time += 15 * SECOND
    check(stage, "deployer")
    recovered, well = AgentTrigger.PERFORMANCE_RECOVERED, AgentState.ACTIVE
    stage.move("deployer", recovered, well, "a check finds nothing wrong with it", row.task)
    for _ in range(3):
        stage.time += 15 * SECOND
        check(stage, "deployer", MEMORY)
    async with at_desk(stage, (200, 50)) as desk:
        assert "~ spared" in desk.line_with("▸ deployer")
        text = await opened(desk)
        assert "health ~ not ill again so soon: it recovered from that (memory)" in text
        assert "judged anew after 5 min" in text


async def test_what_was_decided_about_it_is_told_and_why_not() -> None:
    stage = deployment()
    ill = fall_ill(stage, "deployer", FULL)
    name = AgentId("deployer")
    about = (name, TaskId("deploy"))
    for rule, verdict, reason in (
        ("attend_unhealthy", "yes", "it uses 97 % of its memory limit"),
        ("troubleshoot", "no", "the layout wants no troubleshooter"),
        ("restart_unhealthy", "yes", "it uses 97 % of its memory limit"),
    ):
        stage.happen(e.SystemDecided(rule, verdict, reason, (), *about), ill.seq)  # type: ignore[arg-type]
    stage.happen(e.SystemDecided("troubleshoot", "yes", "another", (), AgentId("watcher")), ill.seq)
    stop = ActionId("1.0")
    stage.happen(e.SystemIntended(stop, "stop_process", name, None, 1, about=e.CURED))
    async with at_desk(stage, (200, 50)) as desk:
        text = await opened(desk)
        assert re.search(r"fell ill [\d:]+: 3 checks in a row find it so", text)
        assert "decided attend unhealthy: yes, it uses 97 % of its memory limit" in text
        assert "decided troubleshoot: no, the layout wants no troubleshooter" in text
        assert re.search(r"restarts 1 of 3 within 10 min, the last [\d:]+", text)


@pytest.mark.parametrize("size", [(80, 24), (100, 30)])
async def test_on_a_low_terminal_health_is_told_before_what_is_long(size: tuple[int, int]) -> None:
    stage = deployment()
    ill = fall_ill(stage, "deployer", FULL)
    why = "it uses 97 % of its memory limit, and much more could be said of that " * 3
    about = (AgentId("deployer"), TaskId("deploy"))
    stage.happen(e.SystemDecided("attend_unhealthy", "yes", why, (), *about), ill.seq)
    async with at_desk(stage, size) as desk:
        assert "health ! unhealthy" in await opened(desk)
    async with at_desk(stage, (200, 50)) as desk:
        assert "decided attend unhealthy: yes" in await opened(desk)


# -- why, filters and replay ----------------------------------------------------------------------


async def test_why_leads_from_the_illness_to_the_decision_and_the_check() -> None:
    stage = deployment()
    fall_ill(stage, "deployer", FULL)
    async with at_desk(stage, (120, 40)) as desk:
        await desk.press("down", "w")
        text = said(desk)
        assert "Why deployer is UNHEALTHY" in text
        assert "wrong it uses 97 % of its memory limit" in text
        lines = "\n".join(desk.lines())
        order = ["deployer is now UNHEALTHY", "rule judge_check decided", "a check of deployer"]
        places = [lines.index(part) for part in order]
        assert places == sorted(places)


def test_events_are_filtered_by_the_health_that_they_tell_of() -> None:
    stage = deployment()
    stage.health("watcher", "reported", status="degraded")
    fall_ill(stage, "deployer", SILENT, times=1)
    check(stage, "deployer")

    def shown(typed: str) -> list[str]:
        only = parse(typed)
        assert isinstance(only, Filter)
        assert only.names_which, "checks are details, and are shown all the same"
        return [event.kind for event in stage.happened if only.passes(event)]

    assert shown("health:degraded") == ["agent.health"]
    assert shown("health:unhealthy") == ["agent.checked", "agent.transitioned"]
    assert shown("health:healthy agent:deployer") == ["agent.checked"]
    assert parse("health:fine") == Misspelt("health:fine? healthy, degraded or unhealthy")


async def test_a_replay_marks_where_somebody_fell_ill_and_recovered_and_the_clock_jumped() -> None:
    stage = deployment()
    ill = fall_ill(stage, "deployer", MEMORY)
    stage.time += MINUTE
    jumped = stage.happen(e.SystemClockJumped(wall_ms=3_600_000))
    stage.time += MINUTE
    row = stage.session.agents[AgentId("deployer")]
    recovered, well = AgentTrigger.PERFORMANCE_RECOVERED, AgentState.ACTIVE
    stage.move("deployer", recovered, well, "a check finds nothing wrong with it", row.task)
    recording = Recording.of(stage)
    at = recording.playback
    assert at is not None
    assert [(mark.seq, mark.kind) for mark in at.marks] == [
        (ill.seq, "illness"),
        (jumped.seq, "clock"),
        (len(stage.happened), "recovery"),
    ]
    async with at_desk(recording, (120, 30)) as desk:
        bar = desk.line_with("PAUSED")
        signs = [bar.index(mark_look(mark.kind).sign, bar.index("event") - 60) for mark in at.marks]
        assert signs == sorted(signs)
        await desk.press("n")
        assert "~ deployer" in desk.text()


@pytest.mark.parametrize(
    ("reading", "limit"),
    [
        (MEMORY, "degraded from 80 % on"),
        (FULL, "unhealthy above 95 %"),
        (SILENT, "unhealthy after 10 s"),
        (Reading("errors", "unhealthy", "seen", 4, 3), "unhealthy from 3 on"),
        (Reading("progress", "degraded", "reported", 20, 50), "degraded below 50 %"),
        (
            Reading("progress", "unhealthy", "reported", 700_000, 600_000, stalled=True),
            "unhealthy after 10 min",
        ),
        (Reading("response", "degraded", "ping", 3_000, 2_000), "degraded from 2 s on"),
        (Reading("status", "degraded", "reported"), ""),
    ],
)
def test_a_threshold_is_told_as_it_is_judged(reading: Reading, limit: str) -> None:
    assert crossed(reading) == limit


def test_each_level_has_a_sign_and_a_word_of_its_own() -> None:
    levels: tuple[Level, ...] = ("healthy", "degraded", "unhealthy")
    assert len({level_look(level).sign for level in levels}) == 3
    assert [level_look(level).word for level in levels] == list(levels)
