"""Whether a trigger fires that an event made consider, and what is done then."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal, assert_never

from pydantic import JsonValue

from mop_tui.decisions import admission
from mop_tui.decisions.steering import ordered
from mop_tui.decisions.wording import listed, titled
from mop_tui.domain import events as e
from mop_tui.domain import templates
from mop_tui.domain.actions import (
    Action,
    AskForTrigger,
    CreateNew,
    Fire,
    Notify,
    OpenIssue,
    Propose,
    Refuse,
    SetMemory,
    SpawnAgent,
    Spawning,
    SpawnNew,
)
from mop_tui.domain.agent_lifecycle import PausedBy
from mop_tui.domain.circumstances import Circumstances, Error
from mop_tui.domain.conditions import unmet
from mop_tui.domain.events import SystemDecided
from mop_tui.domain.feed import Steer
from mop_tui.domain.fold import carried_depth
from mop_tui.domain.ids import AgentId, SpawnId, TaskId
from mop_tui.domain.issues import limit_of
from mop_tui.domain.plan import AgentSpec, Plan, TaskSpec
from mop_tui.domain.remedy import Remedy
from mop_tui.domain.rows import Agent, Task, Trigger
from mop_tui.domain.session import Session
from mop_tui.domain.steering import not_running, refusal
from mop_tui.domain.triggers import TriggerSpec
from mop_tui.domain.wording import lasting

LOG_LINES = 20
"""How many of the latest lines of a failed agent are handed to whoever looks into it."""

_STEERED: dict[str, Literal["pause", "resume", "restart"]] = {
    "restart_agent": "restart",
    "pause_agent": "pause",
    "resume_agent": "resume",
}


class _No(Exception):  # noqa: N818 - it is an answer, not a mistake
    """A trigger does not fire, for this reason."""

    def __init__(self, reason: str, limit: str = "") -> None:
        super().__init__(reason)
        self.reason = reason
        self.limit = limit


@dataclass(slots=True)
class Considered:
    """A trigger that an event made consider."""

    plan: Plan
    session: Session
    trigger: Trigger
    about: Circumstances
    why: str
    by_hand: bool = False
    admitted: list[AgentSpec] = field(default_factory=list)
    """Who is spawned."""
    spec: TriggerSpec = field(init=False)
    depth: int = field(init=False)
    key: str = field(init=False)
    """What it fires only once for."""

    def __post_init__(self) -> None:
        self.spec = self.trigger.spec
        self.depth = 1 + _depth(self.about)
        self.key = self._key()

    def decision(self) -> SystemDecided:
        """Return whether it fires, and what is done if it does."""
        spec, agent, task = self.spec, self.about.agent, self.about.task
        verdict: str = "yes"
        reason = self.why
        try:
            self._check()
            done: tuple[Action, ...] = (Fire(spec.name, self.depth, self.key), *self._orders())
        except _No as no:
            verdict, reason = "no", f"{self.why}, but {no.reason}"
            done = self._refused(no) if no.limit else ()
        return SystemDecided(
            f"trigger/{spec.name}",
            "yes" if verdict == "yes" else "no",
            reason,
            done,
            None if agent is None else agent.spec.id,
            None if task is None else task.spec.id,
        )

    def _refused(self, no: _No) -> tuple[Action, ...]:
        if isinstance(self.about.event.data, e.SystemRefused):
            return ()  # nor would refusals because of refusals
        name = self.spec.name
        refused = Refuse(name, no.limit, self.depth)
        key = limit_of(name, no.limit)
        known = self.session.open_issue(key)
        if known is not None:
            return (refused,)  # it counts there
        advice = f"raise limits.{no.limit} in the layout if more are wanted, then run again"
        stopped = "does" if no.limit == "depth" else "spawns"
        look = Remedy("look_at_trigger", name)
        text = f"trigger {name} {stopped} no more: {no.reason}"
        return (refused, OpenIssue("warning", text, advice, trigger=name, key=key, remedy=look))

    def _key(self) -> str:
        """Return what it fires only once for; empty where it may fire again."""
        if self.by_hand:
            return ""
        if self.spec.dedupe_key:
            return templates.render(self.spec.dedupe_key, self._look_up)
        agent = self.about.agent
        if agent is None:
            return ""
        if self.spec.type == "agent_error" and self.about.error is not None:
            return f"{agent.spec.id}/{agent.incarnation}/{self.about.error.type}"
        if self.spec.type == "agent_health":
            return f"{agent.spec.id}/{agent.incarnation}"
        return ""

    def _check(self) -> None:
        """Raise `_No` if something else than a limit is in the way."""
        spec, row, session = self.spec, self.trigger, self.session
        standstill = not_running(session)
        if standstill:
            raise _No(standstill)
        if row.state != "armed":
            raise _No(f"it is {row.state}, so it does not {spec.action.replace('_', ' ')}")
        if self.by_hand:
            return
        if spec.gate:
            raise _No("the task has a gate, which asks")
        if spec.type != "event":
            failed = unmet(spec.when, self.about.find)
            if failed is not None:
                condition, found = failed
                is_ = "is not there" if found is None else f"is {templates.as_text(found)}"
                raise _No(f"{condition.path} {is_}, and it wants {condition.wanted}")
        if spec.max_fires is not None and row.fires >= spec.max_fires:
            raise _No(f"it has fired {_times(row.fires)}, and may no more")
        if row.fired_at is not None and session.at < row.fired_at + spec.cooldown_ms:
            left = row.fired_at + spec.cooldown_ms - session.at
            raise _No(f"it rests for another {lasting(left)} after it has fired")
        if self.key in session.fired_for.get(spec.name, {}):
            raise _No(f"it has fired for {self.key} already")
        if self.depth > session.limits.depth:
            raise _No(
                f"limits.depth is {session.limits.depth},"
                f" and it would be the {self.depth}th in a row that led to each other",
                "depth",
            )

    def _orders(self) -> tuple[Action, ...]:
        """Return what is done. Raises `_No` if it cannot be."""
        spec = self.spec
        match spec.action:
            case "spawn_agent" | "spawn_dependent_agents" | "spawn_team" | "spawn_troubleshooter":
                return self._spawns()
            case "ask_human":
                if spec.question is None:
                    raise _No("it has no question")
                text = self._text() if spec.task else ""
                task = self.about.task
                regards = None if task is None else task.spec.id
                return (AskForTrigger(spec.question, spec.name, text, regards),)
            case "create_task":
                return (CreateNew(self._task(spec.agent)),)
            case "set_memory":
                return tuple(
                    SetMemory(key, templates.render_value(value, self._look_up))
                    for key, value in spec.set
                )
            case "notify":
                return (Notify(self._text(), spec.name),)
            case "restart_agent" | "pause_agent" | "resume_agent":
                return self._steers()
            case _:
                assert_never(spec.action)

    def _steers(self) -> tuple[Action, ...]:
        about, spec = self.about, self.spec
        name = spec.agent or (None if about.agent is None else about.agent.spec.id)
        agent = self.session.agents.get(name or AgentId(""))
        if agent is None:
            raise _No(f"there is no agent {name}" if name else "it is not said which agent")
        do = _STEERED[spec.action]
        why_not = refusal(self.session, Steer(do, agent.spec.id))
        if agent.retired:
            why_not = "the operator stopped it"
        elif do == "resume" and agent.paused_by is PausedBy.OPERATOR:
            why_not = "the operator paused it"
        if why_not:
            raise _No(f"{agent.spec.id} cannot be told to {do}: {why_not}")
        return ordered(self.session, agent, do, PausedBy.STRATEGY)

    # -- spawning ---------------------------------------------------------------------------------

    def _spawns(self) -> tuple[Action, ...]:
        spawns = self._wanted()
        if not self.session.auto_spawn and not self.by_hand:
            one_more = self.spec.action in ("spawn_agent", "spawn_troubleshooter")
            if not one_more and self._proposes():
                raise _No("it has proposed that already, and nobody has answered")
            names = listed([_name(spawn) for spawn in spawns])
            begun = tuple(map(_begun, spawns))  # whoever approves need not be asked again
            return (Propose(self.spec.name, f"Spawn {names}, because {self.why}?", begun),)
        return spawns

    def _proposes(self) -> bool:
        """True if the operator has not answered what it proposed."""
        asked = (self.session.questions[q].asked for q in self.session.open_questions)
        return any(it.trigger == self.spec.name and it.proposal for it in asked)

    def _wanted(self) -> tuple[Spawning, ...]:
        """Return who is spawned, with what to do. Raises `_No` if that is nobody."""
        spec, plan, session = self.spec, self.plan, self.session
        spawns: list[Spawning] = []
        there: list[str] = []
        for name in self._candidates():
            declared = [
                agent
                for agent in map(plan.agents.__getitem__, self._awaited())
                if name in (agent.id, agent.type) and agent.id not in session.agents
            ]
            if name in plan.agents or spec.action == "spawn_team":
                declared = declared[:1]
            for agent in declared:
                self._admit(replace(agent, depth=self.depth))
                task = self._task(agent.id) if spec.task else None
                spawns.append(SpawnAgent(agent.id, task, self.depth))
            if declared:
                continue
            exists = name in session.agents or name in session.types
            one_more = spec.action in ("spawn_agent", "spawn_troubleshooter")
            if name not in plan.kinds or (exists and not one_more):
                there.append(name)
                continue
            spawns.append(self._new(name, len(spawns)))
        if not spawns:
            raise _No(f"{listed(there)} {'is' if len(there) == 1 else 'are'} there already")
        return tuple(spawns)

    def _awaited(self) -> Iterator[AgentId]:
        """Yield the agents of the layout that are not there from the beginning."""
        for team in self.plan.teams:
            if team.waits:
                yield from team.agents

    def _candidates(self) -> Sequence[str]:
        spec = self.spec
        if spec.action != "spawn_team":
            return spec.agents
        team = next(team for team in self.plan.teams if team.id == spec.team)
        return team.agents

    def _new(self, kind_name: str, number: int) -> SpawnNew:
        plan, about = self.plan, self.about
        kind = plan.kinds[kind_name]
        skills = kind.skills
        task: TaskSpec | None = None
        if self.spec.type == "task_created" and not self.spec.task and not self.by_hand:
            created = about.event.data.spec
            if created.agent is not None:
                raise _No(f"it is meant for {created.agent}")
            if created.requires_skill and created.requires_skill not in skills:
                skills = (*skills, created.requires_skill)
        else:
            task = self._task(None)
        spec = admission.agent_of(
            plan, kind_name, skills=skills, model=self.spec.model, depth=self.depth
        )
        self._admit(spec)
        return SpawnNew(SpawnId(f"{self.spec.name}@{about.event.seq}.{number + 1}"), spec, task)

    def _admit(self, wanted: AgentSpec) -> None:
        no = admission.refused(self.session, wanted, self.admitted)
        if no is not None:
            raise _No(no.reason, no.limit)
        self.admitted.append(wanted)

    def _task(self, agent: AgentId | None) -> TaskSpec:
        """Return what is to be done, by `agent` or by whoever is spawned or can."""
        spec = self.spec
        by_skill = agent is None and spec.action == "create_task"
        return TaskSpec(
            id=TaskId(spec.name),
            title=self._text(),
            agent=agent,
            requires_skill=spec.skill or None if by_skill else None,
            priority=spec.priority,
            gate=spec.start_question,
            context=self._context(),
            depth=self.depth,
        )

    def _text(self) -> str:
        spec = self.spec
        if spec.task:
            text = templates.render(spec.task, self._look_up)
        elif self.about.error is not None:
            text = f"Look into this: {self.why}"
        else:
            text = f"Deal with this: {self.why}"
        return titled(text)

    def _look_up(self, name: str) -> str | None:
        found = self.about.text(name)
        if found is None and name in self.plan.variables:
            return templates.resolve(self.plan.variables, lambda _: None)(name)
        return found

    def _context(self) -> dict[str, JsonValue]:
        about = self.about
        told: dict[str, JsonValue] = {
            "trigger": self.spec.name,
            "because": self.why,
            "event": about.told(),
        }
        if about.error is not None and about.agent is not None:
            told |= told_of_error(about.error, about.agent, about.task)
        return told


def told_of_error(error: Error, agent: Agent, task: Task | None) -> dict[str, JsonValue]:
    """Return what whoever looks into an error is told of it."""
    return {
        "failed_agent": agent.spec.id,
        "failed_task": None if task is None else task.spec.id,
        "error": {"type": error.type, "message": error.message},
        "logs": list(agent.tail[-LOG_LINES:]),
    }


def _depth(about: Circumstances) -> int:
    """Return how many triggers led to what is considered, as far as that is known.

    Who wrote a file is not, so a chain through files begins anew with each.
    """
    session, event = about.session, about.event
    return max(session.depths.get(event.seq, 0), carried_depth(session, event))


def _begun(spawn: Spawning) -> Spawning:
    """Return what is spawned, without a gate before what it is to do."""
    return spawn if spawn.task is None else replace(spawn, task=replace(spawn.task, gate=None))


def _name(spawn: SpawnAgent | SpawnNew) -> str:
    return spawn.agent if isinstance(spawn, SpawnAgent) else spawn.spec.type


def _times(number: int) -> str:
    return "once" if number == 1 else f"{number} times"
