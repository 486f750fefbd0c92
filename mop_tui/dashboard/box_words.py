"""What a box of the topology says: a sign and a name, and below them how that stands."""

from collections.abc import Mapping
from typing import NamedTuple

from mop_tui.dashboard.chart import Key
from mop_tui.dashboard.frame import Frame
from mop_tui.dashboard.ink import Ink
from mop_tui.dashboard.line import Line
from mop_tui.dashboard.looks import CLOSED, UNKNOWN, WAITING_FOR_YOU, agent_look
from mop_tui.dashboard.sketch import ALARM
from mop_tui.dashboard.subject import Subject
from mop_tui.domain.ids import AgentId, MemoryKey, QuestionId, Resource, TaskId, TeamId
from mop_tui.domain.needed_keys import is_provided
from mop_tui.domain.wording import printable

_KINDS: Mapping[str, str] = {
    "key": "memory key",
    "lock": "lock",
    "skill": "any with this skill",
    "question": "your answer",
    "turn": "as many as may work",
    "anybody": "whoever can do it",
}
"""What the boxes are that are neither agents nor tasks."""


class Words(NamedTuple):
    """A box in two lines, and the ink of its edge."""

    name: Line
    state: Line
    edge: Ink
    word: str = ""
    """Its state in a word, in the ink of the edge."""
    alarming: bool = False
    """It is part of a circle of those that wait for each other."""


def words_for(key: Key, frame: Frame, stuck: frozenset[Key]) -> Words:
    """Return what a box says now. `stuck` are those that wait for ever."""
    match key[0]:
        case "agent":
            words = _agent(AgentId(key[1]), frame)
        case "team":
            words = _team(TeamId(key[1]), frame)
        case "task":
            words = _task(TaskId(key[1]), frame)
        case "crowd":
            crowd: Line = ((f"{CLOSED} ", "label"), (f"{key[3]} tasks", "strong"))
            words = Words(crowd, (("that wait for it", "dim"),), "dim")
        case _:
            words = _other(key, frame)
    if key[:2] in stuck or (key[0] == "agent" and _has_stuck_task(AgentId(key[1]), frame, stuck)):
        name = ((f"{ALARM} ", "bad"), *words.name)
        return Words(name, words.state, "bad", words.word, alarming=True)
    return words


def _has_stuck_task(name: AgentId, frame: Frame, stuck: frozenset[Key]) -> bool:
    agent = frame.snapshot.agents.get(name)
    return agent is not None and agent.task is not None and ("task", agent.task) in stuck


def _agent(name: AgentId, frame: Frame) -> Words:
    agent = frame.snapshot.agents.get(name)
    if agent is None:
        return Words(((f"{UNKNOWN} {name}", "dim"),), (("not spawned", "dim"),), "dim")
    look = frame.view.look(agent)
    percent = frame.view.percent(agent)
    task = frame.view.shown_task(agent)
    state: Line = ((look.word, look.ink),)
    if percent is not None:
        state += ((f" {percent}%", "plain"),)
    load = frame.snapshot.coordination.relays.get(name)
    if load is not None and load.queue:
        state += ((f" {load.queue} to relay", "warn"),)
    if task is not None:
        state += ((f" {task.spec.id}", "plain" if agent.task is not None else "dim"),)
    line: Line = ((f"{look.sign} ", look.ink), (name, "strong" if agent.task else "plain"))
    return Words(line, state, look.ink, look.word)


def _team(name: TeamId, frame: Frame) -> Words:
    team = next((it.name for it in frame.view.teams if it.id == name), name)
    summary = frame.view.summary(name)
    state: Line = ((f"{len(frame.view.members[name])}", "dim"),)
    if summary.waiting_for_you:
        state += ((f" {WAITING_FOR_YOU.sign}{summary.waiting_for_you}", "you"),)
    for at, count in summary.counts:
        look = agent_look(at)
        state += ((f" {look.sign}{count}", look.ink),)
    ink: Ink = agent_look(summary.counts[0][0]).ink if summary.counts else "dim"
    return Words(((f"{CLOSED} ", "title"), (team, "title")), state, ink)


def _task(name: TaskId, frame: Frame) -> Words:
    task = frame.snapshot.tasks.get(name)
    if task is None:
        return Words(((f"{UNKNOWN} {name}", "dim"),), (("not in the plan yet", "dim"),), "dim")
    look = frame.view.task_look(task)
    by = task.agent or task.spec.agent
    state: Line = (("task ", "dim"), (look.word, look.ink), (f" {by}" if by else "", "plain"))
    return Words(((f"{look.sign} ", look.ink), (name, "plain")), state, look.ink, look.word)


def _other(key: Key, frame: Frame) -> Words:
    kind, name = key[:2]
    said = _KINDS.get(kind, kind)
    snapshot = frame.snapshot
    ink: Ink = "dim"
    match kind:
        case "lock" if Resource(name) in snapshot.locks:
            said = f"lock of {snapshot.locks[Resource(name)].agent}"
        case "key" if is_provided(snapshot.memory, MemoryKey(name)):
            said = "memory key, is there"
        case "question":
            ink = "you"
            question = snapshot.questions.get(QuestionId(name))
            said = said if question is None else printable(question.asked.text)
            return Words((("? ", "you"), (name, "you")), ((said, "plain"),), ink)
        case "turn" | "anybody":
            return Words(((kind, "label"),), ((said, "dim"),), ink)
    return Words(((f"{kind} ", "label"), (name, "plain")), ((said, "dim"),), ink)


def subject_of_box(key: Key) -> Subject | None:
    """Return what keys are about where a box is selected; None if nothing is known of that."""
    match key[0]:
        case "agent":
            return Subject(agent=AgentId(key[1]))
        case "task":
            return Subject(task=TaskId(key[1]))
        case "question":
            return Subject(question=QuestionId(key[1]))
        case _:
            return None
