"""Whether what is said of messages leads somewhere: to whom they are, and who relays them."""

from collections.abc import Iterator

from mop_tui.domain.issues import COORDINATOR, OPERATOR
from mop_tui.layout.case import Case
from mop_tui.layout.findings import Finding
from mop_tui.layout.references import doers
from mop_tui.layout.schema import Agent, AgentType, Task
from mop_tui.layout.tree import Loc


def findings(case: Case) -> Iterator[Finding]:
    """Yield messages to nobody, and relays that could not do it."""
    for loc, doer in doers(case):
        yield from _messages(case, loc, doer)
        if isinstance(doer, Task):
            if doer.sim is not None and doer.sim.handling is not None:
                yield Finding(
                    (*loc, "sim", "handling"),
                    "is about agents, not tasks; say it in the sim of an agent or of its type",
                )
            continue
        yield from _relay(case, loc, doer)


def _relay(case: Case, loc: Loc, doer: AgentType | Agent) -> Iterator[Finding]:
    types = case.layout.agent_types
    kind = types.get(doer.type, AgentType()) if isinstance(doer, Agent) else doer
    run = doer.run or kind.run
    if doer.relays and run is not None and run.stdin == "none":
        yield Finding(
            (*loc, "relays"),
            "cannot be: it has no standard input (stdin: none) by which it is handed messages",
        )
    if doer.sim is None or doer.sim.handling is None or case.losses.may_have_said("relays", "type"):
        return
    if isinstance(doer, Agent):
        relays = kind.relays if doer.relays is None else doer.relays
    else:
        members = (agent for team in case.layout.teams.values() for agent in team.agents)
        relays = kind.relays or any(it.relays for it in members if it.type == loc[1])
    if not relays:
        yield Finding(
            (*loc, "sim", "handling"),
            "means nothing, for it does not relay; give it relays: true, or leave it out",
        )


def _messages(case: Case, loc: Loc, doer: AgentType | Agent | Task) -> Iterator[Finding]:
    if doer.sim is None or case.losses.agents:
        return
    for index, message in enumerate(doer.sim.messages):
        known = (*case.declared.agents, COORDINATOR, OPERATOR)
        if message.to not in known:
            yield Finding(
                (*loc, "sim", "messages", index, "to"),
                f"there is no agent '{message.to}'",
                wrong=message.to,
                candidates=known,
            )
