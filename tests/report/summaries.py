"""Sessions to report on, made up in every part that a report tells of."""

from dataclasses import replace
from itertools import pairwise

from mop_tui.domain.agent_lifecycle import AgentState
from mop_tui.domain.ids import AgentId, IssueId, QuestionId, TaskId, TeamId
from mop_tui.domain.plan import Mode
from mop_tui.domain.task_lifecycle import TaskState
from mop_tui.domain.timeline import Phase
from mop_tui.report import summary as s

MINUTE = 60_000

_PHASES = {
    "+": Phase.WORKING,
    "q": Phase.QUEUED,
    "?": Phase.ASKING,
    "k": Phase.KEY,
    "#": Phase.LOCK,
    "=": Phase.PAUSED,
    "z": Phase.RESTING,
    "s": Phase.STARTING,
    "r": Phase.REVIEWING,
    "~": Phase.ILL,
    ".": Phase.IDLE,
    "_": Phase.PENDING,
    "x": Phase.OVER,
}


def stays(drawn: str, task: str | None = None, each: int = MINUTE) -> tuple[s.Stretch, ...]:
    """Return stretches as they are drawn, a character for every `each` milliseconds."""
    bounds = [0] + [at for at in range(1, len(drawn)) if drawn[at] != drawn[at - 1]] + [len(drawn)]
    return tuple(
        s.Stretch(
            begin * each,
            end * each,
            _PHASES[drawn[begin]].value,
            TaskId(task) if task and drawn[begin] not in "._x" else None,
        )
        for begin, end in pairwise(bounds)
    )


def task(name: str, drawn: str, agent: str, state: TaskState = TaskState.COMPLETE) -> s.TaskPart:
    """Return a task that went as it is drawn."""
    went = stays(drawn)
    spent = dict.fromkeys(Phase, 0)
    for stay in went:
        spent[Phase(stay.what)] += stay.end - stay.begin
    worked = [it for it in went if it.what in (Phase.WORKING, Phase.STARTING)]
    over = [it for it in went if it.what == Phase.OVER]
    held = (Phase.ASKING, Phase.KEY, Phase.LOCK, Phase.PAUSED, Phase.RESTING)
    return s.TaskPart(
        id=TaskId(name),
        title=name.replace("-", " ").capitalize(),
        state=state,
        agent=AgentId(agent),
        expected_ms=5 * MINUTE,
        began_at=worked[0].begin if worked else None,
        ended_at=over[0].begin if over else None,
        work_ms=spent[Phase.WORKING],
        queue_ms=spent[Phase.QUEUED],
        held_ms=sum(spent[it] for it in held),
        attempts=1,
        output=f"{name}: all checks passed",
        reason="",
        stays=went,
        seq=100 + len(name),
    )


def agent(name: str, team: str, went: tuple[s.Stretch, ...], **more: object) -> s.AgentPart:
    """Return an agent that did what its stretches say."""
    plain = s.AgentPart(
        id=AgentId(name),
        type=name.split("-", maxsplit=1)[0],
        team=TeamId(team),
        model="opus",
        lead=False,
        spawned_at=0,
        spawned_by="",
        state=AgentState.COMPLETE,
        completed=len({it.task for it in went if it.task}),
        work_ms=sum(it.end - it.begin for it in went if it.what == Phase.WORKING),
        waited_ms=sum(it.end - it.begin for it in went if it.what in (Phase.KEY, Phase.ASKING)),
        processes=1,
        errors=0,
        restarts=0,
        cpu_peak=62.0,
        cpu_mean=20.0,
        cores_peak=1.2,
        memory_peak=300 * 1024 * 1024,
        output_lines=40,
        stays=went,
    )
    return replace(plain, **more)  # type: ignore[arg-type]


def spliced(*parts: tuple[s.Stretch, ...]) -> tuple[s.Stretch, ...]:
    """Return stretches one after the other."""
    found: list[s.Stretch] = []
    at = 0
    for part in parts:
        for it in part:
            found.append(s.Stretch(at, at + it.end - it.begin, it.what, it.task))
            at += it.end - it.begin
    return tuple(found)


