import pytest

from plain_slug import slug, unique


@pytest.mark.parametrize(
    ("title", "expected"),
    [
        ("Hello, World!", "hello-world"),
        ("Crème brûlée, the 2nd attempt", "creme-brulee-the-2nd-attempt"),
        ("  --many   gaps--  ", "many-gaps"),
        ("½ a loaf", "1-2-a-loaf"),
    ],
)
def test_a_slug_is_plain(title: str, expected: str) -> None:
    assert slug(title) == expected


def test_a_long_slug_ends_with_a_whole_word() -> None:
    assert slug("one two three", max_length=10) == "one-two"
    assert slug("one two three", max_length=7) == "one-two"
    assert slug("incomprehensible", max_length=7) == "incompr"


def test_nothing_plain_makes_no_slug() -> None:
    with pytest.raises(ValueError, match="nothing plain"):
        slug("…!")


def test_a_taken_name_gets_the_first_free_number() -> None:
    assert unique("report", taken=set()) == "report"
    assert unique("report", taken={"report", "report-2"}) == "report-3"
