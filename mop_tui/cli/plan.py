"""`mop-tui plan`: what running a layout would come to. Nothing is run."""

import json
import shutil
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from textwrap import wrap

import click

from mop_tui import layout
from mop_tui.cli.expected import Expected
from mop_tui.cli.foreseeing import foreseen, mode_of
from mop_tui.cli.manual import Documented, Manual
from mop_tui.cli.options import SETTINGS, LayoutType, settings_of
from mop_tui.cli.trust import written
from mop_tui.decisions.wording import counted
from mop_tui.domain import graph, templates
from mop_tui.domain.ids import TaskId
from mop_tui.domain.plan import Hook, HookName, HostKind, Plan, TaskSpec
from mop_tui.domain.triggers import TriggerSpec
from mop_tui.domain.wording import lasting, listed, printable
from mop_tui.layout.provisions import Provisions

WIDEST = 100
WIDEST_NAME = 28


@dataclass(frozen=True, slots=True)
class Forecast:
    """What can be told of a plan beforehand."""

    plan: Plan
    needed: Mapping[TaskId, list[TaskId]]
    """What each task waits for, if of several that provide a memory key the first one does."""
    waves: list[list[TaskId]]
    path: list[TaskId]
    """The costliest chain of tasks by expected durations."""
    least_ms: int
    """How long that chain takes with one review of each task that is reviewed, as far as its tasks
    say; the whole takes no less."""
    unknown: int
    """Tasks that do not say how long they take."""


def forecast(plan: Plan) -> Forecast:
    """Return what can be told of a sound plan."""
    cost = {task: (spec.expected_ms or 0) + _review_ms(spec) for task, spec in plan.tasks.items()}
    needed = graph.soonest(Provisions(plan).alternatives, cost)
    path = graph.critical_path(cost, needed) if any(cost.values()) else []
    return Forecast(
        plan=plan,
        needed=needed,
        waves=graph.generations(needed),
        path=path,
        least_ms=sum(cost[task] for task in path),
        unknown=sum(spec.expected_ms is None for spec in plan.tasks.values()),
    )


def _review_ms(spec: TaskSpec) -> int:
    """Return how long the review of a task is expected to take, if there is one and it says so."""
    return 0 if spec.review is None else spec.review.expected_ms or 0


MANUAL = Manual(
    examples={
        "See what the layout that comes with mop-tui does:": "mop-tui plan mop-platform",
        "See which commands would run for a project of yours:": (
            "mop-tui plan python-release --set project=."
        ),
        "List the tasks of the critical path, one a line:": (
            "mop-tui plan layout.yaml --json | jq -r '.critical_path[]'"
        ),
    },
    files=["$XDG_DATA_HOME/mop-tui/workflows/"],
    environment=["XDG_DATA_HOME"],
    see_also=["check", "run", "predict", "docs/layout.md"],
)


@click.command("plan", cls=Documented, manual=MANUAL)
@click.argument("path", metavar="LAYOUT", type=LayoutType())
@SETTINGS
@click.option("--json", "as_json", is_flag=True, help="As one JSON object.")
def command(path: Path, *, settings: tuple[str, ...], as_json: bool) -> None:
    """Say what running LAYOUT would come to. Nothing is run.

    Tasks in waves, each after what it needs; the critical path by declared durations, and how long
    earlier sessions let expect it all to take; the gates that you will meet; the triggers; the
    commands that will run.
    """
    loaded = layout.load(path, overrides=settings_of(settings))
    told = forecast(loaded.plan)
    mode = mode_of(loaded.plan)
    expected = Expected(foreseen(loaded.document, loaded.plan, mode), loaded.plan)
    facts = {templates.LAYOUT_DIR: str(loaded.directory), templates.PYTHON: sys.executable}
    lookup = templates.resolve(loaded.plan.variables, facts.get)
    if as_json:
        click.echo(json.dumps({**_plain(told, lookup), "expected": expected.plain()}))
        return
    width = min(WIDEST, shutil.get_terminal_size().columns)
    for line in _lines(told, expected, lookup, width):
        click.echo(line.rstrip())


