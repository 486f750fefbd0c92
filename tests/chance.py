"""Plans, agents and operators as chance will have them, and what holds for all their sessions."""

from collections.abc import Callable
from dataclasses import replace
from random import Random
from typing import Any

from hands import Hand, Hands
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st

from mop_tui.agents.host import Assignment, Cancel, Job, Reply, Told
from mop_tui.domain.events import MAY_LACK_CAUSE, AnyEvent
from mop_tui.domain.feed import CancelTask, Command, Say, Steer, Stop
from mop_tui.domain.ids import AgentId, MemoryKey, TaskId
from mop_tui.domain.plan import Plan, Retry, Review, Script
from mop_tui.domain.priority import Priority
from mop_tui.domain.reactions import Reaction, Reactions
from mop_tui.domain.review import REJECTED
from mop_tui.orchestrator.loop import Orchestrator
from sessions import Ran, agent, answer, kind, plan, question, task


def whole_sessions(examples: int) -> settings:
    """Return settings for tests that play sessions: patient, and without shrinking, which would
    play on for minutes."""
    return settings(
        max_examples=examples,
        deadline=None,
        suppress_health_check=[HealthCheck.too_slow],
        phases=[Phase.explicit, Phase.reuse, Phase.generate],
    )


CANARY = "correct horse battery"


NEVER = Retry()
TRIES = [NEVER, NEVER, Retry(1, 5_000), Retry(3, 1_000)]
_NOTE = Reaction("set_memory", set=((MemoryKey("met"), "${error.type}"),))
_LOOK = Reaction("create_task", "Look into ${error.message}", skill="work")
_HELP = Reaction("spawn", "Mend ${task.id}", type="helper")
MENDED: list[Reactions] = [
    (),
    (),
    (("exit_1", (Reaction("retry"), _NOTE)),),
    (("timeout", (Reaction("skip"), _LOOK)), ("hook_failed", ())),
    (("*", (_HELP, _NOTE)), ("timeout", (Reaction("retry"), _LOOK))),
    (("SIGKILL", (Reaction("stop"),)), ("*", (Reaction("retry"),))),
]
"""What may be said of the errors of a task."""


def _reviews(crew: list[str], by: str | None) -> list[Review]:
    """Return reviews by everybody but `by`, who may reject a few times."""
    return [
        Review(AgentId(name), rounds, timeout_ms=8_000 if rounds else None, retry=TRIES[-1])
        for rounds, name in enumerate(crew)
        if name != by
    ]


@st.composite
def plans(draw: st.DrawFn) -> Plan:
    """Plans of up to eight tasks that need each other without cycles, some of them gated.

    Some agents live for the session; some tasks are tried again, some may take only so long, some
    are reviewed, and some say what is done about errors.
    """
    crew = ["ann", "ben", "cid"][: draw(st.integers(1, 3))]
    names = [f"t{n}" for n in range(draw(st.integers(1, 8)))]
    tasks = []
    for index, name in enumerate(names):
        pinned = draw(st.booleans())
        by = draw(st.sampled_from(crew)) if pinned else None
        spec = task(
            name,
            by,
            skill=None if pinned else "work",
            needs=draw(st.lists(st.sampled_from(names[:index]), unique=True)) if index else (),
            keys=[f"k{draw(st.integers(0, index - 1))}"] if index and draw(st.booleans()) else (),
            provides=[f"k{index}"],
            priority=draw(st.sampled_from(Priority)),
            seconds=draw(st.sampled_from([None, 1, 30])),
            gate=draw(st.sampled_from([None, None, "g"])),
            retry=draw(st.sampled_from(TRIES)),
            timeout=draw(st.sampled_from([None, None, 8])),
            review=draw(st.sampled_from([None, None, None, *_reviews(crew, by)])),
        )
        tasks.append(replace(spec, on_error=draw(st.sampled_from(MENDED))))
    scripts = {
        name: Script(exit_code=draw(st.sampled_from([0, 0, 0, 1])), output=("said", name))
        for name in names
    }
    gate = question(
        "g",
        timeout=draw(st.sampled_from([None, 20])),
        required=draw(st.booleans()),
        on_reject=draw(st.sampled_from(["cancel", "stop_session"])),
    )
    return plan(
        [agent(name, "work", for_session=draw(st.booleans())) for name in crew],
        tasks,
        [gate],
        max_agents=draw(st.sampled_from([None, 1, 2])),
        scripts=scripts,
        kinds={"helper": kind("work")},
    )


def stop_at(moment: int | None) -> Callable[[Orchestrator, AnyEvent], None]:
    """End the session when it has so many events."""

    def watch(orchestrator: Orchestrator, event: AnyEvent) -> None:
        if event.seq == moment:
            orchestrator.submit(Stop("enough"))

    return watch


GIVEN_AT_GATES = st.lists(
    st.builds(
        answer,
        st.just("g"),
        st.sampled_from(["approve", "reject"]),
        after=st.sampled_from([0.0, 10.0, 40.0]),
    ),
    max_size=8,
)


