"""Text of agents, made fit to be shown: control characters are seen, never obeyed."""

_CONTROLS = (
    *range(0x80, 0xA0),  # C1: some terminals obey these as they obey ESC
    0x061C,  # what reorders text, so that a line reads other than it is written
    *range(0x200E, 0x2010),
    *range(0x2028, 0x202F),
    *range(0x2066, 0x206A),
    0xFEFF,
    *range(0xFFF9, 0xFFFC),
)
_VISIBLE: dict[int, int | str] = {
    **{code: 0x2400 + code for code in range(0x20) if code != ord("\t")},
    0x7F: 0x2421,
    **{code: f"<{code:04X}>" for code in _CONTROLS},
    **dict.fromkeys(range(0xD800, 0xE000), "\ufffd"),
}
_VISIBLE_TEXT = {code: shown for code, shown in _VISIBLE.items() if code != ord("\n")}


def visible_line(line: str) -> str:
    """Return `line` with everything that a terminal might obey replaced by a picture of it."""
    return line if line.isascii() and line.isprintable() else line.translate(_VISIBLE)


def visible_text(text: str) -> str:
    """Return `text` likewise, but with its line breaks, which end in no carriage return."""
    if text.isascii() and text.isprintable():
        return text
    return text.replace("\r\n", "\n").translate(_VISIBLE_TEXT)
