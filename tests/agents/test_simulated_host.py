"""What holds for simulated agents: their time is the session's."""

import pytest

from mop_tui.agents.host import (
    Asked,
    Assignment,
    Erred,
    Exited,
    Finished,
    Job,
    Locking,
    Output,
    Progressed,
    Remembered,
    Reply,
    Report,
    Unlocking,
    Waiting,
)
from mop_tui.agents.masking import MASK
from mop_tui.agents.simulated import SimulatedHost
from mop_tui.domain.ids import AgentId, AskId, MemoryKey, QuestionName, Resource
from mop_tui.domain.plan import QuestionSpec, Script, ScriptedError, ScriptedStep, Work
from mop_tui.orchestrator.clock import Timeline, VirtualClock
from sessions import agent, task

A = AgentId("a")


class World:
    """A simulated host on a timeline of its own, and when it reported what."""

    def __init__(self) -> None:
        self.timeline = Timeline()
        self.clock = VirtualClock(self.timeline)
        self.happened: list[tuple[int, Report]] = []
        self.host = SimulatedHost(
            1,
            self.clock.moment,
            self.timeline.call_at,
            lambda report: self.happened.append((self.clock.moment(), report)),
        )

    def play(self) -> None:
        """Let everything happen that will."""
        while (due := self.timeline.next_due()) is not None:
            self.clock.reach(due)
            self.timeline.pop()()

    def at(self, moment: int, call: object) -> None:
        """Have something done at a moment."""
        assert callable(call)
        self.timeline.call_at(moment, lambda: call() and None)

    def times(self, kind: type[Report]) -> list[int]:
        """Return when reports of a kind came."""
        return [at for at, report in self.happened if isinstance(report, kind)]


@pytest.fixture
def world() -> World:
    return World()


WORK = Work(script=Script((10_000, 10_000), output=("half",)))


def start(world: World, *, session: bool = False) -> None:
    given = None if session else Assignment(task("t"))
    world.host.start(Job(agent("a"), WORK, 1, given), {})


def test_a_pause_delays_what_is_to_come_by_its_length(world: World) -> None:
    start(world)
    world.at(3_500, lambda: world.host.pause(A, 1))
    world.at(4_500, lambda: world.host.pause(A, 1))
    world.at(23_500, lambda: world.host.resume(A, 1))
    world.at(24_000, lambda: world.host.resume(A, 1))
    world.play()
    assert world.times(Progressed) == [*(1_000, 2_000, 3_000), *range(24_000, 30_000, 1_000)]
    assert world.times(Output) == [25_000]
    assert world.times(Exited) == [30_000]


def test_what_is_told_in_a_pause_is_heard_after_it(world: World) -> None:
    start(world, session=True)
    world.at(0, lambda: world.host.pause(A, 1))
    world.at(1_000, lambda: world.host.tell(A, 1, Assignment(task("t"))))
    world.at(5_000, lambda: world.host.resume(A, 1))
    world.play()
    assert world.times(Finished) == [15_000]


def test_a_script_that_fails_fails_the_task_and_not_the_agent(world: World) -> None:
    work = Work(script=Script((1_000, 1_000), exit_code=3))
    world.host.start(Job(agent("a"), work, 1), {})
    world.host.tell(A, 1, Assignment(task("t")))
    world.play()
    [(_, _), (at, report)] = world.happened
    assert isinstance(report, Finished)
    assert (at, report.failed) == (1_000, "exit code 3")


def test_it_asks_half_way_and_goes_on_when_that_is_settled(world: World) -> None:
    question = QuestionSpec(QuestionName("where"), "Where to?")
    work = Work(script=Script((10_000, 10_000), output=("a", "b", "c"), asks=question))
    world.host.start(Job(agent("a"), work, 1, Assignment(task("t"))), {})
    world.at(95_000, lambda: world.host.tell(A, 1, Reply(AskId("where"), "answered", "there")))
    world.play()
    [asked] = [report for _, report in world.happened if isinstance(report, Asked)]
    assert (asked.ask, asked.question.name) == ("where", "a/where")
    assert world.times(Asked) == [5_000]
    assert world.times(Output) == [2_500, 5_000, 97_500]
    assert world.times(Exited) == [100_000]


