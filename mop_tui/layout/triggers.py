"""Whether triggers wait for what can happen, and have done what can be done."""

import posixpath
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import chain
from pathlib import PurePosixPath

from cronsim import CronSim, CronSimError

from mop_tui.domain import circumstances, complexity, path_patterns, templates
from mop_tui.domain.circumstances import Form, form_at
from mop_tui.domain.conditions import Condition
from mop_tui.domain.events import BY_KIND
from mop_tui.domain.plan import AgentSpec, HostKind
from mop_tui.domain.triggers import FILE_KINDS, KINDS, SPAWNING, TriggerSpec
from mop_tui.layout.case import Case
from mop_tui.layout.durations import written
from mop_tui.layout.findings import Finding
from mop_tui.layout.planning import agent_id
from mop_tui.layout.provisions import Provisions
from mop_tui.layout.tree import Loc
from mop_tui.layout.trigger_section import Trigger
from mop_tui.layout.triggering import agents_of, team_of

SHORTEST_INTERVAL = 100
"""Milliseconds between two times of a schedule."""

_FILES = tuple(FILE_KINDS)
_FOR_TYPE: Mapping[str, tuple[str, ...]] = {
    "path_pattern": _FILES,
    "requires_skill": ("task_created",),
    "complexity": ("task_created",),
    "wait_for": ("dependency_ready",),
    "key": ("memory_key",),
    "error_type": ("agent_error",),
    "error_pattern": ("agent_error",),
    "environment": ("environment_deploy",),
    "status": ("agent_health",),
    "interval": ("schedule",),
    "cron": ("schedule",),
    "kind": ("event",),
}
"""Which types of triggers a key is for."""
_BY_TYPE = ("spawn_agent", "spawn_dependent_agents", "spawn_troubleshooter")
_FOR_ACTION: Mapping[str, tuple[str, ...]] = {
    "agent_type": _BY_TYPE,
    "agents": _BY_TYPE,
    "model": _BY_TYPE,
    "team": ("spawn_team",),
    "agent": ("create_task", "restart_agent", "pause_agent", "resume_agent"),
    "skill": ("create_task",),
    "task": (*sorted(SPAWNING), "create_task", "notify", "ask_human"),
    "set": ("set_memory",),
    "priority": (*sorted(SPAWNING), "create_task"),
    "auto_start": (*sorted(SPAWNING), "create_task"),
    "question": ("ask_human",),
}
"""Which actions a key is for."""
_OF_OWN_ACCORD = ("when", "cooldown", "max_fires", "dedupe_key")
"""Keys by which a trigger does not fire although what it waits for happens."""

_REFUSED: Mapping[str, str] = {
    **dict.fromkeys(
        ("system.decided", "system.fired", "system.refused"),
        "is what triggers themselves bring about, so that it would look at itself",
    ),
    **dict.fromkeys(
        ("system.intended", "system.done"),
        "is how mop-tui records what it is about to do and has done; name what follows from it, "
        "such as agent.transitioned",
    ),
    "system.digest": "says nothing of the session",
    "agent.output": "is every line that agents write, which is too much; mark the lines that "
    "matter by error_patterns of a run, and wait for agent.erred",
    "system.ended": "is the end, after which nothing is done any more",
}
"""Kinds of events that no trigger may look at, and why."""
_FROM_OUTSIDE = frozenset(
    (*FILE_KINDS.values(), "system.scheduled", "user.commanded", "user.feedback")
)
"""Kinds of events that happen although nobody is at work."""
_AT_BEGINNING = frozenset(
    ("system.started", "system.watching", "agent.spawned", "agent.transitioned", "system.quiesced")
)
"""Kinds of events that happen in a session without tasks."""

_CRON_PARTS = {
    "Bad minute": "its minute (the first part) must be from 0 to 59",
    "Bad hour": "its hour (the second part) must be from 0 to 23",
    "Bad day-of-month": "its day (the third part) must be from 1 to 31, and one that the month has",
    "Bad month": "its month (the fourth part) must be from 1 to 12, or jan to dec",
    "Bad day-of-week": "its day of the week (the fifth part) must be from 0 (Sunday) to 7, or sun "
    "to sat",
}
_CRON_EXAMPLE = 'write "0 9 * * mon-fri" for nine o\'clock from Monday to Friday'
_A_TIME = datetime(2024, 1, 1)  # noqa: DTZ001 - only what recurs is asked


