"""Which way messages from agent to agent take, and that none is lost, doubled or overtaken.

A message goes the way that the shape of the swarm says, hand by hand. Agents that relay are handed
it and say when they have dealt with it; through all others it is passed on at once. A relay that
cannot, or does not get on, holds nothing up: what it has goes on without it.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from mop_tui.decisions.issues import raised
from mop_tui.decisions.rules import Rule
from mop_tui.decisions.wording import counted, listed
from mop_tui.domain.actions import Action, OpenIssue, PassMessage, SetTimer, TakeOver
from mop_tui.domain.agent_lifecycle import AgentState
from mop_tui.domain.correspondence import MOST_KEPT, Letter, TakenOver
from mop_tui.domain.events import (
    AgentExited,
    AgentMessaged,
    AgentRelayed,
    AgentTransitioned,
    AnyEvent,
    SystemDecided,
    SystemDone,
    SystemTakenOver,
    SystemTimerFired,
    SystemTopologyChanged,
)
from mop_tui.domain.ids import AgentId, MessageId
from mop_tui.domain.issues import receiver_of, told_by
from mop_tui.domain.plan import HostKind, Plan
from mop_tui.domain.rows import Agent
from mop_tui.domain.session import Session
from mop_tui.domain.timers import relay_of, who_relays

PATIENCE = 30_000
"""Milliseconds of session time in which a relay has to get on with what it has. A program that
hears at all answers a ping within a few; an agent that has to think before it passes something on
takes some seconds. Beyond that, whoever waits for the message waits for nothing."""
_NAMED = 3
"""How many hands, or receivers, are named; more are counted."""
_WHY: dict[TakenOver, str] = {
    "gone": "its process has ended",
    "paused": "it is paused",
    "silent": f"it has not got on for {PATIENCE // 1000} s",
    "deaf": "it could not be told",
    "switched": "it does not stand on their way any more",
}


@dataclass(slots=True)
class _Round:
    """What is decided about messages because of one event, on the state just after it.

    What was decided before in the same round counts as done.
    """

    plan: Plan
    session: Session
    done: dict[MessageId, None] = field(default_factory=dict)
    """Messages of which it is decided already; those of them that are told:"""
    told: dict[MessageId, None] = field(default_factory=dict)
    timed: dict[AgentId, None] = field(default_factory=dict)

    def step(self, letter: Letter, *, again: bool = False) -> tuple[str, tuple[Action, ...]]:
        """Return what is done about a message that is kept, and why; nothing if it has to wait.

        `again` tells it to a process that could not be told it before. What had to wait for it goes
        on right after it.
        """
        way, place = self._way(letter)
        if place is not None:
            handed = tuple(self._hand(letter, way, place))
            return f"{self._through(way)}, and {way[place]} relays it", handed
        no = self._cannot_be_told(letter, again=again)
        if no:
            return no, ()
        told = self._tell(letter, way)
        following = tuple(self._following(letter))
        reason = f"it is for {letter.receiver}, who runs; {self._through(way)}"
        if following:
            reason += "; what waited for it goes on, too"
        return reason, (told, *following)

    def _hand(self, letter: Letter, way: tuple[AgentId, ...], place: int) -> Iterator[Action]:
        self.done[letter.id] = None
        yield PassMessage(letter.id, way[place], letter.hops + place + 1)
        yield from self._timer(way[place])

    def _tell(self, letter: Letter, way: tuple[AgentId, ...]) -> PassMessage:
        self.done[letter.id] = self.told[letter.id] = None
        return PassMessage(letter.id, letter.receiver, letter.hops + len(way))

    def _following(self, letter: Letter) -> Iterator[Action]:
        """Yield what becomes of the messages that had to wait for one.

        Since they began to wait there may be somebody on their way who relays.
        """
        following = self._letter(letter.after)
        while following is not None and following.kept and following.id not in self.done:
            way, place = self._way(following)
            if place is not None:
                yield from self._hand(following, way, place)
                return
            if self._cannot_be_told(following, again=False):
                return
            yield self._tell(following, way)
            following = self._letter(following.after)

    def _way(self, letter: Letter) -> tuple[tuple[AgentId, ...], int | None]:
        """Return the way that a message still has to go, and who of those on it relays it first."""
        way = self.session.ways.between(letter.position, letter.receiver)
        for place, hand in enumerate(way):
            if hand != letter.sender and self._relays(hand):
                return way, place
        return way, None

    def _letter(self, name: MessageId | None) -> Letter | None:
        return None if name is None else self.session.post.letters.get(name)

    def _cannot_be_told(self, letter: Letter, *, again: bool) -> str:
        """Return why the receiver of a message cannot be told it now; empty if it can."""
        name = letter.receiver
        agent = self.session.agents[name]
        if not _hears(self.plan, agent):
            return f"{name} has no process that could read it, and it is kept until there is one"
        if letter.tried == agent.incarnation and not again:
            return f"{name} could not be told, and it is kept"
        before = self._letter(letter.before)
        if before is None or before.told == agent.incarnation or before.id in self.told:
            return ""
        return f"what {letter.sender} said to {name} before comes first"

    def _relays(self, name: AgentId) -> bool:
        """True if a message is handed to an agent on the way, for it to deal with it."""
        agent = self.session.agents[name]
        if not agent.spec.relays or not _hears(self.plan, agent):
            return False
        if agent.paused_by is not None and agent.paused_by.stops_processes:
            return False
        relay = self.session.post.relays.get(name)
        return relay is None or relay.silent != agent.incarnation

    def _timer(self, relay: AgentId) -> tuple[SetTimer, ...]:
        """Return what has a relay looked after, unless somebody does already."""
        timer = relay_of(relay)
        if timer in self.session.timers or relay in self.timed:
            return ()
        self.timed[relay] = None
        return (SetTimer(timer, self.session.at + PATIENCE, purpose="relay"),)

    def _through(self, way: tuple[AgentId, ...]) -> str:
        if not way:
            return "it goes directly"
        rest = len(way) - _NAMED
        hands = [*way[:_NAMED], *([f"{rest} more"] if rest > 0 else [])]
        return f"it goes through {listed(hands)} ({self.session.shape})"


def _hears(plan: Plan, agent: Agent) -> bool:
    """True if an agent has a process that could be told something."""
    if not agent.running or agent.stopping:
        return False
    if agent.spec.host is HostKind.SIMULATED:
        return True
    command = plan.work(agent.spec, agent.task).command
    return command is None or command.stdin != "none"


def pass_message_on(plan: Plan, session: Session, event: AnyEvent) -> Iterator[SystemDecided]:
    """Send a message on its way; raise an issue where the operator is warned.

    What is for the coordinator is for the operator, too, where it is a warning or there is none.
    """
    data: AgentMessaged = event.data
    told = told_by(data)
    issue = None if told is None else raised(session, told, f"look at what {data.agent} does")
    if issue is not None:
        reason = f"{data.agent} says that it is {data.severity}"
        yield SystemDecided("pass_message_on", "yes", reason, (issue,), data.agent)
    to = receiver_of(data, session.coordinator)
    if to is None:
        return
    letter = session.post.letters.get(MessageId(event.seq))
    if letter is not None:
        first = _held_back(session, letter)
        turn = _Round(plan, session)
        if first is not None:
            yield _decided("pass_message_on", first.sender, *turn.step(first, again=True))
        if letter.id not in turn.done:
            yield _decided("pass_message_on", data.agent, *turn.step(letter))
        return
    reason = f"there is no agent {to}"
    actions: tuple[Action, ...] = ()
    if to in session.agents:
        reason = f"{MOST_KEPT:,} messages are kept for {to} already"
        text = f"what is said to {to} is not delivered, for {reason}"
        advice = f"see why {to} has no process that reads them"
        key = f"mailbox/{to}"
        known = session.open_issue(key)
        actions = () if known else (OpenIssue("warning", text, advice, to, key=key),)
    yield SystemDecided("pass_message_on", "no", reason, actions, data.agent)


def _held_back(session: Session, letter: Letter) -> Letter | None:
    """Return what a process could not be told before, and is tried again now that more is said."""
    incarnation = session.agents[letter.receiver].incarnation
    if not incarnation:
        return None
    before = session.post.letters.get(letter.before or MessageId(0))
    if before is None or before.tried != incarnation or not before.kept:
        return None
    while (earlier := session.post.letters.get(before.before or MessageId(0))) is not None:
        if earlier.tried != incarnation or not earlier.kept:
            return None  # that one comes first, and the rest after it
        before = earlier
    return before


def go_on(plan: Plan, session: Session, event: AnyEvent) -> Iterator[SystemDecided]:
    """Pass a message on that its relay has dealt with."""
    data: AgentRelayed = event.data
    letter = session.post.letters.get(data.message)
    if letter is None or session.post.relayed_by != event.seq:
        reason = f"{data.agent} does not have that message, or not any more"
        yield SystemDecided("go_on", "no", reason, (), data.agent)
        return
    yield _decided("go_on", data.agent, *_Round(plan, session).step(letter))


def take_over(_plan: Plan, session: Session, event: AnyEvent) -> Iterable[SystemDecided]:
    """Take what a relay has out of its hands when it cannot pass it on."""
    return _left_by(session, event) if session.post.letters else ()


def _left_by(session: Session, event: AnyEvent) -> Iterator[SystemDecided]:
    post = session.post
    match event.data:
        case AgentExited(agent=name):
            why: TakenOver = "gone"
        case AgentTransitioned(agent=name, by=by):
            if by is None or not by.stops_processes:
                return
            why = "paused"
        case SystemDone():
            told = post.last_told
            if told is None or told.action != event.data.action or told.ok:
                return
            if told.relay:
                yield _taken(told.agent, (told.message,), "deaf")
            return
        case _:
            return
    relay = post.relays.get(name)
    if why == "gone" and session.agents[name].running:
        return  # it was a former process that ended
    if relay is not None and relay.waiting:
        yield _taken(name, tuple(relay.waiting), why)


def look_after(_plan: Plan, session: Session, _event: AnyEvent) -> Iterator[SystemDecided]:
    """See whether a relay gets on with what it has."""
    timer = session.fired
    if timer is None or timer.purpose != "relay":
        return
    name = who_relays(timer.timer)
    relay = session.post.relays.get(name)
    if relay is None or not relay.waiting:
        return
    due = relay.quiet_since + PATIENCE
    if due <= session.at:
        yield _taken(name, tuple(relay.waiting), "silent")
    else:
        again = SetTimer(timer.timer, due, purpose="relay")
        yield SystemDecided("look_after", "no", f"{name} gets on", (again,), name)


def reroute(_plan: Plan, session: Session, _event: AnyEvent) -> Iterator[SystemDecided]:
    """Have messages under way go as the new shape says. Who stands on the new way keeps them."""
    for name, relay in session.post.relays.items():
        away = tuple(
            message
            for message in relay.waiting
            if name not in _rest_of_way(session, session.post.letters[message])
        )
        if away:
            yield _taken(name, away, "switched")


def _rest_of_way(session: Session, letter: Letter) -> tuple[AgentId, ...]:
    return session.ways.between(letter.position, letter.receiver)


def _taken(relay: AgentId, messages: tuple[MessageId, ...], why: TakenOver) -> SystemDecided:
    reason = f"{_WHY[why]}, so {counted(len(messages), 'message')} to relay go on without it"
    if len(messages) == 1:
        reason = f"{_WHY[why].replace('their', 'its')}, so the message to relay goes on without it"
    return SystemDecided("take_over", "yes", reason, (TakeOver(relay, messages, why),), relay)


def pass_on_without(plan: Plan, session: Session, event: AnyEvent) -> Iterator[SystemDecided]:
    """Pass on what was taken out of the hands of a relay."""
    data: SystemTakenOver = event.data
    yield from _stepped(plan, session, "pass_on_without", data.messages, data.agent)


def _stepped(
    plan: Plan, session: Session, rule: str, messages: Iterable[MessageId], about: AgentId
) -> Iterator[SystemDecided]:
    """Decide about messages in the order in which they were said."""
    turn = _Round(plan, session)
    for name in sorted(messages):
        letter = session.post.letters.get(name)
        if letter is not None and letter.kept and name not in turn.done:
            yield _decided(rule, about, *turn.step(letter))


def open_mailbox(plan: Plan, session: Session, event: AnyEvent) -> Iterable[SystemDecided]:
    """Tell an agent what was kept for it, once it has a process that hears, or hears again."""
    return _opened(plan, session, event) if session.post.letters else ()


def _opened(plan: Plan, session: Session, event: AnyEvent) -> Iterator[SystemDecided]:
    data: SystemDone = event.data
    if data.error or data.agent is None:
        return
    if data.effect == "tell":
        told = session.post.last_told
        hears_again = told is not None and told.action == data.action and told.again
        if not hears_again:
            return
    elif data.effect != "start_process":
        return
    kept = session.post.mailboxes.get(data.agent)
    if not kept:
        return
    turn = _Round(plan, session)
    actions: list[Action] = []
    for letter in session.post.kept_for(data.agent):
        if letter.id not in turn.done:
            actions += turn.step(letter, again=data.effect == "tell")[1]
    if actions:
        reason = f"it hears now, and {counted(len(kept), 'message')} waited for that"
        yield SystemDecided("open_mailbox", "yes", reason, tuple(actions), data.agent)


def _decided(rule: str, agent: AgentId, reason: str, actions: tuple[Action, ...]) -> SystemDecided:
    return SystemDecided(rule, "yes" if actions else "no", reason, actions, agent)


def tell_undelivered_messages(session: Session) -> tuple[OpenIssue, ...]:
    """Return what tells the operator, at the end, which messages have reached nobody."""
    post = session.post
    left = {agent: count for agent, count in post.inbound.items() if count}
    for agent, count in post.turned_away.items():
        left[agent] = left.get(agent, 0) + count
    issues: list[OpenIssue] = []
    if left:
        text = f"{counted(sum(left.values()), 'message')} never reached {_whom(left)}"
        advice = "see why they had no process that could read them"
        issues.append(OpenIssue("info", text, advice))
    if post.doubtful:
        number = counted(sum(post.doubtful.values()), "message")
        text = f"{number} may or may not have reached {_whom(post.doubtful)}"
        issues.append(OpenIssue("info", text, "the program ended while they were being told"))
    return tuple(issues)


def _whom(counts: dict[AgentId, int]) -> str:
    most = sorted(counts, key=lambda agent: -counts[agent])
    named = [f"{agent} ({counts[agent]})" for agent in most[:_NAMED]]
    if len(most) > _NAMED:
        named.append(f"{len(most) - _NAMED} more")
    return listed(named)


RULES = (
    Rule("pass_message_on", (AgentMessaged.KIND,), pass_message_on),
    Rule("go_on", (AgentRelayed.KIND,), go_on),
    Rule(
        "take_over",
        (AgentExited.KIND, AgentTransitioned.KIND, SystemDone.KIND),
        take_over,
        into=(AgentState.PAUSED,),
    ),
    Rule("look_after", (SystemTimerFired.KIND,), look_after),
    Rule("reroute", (SystemTopologyChanged.KIND,), reroute),
    Rule("pass_on_without", (SystemTakenOver.KIND,), pass_on_without),
    Rule("open_mailbox", (SystemDone.KIND,), open_mailbox),
)