def deployment() -> s.Summary:
    """Return a session of 40 minutes in which something of everything happened."""
    tasks = (
        task("provision-cluster", "s++++++++x", "infra"),
        task("build-images", "q++++~~+++x", "builder"),
        task("migrate-database", "_________++#####+++++x", "dba"),
        task("deploy-staging", "_____________________q+++++x", "deployer"),
        task("smoke-test", "__________________________qqq+++zz++x", "tester"),
        task("deploy-production", "____________________________________????????++x", "deployer"),
        task(
            "observe", "____________________________kkkkkkkkkkkkkk++x", "watcher", TaskState.FAILED
        ),
    )
    agents = (
        agent(
            "infra",
            "platform",
            spliced(stays("s++++++++", "provision-cluster"), stays("." * 30)),
            lead=True,
            health=((60_000, "healthy"), (5 * MINUTE, "degraded"), (8 * MINUTE, "healthy")),
        ),
        agent(
            "builder",
            "platform",
            spliced(stays("."), stays("++++~~+++", "build-images"), stays("." * 29)),
            health=((60_000, "healthy"), (5 * MINUTE, "unhealthy"), (7 * MINUTE, "healthy")),
            errors=3,
            restarts=1,
        ),
        agent(
            "dba", "platform", spliced(stays("." * 9), stays("++#####+++++", "migrate-database"))
        ),
        agent(
            "deployer",
            "delivery",
            spliced(
                stays("." * 22),
                stays("+++++", "deploy-staging"),
                stays("." * 9),
                stays("????????++", "deploy-production"),
            ),
            lead=True,
        ),
        agent("tester", "delivery", spliced(stays("." * 29), stays("+++==++", "smoke-test"))),
        agent(
            "watcher",
            "observability",
            spliced(stays("." * 28), stays("kkkkkkkkkkkkkk++", "observe")),
            spawned_at=28 * MINUTE,
            spawned_by="trigger on_services_ready",
            state=AgentState.FAILED,
        ),
    )
    teams = tuple(
        s.TeamPart(
            TeamId(name),
            name.capitalize(),
            tuple(it.id for it in agents if it.team == name),
            2,
            3,
            20 * MINUTE,
            0,
        )
        for name in ("platform", "delivery", "observability")
    )
    steps = (
        s.Step(TaskId("provision-cluster"), 0, 9 * MINUTE, "it was there from the start", "start"),
        s.Step(TaskId("migrate-database"), 9 * MINUTE, 21 * MINUTE, "provision-cluster", "task"),
        s.Step(
            TaskId("deploy-staging"), 22 * MINUTE, 27 * MINUTE, "migrate-database", "task", MINUTE
        ),
        s.Step(
            TaskId("deploy-production"),
            44 * MINUTE,
            46 * MINUTE,
            "your answer",
            "answer",
            8 * MINUTE,
        ),
    )
    question = s.QuestionPart(
        id=QuestionId("q1"),
        seq=210,
        question="Deploy release 2.4.1 to production?",
        type="approval",
        about="deploy-production",
        asked_at=36 * MINUTE,
        seen_at=37 * MINUTE,
        closed_at=44 * MINUTE,
        state="answered",
        value="approve",
        reason="smoke tests are green",
        by="ada",
        waited_ms=8 * MINUTE,
        task=TaskId("deploy-production"),
        agent=AgentId("deployer"),
        closed_by=230,
    )
    issue = s.IssuePart(
        id=IssueId("i1"),
        seq=150,
        severity="warning",
        text="builder does not answer: no answer for 25 s",
        suggestion="restart builder",
        opened_at=5 * MINUTE,
        closed_at=7 * MINUTE,
        closing="builder answers again",
        times=2,
        about="builder",
    )
    return s.Summary(
        session="deploy-platform",
        project="Platform",
        goal="Bring release 2.4.1 to production and watch it",
        mode=Mode.LIVE,
        run="4f1c",
        file="deploy-platform.jsonl",
        started="2026-03-02T09:00:00+01:00",
        seed=7,
        user="ada",
        version="0.9",
        events=412,
        outcome="incomplete",
        reason="1 of 7 tasks failed",
        length_ms=46 * MINUTE,
        progress=0.86,
        topology=((0, "hierarchical"), (30 * MINUTE, "mesh")),
        overhead=0.06,
        foretold_ms=(38 * MINUTE, 33 * MINUTE, 44 * MINUTE),
        teams=teams,
        agents=agents,
        tasks=tasks,
        decisions=(
            s.DecisionPart(
                160,
                5 * MINUTE,
                "restart_unhealthy",
                "restart",
                "builder was unhealthy in 3 checks",
                ("restart builder",),
                2,
            ),
        ),
        decisions_in_all=93,
        questions=(question,),
        questions_in_all=1,
        issues=(issue,),
        issues_in_all=1,
        adaptations=(
            s.AdaptationPart(200, 30 * MINUTE, "topology", "hierarchical became mesh: few agents"),
        ),
        adaptations_in_all=1,
        timeline=(
            s.Moment(10, 0, "system.started", "the session began"),
            s.Moment(210, 36 * MINUTE, "user.asked", "deployer asks: deploy to production?"),
            s.Moment(230, 44 * MINUTE, "user.answered", "ada approved"),
        ),
        timeline_in_all=3,
        critical_path=steps,
        path_in_all=4,
        usage=tuple(
            s.Usage(at * MINUTE, 0.4 + (at * 7 % 11) / 5, (200 + at * 13 % 300) * 1024 * 1024)
            for at in range(46)
        ),
        insights=(
            s.Insight(
                "observe waited 14 min for the key services_ready.",
                "Have deploy-staging set it as soon as the first service answers.",
                (10, 999),
                14 * MINUTE,
            ),
            s.Insight(
                "Production waited 8 min for an approval.",
                "Say who is called: notify.command.",
                (210, 230),
                8 * MINUTE,
            ),
        ),
        queues=(
            s.QueuePart("testing", 1, 3 * MINUTE, 3 * MINUTE, TaskId("smoke-test"), 1, 7 * MINUTE),
        ),
        routine=(("assign_task", 60),),
        considered=12,
    )


