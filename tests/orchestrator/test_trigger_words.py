"""What triggers say, set and count once for is filled in with what happened and with variables."""

from pathlib import Path

from mop_tui.domain.plan import Plan
from mop_tui.layout import load
from sessions import play

FRAME = """
session: {id: words, vars: {place: garden, where: "in the ${place}"}}
agent_types: {worker: {sim: {duration: 5s}}}
teams: {crew: {agents: [{id: ann, type: worker}, {id: ben, type: worker}]}}
tasks:
  first: {agent: ann}
  second: {agent: ben, needs: [first]}
  third: {agent: ann, needs: [second]}
triggers:
"""


def planned(folder: Path, triggers: str) -> Plan:
    path = folder / "layout.yaml"
    path.write_text(FRAME + triggers, encoding="utf-8")
    loaded = load(path, rehearse=True)
    assert loaded.warnings == ()
    return loaded.plan


def test_what_is_set_is_filled_in_however_deep(tmp_path: Path, file: Path) -> None:
    plan = planned(
        tmp_path,
        """
  - type: event
    kind: task.transitioned
    when: {event.to_state: COMPLETE, task.id: second}
    action: set_memory
    set: {said: {by: ["${agent.id}", "${where}"], of: "${task.title}"}}
""",
    )
    ran = play(plan, file)
    (said,) = (event.data for event in ran.of("system.memory_set"))
    assert said.value == {"by": ["ben", "in the garden"], "of": "Second"}


def test_what_counts_once_is_told_by_what_happened_and_by_variables(
    tmp_path: Path, file: Path
) -> None:
    plan = planned(
        tmp_path,
        """
  - name: done
    type: event
    kind: task.transitioned
    when: {event.to_state: COMPLETE}
    action: notify
    task: "${task.id} is done ${where}"
    dedupe_key: "${agent.id} ${where}"
""",
    )
    ran = play(plan, file)
    assert [event.data.text for event in ran.of("system.notified")] == [
        "first is done in the garden",
        "second is done in the garden",
    ]
    assert [event.data.key for event in ran.of("system.fired")] == [
        "ann in the garden",
        "ben in the garden",
    ]
    said = [event.data for event in ran.decisions("trigger/done")]
    assert [one.verdict for one in said] == ["yes", "yes", "no"]
    assert "it has fired for ann in the garden already" in said[-1].reason


def test_a_question_of_a_triggers_own_says_what_happened(tmp_path: Path, file: Path) -> None:
    plan = planned(
        tmp_path,
        """
  - name: look
    type: event
    kind: task.transitioned
    when: {event.to_state: COMPLETE, task.id: second}
    action: ask_human
    task: "${agent.id} is done with ${task.id} ${where}: look at it?"
""",
    )
    ran = play(plan, file)
    (asked,) = (event.data for event in ran.of("user.asked"))
    assert asked.text == "ben is done with second in the garden: look at it?"
    assert (asked.name, asked.trigger) == ("look", "look")