def findings(case: Case, provided: Provisions, *, rehearse: bool) -> Iterator[Finding]:
    """Yield what is wrong with triggers, and with what only they could bring about."""
    yield from _root(case)
    yield from _names(case)
    gates: dict[str, str] = {}
    names = _Names(case, provided)
    for index, trigger in enumerate(case.layout.triggers):
        one = _One(case, names, ("triggers", index), trigger, case.plan.triggers[index])
        yield from one.keys()
        yield from one.waiting()
        yield from one.conditions()
        yield from one.doing()
        if one.spec.gate:
            yield from one.gate(gates)
    yield from _teams(case)
    yield from _beginning(case)
    if not rehearse:
        yield from _undone(case, provided)


def advice(case: Case, provided: Provisions) -> Iterator[Finding]:
    """Yield what is probably not meant."""
    there = _there(case)
    for index, spec in enumerate(case.plan.triggers):
        loc: Loc = ("triggers", index)
        trigger = case.layout.triggers[index]
        if spec.key is not None and not provided.provided(spec.key):
            field = "key" if trigger.key is not None else "wait_for"
            yield _unset((*loc, field), spec.key, provided)
        for path in trigger.when:
            key = templates.key_of(path)
            if key is not None and not provided.provided(key):
                yield _unset((*loc, "when", path), key, provided, key=True)
        vain = next((name for name in spec.agents if name in there), "")
        if vain and spec.action == "spawn_dependent_agents":
            yield Finding(
                (*loc, "action"),
                f"spawns nobody of type {vain}: who has that type is there from the beginning; "
                "action: spawn_agent would bring one more",
            )
    if case.layout.tasks or not case.layout.triggers:
        return
    if not case.layout.session.keep_running:
        yield Finding(
            ("triggers",),
            "may never fire: without tasks the session ends as soon as nobody is at work; to have "
            "it wait, say keep_running: true in session",
            key=True,
        )
    elif not any(_from_outside(spec) for spec in case.plan.triggers):
        yield Finding(
            ("triggers",),
            "wait for each other or for you: there is no task, and nothing that they wait for "
            "happens outside",
            key=True,
        )


def _unset(loc: Loc, name: str, provided: Provisions, *, key: bool = False) -> Finding:
    return Finding(
        loc,
        f"waits for the memory key '{name}', which no task or trigger is said to set",
        wrong=name,
        candidates=provided.keys,
        key=key,
    )


def _there(case: Case) -> set[str]:
    """Return the types of who is there from the beginning, and never of who waits."""
    there, waiting = (
        {
            agent.type
            for team in case.layout.teams.values()
            if team.start == start
            for agent in team.agents
        }
        for start in ("session", "trigger")
    )
    return there - waiting


class _Names:
    """What triggers may name, gathered once for all of them."""

    def __init__(self, case: Case, provided: Provisions) -> None:
        tasks = case.plan.tasks.values()
        self.environments = dict.fromkeys(task.environment for task in tasks if task.environment)
        self.with_skill = provided.with_skill
        self.skills: dict[str, None] = dict.fromkeys(provided.with_skill)
        for kind in case.plan.kinds.values():
            self.skills |= dict.fromkeys(kind.skills)
        self.skills |= dict.fromkeys(task.requires_skill for task in tasks if task.requires_skill)
        self.in_titles = {word for task in tasks for word in complexity.words(task)}
        self.spawned = provided.spawned
        numbered = (agent.id for agent in provided.spawned.values())
        self.agents = dict.fromkeys((*case.declared.agents, *numbered))
        self.spawnable = dict.fromkeys((*case.declared.types, *case.declared.agents))
        self.waiting = {
            agent
            for name, team in case.layout.teams.items()
            if team.start == "trigger"
            for agent in case.declared.members[name]
        }
        self.memory = [f"memory:{key}" for key in provided.keys]


