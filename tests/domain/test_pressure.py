"""What counts as wrong with how a swarm works, and what does not."""

from collections.abc import Iterable
from dataclasses import replace

import pytest

from mop_tui.decisions.rules import RuleBook
from mop_tui.decisions.standard import RULES
from mop_tui.domain import events as e
from mop_tui.domain.agent_lifecycle import AgentState
from mop_tui.domain.events import Event, SystemSampled, SystemStarted
from mop_tui.domain.expectation import Pace, expectation, pace
from mop_tui.domain.fold import apply
from mop_tui.domain.ids import AgentId, TaskId
from mop_tui.domain.plan import Mode, Plan, TaskSpec
from mop_tui.domain.pressure import Use, findings
from mop_tui.domain.strategies import TRIGGERS, Found, Strategy, thresholds
from mop_tui.orchestrator.effects import Start
from mop_tui.orchestrator.engine import Engine
from sessions import agent, plan, task

NOTHING = Use()


class Begun:
    """A session whose processes have started, and in which nothing has happened since."""

    def __init__(self, what: Plan) -> None:
        self.plan = what
        self.engine = Engine(what, RuleBook(what, RULES))
        self.session = self.engine.session
        started = SystemStarted(
            "s", "", "", Mode.REHEARSAL, attended=False, max_agents=None, teams=what.teams
        )
        self.hear(started, 0)

    def hear(self, fact: e.Fact, at: int) -> None:
        """Have a fact come from outside, and start what is started because of it."""
        cause = 1 if self.session.seq else None
        turn = self.engine.receive(fact, at, cause)
        for effect in turn.effects:
            if isinstance(effect, Start):
                done = e.SystemDone(effect.action, "start_process", effect.agent)
                self.hear(done, at)

    def told(self, name: str, percent: int, at: int) -> None:
        """Have an agent tell how far it is with what it has in hand."""
        row = self.session.agents[AgentId(name)]
        self.hear(e.AgentProgressed(row.spec.id, row.incarnation, row.task, percent), at)

    def found(self, at: int, used: Use = NOTHING, done: Pace | None = None) -> list[Found]:
        """Return what is wrong at a time."""
        return list(findings(self.plan, self.session, used, done, at))


def chain(*tasks: TaskSpec, behind: int, of: str) -> list[TaskSpec]:
    """Return tasks, and so many that need one of them, by somebody else."""
    after = [task(f"after-{n}", "ben", needs=[of], seconds=60) for n in range(behind)]
    return [*tasks, *after]


def crew(tasks: Iterable[TaskSpec]) -> Begun:
    return Begun(plan([agent("ann"), agent("ben")], tasks))


# -- bottlenecks ----------------------------------------------------------------------------------


def test_that_all_waits_for_the_first_task_is_no_bottleneck() -> None:
    begun = crew(chain(task("first", "ann", seconds=100), behind=9, of="first"))
    assert begun.session.agents[AgentId("ann")].state is AgentState.ACTIVE
    assert begun.found(90_000) == []


def test_a_task_that_takes_too_long_is_one() -> None:
    begun = crew(chain(task("first", "ann", seconds=100), behind=9, of="first"))
    (found,) = begun.found(151_000)
    assert (found.trigger, found.agent, found.task) == ("bottleneck_detected", "ann", "first")
    assert found.text == (
        "9 tasks, 84 % of the work that is left, wait for ann: first has taken 3 min instead of"
        " 100 s"
    )


def test_what_is_ready_and_waits_for_a_busy_agent_is_one() -> None:
    tasks = chain(
        task("other", "ann", seconds=1000, needs=[]),
        task("first", "ann", seconds=100),
        behind=20,
        of="first",
    )
    (found,) = crew(tasks).found(1_000)
    assert found.agent == "ann"
    assert found.text.endswith("wait for ann: first is ready, and nobody else can do it")


@pytest.mark.parametrize("behind", [2, 5])
def test_few_or_little_is_none(behind: int) -> None:
    tasks = [task("long", "ben", seconds=10_000), task("first", "ann", seconds=100)]
    begun = crew(chain(*tasks, behind=behind, of="first"))
    assert begun.found(151_000) == []


# -- resources ------------------------------------------------------------------------------------


def test_what_nobody_knows_is_not_short() -> None:
    begun = crew([task("one", "ann")])
    assert begun.found(0, Use(cores=2)) == []


