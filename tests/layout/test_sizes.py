import pytest
from hypothesis import given
from hypothesis import strategies as st

from mop_tui.layout import sizes


@pytest.mark.parametrize(
    ("written", "size"),
    [
        ("512MiB", 512 * 1024**2),
        ("512 MiB", 512 * 1024**2),
        ("64KiB", 64 * 1024),
        ("2GiB", 2 * 1024**3),
        ("1.5GiB", 3 * 1024**3 // 2),
        ("500MB", 500_000_000),
        ("100kB", 100_000),
        ("100000B", 100_000),
        (1_048_576, 1_048_576),
        ("1PiB", 1024**5),
        ("1048576", None),
        ("512M", None),
        ("512mib", None),
        ("-1GiB", None),
        ("", None),
        (1.5e9, None),
        (True, None),
        (None, None),
        (512, None),
        ("2PiB", None),
        (10**30, None),
        ("9999999999999999PiB", None),
    ],
)
def test_sizes_are_read_as_people_write_them(written: object, size: int | None) -> None:
    if size is None:
        with pytest.raises(ValueError, match="is not an amount of memory"):
            sizes.parse(written)
    else:
        assert sizes.parse(written) == size


@pytest.mark.parametrize(
    ("size", "written"),
    [(1024**3, "1GiB"), (500_000_000, "500MB"), (65_537, "65537B"), (3 * 1024**3 // 2, "1536MiB")],
)
def test_sizes_are_written_as_short_as_can_be(size: int, written: str) -> None:
    assert sizes.written(size) == written


@given(st.integers(sizes.LEAST, sizes.MOST))
def test_what_is_written_is_read_again(size: int) -> None:
    assert sizes.parse(sizes.written(size)) == size
