"""A picture of the dashboard, made without a terminal."""

from mop_tui.dashboard.app import Dashboard
from mop_tui.dashboard.guard import QUIET
from mop_tui.domain.feed import SessionFeed


async def picture(
    feed: SessionFeed, *, size: tuple[int, int] = (120, 36), keys: tuple[str, ...] = ()
) -> str:
    """Return the dashboard on `feed` as SVG, `size` cells wide and high, after typing `keys`."""
    app = Dashboard(feed)
    async with app.run_test(size=size) as pilot:
        await pilot.pause()
        app.sample()
        await pilot.pause()
        await pilot.press(*keys)
        # Long enough for a dialog to begin to listen.
        await pilot.pause(2 * QUIET)
        return app.export_screenshot(title=f"mop-tui {feed.source}")
