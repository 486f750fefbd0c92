"""Real agents fall ill: it is noticed, handled once and in proportion, and over when it is over."""

import os
import signal
import time
from pathlib import Path

import pytest
from real_processes import runs
from running import eventually
from ward import TICKS, Event, Ward, go_on, gone, layout, suspend

QUICK = "thresholds: {response_time: {degraded: 150ms, unhealthy: 400ms}}"
TOLERATED = 3
"""Bad checks in a row that make an agent ill."""


def started_again(ward: Ward, ill: Event, pid: int) -> int:
    """Find that all was done, once, which is to be done about an unhealthy agent that does not
    work, and explained; return its new process."""
    seq = ill["seq"]
    again = ward.first("system.intended", after=seq, agent="ann", effect="stop_process")
    assert ward.causes(again)[:5] == [
        *("system.intended", "system.decided", "agent.transitioned"),
        *("system.decided", "agent.checked"),
    ]
    new = ward.process(after=seq)
    assert new != pid
    gone(pid)
    ward.moved("ACTIVE", after=seq)
    # Somebody looks into it, and the coordinator is told.
    ward.first("agent.exited", after=seq, agent="devops-troubleshooter-1")
    assert "ann is unhealthy" in (ward.folder / "looked-into").read_text(encoding="utf-8")
    eventually(lambda: any("ann is unhealthy: " in line for line in ward.told()))
    assert sum("ann is unhealthy: " in line for line in ward.told()) == 1
    for rule in ("attend_unhealthy", "troubleshoot", "consider_reassignment", "restart_unhealthy"):
        decided = ward.all("system.decided", rule=rule, agent="ann")
        assert sum(event["seq"] > seq for event in decided) == 1, rule
    assert len(ward.all("agent.spawned", agent="devops-troubleshooter-1")) == 1
    assert not ward.all("agent.spawned", agent="devops-troubleshooter-2")
    assert len(ward.all("system.intended", agent="ann", effect="start_process")) == 2
    return new


def recovered(ward: Ward, ill: Event) -> None:
    """Find that an agent is well again, that this was told, and nothing needs attention."""
    well = ward.moved("ACTIVE", after=ill["seq"])
    assert well["data"]["trigger"] == "performance_recovered"
    assert ward.causes(well)[:3] == ["agent.transitioned", "system.decided", "agent.checked"]
    eventually(lambda: ward.told()[-1:] == ["ann is well again"])
    [issue] = [
        event["data"]["issue"]
        for event in ward.all("system.issue_opened", agent="ann")
        if event["data"]["text"].startswith("ann is degraded: ")
    ]
    assert len(ward.all("system.issue_closed", issue=issue)) == 1


# -- suspended ------------------------------------------------------------------------------------


@pytest.mark.parametrize("program", ["${python} -I -S ann.py", "sleep 1000"])
def test_one_that_is_suspended_is_started_again(tmp_path: Path, program: str) -> None:
    with Ward(tmp_path, layout(program)) as ward:
        pid = ward.process()
        source = "measured" if program.startswith("sleep") else "ping"
        ward.first("agent.health", source=source, agent="ann")
        suspend(pid)
        ill = ward.moved("UNHEALTHY")
        assert ward.checks_before(ill) == TOLERATED
        started_again(ward, ill, pid)
    ward.verified()


def test_one_that_is_suspended_for_a_moment_is_let_be(tmp_path: Path) -> None:
    with Ward(tmp_path, layout()) as ward:
        pid = ward.process()
        ward.first("agent.health", source="ping", agent="ann")
        suspend(pid)
        bad = ward.first("agent.checked", agent="ann", level="unhealthy")
        go_on(pid)
        ward.first("agent.health", source="ping", after=bad["seq"], unanswered_ms=None)
        ward.order("say(mop='health', status='degraded')")
        ward.moved("DEGRADED")  # it goes on being checked
        assert ward.process() == pid
        assert not ward.all("agent.transitioned", agent="ann", to_state="UNHEALTHY")
        assert len(ward.all("system.intended", agent="ann")) == 1
    ward.verified()


def test_one_that_goes_on_once_its_restart_is_decided_is_started_again(tmp_path: Path) -> None:
    with Ward(tmp_path, layout()) as ward:
        pid = ward.process()
        ward.first("agent.health", source="ping", agent="ann")
        suspend(pid)
        ill = ward.moved("UNHEALTHY")
        go_on(pid)
        started_again(ward, ill, pid)
    ward.verified()


