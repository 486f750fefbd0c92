"""What every agent of these tests is started with."""

from pathlib import Path

import pytest
from agent.far_side import environment


@pytest.fixture
def env(tmp_path: Path) -> dict[str, str]:
    """The environment of an agent called alice, with `mop-tui` on its PATH."""
    return environment(tmp_path)
