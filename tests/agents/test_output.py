"""Output is cut into lines the same way, however it arrives."""

from hypothesis import given, settings
from hypothesis import strategies as st

from mop_tui.agents.masking import Mask
from mop_tui.agents.output import LINE_CHARACTERS, PARTIAL, LineCutter, Lines, Plain, shown
from mop_tui.agents.protocol import LONGEST

pieces = st.lists(
    st.sampled_from([b"\n", b"\r", b"\r\n", b"a", b"word", b'{"mop":1}', b"{", b'"mop"', b"\xff"]),
    max_size=40,
)  # fmt: skip


def lines_of(result: list[Lines]) -> tuple[bytes, list[bytes], int]:
    log = b"".join(lines.log for lines in result)
    parts = [part for lines in result for part in lines.parts]
    heard: list[bytes] = []
    for part in parts:
        heard += part.lines if isinstance(part, Plain) else [part]
    return log, heard, sum(part.count if isinstance(part, Plain) else 1 for part in parts)


@given(pieces, st.lists(st.integers(1, 9), min_size=1))
def test_chunks_make_no_difference(written: list[bytes], sizes: list[int]) -> None:
    data = b"".join(written)
    whole = LineCutter(Mask(), 1000)
    expected = lines_of([whole.feed(data), whole.end()])
    cutter = LineCutter(Mask(), 1000)
    results, start = [], 0
    while start < len(data):
        size = sizes[start % len(sizes)]
        results.append(cutter.feed(data[start : start + size]))
        start += size
    results.append(cutter.end())
    got = lines_of(results)
    assert got == expected
    ended = data + b"\n" if data and not data.endswith((b"\n", b"\r")) else data
    assert got[0].rstrip(b"\n") == ended.rstrip(b"\n")
    text = ended.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    assert got[1] == text.split(b"\n")[:-1]


@settings(deadline=None, max_examples=30)
@given(st.integers(1, 400_000), st.integers(100, 70_000), st.sampled_from([b"x", b"{", b"\xe2"]))
def test_a_long_line_is_one_line_and_is_not_held(length: int, size: int, char: bytes) -> None:
    cutter = LineCutter(Mask(), 40)
    data = char * length + b"\nnext\n"
    results = []
    for start in range(0, len(data), size):
        results.append(cutter.feed(data[start : start + size]))
        assert len(cutter._partial) <= LONGEST
    results.append(cutter.end())
    log, heard, count = lines_of(results)
    assert log == data
    assert count == 2
    assert heard[0][: 4 * LINE_CHARACTERS] == char * min(length, 4 * LINE_CHARACTERS)
    assert heard[1] == b"next"
    assert PARTIAL < LONGEST


def test_only_the_latest_lines_of_a_chunk_are_kept_and_all_are_counted() -> None:
    for end in (b"", b'{"mop":1}\n'):
        cutter = LineCutter(Mask(), 3)
        lines = cutter.feed(b"".join(b"%d\n" % number for number in range(10)) + end)
        assert lines.parts[0] == Plain([b"7", b"8", b"9"], 10)


def test_a_line_is_cut_where_it_is_shown() -> None:
    assert shown(b"x" * LINE_CHARACTERS) == "x" * LINE_CHARACTERS
    assert shown(b"x" * (LINE_CHARACTERS + 1)) == "x" * LINE_CHARACTERS + "…"
    assert shown(b"\xe2\x82\xac" * 1000) == "€" * LINE_CHARACTERS + "…"


@given(st.binary(max_size=200))
def test_nothing_that_is_shown_is_obeyed(line: bytes) -> None:
    text = shown(line)
    assert not any((ord(c) < 0x20 and c != "\t") or 0x7F <= ord(c) < 0xA0 for c in text)
    assert not set(text) & set("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200e\u200f")
