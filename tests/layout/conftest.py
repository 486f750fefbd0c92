from collections.abc import Callable
from pathlib import Path

import pytest

Write = Callable[[str], Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Return a function that puts a text into a layout file."""

    def put(text: str) -> Path:
        path = tmp_path / "layout.yaml"
        path.write_bytes(text.encode())
        return path

    return put