@dataclass(frozen=True, slots=True)
class _One:
    """One trigger, to be judged."""

    case: Case
    names: "_Names"
    loc: Loc
    trigger: Trigger
    spec: TriggerSpec

    @property
    def whole(self) -> bool:
        """True if nothing was cut out of any trigger."""
        return not self.case.losses.within("triggers")

    # -- keys ---------------------------------------------------------------------------------

    def keys(self) -> Iterator[Finding]:
        """Yield keys that mean nothing here, and those that are lacking."""
        trigger, spec = self.trigger, self.spec
        for key in trigger.model_fields_set:
            types, actions = _FOR_TYPE.get(key), _FOR_ACTION.get(key)
            if types is not None and spec.type not in types:
                yield self._at(
                    key,
                    f"is for type: {_either(types)}; this trigger is of type {spec.type}",
                    key=True,
                )
            elif actions is not None and spec.action not in actions:
                yield self._at(
                    key,
                    f"is for action: {_either(actions)}; what this trigger does is "
                    f"{trigger.action}",
                    key=True,
                )
        if trigger.interval is not None and trigger.cron is not None:
            yield Finding(self.loc, "has both interval and cron; keep one of them")
        if spec.action == "ask_human" and trigger.question is not None and trigger.task is not None:
            yield self._at(
                "task", "says nothing: the question has its own text; keep one of them", key=True
            )
        if spec.action == "spawn_team" and trigger.team is not None:
            named = trigger.action.removeprefix("spawn_").removesuffix("_team")
            if trigger.action != "spawn_team" and named != trigger.team:
                yield self._at("team", f"is another than that of action: {trigger.action}")
        if self.whole:
            yield from self._lacking()

    def _lacking(self) -> Iterator[Finding]:
        spec, trigger = self.spec, self.trigger
        match spec.action:
            case "set_memory" if not spec.set:
                yield Finding(self.loc, "sets nothing; give it set, such as set: {ready: true}")
            case "spawn_team" if spec.team is None:
                yield Finding(self.loc, "does not say which team it spawns; give it team")
            case "spawn_agent" | "spawn_dependent_agents" if not spec.agents:
                yield Finding(self.loc, "spawns nobody; give it agent_type or agents")
            case "create_task" if trigger.agent is None and trigger.skill is None:
                yield Finding(
                    self.loc, "does not say who does the task it creates; give it agent or skill"
                )
            case "create_task" if trigger.agent is not None and trigger.skill is not None:
                yield Finding(self.loc, "has both agent and skill; keep one of them")
            case "restart_agent" | "pause_agent" | "resume_agent" if trigger.agent is None:
                known = self._known()
                if known and "agent.id" not in known:
                    yield Finding(
                        self.loc,
                        f"does not say which agent to {trigger.action.removesuffix('_agent')}, and "
                        "what it waits for is about none; give it agent",
                    )
            case _:
                pass

    # -- what it waits for --------------------------------------------------------------------

    def waiting(self) -> Iterator[Finding]:
        """Yield what can never happen, or is nothing that a trigger may wait for."""
        trigger, losses = self.trigger, self.case.losses
        if trigger.path_pattern is not None:
            wrong = path_patterns.problem(trigger.path_pattern)
            if wrong:
                yield self._at("path_pattern", wrong)
        if trigger.interval is not None and trigger.interval < SHORTEST_INTERVAL:
            yield self._at(
                "interval", f"is too short: it must be at least {written(SHORTEST_INTERVAL)}"
            )
        if trigger.cron is not None:
            wrong = _wrong_cron(trigger.cron)
            if wrong:
                yield self._at("cron", wrong)
        if trigger.kind is not None:
            yield from self._kind(trigger.kind)
        if trigger.environment is not None and not losses.may_have_said("environment"):
            known = self.names.environments
            if trigger.environment not in known:
                yield self._at(
                    "environment",
                    f"no task deploys to '{trigger.environment}'",
                    wrong=trigger.environment,
                    candidates=known,
                )
        if trigger.requires_skill is not None:
            yield from self._skill(trigger.requires_skill)

    def _kind(self, kind: str) -> Iterator[Finding]:
        if kind in _REFUSED:
            yield self._at("kind", f"{kind} {_REFUSED[kind]}")
        elif kind not in BY_KIND:
            usual = [known for known in BY_KIND if known not in _REFUSED]
            yield self._at(
                "kind",
                f"there is no kind of event '{kind}'",
                wrong=kind,
                candidates=usual,
                otherwise="; docs/triggers.md lists them",
            )

    def _skill(self, skill: str) -> Iterator[Finding]:
        case = self.case
        if case.losses.may_have_said("skills", "requires_skill", "type", "title"):
            return
        known = self.names.skills
        if skill not in known and skill.lower() not in self.names.in_titles:
            yield self._at(
                "requires_skill",
                f"no task takes the skill '{skill}', and nobody has it",
                wrong=skill,
                candidates=known,
            )

    # -- what must hold besides ---------------------------------------------------------------

    def _known(self) -> Mapping[str, Form]:
        """Return what can be looked up when it considers; nothing where that is not known."""
        if self.spec.type == "event" and self.spec.kind not in BY_KIND:
            return {}
        return circumstances.forms(self.spec.kinds)

    def conditions(self) -> Iterator[Finding]:
        """Yield conditions on what there is not, and those that can never hold."""
        known = self._known()
        if not known:
            return
        for condition in self.spec.when:
            loc = (*self.loc, "when", condition.path)
            if templates.key_of(condition.path):
                continue
            form = form_at(condition.path, known)
            if form is None:
                what = self.spec.kind or self.spec.type
                yield Finding(
                    loc,
                    f"is nothing that {what} has",
                    wrong=condition.path,
                    candidates=chain(known, self.names.memory),
                    otherwise=f"; it has {', '.join(known)}, and memory:KEY",
                    key=True,
                )
            else:
                yield from _impossible(loc, condition, form)

    # -- what it does -------------------------------------------------------------------------

    def doing(self) -> Iterator[Finding]:
        """Yield what cannot be done."""
        trigger, spec, declared = self.trigger, self.spec, self.case.declared
        if spec.action == "spawn_team":
            yield from self._team()
        elif spec.spawns:
            yield from self._spawned()
        elif spec.action == "ask_human":
            yield from self._question()
        if trigger.agent is not None and "agent" in _keys_for(spec) and not self._agents_lost:
            kind, _, number = trigger.agent.rpartition("-")
            later = kind in self.names.spawned and number.isdecimal()
            if trigger.agent not in declared.agents and not later:
                yield self._unknown("agent", "agent", trigger.agent, self.names.agents)
        if trigger.skill is not None and spec.action == "create_task":
            known = self.names.with_skill
            lost = self.case.losses.may_have_said("skills", "type")
            if trigger.skill not in known and not lost:
                yield self._at(
                    "skill",
                    f"no agent has the skill '{trigger.skill}'",
                    wrong=trigger.skill,
                    candidates=known,
                )

    @property
    def _agents_lost(self) -> bool:
        return self.case.losses.agents or self.case.losses.mapping("teams")

    def _team(self) -> Iterator[Finding]:
        case, name = self.case, team_of(self.trigger)
        if name is None or case.losses.mapping("teams"):
            return
        key = "team" if self.trigger.team is not None else "action"
        if name not in case.declared.members:
            yield self._unknown(key, "team", name, case.declared.members)
            return
        lost = case.losses.within("teams", name)
        if not lost and case.layout.teams[name].start == "session":
            yield self._at(
                key,
                f"spawns team '{name}', which is there from the beginning; give that team "
                "start: trigger",
            )

    def _spawned(self) -> Iterator[Finding]:
        case, trigger = self.case, self.trigger
        types, agents = case.declared.types, case.declared.agents
        if case.losses.mapping("agent_types") or self._agents_lost:
            return
        if not trigger.agent_type and not trigger.agents:
            for name in agents_of(trigger):
                if name not in types and name not in agents:
                    yield self._at(
                        "action",
                        f"spawns an agent of type '{name}' unless agent_type says another, and "
                        "there is no such type",
                        wrong=name,
                        candidates=types,
                    )
            return
        named: list[tuple[Loc, str]] = [((*self.loc, "agent_type"), trigger.agent_type or "")]
        named += [((*self.loc, "agents", at), name) for at, name in enumerate(trigger.agents)]
        for loc, name in named:
            if not name or name in types:
                continue
            if name not in agents:
                yield Finding(
                    loc,
                    f"there is no agent type '{name}', nor an agent of that id",
                    wrong=name,
                    candidates=self.names.spawnable,
                )
            elif name not in self.names.waiting:
                yield Finding(
                    loc,
                    f"agent '{name}' is there from the beginning; to be spawned, it must be of a "
                    "team with start: trigger, or be named by its type",
                )

    def _question(self) -> Iterator[Finding]:
        case, name, own = self.case, self.trigger.question, self.spec.question
        said = "name" if name is None else "question"
        if case.losses.mapping("questions"):
            return
        if name is None:
            if own is None or own not in case.declared.questions:
                return
            if self.trigger.task is not None:
                yield self._at(
                    "task",
                    f"says nothing: the question '{own}' is asked, which has its own text",
                    key=True,
                )
            name = own
        if name not in case.declared.questions:
            yield self._unknown("question", "question", name, case.declared.questions)
            return
        asked = case.layout.questions.get(name)
        if asked is None:
            return
        if asked.input_type == "password" and not self.spec.gate:
            yield self._at(said, "asks for a password, and there is no agent who would get it")
        if self.trigger.action == "ask_human_approval" and asked.question_type != "approval":
            yield self._at(
                said,
                f"is a question of type {asked.question_type}; to ask it, write action: ask_human",
            )

    def gate(self, gates: dict[str, str]) -> Iterator[Finding]:
        """Yield what would let a task pass a gate that is meant to be held."""
        for key in _OF_OWN_ACCORD:
            if key in self.trigger.model_fields_set:
                yield self._at(
                    key,
                    "cannot be said here: a human is asked each time before anything is deployed "
                    f"to {self.spec.environment}",
                    key=True,
                )
        above = gates.setdefault(self.spec.environment, self.spec.name)
        if above != self.spec.name:
            yield self._at(
                "environment",
                f"is what trigger '{above}' asks about already; a task is held for one question",
            )

    # -- saying it ----------------------------------------------------------------------------

    def _at(
        self,
        field: str,
        message: str,
        *,
        wrong: str = "",
        candidates: Iterable[str] = (),
        otherwise: str = "",
        key: bool = False,
    ) -> Finding:
        return Finding((*self.loc, field), message, wrong, candidates, otherwise, key)

    def _unknown(self, field: str, what: str, name: str, known: Collection[str]) -> Finding:
        return self._at(field, f"there is no {what} '{name}'", wrong=name, candidates=known)