def test_the_largest_share_counts() -> None:
    begun = crew([task("one", "ann")])
    (found,) = begun.found(0, Use(cpu=91, memory=97.5, cores=2, of_limit_cpu=50))
    assert (found.trigger, found.value, found.limit) == ("resource_constrained", 97.5, 90)
    assert found.text == "98 % of the machine's memory is in use; more than 90 % is too much"


def test_what_was_found_counts_until_it_is_well_below() -> None:
    begun = crew([task("one", "ann")])
    assert begun.found(0, Use(cpu=90)) == []
    (found,) = begun.found(0, Use(cpu=90.5))
    begun.hear(SystemSampled(findings=(found,)), 1_000)
    (still,) = begun.found(0, Use(cpu=81))
    assert still.limit == 80
    assert still.text == "81 % of the machine's processors is in use; it is over at 80 %"
    (worse,) = begun.found(0, Use(cpu=95))
    assert worse.text == "95 % of the machine's processors is in use; more than 90 % is too much"
    assert begun.found(0, Use(cpu=80)) == []


def test_a_threshold_of_the_layout_moves_both_ends() -> None:
    own = Strategy("s", "progress_slow", "spawn_additional_agents", threshold=37.5)
    assert thresholds("progress_slow", [own]) == (37.5, 42.5)
    assert thresholds("resource_constrained", [own]) == TRIGGERS["resource_constrained"]


# -- progress -------------------------------------------------------------------------------------


def test_work_that_gets_on_as_planned_is_not_slow() -> None:
    begun = crew([task("one", "ann", seconds=100), task("two", "ben", seconds=100)])
    expected = expectation(begun.session, 0)
    assert expected is not None
    assert expected.ends == {"one": 100_000, "two": 100_000}
    begun.told("ann", 50, 50_000)
    begun.told("ben", 50, 50_000)
    done = pace(begun.session, expected, 55_000)
    assert done is not None
    assert done.percent == 100


def test_work_that_stands_still_is_slow() -> None:
    begun = crew([task("one", "ann", seconds=100), task("two", "ben", seconds=100)])
    expected = expectation(begun.session, 0)
    assert expected is not None
    begun.told("ann", 10, 10_000)
    begun.told("ben", 10, 10_000)
    done = pace(begun.session, expected, 80_000)
    assert done is not None
    assert done.percent == 25  # of 80 s each, 10 s and no more than a tenth since
    (found,) = begun.found(80_000, done=done)
    assert found.text == (
        "40 s of work was done in the last 80 s, 25 % of the 3 min that were to be expected"
    )


def test_a_program_that_tells_nothing_counts_until_its_time_is_up() -> None:
    begun = crew([task("one", "ann", seconds=100), task("two", "ann", seconds=100)])
    expected = expectation(begun.session, 0)
    assert expected is not None
    soon, late = (pace(begun.session, expected, at) for at in (90_000, 200_000))
    assert soon is not None
    assert late is not None
    assert (soon.percent, late.percent) == (100, 50)


def test_where_nobody_says_how_long_nothing_is_expected() -> None:
    begun = crew([task("one", "ann", seconds=None)])
    expected = expectation(begun.session, 0)
    assert expected is None or pace(begun.session, expected, 1_000_000) is None


# -- tasks that go to somebody else ---------------------------------------------------------------


def test_a_task_that_is_meant_for_another_is_counted_there() -> None:
    what = plan(
        [replace(agent(name), type="worker") for name in ("ann", "ben")],
        [task(f"t{n}", "ann") for n in range(3)],
    )
    begun = Begun(what)
    session = begun.session
    assert list(session.ready_pinned[AgentId("ann")]) == ["t1", "t2"]
    row = session.tasks[TaskId("t2")]
    before = row.digest_row()

    def told(to: str, of: str = "t2") -> None:
        fact = e.TaskReassigned(TaskId(of), AgentId("ann"), AgentId(to))
        apply(session, Event(session.seq + 1, 0, fact.KIND, session.seq, fact))

    told("ben")
    assert row.spec.agent == "ben"
    assert row.digest_row() != before
    assert list(session.ready_pinned[AgentId("ann")]) == ["t1"]
    assert list(session.ready_pinned[AgentId("ben")]) == ["t2"]
    assert session.unfinished_pinned == {"ann": 2, "ben": 1}
    assert session.unfinished == 3
    ignored = session.ignored
    told("ben")  # it is not ann's any more
    told("nobody", "t1")
    told("ben", "t0")  # it is begun
    assert session.ignored == ignored + 3
