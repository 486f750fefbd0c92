"""Sessions as an operator would meet them."""

from dashboard.stage import MINUTE, SECOND, Stage, team

from mop_tui.domain import events as e
from mop_tui.domain.agent_lifecycle import AgentState, AgentTrigger, PausedBy
from mop_tui.domain.answers import Option, Validation
from mop_tui.domain.conditions import Condition
from mop_tui.domain.feed import Answer
from mop_tui.domain.ids import AgentId, DeadlockId, MemoryKey, QuestionName, TriggerName
from mop_tui.domain.issues import limit_of
from mop_tui.domain.plan import AgentLimits, Lifetime, Mode, Retry
from mop_tui.domain.task_lifecycle import TaskState, TaskTrigger
from mop_tui.domain.topology import Shape
from mop_tui.domain.triggers import Limits, TriggerSpec
from mop_tui.domain.wait_graph import Node

GIB = 1024**3

CONTEXT = (
    ("version", "1.4.0"),
    ("tests", {"passed": 212, "failed": 0, "coverage": "94 %"}),
    ("changes", ["faster start", "clearer errors", "a `--json` flag"]),
    ("wheel", "dist/sample-1.4.0-py3-none-any.whl"),
    ("signed", True),
)
"""What the release question is about."""


def _pinned(stage: Stage, task: str, agent: str, title: str, **more: object) -> None:
    stage.plan(task, title, agent=AgentId(agent), **more)


def mop_platform(mode: Mode = Mode.LIVE) -> Stage:
    """Fifteen agents in three teams, an hour and a quarter into their work."""
    stage = Stage(mode=mode, source="sessions/2026-11-22T14-30-00-mop-platform.jsonl")
    platform = (
        "platform-engineer-dev",
        "platform-engineer-staging",
        "platform-engineer-prod",
        "terraform-specialist",
        "production-validator",
        "kubernetes-architect",
    )
    watchers = (
        "obi-specialist",
        "grafana-specialist-1",
        "grafana-specialist-2",
        "alloy-specialist",
        "experiment-designer",
    )
    devops = ("devops-automation", "cicd-engineer", "tester", "devops-troubleshooter")
    stage.begin(
        team("platform", "Platform Team", *platform),
        team("observability", "Observability Team", *watchers),
        team("devops", "DevOps Team", *devops),
        session="swarm-mop-platform",
        goal="Deploy the MOP platform with an observability stack and automated delivery",
    )
    for name in platform:
        stage.spawn(name, "platform", name.rpartition("-")[0], skills=("kubernetes",))
    for name in watchers:
        stage.spawn(name, "observability", "observer", model="small")
    for name in devops:
        stage.spawn(name, "devops", "devops")

    _pinned(stage, "dev-namespaces", platform[0], "Create the dev namespaces", expected_ms=MINUTE)
    _pinned(stage, "staging", platform[1], "Provision staging", expected_ms=20 * MINUTE)
    _pinned(stage, "prod-cluster", platform[2], "Provision production", expected_ms=30 * MINUTE)
    _pinned(stage, "terraform", platform[3], "Write the Terraform modules", expected_ms=40 * MINUTE)
    _pinned(
        stage,
        "prod-checks",
        platform[4],
        "Validate production",
        needs=("prod-cluster", "terraform"),
        expected_ms=10 * MINUTE,
    )
    _pinned(stage, "topology", platform[5], "Design the cluster", expected_ms=25 * MINUTE)
    _pinned(stage, "obi", watchers[0], "Deploy the OBI experiments", expected_ms=30 * MINUTE)
    _pinned(stage, "tempo", watchers[1], "Deploy Tempo", expected_ms=15 * MINUTE)
    _pinned(stage, "mimir", watchers[2], "Deploy Mimir", expected_ms=15 * MINUTE)
    _pinned(
        stage,
        "alloy",
        watchers[3],
        "Build the Alloy pipelines",
        needs_keys=(MemoryKey("obi-deployed"),),
    )
    _pinned(stage, "experiments", watchers[4], "Design experiments", expected_ms=20 * MINUTE)
    _pinned(stage, "automation", devops[0], "Automate the roll-out", expected_ms=15 * MINUTE)
    _pinned(stage, "pipelines", devops[1], "Build the pipelines", expected_ms=20 * MINUTE)
    _pinned(stage, "acceptance", devops[2], "Test the whole platform", expected_ms=40 * MINUTE)
    _pinned(stage, "ingress", devops[3], "Repair the ingress", expected_ms=10 * MINUTE)
    stage.plan("go-live", "Open for users", requires_skill="kubernetes", needs=("prod-checks",))
    stage.plan("handbook", "Write the handbook", requires_skill="writing", expected_ms=MINUTE)

    stage.time = 2 * SECOND
    for task, agent in [
        ("dev-namespaces", platform[0]),
        ("staging", platform[1]),
        ("prod-cluster", platform[2]),
        ("terraform", platform[3]),
        ("topology", platform[5]),
        ("obi", watchers[0]),
        ("tempo", watchers[1]),
        ("mimir", watchers[2]),
        ("experiments", watchers[4]),
        ("automation", devops[0]),
        ("pipelines", devops[1]),
        ("acceptance", devops[2]),
        ("ingress", devops[3]),
    ]:
        stage.give(task, agent)
    stage.time = 15 * MINUTE
    stage.write(platform[0], "namespace/dev created", "namespace/dev-tools created")
    stage.finish(platform[0], "2 namespaces created")
    stage.time = 40 * MINUTE
    stage.progress(watchers[0], 30, "attaching probes")
    stage.write(watchers[0], "probe tcp_connect attached", "probe http_server attached")
    stage.time = 52 * MINUTE
    stage.finish(devops[0], "roll-out automated")
    stage.time = 60 * MINUTE
    stage.move(
        watchers[2],
        AgentTrigger.PERFORMANCE_THRESHOLD_EXCEEDED,
        AgentState.DEGRADED,
        "no output for five minutes",
    )
    stage.issue(
        "warning",
        "alloy-specialist waits for memory key obi-deployed",
        "obi-specialist provides it; it is 45 % done",
        agent=AgentId(watchers[3]),
    )
    stage.time = 65 * MINUTE
    stage.finish(platform[1], "staging is up: 3 nodes, 14 services")
    stage.time = 70 * MINUTE
    stage.write(devops[3], "upstream connect error: connection refused")
    stage.fail(devops[3], 3, "no healthy upstream for ingress/public")
    stage.issue(
        "critical",
        "ingress failed: exit code 3",
        "read the output of devops-troubleshooter, then run the session again",
        agent=AgentId(devops[3]),
    )
    stage.time = 74 * MINUTE
    stage.progress(platform[2], 85, "nodes 17 of 20")
    stage.progress(platform[3], 60, "module network")
    stage.progress(watchers[0], 45, "probe grpc attached")
    stage.progress(watchers[1], 65)
    stage.write(watchers[1], "tempo-0 is ready", "tempo-1 is starting")
    stage.progress(watchers[4], 80)
    stage.progress(devops[1], 90, "stage deploy")
    stage.progress(devops[2], 75, "160 of 212 tests")
    stage.move(
        platform[5],
        AgentTrigger.PAUSE,
        AgentState.PAUSED,
        "the operator looks at the design first",
        by=PausedBy.OPERATOR,
    )
    stage.time = 75 * MINUTE
    return stage


