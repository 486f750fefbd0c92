"""What it costs a swarm that its agents speak to each other: pure figures, kept while events fold.

An agent at work is *held up* while a message to it is under way, or while it has one to relay. The
overhead is the share of the time of agents at work in which they are held up. Nothing is known of
it where nobody has worked, or nothing was said.
"""

from collections.abc import Mapping
from copy import copy
from dataclasses import dataclass, field

from mop_tui.domain.correspondence import Correspondence
from mop_tui.domain.ids import AgentId
from mop_tui.domain.immutable import immutable
from mop_tui.domain.topology import Shape

BUCKET = 60_000
"""Milliseconds of session time that are counted together."""
BUCKETS = 5
"""How many of those the present figure is about, that of the moment included."""


@dataclass(slots=True)
class Sums:
    """What was counted in some stretch of time."""

    work_ms: int = 0
    """Time of agents at work, added up; and how much of it they were held up:"""
    held_ms: int = 0
    said: int = 0
    """Messages that were said, and those that their receivers were told:"""
    delivered: int = 0
    hops: int = 0
    """Through how many hands the latter went, added up; and how long they were under way:"""
    under_way_ms: int = 0

    @property
    def overhead(self) -> float | None:
        """The share of time at work in which agents were held up; None if it is not known."""
        if not self.work_ms or not (self.said or self.held_ms):
            return None
        return self.held_ms / self.work_ms


