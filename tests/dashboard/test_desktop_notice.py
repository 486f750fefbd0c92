"""What a terminal is sent to show a notification, and that no text can steer it."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mop_tui.dashboard.desktop_notice import Way, notice, way_of

TITLE, TEXT = "mop-tui dig", "ann: Dig here?"


@pytest.mark.parametrize(
    ("environment", "way"),
    [
        ({"TERM": "xterm-kitty"}, "99"),
        ({"TERM": "xterm-256color", "KITTY_WINDOW_ID": "1"}, "99"),
        ({"TERM": "foot"}, "777"),
        ({"TERM": "rxvt-unicode-256color"}, "777"),
        ({"TERM": "xterm-256color", "TERM_PROGRAM": "WezTerm"}, "777"),
        ({"TERM": "xterm-256color", "TERM_PROGRAM": "ghostty"}, "777"),
        ({"TERM": "xterm-256color", "VTE_VERSION": "7600"}, "777"),
        ({"TERM": "xterm-256color", "TERM_PROGRAM": "iTerm.app"}, "9"),
        ({"TERM": "xterm-256color", "LC_TERMINAL": "iTerm2"}, "9"),
        ({"TERM": "xterm-256color"}, "9"),
        ({"TERM": "tmux-256color", "TERM_PROGRAM": "tmux"}, "9"),
        ({}, "9"),
        ({"TERM": "linux"}, "none"),
        ({"TERM": "dumb"}, "none"),
        ({"TERM": "xterm-256color", "TERM_PROGRAM": "Apple_Terminal"}, "none"),
    ],
)
def test_terminals_are_known_by_what_they_say(environment: dict[str, str], way: Way) -> None:
    assert way_of(environment) == way


def test_each_way_as_its_terminals_read_it() -> None:
    assert notice(TITLE, TEXT, {"TERM": "xterm"}) == "\x1b]9;mop-tui dig: ann: Dig here?\x1b\\"
    assert (
        notice(TITLE, TEXT, {"TERM": "foot"}) == "\x1b]777;notify;mop-tui dig;ann: Dig here?\x1b\\"
    )
    assert notice(TITLE, TEXT, {"TERM": "xterm-kitty"}) == (
        "\x1b]99;i=mop-tui:o=unfocused:d=0;mop-tui dig\x1b\\"
        "\x1b]99;i=mop-tui:p=body;ann: Dig here?\x1b\\"
    )
    assert notice(TITLE, TEXT, {"TERM": "linux"}) == ""


def test_tmux_hands_it_through() -> None:
    within = {"TERM": "tmux-256color", "TMUX": "/run/tmux/default,1,0"}
    assert notice(TITLE, TEXT, within) == (
        "\x1bPtmux;\x1b\x1b]9;mop-tui dig: ann: Dig here?\x1b\x1b\\\x1b\\"
    )


@given(title=st.text(), text=st.text(), term=st.sampled_from(["xterm", "foot", "xterm-kitty"]))
def test_no_text_can_steer_the_terminal(title: str, text: str, term: str) -> None:
    sent = notice(title, text, {"TERM": term})
    whole = r"(?:\x1b\](?:9|777;notify|99)[;](?P<said>[^\x00-\x1f\x7f-\x9f]*)\x1b\\)+"
    assert re.fullmatch(whole, sent)
    if term == "foot":
        assert sent.split(";")[:2] == ["\x1b]777", "notify"]
        assert ";" not in sent.removeprefix("\x1b]777;notify;").partition(";")[0]
