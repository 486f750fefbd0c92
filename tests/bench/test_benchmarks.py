"""The benchmarks run and report; what they report is no test's business."""

from collections.abc import Callable

import pytest

from bench import (
    adaptation,
    breaking,
    check,
    complete,
    conformance,
    dashboard,
    deadlocks,
    engine,
    first_frame,
    foresight,
    fuzz_layout,
    fuzz_reader,
    illness,
    latency,
    messages,
    overhead,
    recovery,
    replay,
    spawning,
    startup,
    storms,
    suspension,
    waits,
)

SHORT: list[tuple[Callable[[list[str]], None], list[str], str]] = [
    (
        engine.main,
        ["--agents", "20", "--few", "2", "--many", "40", "--events", "800", "--rounds", "1"],
        "share of the floor's",
    ),
    (latency.main, ["--tasks", "5", "--load", "500"], "decision to action, 500 reports/s"),
    (first_frame.main, ["--rounds", "1"], "first frame"),
    (check.main, ["--tasks", "30", "--rounds", "1"], "check of 30 tasks"),
    (fuzz_layout.main, ["--minutes", "0.02"], "none failed, none was silent, none took long"),
    (startup.main, ["--rounds", "1"], "startup of mop-tui tell progress 1"),
    (recovery.main, ["--events", "500", "--agents", "5", "--rounds", "1"], "times the floor"),
    (replay.main, ["--events", "500", "--agents", "5", "--rounds", "1"], "seek, worst"),
    (
        dashboard.main,
        [
            *("--agents", "10", "--rate", "50", "--seconds", "1"),
            *("--idle-agents", "3", "--settling", "0"),
        ],
        "times the bare app's",
    ),
    (fuzz_reader.main, ["--minutes", "0.02"], "failures: 0"),
    (spawning.main, ["--files", "2", "--burst", "20", "--folders", "3"], "times the floor"),
    (illness.main, ["--seeds", "3", "--days", "3"], "all were handled, in time, once"),
    (adaptation.main, ["--seeds", "1"], "made longer: 0 of 3"),
    (foresight.main, ["--worlds", "1", "--runs", "8"], "ours is nearest"),
    (complete.main, ["--seeds", "4"], "every run ends, no invariant broken"),
    (storms.main, ["--seeds", "60", "--processes", "2"], "no limit broken, nothing twice"),
    (messages.main, ["--messages", "2000", "--seeds", "3"], "none lost, doubled or out of order"),
    (overhead.main, ["--rehearse-only"], "a switch lowers what it costs"),
    (deadlocks.main, ["--seeds", "60"], "0 swarms in which something was wrong"),
    (
        waits.main,
        ["--nodes", "200", "--waits", "1000", "--graphs", "20"],
        "20 random graphs, changed at random: 0 wrong verdicts",
    ),
    (suspension.main, ["--seconds", "20"], "nobody ill, nothing expired or overdue"),
    (conformance.main, [], "nothing is left over"),
    (breaking.main, ["--only", "117"], "1 thing was broken, and 1 noticed"),
]


@pytest.mark.parametrize(
    ("main", "arguments", "said"),
    SHORT,
    ids=[main.__module__.rpartition(".")[2] for main, _, _ in SHORT],
)
def test_a_benchmark_runs(
    main: Callable[[list[str]], None],
    arguments: list[str],
    said: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    main(arguments)
    assert said in capsys.readouterr().out