def _root(case: Case) -> Iterator[Finding]:
    root = case.layout.session.root
    loc: Loc = ("session", "root")
    if root.startswith("~"):
        yield Finding(loc, 'begins with "~", which stands for itself here; write the folder out')
    elif PurePosixPath(root).is_absolute() and len(PurePosixPath(root).parts) == 1:
        yield Finding(loc, "is the whole machine; name the folder that is meant")
    elif posixpath.normpath(root).split("/")[0] == "..":
        yield Finding(
            loc,
            'goes up with ".." from wherever mop-tui is started; begin it with ${layout.dir}, or '
            "name the whole path",
        )


def _names(case: Case) -> Iterator[Finding]:
    taken: set[str] = set()
    for index, trigger in enumerate(case.layout.triggers):
        if trigger.name in taken:
            yield Finding(
                ("triggers", index, "name"),
                "is the name of a trigger above; each needs its own",
            )
        if trigger.name is not None:
            taken.add(trigger.name)


def _keys_for(spec: TriggerSpec) -> list[str]:
    return [key for key, actions in _FOR_ACTION.items() if spec.action in actions]


def _either(names: Iterable[str]) -> str:
    *first, last = names
    return f"{', '.join(first)} or {last}" if first else last


def _wrong_cron(text: str) -> str:
    """Return what is wrong with a cron expression; "" if nothing is."""
    try:
        next(CronSim(text, _A_TIME))
    except CronSimError as error:
        if len(text.split()) not in (5, 6):
            parts = len(text.split())
            why = (
                f"it has {parts} part{'' if parts == 1 else 's'}, and needs five: minute, hour, "
                "day, month and day of the week"
            )
        else:
            why = _CRON_PARTS.get(str(error), str(error).lower())
        return f"is no cron expression: {why}; {_CRON_EXAMPLE}"
    except StopIteration:
        return "never comes: there is no such day"
    return ""


