"""How the topology looks: each shape once, one of them with a deadlock and in the light theme.

After a change that is meant, look at the new pictures and accept them: see `test_pictures`.
"""

import pytest
from dashboard.plays import coordinated
from dashboard.test_pictures import SnapCompare
from textual.pilot import Pilot

from mop_tui.dashboard.app import Dashboard, WhyEnded
from mop_tui.domain.topology import Shape


@pytest.mark.parametrize(
    ("shape", "stuck", "size", "keys"),
    [
        ("hierarchical", False, (120, 36), ("down", "down")),
        ("mesh", True, (100, 34), ("t",)),
        ("star", False, (80, 24), ("slash", *"welder", "enter")),
        ("ring", False, (40, 20), ()),
    ],
)
def test_a_shape(
    snap_compare: SnapCompare,
    shape: Shape,
    stuck: bool,
    size: tuple[int, int],
    keys: tuple[str, ...],
) -> None:
    app = Dashboard(coordinated(shape, stuck=stuck))

    async def go_there(pilot: Pilot[WhyEnded]) -> None:
        await pilot.pause()
        await pilot.press("b", *keys)
        app.sample()
        await pilot.pause()

    assert snap_compare(app, terminal_size=size, run_before=go_there)