@dataclass(slots=True)
class Meter:
    """Adds up, shape by shape and minute by minute."""

    shapes: dict[Shape, Sums] = field(default_factory=dict)
    buckets: dict[int, Sums] = field(default_factory=dict)
    """The latest minutes in the present shape, by their numbers."""
    shape: Shape = "mesh"
    at: int = 0
    """Up to when everything is counted."""
    working: int = 0
    held_up: dict[AgentId, None] = field(default_factory=dict)

    def copied(self) -> "Meter":
        """Return a copy that can be changed by itself."""
        return Meter(
            {shape: copy(sums) for shape, sums in self.shapes.items()},
            {minute: copy(sums) for minute, sums in self.buckets.items()},
            self.shape,
            self.at,
            self.working,
            dict(self.held_up),
        )

    def work(self, more: int, at: int) -> None:
        """Note that so many agents more, or less, are at work from now on."""
        self.advance(at)
        self.working += more

    def hold_up(self, agent: AgentId, at: int, *, held: bool) -> None:
        """Note whether an agent is held up at its work from now on."""
        if held is not (agent in self.held_up):
            self.advance(at)
            if held:
                self.held_up[agent] = None
            else:
                del self.held_up[agent]

    def say(self, at: int) -> None:
        """Count a message that is said."""
        self.advance(at)
        self._whole().said += 1
        self._bucket(at // BUCKET).said += 1

    def deliver(self, hops: int, under_way: int, at: int) -> None:
        """Count a message that has come to its receiver."""
        self.advance(at)
        for sums in (self._whole(), self._bucket(at // BUCKET)):
            sums.delivered += 1
            sums.hops += hops
            sums.under_way_ms += under_way

    def switch(self, shape: Shape, at: int) -> None:
        """Begin anew, for another shape."""
        self.advance(at)
        self.shape = shape
        self.buckets.clear()

    def advance(self, at: int) -> None:
        """Count the time up to `at`."""
        since, self.at = self.at, at
        if at <= since or not self.working:
            return
        whole = self._whole()
        whole.work_ms += self.working * (at - since)
        whole.held_ms += len(self.held_up) * (at - since)
        last = at // BUCKET
        for minute in range(max(since // BUCKET, last - BUCKETS + 1), last + 1):
            length = min(at, (minute + 1) * BUCKET) - max(since, minute * BUCKET)
            bucket = self._bucket(minute)
            bucket.work_ms += self.working * length
            bucket.held_ms += len(self.held_up) * length

    def _whole(self) -> Sums:
        sums = self.shapes.get(self.shape)
        if sums is None:
            sums = self.shapes[self.shape] = Sums()
        return sums

    def _bucket(self, minute: int) -> Sums:
        bucket = self.buckets.get(minute)
        if bucket is None:
            bucket = self.buckets[minute] = Sums()
            for old in [old for old in self.buckets if old <= minute - BUCKETS]:
                del self.buckets[old]
        return bucket


@immutable
class RelayLoad:
    """What an agent has to relay. Times are milliseconds."""

    queue: int
    """Messages that it has now, and the most that it has had:"""
    highest: int
    handled: int
    handling_ms: int
    """How long it took to deal with those that it handled, waiting left out."""
    last_ms: int | None
    staying_ms: int
    """How long they were with it, waiting included."""
    taken_over: int
    """How many were taken out of its hands."""

    @property
    def mean_ms(self) -> float | None:
        """How long it takes to deal with one; None if it has dealt with none."""
        return self.handling_ms / self.handled if self.handled else None


@immutable
class Figures:
    """What was measured in a stretch of time. What is not known is None."""

    overhead: float | None = None
    """The share of the time of agents at work in which they were held up, 0..1."""
    said: int = 0
    delivered: int = 0
    mean_hops: float | None = None
    """Through how many hands a message went."""
    mean_ms: float | None = None
    """How many milliseconds a message was under way."""
    work_ms: int = 0
    """Time of agents at work, added up."""


@immutable
class Coordination:
    """How a swarm is coordinated, in figures."""

    now: Figures = Figures()
    """In the last five minutes, but not before the present shape."""
    whole: Figures = Figures()
    """In the whole session."""
    by_shape: Mapping[Shape, Figures] = field(default_factory=dict)
    """In each shape that it has had."""
    under_way: int = 0
    """Messages that have not come to their receivers; and those of them that nobody has in hand:"""
    kept: int = 0
    turned_away: int = 0
    """Messages that were not delivered because too many were kept for their receivers; and those of
    which nobody knows whether they were, for the program ended:"""
    doubtful: int = 0
    relays: Mapping[AgentId, RelayLoad] = field(default_factory=dict)

    @property
    def overhead(self) -> float | None:
        """The share of the time of agents at work that messages cost at present."""
        return self.now.overhead


def measured(post: Correspondence, meter: Meter, at: int) -> Coordination:
    """Return the figures at session time `at`."""
    if not meter.shapes:
        return Coordination()
    present = meter.copied()
    present.advance(at)
    latest = at // BUCKET - BUCKETS
    relays = {
        agent: RelayLoad(
            len(relay.waiting),
            relay.highest,
            relay.handled,
            relay.handling_ms,
            relay.last_ms,
            relay.staying_ms,
            relay.taken_over,
        )
        for agent, relay in post.relays.items()
    }
    return Coordination(
        now=_figures(*(sums for minute, sums in present.buckets.items() if minute > latest)),
        whole=_figures(*present.shapes.values()),
        by_shape={shape: _figures(sums) for shape, sums in present.shapes.items()},
        under_way=len(post.letters),
        kept=sum(map(len, post.mailboxes.values())),
        turned_away=sum(post.turned_away.values()),
        doubtful=sum(post.doubtful.values()),
        relays=relays,
    )


def _figures(*parts: Sums) -> Figures:
    """Return the figures of some stretches together."""
    total = Sums(
        sum(it.work_ms for it in parts),
        sum(it.held_ms for it in parts),
        sum(it.said for it in parts),
        sum(it.delivered for it in parts),
        sum(it.hops for it in parts),
        sum(it.under_way_ms for it in parts),
    )
    count = total.delivered
    return Figures(
        total.overhead,
        total.said,
        count,
        total.hops / count if count else None,
        total.under_way_ms / count if count else None,
        total.work_ms,
    )