def release(*, due: int | None = 15 * MINUTE, **asked: object) -> Stage:
    """A release that waits at its gate."""
    stage = Stage()
    stage.begin(
        team("checks", "Checks", "linter", "tester"),
        team("release", "Release", "builder", "publisher"),
        goal="Release a Python project with care",
    )
    for name in ("linter", "tester"):
        stage.spawn(name, "checks")
    for name in ("builder", "publisher"):
        stage.spawn(name, "release")
    _pinned(stage, "lint", "linter", "Look for mistakes")
    _pinned(stage, "test", "tester", "Run the tests")
    _pinned(stage, "build", "builder", "Build the wheel")
    _pinned(
        stage,
        "publish",
        "publisher",
        "Copy the wheel to the release folder",
        needs=("lint", "test", "build"),
        gate=QuestionName("release-gate"),
    )
    stage.time = 5 * SECOND
    for task, agent in (("lint", "linter"), ("test", "tester"), ("build", "builder")):
        stage.give(task, agent)
    stage.time = 20 * SECOND
    stage.finish("linter", "no mistakes")
    stage.finish("tester", "212 passed")
    stage.finish("builder", "sample-1.4.0-py3-none-any.whl")
    stage.move_task("publish", TaskTrigger.NEEDS_MET, TaskState.READY, "lint, test and build")
    stage.ask("Release sample 1.4.0?", task="publish", context=CONTEXT, due=due, **asked)
    stage.time = 30 * SECOND
    return stage