def test_it_tells_of_its_errors_half_way_before_it_asks_and_goes_on(world: World) -> None:
    question = QuestionSpec(QuestionName("how"), "How to proceed?")
    errors = (ScriptedError("deployment_failed", "hunter2 is no quota"), ScriptedError("late"))
    work = Work(script=Script((10_000, 10_000), output=("a",), asks=question, errors=errors))
    world.host.start(Job(agent("a"), work, 1, Assignment(task("t"))), {})
    world.host.conceal("hunter2")
    world.at(7_000, lambda: world.host.tell(A, 1, Reply(AskId("how"), "answered", "so")))
    world.play()
    half = [report for at, report in world.happened if at == 5_000]
    assert [type(report) for report in half] == [Output, Progressed, Erred, Erred, Asked]
    erred = [(one.type, one.message, one.source) for one in half if isinstance(one, Erred)]
    assert erred == [
        ("deployment_failed", f"{MASK} is no quota", "protocol"),
        ("late", "", "protocol"),
    ]
    assert world.times(Exited) == [12_000]


def test_a_question_that_is_never_settled_holds_it_for_ever(world: World) -> None:
    question = QuestionSpec(QuestionName("where"), "Where to?")
    work = Work(script=Script((10_000, 10_000), asks=question))
    world.host.start(Job(agent("a"), work, 1, Assignment(task("t"))), {})
    world.play()
    assert world.times(Asked) == [5_000]
    assert world.times(Exited) == []


def test_it_asks_before_it_ends_even_if_it_takes_no_time(world: World) -> None:
    question = QuestionSpec(QuestionName("where"), "Where to?")
    work = Work(script=Script((0, 0), asks=question))
    world.host.start(Job(agent("a"), work, 1, Assignment(task("t"))), {})
    world.at(7_000, lambda: world.host.tell(A, 1, Reply(AskId("where"), "answered", "there")))
    world.play()
    assert world.times(Asked) == [0]
    assert world.times(Exited) == [7_000]


def test_a_long_script_leaves_one_thing_to_come_at_a_time(world: World) -> None:
    work = Work(script=Script((10_000, 10_000), output=("line",) * 500))
    world.host.start(Job(agent("a"), work, 1, Assignment(task("t"))), {})
    world.play()
    assert len(world.times(Output)) == 500
    assert world.times(Output) == sorted(world.times(Output))
    assert world.times(Exited) == [10_000]


def test_steps_are_done_half_way_one_after_the_other(world: World) -> None:
    steps = (
        ScriptedStep("lock", Resource("x")),
        ScriptedStep("set", MemoryKey("k")),
        ScriptedStep("wait", MemoryKey("l")),
        ScriptedStep("unlock", Resource("x")),
    )
    question = QuestionSpec(QuestionName("q"), "Well?")
    script = Script((10_000, 10_000), steps=steps, asks=question)
    job = Job(agent("a"), Work(script=script), 1, Assignment(task("t")))
    world.host.start(job, {})
    world.at(7_000, lambda: world.host.tell(A, 1, Reply(AskId("lock x"), "answered", value=True)))
    world.at(8_000, lambda: world.host.tell(A, 1, Reply(AskId("wait l"), "answered", 1)))
    world.at(9_000, lambda: world.host.tell(A, 1, Reply(AskId("q"), "answered", "approve")))
    world.play()
    said = [(at, it) for at, it in world.happened if not isinstance(it, Progressed)]
    assert said[1:-1] == [
        (5_000, Locking(A, 1, AskId("lock x"), Resource("x"))),
        (7_000, Remembered(A, 1, MemoryKey("k"), {"status": "complete"})),
        (7_000, Waiting(A, 1, AskId("wait l"), MemoryKey("l"))),
        (8_000, Unlocking(A, 1, Resource("x"))),
        (8_000, Asked(A, 1, AskId("q"), QuestionSpec(QuestionName("a/q"), "Well?"))),
    ]
    assert world.times(Exited) == [14_000]
