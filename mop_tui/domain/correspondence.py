"""Messages from agent to agent that are under way: where each is, and which has to come before it.

A message is *with a relay* that was handed it and has not said that it dealt with it; it is *being
told* once its receiver was chosen to be told it; else it is *kept*, in the mailbox of its receiver,
until it can go on. Between two agents one message comes after the other: none is told before those
that were said before it.

Only `fold` changes this. Everything costs the same however many messages there are.
"""

from collections.abc import Iterable
from copy import copy
from dataclasses import dataclass, field
from typing import Literal

from mop_tui.domain.ids import ActionId, AgentId, MessageId
from mop_tui.domain.immutable import immutable

MOST_KEPT = 1_000
"""Messages that are kept for one agent. What is said to it beyond that is not delivered."""

TakenOver = Literal["gone", "paused", "silent", "deaf", "switched"]
"""Why a relay is left out: its process ended, it is suspended, it does not get on, it could not be
told, or it does not stand on the way any more."""

Pair = tuple[AgentId, AgentId]


@dataclass(slots=True)
class Letter:
    """A message that is under way."""

    id: MessageId
    """The `seq` of the event that it was said by."""
    sender: AgentId
    receiver: AgentId
    text: str
    said_at: int
    position: AgentId
    """Who had it last, and is done with it."""
    hops: int = 0
    """Through how many hands it has gone, that in which it is included."""
    holder: AgentId | None = None
    """The relay that has it, and since when:"""
    since: int = 0
    told: int = 0
    """The incarnation of its receiver that is being told it; 0 for none."""
    action: ActionId | None = None
    """The last side effect about it."""
    tried: int = 0
    """The incarnation that could not be told it; 0 for none."""
    before: MessageId | None = None
    """The message between the same two that was said before it, and is under way, too."""
    after: MessageId | None = None

    @property
    def kept(self) -> bool:
        """True if it is in nobody's hands."""
        return self.holder is None and not self.told

    def digest_row(self) -> str:
        """What of this counts for the state digest."""
        return f"message {self.id} {self.position} {self.hops} {self.holder!s} {self.told}"


@dataclass(slots=True)
class Relay:
    """What is known of an agent that relays. Times are milliseconds of session time."""

    waiting: dict[MessageId, None] = field(default_factory=dict)
    """The messages that it has."""
    quiet_since: int = 0
    """Since when it has had something to do, and has not got on with it."""
    silent: int = 0
    """The incarnation that is left out because it did not get on; 0 for none."""
    highest: int = 0
    """The most messages that it has had at once."""
    handled: int = 0
    handling_ms: int = 0
    """How long that took it: of each, from when nothing was before it any more."""
    last_ms: int | None = None
    staying_ms: int = 0
    """How long they were with it, waiting included."""
    taken_over: int = 0
    """How many were taken out of its hands."""

    def copied(self) -> "Relay":
        """Return a copy that can be changed by itself."""
        made = copy(self)
        made.waiting = dict(self.waiting)
        return made


@immutable
class Told:
    """How the latest attempt to tell a message came out."""

    action: ActionId
    message: MessageId
    agent: AgentId
    relay: bool
    """It was to relay it."""
    ok: bool
    again: bool
    """An earlier attempt had failed."""


