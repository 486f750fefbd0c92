"""What holds for all tests."""

import gc
import os
from itertools import count

import pytest
from hypothesis import HealthCheck, settings

# How fast the machine is decides no test. `--hypothesis-profile thorough` tries more examples.
for _name, _examples in (("any machine", 50), ("thorough", 100)):
    settings.register_profile(
        _name,
        deadline=None,
        max_examples=_examples,
        suppress_health_check=[HealthCheck.too_slow],
    )
settings.load_profile("any machine")

_PLACES = count()


def pytest_xdist_auto_num_workers() -> int:
    """Run one worker more than there are processors: a fifth of the time, tests wait for programs
    and clocks."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return (cores or 1) + 1


def pytest_collection_finish() -> None:
    """Look for garbage less often, and not among what was loaded and lives to the end.

    The tests of the screen make so many objects that looking took almost half of their time.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 10)


@pytest.fixture(autouse=True)
def _own_state(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """Remember what was agreed to in a place of the tests' own, and what is learnt in one of each
    test's own: it is told what to expect from that."""
    base = tmp_path_factory.getbasetemp()
    monkeypatch.setenv("XDG_STATE_HOME", str(base / "state"))
    monkeypatch.setenv("XDG_DATA_HOME", str(base / "data" / str(next(_PLACES))))


@pytest.fixture(autouse=True)
def _no_settings_of_whoever_runs_the_tests(monkeypatch: pytest.MonkeyPatch) -> None:
    """Look the same in every terminal."""
    for name in ("NO_COLOR", "COLUMNS", "LINES", "TEXTUAL_FPS", "MOP_AGENT", "MOP_TASK"):
        monkeypatch.delenv(name, raising=False)
