"""Whether agents that live as long as the session have a process that can be handed tasks."""

from collections.abc import Iterator

from mop_tui.domain.plan import AgentSpec, HostKind, Lifetime
from mop_tui.layout.case import Case
from mop_tui.layout.findings import Finding
from mop_tui.layout.planning import agent_id
from mop_tui.layout.provisions import Provisions
from mop_tui.layout.tree import Loc


def findings(case: Case, provisions: Provisions) -> Iterator[Finding]:
    """Yield agents for the session without a program of their own, and tasks that need another."""
    if case.losses.may_have_said(
        "run", "lifetime", "type", "id", "agent", "requires_skill", "skills"
    ):
        return
    yield from _agents(case, provisions)
    pinned: dict[str, AgentSpec] = {
        id_: agent for id_, agent in case.plan.agents.items() if _for_session(agent)
    }
    skilled = {
        skill: next(filter(_for_session, agents), None)
        for skill, agents in provisions.with_skill.items()
    }
    for name, task in case.layout.tasks.items():
        living = pinned.get(task.agent or "") or skilled.get(task.requires_skill or "")
        if task.run is not None and living is not None:
            yield Finding(
                ("tasks", name, "run"),
                f"cannot be obeyed: agent '{living.id}', who may do this task, is one process for "
                "the whole session (lifetime: session), which runs already; leave run out, or give "
                "the task to another agent",
            )


def _agents(case: Case, provisions: Provisions) -> Iterator[Finding]:
    types = case.layout.agent_types
    deaf: set[Loc] = set()
    for name, team in case.layout.teams.items():
        for index, agent in enumerate(team.agents):
            spec = case.plan.agents[agent_id(agent)]
            if agent.type not in types or not _for_session(spec):
                continue
            loc: Loc = ("teams", name, "agents", index)
            run = agent.run or types[agent.type].run
            if run is None and spec.host is HostKind.COMMAND:
                yield Finding(
                    loc,
                    "lives as long as the session (lifetime: session), and neither it nor its "
                    "type has a run that says what to start",
                )
            elif run is not None and run.stdin == "none":
                where = loc if agent.run else ("agent_types", agent.type)
                if where not in deaf:
                    yield Finding(
                        (*where, "run", "stdin"),
                        f"must not be none: agent '{spec.id}' lives as long as the session "
                        "(lifetime: session) and is handed its tasks there",
                    )
                deaf.add(where)
    for name, spec in provisions.spawned.items():
        loc = ("agent_types", name)
        run = types[name].run
        if _for_session(spec) and run is not None and run.stdin == "none" and loc not in deaf:
            yield Finding(
                (*loc, "run", "stdin"),
                "must not be none: triggers spawn agents of this type, who live as long as the "
                "session (lifetime: session) and are handed their tasks there",
            )


def _for_session(agent: AgentSpec) -> bool:
    return agent.lifetime is Lifetime.SESSION