class Whims:
    """Plays agents that ask, wait, err, talk, finish and die as chance will have it."""

    def __init__(self, seed: int) -> None:
        self._chance = Random(seed)

    def hands(self) -> Hands:
        slow = self._chance.choice([0, 0, 2])
        return Hands(self.behave, self.unable, obeys_stop=slow, obeys_pause=slow / 2)

    def unable(self, _job: Job) -> str:
        return "no luck" if self._chance.random() < 0.08 else ""

    def behave(self, hand: Hand, heard: Told | None) -> None:
        chance = self._chance
        match heard:
            case None:
                if chance.random() < 0.2:
                    hand.after(chance.randint(0, 9), self._do_something, hand)
                if chance.random() < 0.2:
                    hand.after(chance.randint(0, 20), hand.exit, chance.randint(0, 1))
            case Assignment():
                for _ in range(chance.randint(0, 4)):
                    hand.after(chance.randint(0, 20), self._do_something, hand)
                hand.after(chance.choice([0, 1, 3, 10, 30]), self._end, hand)
            case Cancel():
                hand.after(chance.choice([0, 1, 8]), self._give_up, hand, heard.task)
            case Reply() if chance.random() < 0.3:
                self._end(hand)
            case _:
                pass

    def _do_something(self, hand: Hand) -> None:
        chance = self._chance
        match chance.randint(0, 6):
            case 0 | 1:
                self._ask(hand)
            case 2:
                hand.wait(chance.choice("vw"), f"k{chance.randint(0, 3)}")
            case 3:
                status = chance.choice(["partial", "complete"])
                hand.remember(f"k{chance.randint(0, 3)}", {"status": status})
            case 4:
                hand.err("odd", f"number {chance.randint(0, 3)}")
            case 5:
                to = chance.choice(["ann", "ben", "cid", "operator", "nobody"])
                hand.message(to, "hello", chance.choice(["info", "warning"]))
            case _:
                hand.progress(chance.randint(0, 100))

    def _ask(self, hand: Hand) -> None:
        chance = self._chance
        form: dict[str, Any] = chance.choice(
            [
                {},
                {"question_type": "choice", "options": ["approve", "5"], "default": "5"},
                {"question_type": "input", "input_type": "number"},
                {"question_type": "input", "input_type": "password"},
            ]
        )
        timeout = chance.choice([None, 10.0])
        required = chance.random() < 0.3
        hand.ask(chance.choice("pqr"), timeout=timeout, required=required, **form)

    def _end(self, hand: Hand) -> None:
        chance = self._chance
        if hand.job.assignment is None and chance.random() < 0.8:
            hand.done("it is done", chance.choice(["", "", "broken", REJECTED]))
        else:
            said = chance.choice(["bye", "bye", '{"verdict": "reject"}', '{"verdict": "well"}'])
            hand.exit(chance.choice([0, 0, 1]), said)

    def _give_up(self, hand: Hand, task_id: TaskId) -> None:
        if hand.task == task_id and hand.job.assignment is None:
            hand.done("", "cancelled")


CREW = [AgentId(name) for name in ("ann", "ben", "cid")]
TASKS = [TaskId(f"t{n}") for n in range(8)] + [TaskId(f"review-of-t{n}-1") for n in range(3)]
COMMANDS: st.SearchStrategy[Command] = st.one_of(
    st.builds(
        Steer,
        st.sampled_from(["pause", "resume", "resume", "stop", "restart"]),
        st.sampled_from(CREW),
    ),
    st.builds(CancelTask, st.sampled_from(TASKS)),
    st.builds(Say, st.sampled_from(CREW), st.just("hello")),
)
OPERATORS = st.lists(st.tuples(st.sampled_from([0.0, 1.0, 2.0, 5.0, 10.0, 20.0, 40.0]), COMMANDS))

GIVEN_TO_AGENTS = st.lists(
    st.builds(
        answer,
        st.sampled_from([f"{name}/{ask}" for name in CREW for ask in "pqr"]),
        st.sampled_from(["approve", "reject", "5"]),
        after=st.sampled_from([0.0, 3.0, 15.0]),
        secret=st.sampled_from([None, CANARY]),
    ),
    max_size=12,
)


def ended_in_order(ran: Ran) -> None:
    """Assert what holds at the end of any session."""
    session = ran.session
    assert ran.events[-1].kind == "system.ended"
    assert session.ignored == 0
    assert not [e.data for e in ran.of("agent.refused") + ran.of("task.refused")]
    if session.outcome != "waiting":
        assert session.finished
        assert not session.running
        assert not session.in_doubt
        assert not session.timers
    for event in ran.events:
        if event.cause is None:
            assert event.kind in MAY_LACK_CAUSE
        else:
            assert event.cause < event.seq, "a chain of causes leads back to a beginning"
    _one_holder_each(ran)
    for row in session.tasks.values():
        if row.gated:
            assert row.started_at is None, "a gate was passed without an approval"
        assert row.retries <= row.spec.retry.times
        if row.spec.review is not None and row.state == "COMPLETE":
            assert row.review is not None
            assert session.tasks[row.review].state == "COMPLETE", "nobody approved it"


def _one_holder_each(ran: Ran) -> None:
    held: dict[AgentId, TaskId] = {}
    for event in ran.of("agent.transitioned"):
        move = event.data
        if move.trigger == "task_assigned":
            assert move.agent not in held
            assert move.task not in held.values(), "two agents have it"
            held[move.agent] = move.task
        elif move.to_state in ("AVAILABLE", "COMPLETE", "FAILED", "SPAWNING"):
            held.pop(move.agent, None)