def _lines(
    told: Forecast, expected: Expected, lookup: templates.Lookup, width: int
) -> Iterator[str]:
    plan = told.plan
    yield from wrap(printable(f"{plan.id}  {plan.goal or plan.project}"), width)
    limit = f", at most {plan.max_agents} at work at a time" if plan.max_agents else ""
    yield f"{counted(len(plan.tasks), 'task')}, {counted(len(plan.agents), 'agent')}{limit}"
    names = min(WIDEST_NAME, max(map(len, plan.tasks), default=0))
    hands = min(WIDEST_NAME, max((len(_hands(spec)) for spec in plan.tasks.values()), default=0))
    for number, wave in enumerate(told.waves, start=1):
        yield ""
        yield f"Wave {number}"
        for task in wave:
            spec = plan.tasks[task]
            takes = lasting(spec.expected_ms) if spec.expected_ms is not None else "?"
            line = f"  {task:<{names}}  {_hands(spec):<{hands}}  {takes:>8}"
            after = f"  after {listed(told.needed[task])}" if told.needed[task] else ""
            after += f"  reviewed by {spec.review.by}" if spec.review is not None else ""
            yield from _hanging(line + after, width, len(line) + 2)
    yield ""
    yield from _hanging(_about_path(told), width, 2)
    yield from _hanging(expected.sentence, width, 2)
    gates = [spec for wave in told.waves for t in wave if (spec := plan.tasks[t]).gate is not None]
    if gates:
        yield ""
        yield "You will be asked"
        for spec in gates:
            question = plan.questions[spec.gate] if spec.gate is not None else None
            if question is not None:
                text = templates.render(question.question, lookup)
                said = f"  before {spec.id}: {printable(text)} ({question.question_type})"
                yield from _hanging(said, width, 4)
    if plan.triggers:
        yield ""
        yield "Triggers" if plan.auto_spawn else "Triggers, which only propose whom to spawn"
        for trigger in plan.triggers:
            said = f"  on {_waited_for(trigger)}: {_done(trigger)}"
            yield from _hanging(printable(templates.render(said, lookup)), width, 4)
    yield ""
    yield "Commands that will run, as you"
    for task, command in _commands(told, lookup):
        yield from _hanging(f"  {task}: {command}", width, 4)
    for kind, command in _spawned_commands(told, lookup):
        yield from _hanging(f"  {kind}, if spawned: {command}", width, 4)
    hooks = list(_hooks(told, lookup))
    if hooks:
        yield ""
        yield "Hooks, which will run too"
        for whose, name, command in hooks:
            yield from _hanging(f"  {whose} {name}: {command}", width, 4)


def _waited_for(trigger: TriggerSpec) -> str:
    """Return in words what a trigger waits for."""
    match trigger.type:
        case "schedule" if trigger.interval_ms is not None:
            about = f"every {lasting(trigger.interval_ms)}"
        case "agent_error":
            about = trigger.error_type or trigger.error_pattern
        case "task_created":
            hard = f"{trigger.complexity} complexity" if trigger.complexity else ""
            about = " ".join(filter(None, (trigger.requires_skill, hard)))
        case _:
            about = (
                trigger.path_pattern
                or trigger.key
                or trigger.environment
                or trigger.status
                or trigger.cron
                or trigger.kind
            )
    said = f"{trigger.type.replace('_', ' ')} {about or ''}".rstrip()
    conditions = [f"{one.path} is {one.wanted}" for one in trigger.when]
    return f"{said} if {listed(conditions)}" if conditions else said


def _done(trigger: TriggerSpec) -> str:
    """Return in words what a trigger has done."""
    match trigger.action:
        case "spawn_team":
            said = f"spawn team {trigger.team}"
        case "spawn_agent" | "spawn_dependent_agents" | "spawn_troubleshooter":
            said = f"spawn {listed(trigger.agents)}"
        case "ask_human":
            said = f"ask {trigger.question}"
        case "create_task":
            said = f"create a task for {trigger.agent or f'any {trigger.skill}'}"
        case "set_memory":
            said = f"set {listed([key for key, _ in trigger.set])}"
        case "notify":
            said = "notify you"
        case "restart_agent" | "pause_agent" | "resume_agent":
            said = f"{trigger.action.removesuffix('_agent')} {trigger.agent or 'that agent'}"
    return f"{said}: {trigger.task}" if trigger.task else said