@dataclass(slots=True)
class Correspondence:
    """All messages that are under way."""

    letters: dict[MessageId, Letter] = field(default_factory=dict)
    latest: dict[Pair, MessageId] = field(default_factory=dict)
    """The last message between two that is under way."""
    mailboxes: dict[AgentId, dict[MessageId, None]] = field(default_factory=dict)
    """What is kept, by its receiver."""
    inbound: dict[AgentId, int] = field(default_factory=dict)
    """How many messages are under way to whom."""
    relays: dict[AgentId, Relay] = field(default_factory=dict)
    turned_away: dict[AgentId, int] = field(default_factory=dict)
    """How many messages to whom were not delivered, since too many were kept already."""
    doubtful: dict[AgentId, int] = field(default_factory=dict)
    """How many messages were being told when the program ended, so that nobody knows whether they
    were."""
    relayed_by: int = 0
    """The last event that said so of a message which its relay really had."""
    last_told: Told | None = None
    changed: dict[MessageId, None] = field(default_factory=dict)
    """What is to go into the next digest."""

    def copied(self) -> "Correspondence":
        """Return a copy that can be changed by itself."""
        return Correspondence(
            {name: copy(letter) for name, letter in self.letters.items()},
            dict(self.latest),
            {agent: dict(box) for agent, box in self.mailboxes.items()},
            dict(self.inbound),
            {agent: relay.copied() for agent, relay in self.relays.items()},
            dict(self.turned_away),
            dict(self.doubtful),
            self.relayed_by,
            self.last_told,
            dict(self.changed),
        )

    def concerns(self, agent: AgentId) -> bool:
        """True if a message to `agent` is under way, or it has one to relay."""
        if self.inbound.get(agent):
            return True
        relay = self.relays.get(agent)
        return relay is not None and bool(relay.waiting)

    def kept_for(self, agent: AgentId) -> list[Letter]:
        """Return what is kept for `agent`, in the order in which it was said."""
        return [self.letters[name] for name in sorted(self.mailboxes.get(agent, ()))]

    # -- what happens to messages -----------------------------------------------------------------

    def write(
        self, name: MessageId, sender: AgentId, receiver: AgentId, text: str, at: int
    ) -> Letter | None:
        """Note that a message was said; None if too many are kept for its receiver already."""
        box = self.mailboxes.setdefault(receiver, {})
        if len(box) >= MOST_KEPT:
            self.turned_away[receiver] = self.turned_away.get(receiver, 0) + 1
            return None
        letter = Letter(name, sender, receiver, text, at, sender)
        before = self.latest.get((sender, receiver))
        if before is not None:
            letter.before = before
            self.letters[before].after = name
        self.latest[sender, receiver] = name
        self.letters[name] = letter
        self.inbound[receiver] = self.inbound.get(receiver, 0) + 1
        box[name] = None
        self.changed[name] = None
        return letter

    def hand(
        self,
        letter: Letter,
        agent: AgentId,
        incarnation: int,
        action: ActionId,
        hops: int,
        at: int,
    ) -> None:
        """Note that a process is about to be told a message: of a relay, or of its receiver."""
        self._leave(letter)
        letter.hops, letter.action = hops, action
        if agent == letter.receiver:
            letter.told = incarnation
            return
        relay = self.relays.setdefault(agent, Relay())
        if not relay.waiting:
            relay.quiet_since = at
        letter.holder, letter.since = agent, at
        relay.waiting[letter.id] = None
        relay.highest = max(relay.highest, len(relay.waiting))

    def relayed(self, letter: Letter, agent: AgentId, by: int, at: int) -> None:
        """Note that, with event `by`, the relay which has a message has dealt with it."""
        relay = self.relays[agent]
        took = at - max(letter.since, relay.quiet_since)
        relay.handled += 1
        relay.handling_ms += took
        relay.last_ms = took
        relay.staying_ms += at - letter.since
        relay.quiet_since = at
        self._keep(letter, agent)
        self.relayed_by = by

    def take_over(self, agent: AgentId, names: Iterable[MessageId], why: TakenOver) -> None:
        """Take messages out of the hands of a relay. One that is left out counts as passed, unless
        it does not stand on the way any more."""
        relay = self.relays[agent]
        for name in names:
            letter = self.letters.get(name)
            if letter is not None and letter.holder == agent:
                relay.taken_over += 1
                self._keep(letter, letter.position if why == "switched" else agent)

    def done(self, letter: Letter, agent: AgentId, action: ActionId, *, ok: bool) -> None:
        """Note that a process was told a message, or could not be."""
        relay = agent != letter.receiver
        self.last_told = Told(action, letter.id, agent, relay, ok, letter.tried > 0)
        if relay:
            return
        if ok:
            self.remove(letter)
        else:
            letter.tried, letter.told = letter.told, 0
            self._keep(letter, letter.position)

    def lose(self, letter: Letter) -> None:
        """Note that nobody knows whether the receiver of a message was told it."""
        self.doubtful[letter.receiver] = self.doubtful.get(letter.receiver, 0) + 1
        self.remove(letter)

    def remove(self, letter: Letter) -> None:
        """Forget a message that is under way no more."""
        self._leave(letter)
        del self.letters[letter.id]
        before, after = letter.before, letter.after
        if before is not None:
            self.letters[before].after = after
        if after is not None:
            self.letters[after].before = before
        elif before is not None:
            self.latest[letter.sender, letter.receiver] = before
        else:
            del self.latest[letter.sender, letter.receiver]
        self.inbound[letter.receiver] -= 1

    def _keep(self, letter: Letter, position: AgentId) -> None:
        self._leave(letter)
        letter.position = position
        self.mailboxes[letter.receiver][letter.id] = None

    def _leave(self, letter: Letter) -> None:
        self.changed[letter.id] = None
        if letter.holder is not None:
            self.relays[letter.holder].waiting.pop(letter.id, None)
            letter.holder = None
        else:
            self.mailboxes[letter.receiver].pop(letter.id, None)