def test_one_that_is_slowed_down_by_suspending_it_again_and_again_is_let_be(tmp_path: Path) -> None:
    with Ward(tmp_path, layout("${python} -I -S ann.py mute")) as ward:
        pid = ward.process()
        ward.order("while True: pass")
        slow_down = f"while kill -STOP -{pid}; do sleep 0.09; kill -CONT -{pid}; sleep 0.02; done"
        brake = os.posix_spawnp("sh", ["sh", "-c", slow_down], os.environ)
        try:
            seen = 0
            while len(ward.all("agent.health", agent="ann", source="measured")) < 20:
                seen = ward.first("agent.health", after=seen, agent="ann", source="measured")["seq"]
        finally:
            os.kill(brake, signal.SIGKILL)
            os.waitpid(brake, 0)
            go_on(pid)
        assert not ward.all("agent.transitioned", agent="ann", to_state="UNHEALTHY")
    ward.verified()


# -- slow -----------------------------------------------------------------------------------------


def test_one_that_answers_late_is_degraded_and_recovers(tmp_path: Path) -> None:
    with Ward(tmp_path, layout(checks=QUICK)) as ward:
        ward.first("agent.health", source="ping", agent="ann")
        ward.order("late = 0.2")
        ill = ward.moved("DEGRADED")
        assert ward.checks_before(ill) == TOLERATED
        eventually(lambda: sum("ann is degraded: " in line for line in ward.told()) == 1)
        assert ward.decided("consider_reassignment")["data"]["verdict"] == "no"
        ward.order("late = 0.0")
        recovered(ward, ill)
        assert not ward.all("agent.spawned", agent="devops-troubleshooter-1")
        assert len(ward.all("system.intended", agent="ann")) == 1
    ward.verified()


@pytest.mark.parametrize("late", ["0.6", "1.5"])
def test_one_that_answers_far_too_late_is_started_again(tmp_path: Path, late: str) -> None:
    patient = layout(checks=QUICK).replace("timeout: 300ms", "timeout: 1s")
    with Ward(tmp_path, patient) as ward:
        pid = ward.process()
        ward.first("agent.health", source="ping", agent="ann")
        ward.order(f"late = {late}")
        ill = ward.moved("UNHEALTHY")
        assert ward.checks_before(ill) == TOLERATED
        started_again(ward, ill, pid)
    ward.verified()


# -- in error -------------------------------------------------------------------------------------


def test_errors_degrade_and_make_unhealthy(tmp_path: Path) -> None:
    with Ward(tmp_path, layout()) as ward:
        pid = ward.process()
        ward.order("say(mop='error', type='disk', message='1')")
        degraded = ward.moved("DEGRADED")
        assert ward.checks_before(degraded) == TOLERATED
        ward.order("say(mop='error', type='disk', message='2')")
        ward.order("say(mop='error', type='disk', message='3')")
        ill = ward.moved("UNHEALTHY", after=degraded["seq"])
        started_again(ward, ill, pid)
        told = [line for line in ward.told() if "degraded" in line]
        assert told == ["ann is degraded: it met 1 error"]
    ward.verified()


def test_errors_count_for_a_while_only(tmp_path: Path) -> None:
    with Ward(tmp_path, layout(checks="thresholds: {errors: {within: 2s}}")) as ward:
        ward.order("say(mop='error', type='disk')")
        recovered(ward, ward.moved("DEGRADED"))
    ward.verified()


def test_a_program_that_only_prints_its_errors_and_goes_on_is_not_ended(tmp_path: Path) -> None:
    patterns = ', error_patterns: {bad: "^BAD", worse: "^WORSE", worst: "^WORST"}'
    text = layout("${python} -I -S ann.py mute").replace('mute"}', f'mute"{patterns}}}')
    with Ward(tmp_path, text) as ward:
        pid = ward.process()
        ward.order("print('BAD', flush=True)", "print('WORSE', flush=True)")
        ward.moved("DEGRADED")
        ward.order("print('WORST', flush=True)")
        ward.order(
            "threading.Thread(target=lambda: [0 for _ in iter(int, 1)], daemon=True).start()"
        )
        ill = ward.moved("UNHEALTHY")
        decided = ward.decided("restart_unhealthy", after=ill["seq"])["data"]
        assert decided["verdict"] == "no"
        assert "it met 3 errors, but it did something" in decided["reason"]
        ward.first("agent.exited", after=ill["seq"], agent="devops-troubleshooter-1")
        assert runs(pid)
    ward.verified()


# -- out of memory --------------------------------------------------------------------------------

LIMITED = "limits: {memory: 60MiB}"


def test_one_that_leaks_memory_is_degraded_then_started_again(tmp_path: Path) -> None:
    with Ward(tmp_path, layout(ann=LIMITED)) as ward:
        pid = ward.process()
        ward.order("use(88)")
        degraded = ward.moved("DEGRADED")
        [finding] = ward.all("agent.checked", agent="ann")[0]["data"]["findings"]
        assert (finding["metric"], finding["source"]) == ("memory", "measured")
        ward.order("use(98)")
        ill = ward.moved("UNHEALTHY", after=degraded["seq"])
        started_again(ward, ill, pid)
    ward.verified()


