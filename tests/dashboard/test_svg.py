"""What is drawn stands where it was drawn, whichever program shows the picture."""

import re

from dashboard.plays import coordinated

from mop_tui.dashboard.picture import picture
from mop_tui.dashboard.svg import anchored

TEXT = re.compile(r'<text [^>]*x="([\d.]+)"[^>]*textLength="([\d.]+)"[^>]*>([^<]*)</text>')


def test_a_text_begins_where_its_first_sign_is_to_stand() -> None:
    text = '<text class="r" x="12.2" y="1" textLength="61" clip-path="c">&#160;&#160;a&amp;b</text>'
    moved = '<text class="r" x="36.6" y="1" textLength="36.6" clip-path="c">a&amp;b</text>'
    assert anchored(text) == moved


def test_a_text_of_blanks_is_left_alone() -> None:
    text = '<text class="r1" x="0" y="1" textLength="24.4" clip-path="c">&#160;&#160;</text>'
    assert anchored(text) == text


async def test_no_picture_of_the_screen_relies_on_blanks_in_front() -> None:
    made = TEXT.findall(await picture(coordinated("ring"), size=(80, 24), keys=("b",)))
    assert made
    assert not [text for _, _, text in made if text.startswith("&#160;") and text.strip("&#160;")]
