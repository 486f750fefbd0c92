"""What messages cost: figures by hand, and against adding up moment by moment."""

from random import Random

import pytest

from mop_tui.domain.coordination import BUCKET, BUCKETS, Meter, measured
from mop_tui.domain.correspondence import Correspondence
from mop_tui.domain.ids import ActionId, AgentId, MessageId

ANN, BEN, LEAD = map(AgentId, ("ann", "ben", "lead"))


def figures(meter: Meter, at: int) -> tuple[float | None, float | None]:
    """Return the overhead at present and in the whole session."""
    told = measured(Correspondence(), meter, at)
    return told.now.overhead, told.whole.overhead


def test_nothing_is_known_before_anybody_has_worked() -> None:
    meter = Meter()
    assert figures(meter, 1_000) == (None, None)
    meter.say(1_000)
    assert figures(meter, 2_000) == (None, None)


def test_nothing_is_known_where_nothing_was_said() -> None:
    meter = Meter()
    meter.work(1, 0)
    assert figures(meter, 5_000) == (None, None)


def test_the_share_of_the_time_at_work() -> None:
    meter = Meter()
    meter.work(2, 0)
    meter.say(1_000)
    meter.hold_up(BEN, 1_000, held=True)
    meter.hold_up(BEN, 3_000, held=False)
    meter.deliver(3, 2_000, 3_000)
    assert figures(meter, 4_000) == (0.25, 0.25)  # 2 s of twice 4 s
    whole = measured(Correspondence(), meter, 4_000).whole
    assert (whole.mean_hops, whole.mean_ms) == (3, 2_000)


def test_what_happened_long_ago_does_not_count_at_present() -> None:
    meter = Meter()
    meter.work(1, 0)
    meter.say(0)
    meter.hold_up(BEN, 0, held=True)
    meter.hold_up(BEN, BUCKET, held=False)
    end = BUCKET * BUCKETS
    assert figures(meter, end - 1)[0] == BUCKET / (end - 1)
    assert figures(meter, end) == (None, 1 / BUCKETS)
    meter.say(end)
    assert figures(meter, end + 1)[0] == 0


def test_a_switch_begins_anew_and_both_shapes_are_kept() -> None:
    meter = Meter(shape="hierarchical")
    meter.work(1, 0)
    meter.say(0)
    meter.hold_up(BEN, 0, held=True)
    meter.switch("mesh", 1_000)
    meter.hold_up(BEN, 1_500, held=False)
    told = measured(Correspondence(), meter, 3_000)
    assert told.overhead == 0.25
    assert {shape: it.overhead for shape, it in told.by_shape.items()} == {
        "hierarchical": 1.0,
        "mesh": 0.25,
    }


@pytest.mark.parametrize("seed", range(20))
def test_the_sums_are_those_of_every_moment(seed: int) -> None:
    chance = Random(seed)
    meter = Meter()
    agents = [AgentId(f"a{number}") for number in range(5)]
    held: set[AgentId] = set()
    working, at, since = 0, 0, 0
    work: dict[int, int] = {}
    waits: dict[int, int] = {}
    for _ in range(60):
        pause = chance.choice([1, 50, 5_000, 70_000])
        step = max(1, pause // 50)
        for moment in range(at, at + pause, step):
            minute = moment // BUCKET
            length = min(step, at + pause - moment)
            # A stretch may lie across the end of a minute.
            over = max(0, moment + length - (minute + 1) * BUCKET)
            for when, ms in ((minute, length - over), (minute + 1, over)):
                work[when] = work.get(when, 0) + working * ms
                waits[when] = waits.get(when, 0) + len(held) * ms
        at += pause
        match chance.randrange(4):
            case 0:
                working += 1
                meter.work(1, at)
            case 1 if working > len(held):
                working -= 1
                meter.work(-1, at)
            case 2 if working > len(held) or held:
                agent = chance.choice(agents if working > len(held) else sorted(held))
                meter.hold_up(agent, at, held=agent not in held)
                held ^= {agent}
            case _:
                meter.say(at)
                since = at
    meter.advance(at)
    total = measured(Correspondence(), meter, at)
    latest = [minute for minute in work if at // BUCKET - BUCKETS < minute <= at // BUCKET]
    assert [it.work_ms for it in meter.shapes.values()] == [sum(work.values())]
    worked = sum(work[minute] for minute in latest)
    if since // BUCKET in latest and worked:
        share = sum(waits[minute] for minute in latest) / worked
        assert total.now.overhead == pytest.approx(share)


@pytest.mark.parametrize("seed", range(20))
def test_whatever_happens_to_messages_each_is_in_one_place(seed: int) -> None:
    chance = Random(seed)
    post = Correspondence()
    agents = [ANN, BEN, AgentId("cyd")]
    said: list[MessageId] = []
    for number in range(1, 400):
        if chance.random() < 0.4:
            sender, receiver = chance.sample(agents, 2)
            assert post.write(MessageId(number), sender, receiver, "", number) is not None
            said.append(MessageId(number))
        elif post.letters:
            letter = post.letters[chance.choice(list(post.letters))]
            match chance.randrange(5):
                case 0 if letter.kept:
                    relay = chance.choice([LEAD, AgentId("top")])
                    post.hand(letter, relay, 1, ActionId(""), 1, number)
                case 1 if letter.kept:
                    post.hand(letter, letter.receiver, 1, ActionId(""), 1, number)
                case 2 if letter.holder is not None:
                    post.relayed(letter, letter.holder, number, number)
                case 3 if letter.holder is not None:
                    post.take_over(letter.holder, [letter.id], chance.choice(["gone", "switched"]))
                case _ if letter.told:
                    ok = chance.random() < 0.7
                    post.done(letter, letter.receiver, ActionId(""), ok=ok)
                case _:
                    pass
        _is_sound(post)
    assert len(said) > len(post.letters) > 0


def _is_sound(post: Correspondence) -> None:
    with_relays = [name for relay in post.relays.values() for name in relay.waiting]
    kept = [name for box in post.mailboxes.values() for name in box]
    told = [letter.id for letter in post.letters.values() if letter.told]
    assert sorted((*with_relays, *kept, *told)) == sorted(post.letters)
    for receiver, count in post.inbound.items():
        assert count == sum(it.receiver == receiver for it in post.letters.values())
    for pair, last in post.latest.items():
        here = [it.id for it in post.letters.values() if (it.sender, it.receiver) == pair]
        chain: list[MessageId] = []
        name: MessageId | None = last
        while name is not None:
            chain.append(name)
            name = post.letters[name].before
        assert chain[::-1] == sorted(here)
        after = [post.letters[name].after for name in chain[::-1]]
        assert after == [*sorted(here)[1:], None]