def _impossible(loc: Loc, condition: Condition, form: Form) -> Iterator[Finding]:
    """Yield that a condition can never hold, or always does."""
    if condition.operator in ("lt", "le", "gt", "ge"):
        if not form.may_be(0):
            yield Finding(loc, "is no number, so it is never more or less than one", key=True)
        return
    for value in condition.values:
        if form.may_be(value):
            continue
        texts = sorted(form.texts or ())
        told = value if isinstance(value, str) else str(value).lower()
        yield Finding(
            loc,
            f"is never {told}{_as_written(value, form)}",
            wrong=_as_cased(value, texts) if isinstance(value, str) else "",
            candidates=texts,
            otherwise=f"; it is {_either(texts)}" if texts else "",
            key=True,
        )


def _as_written(value: str | float, form: Form) -> str:
    """Return what is to be written where only quotes are missing, or too many."""
    if not isinstance(value, str):
        return ", for it is a text; put that in quotes" if form.texts is None else ""
    if form.texts == frozenset():
        what = "true or false" if form.flags else "a number" if form.numbers else "a list"
        return f", for it is {what}" + ("; leave out the quotes" if what != "a list" else "")
    return ""


def _as_cased(value: str, texts: Collection[str]) -> str:
    return value.upper() if texts and all(map(str.isupper, texts)) else value


