"""Each line is bound to the one before, in the way the contracts say."""

import hashlib
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from mop_tui.domain.events import AnyEvent
from mop_tui.journal import Header
from mop_tui.journal.chain import Chain


def test_every_link_can_be_computed_from_the_file_alone(
    write: Callable[[list[AnyEvent]], Path], story: list[AnyEvent]
) -> None:
    first, *lines = write(story).read_bytes().removesuffix(b"\n").split(b"\n")
    fields = json.loads(first)
    layout = json.dumps(fields["layout"], separators=(",", ":"))
    beginning = f"{fields['format']}\n{layout}\n{fields['seed']}"
    link = hashlib.blake2b(beginning.encode(), digest_size=8).hexdigest()
    assert link == fields["genesis"]
    assert len(lines) == len(story)
    for line in lines:
        stem, _, tail = line.partition(b',"chain":"')
        link = hashlib.blake2b(link.encode() + stem, digest_size=8).hexdigest()
        assert tail == link.encode() + b'"}'
        assert json.loads(line)["chain"] == link


def test_the_same_events_give_the_same_bytes_whoever_ran_them(
    write: Callable[[list[AnyEvent], str], Path], story: list[AnyEvent], header: Header
) -> None:
    once, again = write(story, "a").read_bytes(), write(story, "b").read_bytes()
    assert once == again
    other = Chain(replace(header, run="other", user="other").genesis)
    lines = b"".join(other.line(event)[0] for event in story)
    assert once.partition(b"\n")[2] == lines


@pytest.mark.parametrize("seq", [0, 1, 3, 8])
def test_an_event_out_of_turn_is_refused_and_changes_nothing(
    seq: int, story: list[AnyEvent], header: Header
) -> None:
    chain, untroubled = Chain(header.genesis), Chain(header.genesis)
    for each in (chain, untroubled):
        each.line(story[0])
    with pytest.raises(ValueError, match=f"event {seq} cannot follow event 1"):
        chain.line(replace(story[1], seq=seq, cause=None))
    assert chain.line(story[1]) == untroubled.line(story[1])


@pytest.mark.parametrize("cause", [0, -1, 2, 7])
def test_nothing_is_caused_by_itself_or_by_what_comes_later(
    cause: int, story: list[AnyEvent], header: Header
) -> None:
    chain = Chain(header.genesis)
    chain.line(story[0])
    with pytest.raises(ValueError, match="cannot be caused"):
        chain.line(replace(story[1], cause=cause))
    chain.line(story[1])
