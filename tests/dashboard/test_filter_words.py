"""What the operator types to see only some events."""

import pytest
from dashboard.plays import mop_platform
from hypothesis import given
from hypothesis import strategies as st

from mop_tui.dashboard.filter_words import EVERYTHING, TONES, Filter, Misspelt, parse
from mop_tui.domain.events import BY_KIND
from mop_tui.domain.sentences import sentence
from mop_tui.domain.tones import tone

HAPPENED = mop_platform().happened

names = st.sampled_from(["tester", "build*", "python-dev", "nobody", "*"])
kinds = st.sampled_from([*BY_KIND, "task", "agent", "task.*", "*.transitioned", "user.?sked"])
by_sort = {
    "kind": kinds,
    "agent": names,
    "task": names,
    "is": st.sampled_from(TONES),
}
words = st.sampled_from(sorted(by_sort)).flatmap(
    lambda sort: by_sort[sort].map(lambda value: f"{sort}:{value}")
)


def filter_of(typed: str) -> Filter:
    found = parse(typed)
    assert isinstance(found, Filter), found
    return found


def shown(typed: str) -> list[int]:
    wanted = filter_of(typed)
    return [event.seq for event in HAPPENED if wanted.passes(event)]


def test_nothing_typed_lets_everything_pass() -> None:
    assert filter_of("") == filter_of("  ") == EVERYTHING
    assert len(shown("")) == len(HAPPENED)


def test_a_text_has_to_stand_in_the_sentence_whatever_its_case() -> None:
    found = shown("ACCEPTANCE")
    assert found
    assert found == [e.seq for e in HAPPENED if "acceptance" in sentence(e).lower()]


def test_texts_before_and_after_a_word_are_one_text() -> None:
    assert filter_of("was kind:task set").text == "was set"


@pytest.mark.parametrize("typed", ["kind:task", "kind:task.*", "KIND:Task"])
def test_kinds_are_told_by_their_first_word_or_a_pattern(typed: str) -> None:
    assert shown(typed) == [e.seq for e in HAPPENED if e.kind.startswith("task.")]


def test_either_of_several_kinds_will_do() -> None:
    either = shown("kind:task,user.asked")
    assert either == sorted(shown("kind:task") + shown("kind:user.asked"))
    assert either == shown("kind:user.asked kind:task")


def test_an_agent_is_named_or_meant_by_a_pattern() -> None:
    assert shown("agent:tester")
    assert set(shown("agent:tester")) < set(shown("agent:t*"))


def test_an_event_that_is_about_no_agent_is_not_what_any_agent_did() -> None:
    started = HAPPENED[0]
    assert started.kind == "system.started"
    assert not filter_of("agent:*").passes(started)


@pytest.mark.parametrize("name", TONES)
def test_is_tells_how_much_an_event_asks_to_be_looked_at(name: str) -> None:
    assert shown(f"is:{name}") == [e.seq for e in HAPPENED if tone(e) == name]


def test_an_error_is_another_word_for_what_is_critical() -> None:
    assert filter_of("is:error") == filter_of("is:critical")


@pytest.mark.parametrize(
    ("typed", "why"),
    [
        ("is:awful", "is:awful? critical, warning, good, info or detail"),
        ("is:", "is: critical, warning, good, info or detail"),
        ("lint is:warning,awful", "is:awful? critical"),
        ("kind:tsk", "kind:tsk? agent, file, system, task, user or task.*"),
        ("kind:", "kind: agent, file"),
        ("agent:", "agent: a name, or part of it with a *"),
        ("task:,", "task: a name"),
    ],
)
def test_a_word_that_says_nothing_is_told(typed: str, why: str) -> None:
    found = parse(typed)
    assert isinstance(found, Misspelt)
    assert why in found.why


def test_a_colon_alone_makes_no_word() -> None:
    assert filter_of("at 12:30 http://x").text == "at 12:30 http://x"


@given(st.text(max_size=40))
def test_whatever_is_typed_is_a_filter_or_told(typed: str) -> None:
    found = parse(typed)
    if isinstance(found, Misspelt):
        assert found.why
        assert found.why.isprintable()
    else:
        assert all(isinstance(found.passes(event), bool) for event in HAPPENED[:20])


@given(
    st.lists(words, max_size=4).flatmap(
        lambda said: st.tuples(st.just(said), st.permutations(said))
    )
)
def test_words_may_stand_in_any_order(said: tuple[list[str], list[str]]) -> None:
    first, second = said
    assert shown(" ".join([*first, "is"])) == shown(" ".join(["is", *second]))


@given(st.permutations(sorted(by_sort)).map(lambda sorts: sorts[:2]), st.data())
def test_words_of_two_sorts_let_pass_what_both_do(sorts: list[str], data: st.DataObject) -> None:
    one, other = (f"{sort}:{data.draw(by_sort[sort])}" for sort in sorts)
    assert set(shown(f"{one} {other}")) == set(shown(one)) & set(shown(other))


@given(words, words)
def test_words_of_one_sort_let_pass_what_either_does(one: str, other: str) -> None:
    sort = one.partition(":")[0]
    if other.startswith(f"{sort}:"):
        assert set(shown(f"{one} {other}")) == set(shown(one)) | set(shown(other))
