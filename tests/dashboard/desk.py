"""An operator at the screen: presses keys, waits, and reads what is there."""

import asyncio
import unicodedata
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

from dashboard.stage import Fingers, Stage
from rich.cells import cell_len
from textual.events import Key
from textual.keys import KEY_NAME_REPLACEMENTS
from textual.pilot import Pilot
from textual.widget import Widget

from mop_tui.dashboard.app import Dashboard, WhyEnded

PATIENCE = 30.0


def _character_name(char: str) -> str:
    name = unicodedata.name(char).lower().replace("-", "_").replace(" ", "_")
    return KEY_NAME_REPLACEMENTS.get(name, name)


@dataclass
class Desk:
    """The dashboard on a stage, with a clock that only the test moves."""

    stage: Stage
    app: Dashboard
    pilot: Pilot[WhyEnded]
    fingers: Fingers

    async def press(self, *keys: str) -> None:
        """Type keys, all at the same moment."""
        for key in keys:
            await self.send(key)
        await self.look()

    async def send(self, key: str) -> None:
        """Type a key and let it take effect."""
        char = key if len(key) == 1 else {"space": " "}.get(key)
        name = key if key.isalnum() or len(key) > 1 else _character_name(key)
        self.app.post_message(Key(name, char))
        await self.settle()

    async def wait(self, seconds: float) -> None:
        """Let time pass without touching a key."""
        self.fingers.wait(seconds)
        await self.look()

    async def look(self) -> None:
        """Let the screen take notice of what happened."""
        if self.app.is_running:
            self.app.sample()
        await self.settle()

    async def until(self, true: Callable[[], bool]) -> None:
        """Let real time pass, which Textual's own effects take, until something is true."""
        async with asyncio.timeout(PATIENCE):
            while not true():  # noqa: ASYNC110 - nothing tells of it
                await asyncio.sleep(0.01)
        await self.settle()

    async def settle(self) -> None:
        """Let everything that is set going take effect and be painted, without waiting for time.

        Textual's own pause sleeps until the process has been idle for 20 ms, often several times.
        """
        ready = asyncio.get_running_loop()._ready  # type: ignore[attr-defined]
        unpainted = True
        while unpainted:
            while ready:  # noqa: ASYNC110 - nothing tells when nothing is left to do
                await asyncio.sleep(0)
            screens = self.app.screen_stack if self.app.is_running else []
            timers = [screen._update_timer for screen in screens]
            unpainted = any(timer._active.is_set() for timer in timers)
            for screen in screens if unpainted else ():
                screen._on_timer_update()

    def lines(self) -> list[str]:
        """What stands on the screen, line by line."""
        width, height = self.app.size
        rows = [[" "] * width for _ in range(height)]
        for row, strip in zip(rows, self.app.screen._compositor.render_strips(), strict=True):
            start = 0
            for segment in strip:
                for offset, char in enumerate(segment.text):
                    if start + offset < width:
                        row[start + offset] = char
                start += cell_len(segment.text)
        return ["".join(row).rstrip() for row in rows]

    def text(self) -> str:
        """What stands on the screen."""
        return "\n".join(self.lines())

    def in_the_dialog(self) -> str:
        """What a dialog says: the longest part of each line between borders."""
        return " ".join(max(map(str.strip, line.split("│")), key=len) for line in self.lines())

    def line_with(self, part: str) -> str:
        """The first line that contains `part`."""
        found = next((line for line in self.lines() if part in line), None)
        assert found is not None, f"{part!r} is not on the screen:\n{self.text()}"
        return found

    def focused(self) -> Widget | None:
        """What keys go to."""
        return self.app.focused


@asynccontextmanager
async def at_desk(
    stage: Stage, size: tuple[int, int] = (80, 24), *, notices: bool = False
) -> AsyncIterator[Desk]:
    """Open the dashboard on `stage`."""
    fingers = Fingers()
    app = Dashboard(stage, clock=fingers)
    async with app.run_test(size=size, notifications=notices) as pilot:
        desk = Desk(stage, app, pilot, fingers)
        await desk.look()
        yield desk
