"""What other systems than Linux say about changes below a folder."""

from collections.abc import AsyncGenerator, Sequence

STEP = 20
"""Milliseconds of quiet that end a group of changes,"""
LONGEST = 100
"""unless they go on for so many."""


async def changed_paths(root: str) -> AsyncGenerator[Sequence[str], None]:
    """Yield absolute paths below `root`, at which something happened.

    Nothing says what it was, whether all is told, or when. Raises OSError or RuntimeError.
    """
    from watchfiles import awatch  # noqa: PLC0415 - nobody else waits for it

    async for changes in awatch(
        root,
        watch_filter=None,
        step=STEP,
        debounce=LONGEST,
        ignore_permission_denied=True,
    ):
        yield [path for _, path in changes]