def _teams(case: Case) -> Iterator[Finding]:
    """Yield who waits for a trigger to spawn them, and waits for ever."""
    if case.losses.within("triggers") or case.losses.mapping("triggers"):
        return
    spawning = [spec for spec in case.plan.triggers if spec.spawns]
    teams = {spec.team for spec in spawning}
    named = {name for spec in spawning for name in spec.agents}
    for name, team in case.layout.teams.items():
        if team.start == "session" or name in teams:
            continue
        left = [
            index
            for index, agent in enumerate(team.agents)
            if named.isdisjoint((agent_id(agent), agent.type))
        ]
        if left and len(left) == len(team.agents):
            yield Finding(
                ("teams", name, "start"),
                f"waits for a trigger that spawns the team, and there is none; add one with "
                f"action: spawn_team and team: {name}",
            )
            continue
        for index in left:
            id_ = agent_id(team.agents[index])
            yield Finding(
                ("teams", name, "agents", index),
                f"no trigger spawns agent '{id_}', and its team waits for one (start: trigger)",
            )


def _beginning(case: Case) -> Iterator[Finding]:
    """Yield that nothing can ever begin."""
    losses = case.losses
    lost = losses.mapping("tasks") or losses.within("tasks") or losses.within("triggers")
    triggers = case.plan.triggers
    if case.layout.tasks or not triggers or lost or case.layout.session.keep_running:
        return
    if not any(_from_outside(spec) or _AT_BEGINNING & set(_kinds(spec)) for spec in triggers):
        yield Finding(
            ("triggers",),
            "can never fire: there is no task, so nothing that they wait for happens; add a task, "
            "or a trigger that waits for a file or a time",
            key=True,
        )


def _kinds(spec: TriggerSpec) -> tuple[str, ...]:
    return (spec.kind,) if spec.type == "event" else KINDS[spec.type]


def _from_outside(spec: TriggerSpec) -> bool:
    return not _FROM_OUTSIDE.isdisjoint(_kinds(spec))


def _undone(case: Case, provided: Provisions) -> Iterator[Finding]:
    """Yield agents whom triggers give something to do, and who have no way to do it."""
    if case.losses.may_have_said("run", "sim", "skills", "type", "agent"):
        return
    places: dict[str, Loc] = {
        agent_id(agent): ("teams", name, "agents", index)
        for name, team in case.layout.teams.items()
        for index, agent in enumerate(team.agents)
    }
    for agent, source in provided.employed.values():
        loc = places.get(agent.id, ("agent_types", agent.type))
        if agent.type in case.layout.agent_types and _idle(case, agent):
            yield Finding(
                loc,
                f"nothing says what to do: {source} has work for "
                f"{'agents of this type' if loc[0] == 'agent_types' else 'this agent'}, and "
                "there is neither a run nor a sim",
            )


def _idle(case: Case, agent: AgentSpec) -> bool:
    work = case.plan.work(agent, None)
    return (work.command if agent.host is HostKind.COMMAND else work.script) is None