def crowd(agents: int = 1_500, teams: int = 30) -> Stage:
    """Very many agents, all at work."""
    stage = Stage()
    names = [f"agent-{number:04}" for number in range(agents)]
    groups = [names[place::teams] for place in range(teams)]
    stage.begin(
        *(team(f"t{n}", f"Team {n}", *group) for n, group in enumerate(groups)), session="crowd"
    )
    for number, group in enumerate(groups):
        for name in group:
            stage.spawn(name, f"t{number}")
    for name in names:
        _pinned(stage, f"task-{name}", name, "work")
        stage.give(f"task-{name}", name)
    stage.time = MINUTE
    return stage


OPTIONS = (
    Option("canary", "Canary", "one machine first, the others an hour later"),
    Option("blue-green", "Blue and green", "both versions run, then all traffic moves at once"),
    Option("all-at-once", description="every machine now, with two minutes of outage"),
)
"""How a version may be rolled out."""


def deployment() -> Stage:
    """An agent that deploys, and one that looks on."""
    stage = Stage()
    stage.begin(team("ops", "Operations", "deployer", "watcher"), goal="Roll out 1.4.0")
    stage.spawn("deployer", "ops", lifetime=Lifetime.SESSION, limits=AgentLimits(2.0, 2 * GIB))
    stage.spawn("watcher", "ops")
    _pinned(
        stage,
        "deploy",
        "deployer",
        "Roll out the new version",
        retry=Retry(times=2, delay_ms=4 * SECOND),
    )
    _pinned(stage, "watch", "watcher", "Watch the error rate")
    _pinned(stage, "announce", "watcher", "Announce it", needs=("deploy",))
    stage.time = 5 * SECOND
    stage.give("deploy", "deployer")
    stage.give("watch", "watcher")
    stage.time = 20 * SECOND
    return stage


def at_work() -> Stage:
    """An agent that says much: how it is, what it meets and what it does."""
    stage = deployment()
    stage.write("deployer", *(f"{n:04} pulling layer {n * 7919:08x}" for n in range(150)))
    stage.health(
        "deployer",
        "measured",
        cpu_usage=76.0,
        memory_usage=92.4,
        cpu_cores=1.52,
        memory_bytes=1981 * 1024**2,
        processes=3,
    )
    stage.health("deployer", "reported", cpu_usage=80.0, status="degraded", error_count=2)
    stage.health("deployer", "ping", response_ms=12.4)
    stage.err("deployer", "network", "connection to the registry was reset")
    stage.progress("deployer", 42, "machine 3 of 7")
    stage.write("deployer", *(f"machine-{n}: error" for n in range(5)), dropped=12_300)
    return stage


def rollout(**asked: object) -> Stage:
    """An agent that asks how to go on."""
    stage = deployment()
    about = {"question_type": "choice", "options": OPTIONS, "context": CONTEXT[:2]} | asked
    stage.agent_asks("deployer", "How shall 1.4.0 be rolled out?", **about)
    return stage


PASSWORD = "Correct-Horse-1"  # noqa: S105 - opens nothing


def credentials(**asked: object) -> Stage:
    """An agent that asks for a password."""
    stage = deployment()
    rules = Validation(min_length=12, require_digit=True, require_special=True)
    about = {"question_type": "input", "input_type": "password", "validation": rules} | asked
    stage.agent_asks("deployer", "Password of the registry?", **about)
    return stage


FILES = TriggerName("new-config")
GATE = TriggerName("prod-gate")
ERRORS = TriggerName("rescue")
TRIGGERS = (
    TriggerSpec(
        FILES,
        "file_created",
        "spawn_agent",
        path_pattern="environments/*/observability/obi-*.yaml",
        agents=("obi-specialist",),
        task="Deploy ${event.path}",
        cooldown_ms=10 * SECOND,
        max_fires=20_000,
        when=(Condition("event.path", "ne", ("obi-old.yaml",)),),
    ),
    TriggerSpec(
        ERRORS,
        "agent_error",
        "spawn_troubleshooter",
        error_type="deployment_failed",
        agents=("devops-troubleshooter",),
    ),
    TriggerSpec(
        GATE,
        "environment_deploy",
        "ask_human",
        environment="production",
        question=QuestionName("prod"),
    ),
)


