"""The same terminal for every test: colours allowed, one time zone, nothing of this machine."""

import time
from collections.abc import Iterator

import pytest


@pytest.fixture(autouse=True)
def same_terminal(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Fix what the environment may change about the screen."""
    for name in ("NO_COLOR", "TEXTUAL", "TEXTUAL_THEME", "COLORTERM", "TEXTUAL_FILTERS"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()