def giant(agents: int = 400, tasks: int = 10_000) -> s.Summary:
    """Return a session of a day with many agents and tasks."""
    length = 24 * 60 * MINUTE
    share = length // (tasks // agents + 1)
    did: dict[int, list[s.Stretch]] = {it: [] for it in range(agents)}
    found = []
    for number in range(tasks):
        who, turn = number % agents, number // agents
        begin = turn * share
        end = begin + share * (60 + number * 37 % 40) // 100
        name = f"task-{number:05}"
        did[who] += [
            s.Stretch(begin, end, Phase.WORKING.value, TaskId(name)),
            s.Stretch(end, begin + share, Phase.IDLE.value),
        ]
        found.append(
            replace(
                task(name, "+x", f"agent-{who:03}"),
                began_at=begin,
                ended_at=end,
                work_ms=end - begin,
                queue_ms=number % 7 * MINUTE,
                output="ok " * 200,
                seq=number + 1000,
                stays=(
                    s.Stretch(0, begin, Phase.PENDING.value),
                    s.Stretch(begin, end, Phase.WORKING.value),
                    s.Stretch(end, length, Phase.OVER.value),
                ),
            )
        )
    members = tuple(
        agent(f"agent-{who:03}", f"team-{who % 12:02}", tuple(did[who]), health=((0, "healthy"),))
        for who in range(agents)
    )
    teams = tuple(
        s.TeamPart(
            TeamId(f"team-{it:02}"),
            f"Team {it}",
            tuple(one.id for one in members if one.team == f"team-{it:02}"),
            tasks // 12,
            tasks // 12,
            length,
            0,
        )
        for it in range(12)
    )
    small = deployment()
    return replace(
        small,
        length_ms=length,
        events=400_000,
        teams=teams,
        agents=members,
        tasks=tuple(found),
        timeline=tuple(
            s.Moment(it * 10, it * 4000, "task.completed", f"task-{it:05} is done")
            for it in range(20_000)
        ),
        timeline_in_all=40_000,
        decisions=tuple(
            s.DecisionPart(it * 10 + 1, it * 4000, "assign", "assign", f"reason {it}", ("x",))
            for it in range(5_000)
        ),
        issues=tuple(replace(small.issues[0], seq=it * 10 + 2) for it in range(3_000)),
        questions=tuple(replace(small.questions[0], seq=it * 10 + 3) for it in range(2_000)),
        usage=tuple(s.Usage(it * 5_000, it % 40 / 3, it * 70_000) for it in range(17_000)),
        insights=(s.Insight("Late things happened.", "", (199_990, 49_991, 9_999), 1),),
    )