def triggered() -> Stage:
    """One agent of the layout, another that a file has brought in, and 9,900 that a limit kept."""
    stage = Stage()
    stage.begin(
        team("crew", "Crew", "ben"),
        triggers=TRIGGERS,
        kinds=("builder", "obi-specialist", "devops-troubleshooter"),
        limits=Limits(total=100),
    )
    stage.spawn("ben", "crew", "builder", skills=("building",))
    stage.time = MINUTE
    stage.happen(e.FileCreated("environments/dev/observability/obi-1.yaml", "1"))
    fired = stage.fire(FILES, "environments/dev/observability/obi-1.yaml was created")
    stage.spawn("obi-specialist-1", "spawned", "obi-specialist", spawn=f"{FILES}@{fired.cause}.1")
    stage.plan(
        "new-config-1",
        "Deploy environments/dev/observability/obi-1.yaml",
        agent=AgentId("obi-specialist-1"),
        context={"trigger": FILES, "because": "environments/dev/observability/obi-1.yaml came"},
    )
    stage.give("new-config-1", "obi-specialist-1")
    stage.happen(e.SystemRefused(FILES, "total"))
    key = limit_of(FILES, "total")
    stage.issue("warning", "trigger new-config spawns no more", "raise it", trigger=FILES, key=key)
    for _ in range(9_899):
        stage.happen(e.SystemRefused(FILES, "total"))
    stage.time += 12 * SECOND
    return stage


def ten_minutes() -> Stage:
    """Three agents, ten minutes on: one asked and was paused, one waited for a key, and the third
    for the first."""
    stage = Stage(mode=Mode.REHEARSAL)
    stage.begin(team("crew", "Crew", "ann", "ben", "cid"))
    stage.spawn("ann", "crew")
    stage.spawn("ben", "crew")
    stage.spawn("cid", "crew")
    stage.plan("draft", "Write it", agent="ann", expected_ms=8 * MINUTE)
    stage.plan("print", "Print it", agent="ben", needs=("draft",), expected_ms=4 * MINUTE)
    stage.plan("bind", "Bind it", agent="cid", expected_ms=9 * MINUTE)
    stage.time = MINUTE
    stage.give("bind", "cid")
    stage.give("draft", "ann")
    stage.time = 3 * MINUTE
    question = stage.agent_asks("ann", "Which paper?")
    stage.time = 4 * MINUTE
    stage.agent_waits("cid", "glue")
    stage.time = 6 * MINUTE
    stage.submit(Answer(question, "approve", f"digest-of-{question}"))
    stage.move("ann", AgentTrigger.DEPENDENCY_READY, AgentState.ACTIVE, "told", "draft")
    stage.time = 8 * MINUTE
    stage.move("cid", AgentTrigger.DEPENDENCY_READY, AgentState.ACTIVE, "it is there", "bind")
    stage.move("ann", AgentTrigger.PAUSE, AgentState.PAUSED, "wait", "draft", PausedBy.OPERATOR)
    stage.time = 10 * MINUTE


def coordinated(shape: Shape, *, stuck: bool = False) -> Stage:
    """Eight agents in two teams under a coordinator; if `stuck`, two of them wait for each other's
    locks."""
    stage = Stage()
    stage.begin(
        team("design", "Design", "architect", "analyst", "writer"),
        team("build", "Build", "foreman", "mason", "welder", "painter"),
        shape=shape,
        topology=shape,
        coordinator=AgentId("boss"),
    )
    stage.spawn("boss", "office")
    for name, of in [
        ("architect", "design"),
        ("analyst", "design"),
        ("writer", "design"),
        ("foreman", "build"),
        ("mason", "build"),
        ("welder", "build"),
        ("painter", "build"),
    ]:
        stage.spawn(name, of, lead=name in ("architect", "foreman"))
    _pinned(stage, "plans", "architect", "Draw the plans", provides=(MemoryKey("drawings"),))
    _pinned(stage, "walls", "mason", "Raise the walls")
    _pinned(stage, "frame", "welder", "Weld the frame")
    _pinned(stage, "paint", "painter", "Paint it", needs=("walls", "frame"))
    _pinned(stage, "manual", "writer", "Write it up", needs_keys=(MemoryKey("drawings"),))
    stage.time = MINUTE
    for task, agent in [("plans", "architect"), ("walls", "mason"), ("frame", "welder")]:
        stage.give(task, agent)
    stage.progress("mason", 40, "third course")
    if stuck:
        stage.happen(
            e.SystemDeadlockFound(
                DeadlockId("d1"),
                (
                    Node("task", "walls"),
                    Node("lock", "crane"),
                    Node("task", "frame"),
                    Node("lock", "scaffold"),
                ),
                None,
                "mason waits for the lock on crane, which welder holds; welder waits for the lock"
                " on scaffold, which mason holds",
            )
        )
    return stage
