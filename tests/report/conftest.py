"""What tests of reports share."""

from pathlib import Path

import pytest


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Where a session is recorded."""
    return tmp_path / "session.jsonl"
