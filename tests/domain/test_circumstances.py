"""What can be looked up is known before anything has happened, and of the form that is told."""

from pathlib import Path

import pytest

from mop_tui.domain.circumstances import Circumstances, Form, form_at, forms
from mop_tui.domain.events import BY_KIND
from mop_tui.domain.fold import apply
from mop_tui.domain.ids import MemoryKey, TriggerName
from mop_tui.domain.plan import Script
from mop_tui.domain.rows import Trigger
from mop_tui.domain.session import Session
from mop_tui.domain.triggers import TriggerSpec
from sessions import Ran, agent, answer, plan, play, question, task


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> Ran:
    """A session in which much happens: a gate, a failure with retries, memory, output."""
    scripts = {
        "make": Script(output=("made",), memory=((MemoryKey("made"), {"status": "complete"}),)),
        "break": Script(exit_code=3),
    }
    what = plan(
        [agent("ann", "make"), agent("ben")],
        [task("make", skill="make"), task("break", "ben"), task("ship", "ann", gate="sure")],
        [question("sure")],
        scripts=scripts,
    )
    file: Path = tmp_path_factory.mktemp("circumstances") / "it.jsonl"
    return play(what, file, answers=[answer("sure", "approve", after=5)])


def test_what_is_found_in_a_session_is_of_the_form_that_is_told(ran: Ran) -> None:
    session = Session()
    trigger = Trigger(TriggerSpec(TriggerName("t"), "event", "notify"))
    seen: dict[str, int] = {}
    for event in ran.events:
        apply(session, event)
        about = Circumstances(session, event, trigger)
        for path, form in forms((event.kind,)).items():
            value = about.find(path)
            if isinstance(value, str | bool | int | float):
                assert form.may_be(value), f"{event.kind}: {path} is {value!r}"
                seen[path] = seen.get(path, 0) + 1
    assert len(seen) > 60
    assert {"agent.state", "task.complexity", "error.type", "question.name"} <= set(seen)


def test_every_kind_of_event_has_something_to_look_up() -> None:
    for kind in BY_KIND:
        known = forms((kind,))
        assert known["event.kind"] == Form(frozenset([kind]))
        assert {"event.seq", "event.at", "trigger.name", "session.id"} <= set(known)


def test_of_several_kinds_the_forms_are_put_together() -> None:
    known = forms(("task.transitioned", "agent.transitioned"))
    to_state = known["event.to_state"]
    assert to_state.may_be("COMPLETE")
    assert to_state.may_be("UNHEALTHY")
    assert not to_state.may_be("DONE")
    assert known["event.kind"] == Form(frozenset({"task.transitioned", "agent.transitioned"}))


def test_further_steps_lead_only_into_what_is_open() -> None:
    known = forms(("system.memory_set",))
    assert form_at("event.value.status.code", known) == Form(open=True)
    assert form_at("event.key.status", known) is None
    assert form_at("event.valu", known) is None
    assert form_at("event", known) is None


def test_what_is_more_than_plain_data_cannot_be_looked_up() -> None:
    assert "event.spec" not in forms(("task.created",))
    assert "event.validation" not in forms(("user.asked",))