def test_one_that_gives_memory_back_recovers(tmp_path: Path) -> None:
    with Ward(tmp_path, layout(ann=LIMITED)) as ward:
        ward.order("use(88)")
        ill = ward.moved("DEGRADED")
        ward.order("use(0)")
        recovered(ward, ill)
        assert len(ward.all("system.intended", agent="ann")) == 1
    ward.verified()


# -- dead -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("retries", [0, 1])
def test_one_that_is_killed_fails_at_once_and_is_tried_again_as_declared(
    tmp_path: Path, retries: int
) -> None:
    again = f", retry: {{times: {retries}, delay: 100ms}}" if retries else ""
    with Ward(tmp_path, layout(task=again).replace("interval: 400ms", "interval: 1h")) as ward:
        pid = ward.process()
        before = time.monotonic()
        os.killpg(pid, signal.SIGKILL)
        ended = ward.first("agent.exited", agent="ann", signal="SIGKILL")
        assert time.monotonic() - before < 10
        if retries:
            assert ward.process(after=ended["seq"]) != pid
            assert ward.moved("ACTIVE", after=ended["seq"])
        else:
            ward.first("task.transitioned", task="work", to_state="FAILED")
            ward.wait()
        gone(pid)
    ward.verified()


# -- quiet ----------------------------------------------------------------------------------------

IMPATIENT = "thresholds: {progress: {none_for: 600ms}}"


@pytest.mark.parametrize("sign", ["it works", "it answers"])
def test_one_that_is_quiet_but_alive_is_not_ended(tmp_path: Path, sign: str) -> None:
    mute = " mute" if sign == "it works" else ""
    program = f"${{python}} -I -S ann.py{mute}"
    with Ward(tmp_path, layout(program, checks=IMPATIENT, more=TICKS)) as ward:
        pid = ward.process()
        ward.order("say(mop='progress', percent=5)")
        ward.order("[0 for _ in iter(int, 1)]" if mute else "time.sleep(1000)")
        ill = ward.moved("UNHEALTHY")
        decided = ward.decided("restart_unhealthy", after=ill["seq"])["data"]
        assert decided["verdict"] == "no"
        assert "it has made no progress for" in decided["reason"]
        assert ("it did something" if mute else "it answers pings ") in decided["reason"]
        ward.ticks(10, after=ill["seq"])
        assert runs(pid)
        assert not ward.all("system.intended", agent="ann", effect="stop_process")
    ward.verified()


def test_of_one_that_is_quiet_and_says_nothing_nothing_is_known(tmp_path: Path) -> None:
    other = """
  fret: {agent: ben, run: {shell: "${python} -m mop_tui tell error fret; sleep 1000"}}
"""
    text = layout("sleep 1000", checks=IMPATIENT, more=other + TICKS)
    text = text.replace("    - {id: ann", "    - {id: ben, type: worker}\n    - {id: ann")
    with Ward(tmp_path, text) as ward:
        ward.ticks(12, after=ward.first("agent.checked", agent="ben")["seq"])
        assert not ward.all("agent.checked", agent="ann")
        assert len(ward.all("system.intended", agent="ann")) == 1
    ward.verified()


def test_one_that_got_on_and_then_stands_still_is_started_again(tmp_path: Path) -> None:
    with Ward(tmp_path, layout("${python} -I -S ann.py mute", checks=IMPATIENT)) as ward:
        pid = ward.process()
        ward.order("say(mop='progress', percent=5)", "time.sleep(1000)")
        ill = ward.moved("UNHEALTHY")
        started_again(ward, ill, pid)
    ward.verified()


def test_a_script_that_cannot_answer_pings_while_it_works_is_let_be(tmp_path: Path) -> None:
    (tmp_path / "says.sh").write_text(
        '"$1" -m mop_tui tell notify hello\n"$1" -m mop_tui tell waiting memory:go\nsleep 1000\n',
        encoding="utf-8",
    )
    (tmp_path / "goes.sh").write_text(
        'sleep 1\n"$1" -m mop_tui tell memory go 1\n"$1" -m mop_tui tell error fret\nsleep 1000\n',
        encoding="utf-8",
    )
    other = '  fret: {agent: ben, run: {shell: "sh goes.sh ${python}"}}\n'
    text = layout("sh says.sh ${python}", more=other + TICKS)
    text = text.replace("    - {id: ann", "    - {id: ben, type: worker}\n    - {id: ann")
    with Ward(tmp_path, text) as ward:
        went_on = ward.first("agent.transitioned", agent="ann", trigger="dependency_ready")
        ward.ticks(12, after=went_on["seq"])
        assert not ward.all("agent.checked", agent="ann")
        assert not ward.all("agent.health", agent="ann", source="ping")
    ward.verified()