def _about_path(told: Forecast) -> str:
    """Return a sentence about the critical path, or that there is none to tell of."""
    if not told.least_ms:
        return "No task says how long it takes (duration), so nothing can be said about time."
    sentence = f"Critical path: {' > '.join(told.path)}; {lasting(told.least_ms)} at least"
    if told.unknown == 1:
        return f"{sentence}, and 1 task does not say how long it takes."
    if told.unknown:
        return f"{sentence}, and {told.unknown} tasks do not say how long they take."
    return f"{sentence}."


def _hands(spec: TaskSpec) -> str:
    return spec.agent or f"any {spec.requires_skill}"


def _commands(told: Forecast, lookup: templates.Lookup) -> Iterator[tuple[TaskId, str]]:
    """Yield what runs for each task, or that it is simulated, in the order of the waves."""
    plan, able = told.plan, Provisions(told.plan)
    for wave in told.waves:
        for task in wave:
            spec = plan.tasks[task]
            agents = (
                [plan.agents[spec.agent]]
                if spec.agent is not None
                else able.with_skill.get(spec.requires_skill or "", [])
            )
            commands = [plan.work(agent, task).command for agent in agents]
            for command in dict.fromkeys(commands):
                if command is None:
                    yield task, "nothing; it is simulated"
                else:
                    yield task, written(templates.render_command(command, lookup))
            if spec.review is not None and spec.review.by in plan.agents:
                command = plan.work(plan.agents[spec.review.by], None).command
                what = "nothing; it is simulated"
                if command is not None:
                    what = written(templates.render_command(command, lookup))
                yield TaskId(f"review of {task}"), what


def _spawned_commands(told: Forecast, lookup: templates.Lookup) -> Iterator[tuple[str, str]]:
    """Yield what those run whom triggers spawn, or that they are simulated, by their types."""
    plan = told.plan
    for name in Provisions(plan).spawned:
        command = plan.kinds[name].work.command
        if command is None:
            yield name, "nothing; it is simulated"
        else:
            yield name, written(templates.render_command(command, lookup))


def _hooks(told: Forecast, lookup: templates.Lookup) -> Iterator[tuple[str, HookName, str]]:
    """Yield the hooks that will run: whose they are, at which moment, and what."""
    plan = told.plan
    real = {agent for agent, spec in plan.agents.items() if spec.host is HostKind.COMMAND}
    if not real:
        return
    declared: list[tuple[str, Mapping[HookName, Hook]]] = [("session", plan.session_hooks)]
    declared += [(agent, hooks) for agent, hooks in plan.agent_hooks.items() if agent in real]
    declared += plan.task_hooks.items()
    for whose, hooks in declared:
        for name, hook in hooks.items():
            yield whose, name, written(templates.render_command(hook.command, lookup))


def _hanging(text: str, width: int, indent: int) -> list[str]:
    """Return `text` in lines, all but the first indented."""
    return wrap(
        text,
        max(width, indent + 20),
        subsequent_indent=" " * indent,
        break_on_hyphens=False,
        break_long_words=False,
    )


def _plain(told: Forecast, lookup: templates.Lookup) -> dict[str, object]:
    plan = told.plan
    return {
        "id": plan.id,
        "waves": told.waves,
        "critical_path": told.path,
        "least_ms": told.least_ms,
        "tasks_without_duration": told.unknown,
        "reviews": [
            {"task": spec.id, "by": spec.review.by}
            for spec in plan.tasks.values()
            if spec.review is not None
        ],
        "gates": [
            {"task": spec.id, "question": spec.gate} for spec in plan.tasks.values() if spec.gate
        ],
        "triggers": [
            {
                "name": spec.name,
                "type": spec.type,
                "action": spec.action,
                "on": _waited_for(spec),
                "does": _done(spec),
            }
            for spec in plan.triggers
        ],
        "commands": [
            {"task": task, "command": command} for task, command in _commands(told, lookup)
        ],
        "commands_of_spawned": [
            {"agent_type": kind, "command": command}
            for kind, command in _spawned_commands(told, lookup)
        ],
        "hooks": [
            {"of": whose, "hook": name, "command": command}
            for whose, name, command in _hooks(told, lookup)
        ],
    }
