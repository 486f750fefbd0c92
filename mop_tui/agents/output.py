"""Output of a process, cut into lines: for the log, for the reports, for the protocol.

A line ends with a line feed or a carriage return, so that a progress bar that is drawn over itself
is a line for each time it is drawn. However long a line is, no more than `PARTIAL` of it is held
(`LONGEST` if it may be protocol), and however many there are, the work per chunk is bounded.
"""

from dataclasses import dataclass

from mop_tui.agents import protocol
from mop_tui.agents.masking import Mask
from mop_tui.agents.visible import visible_line

LINE_CHARACTERS = 400
"""Length at which a reported line is cut. The log keeps it whole."""
PARTIAL = 1 << 14
"""Bytes of an unfinished line that are held back."""


@dataclass(slots=True)
class Plain:
    """A stretch of lines that are not protocol: the latest of them, and how many there were."""

    lines: list[bytes]
    count: int


@dataclass(slots=True)
class Lines:
    """What was made of a chunk."""

    log: bytes
    """For the log file: the output as it was, without secrets."""
    parts: list[bytes | Plain]
    """Lines that may be protocol, which still hold secrets, and what is written between them."""


class LineCutter:
    """Takes chunks, and gives lines. `most` is how many plain lines are wanted of each chunk."""

    def __init__(self, mask: Mask, most: int) -> None:
        self._mask = mask
        self._most = most
        self._partial = b""
        self._cut = False
        """Whether the beginning of the unfinished line is already reported."""

    def feed(self, data: bytes) -> Lines:
        """Take a chunk."""
        data = self._partial + data
        end = max(data.rfind(b"\n"), data.rfind(b"\r", 0, len(data) - 1)) + 1
        whole, self._partial = data[:end], data[end:]
        lines = self._lines(whole)
        room = protocol.LONGEST if self._may_speak() else PARTIAL
        if len(self._partial) > room:
            self._give_way(lines)
        return lines

    def end(self) -> Lines:
        """Take the end: a line without an end is a line."""
        lines = self._lines(self._partial + b"\n" if self._partial else b"")
        self._partial = b""
        return lines

    def _may_speak(self) -> bool:
        return not self._cut and self._partial[:20].lstrip()[:1] == b"{"

    def _give_way(self, lines: Lines) -> None:
        """Let go of an unfinished line, but for what may be the beginning of a secret."""
        partial = self._partial
        at = self._mask.cut(partial, len(partial) - max(4, self._mask.longest))
        lines.log += self._mask.over(partial[:at])
        if not self._cut:
            lines.parts.append(Plain([self._mask.over(partial[:at])], 1))
        self._cut = True
        self._partial = partial[at:]

    def _lines(self, whole: bytes) -> Lines:
        if not whole:
            return Lines(b"", [])
        text = whole
        if b"\r" in text:
            text = text.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
        if self._cut:
            self._cut = False
            text = text[text.index(b"\n") + 1 :]
        log = self._mask.over(whole)
        if b'"mop"' in text:
            return Lines(log, self._sorted(text))
        tail = self._mask.over(text).rsplit(b"\n", self._most + 1)
        plain = tail[1:-1] if len(tail) > self._most + 1 else tail[:-1]
        return Lines(log, [Plain(plain, text.count(b"\n"))] if text else [])

    def _sorted(self, text: bytes) -> list[bytes | Plain]:
        """Tell what may be protocol from what is not."""
        parts: list[bytes | Plain] = []
        plain: list[bytes] = []
        for line in text.split(b"\n")[:-1]:
            if not protocol.spoken(line):
                plain.append(line)
                continue
            if plain:
                parts.append(self._plain(plain))
                plain = []
            parts.append(line)
        if plain:
            parts.append(self._plain(plain))
        return parts

    def _plain(self, lines: list[bytes]) -> Plain:
        return Plain([self._mask.over(line) for line in lines[-self._most :]], len(lines))


def shown(line: bytes) -> str:
    """Return a line fit for a report: of bounded length, and harmless."""
    text = visible_line(line[: 4 * LINE_CHARACTERS].decode(errors="replace"))
    return text if len(text) <= LINE_CHARACTERS else text[:LINE_CHARACTERS] + "…"
