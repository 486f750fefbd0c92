"""Messages among agents: their ways, who relays them, and that each is told once, in order."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from random import Random

import pytest
from hands import Behaviour, Hand, Hands

from bench.messages import Scene, Swarm
from mop_tui.agents.host import Assignment, Note, Relay, Told
from mop_tui.domain.correspondence import MOST_KEPT
from mop_tui.domain.feed import Command, Steer, SwitchTopology
from mop_tui.domain.fold import apply
from mop_tui.domain.ids import AgentId
from mop_tui.domain.plan import AgentSpec, Plan, Script, ScriptedMessage, TeamSpec, Topology
from mop_tui.domain.session import Session
from mop_tui.journal import JournalFile
from mop_tui.orchestrator.recheck import recheck
from sessions import Ran, agent, crash, fixed, plan, play, task

ANN, BEN, LEAD, TOP, OTHER = map(AgentId, ("ann", "ben", "lead", "top", "other"))


def member(name: str, team: str = "one", *, lead: bool = False, relays: bool = False) -> AgentSpec:
    return agent(name, team=team, for_session=True, lead=lead, relays=relays)


def swarm(*agents: AgentSpec, topology: Topology = "hierarchical", top: str | None = None) -> Plan:
    """Return a plan in which each agent has a task of its own."""
    what = plan(agents, [task(f"of-{spec.id}", spec.id, seconds=60) for spec in agents])
    teams = dict.fromkeys(spec.team for spec in agents)
    return replace(
        what,
        teams=tuple(
            TeamSpec(team, team, tuple(spec.id for spec in agents if spec.team == team))
            for team in teams
        ),
        coordinator=None if top is None else AgentId(top),
        topology=topology,
    )


SMALL = swarm(member("lead", lead=True, relays=True), member("ann"), member("ben"))
"""What ann and ben say to each other goes through their lead, who relays it."""
ACROSS = swarm(
    member("top", "above", relays=True),
    member("lead", lead=True, relays=True),
    member("ann"),
    member("other", "two", lead=True),
    member("ben", "two"),
    top="top",
)


def talk(
    says: Callable[[Hand], None],
    relays: Callable[[Hand, Relay], None] = lambda hand, what: hand.after(
        2, hand.relayed, what.message
    ),
    until: float = 60,
) -> Behaviour:
    """Return agents who say something once they have their task, and relay in two seconds."""

    def behave(hand: Hand, heard: Told | None) -> None:
        match heard:
            case Assignment():
                says(hand)
                hand.after(until, hand.done if hand.job.assignment is None else hand.exit)
            case Relay():
                relays(hand, heard)
            case _:
                pass

    return behave


def ann_says(*texts: str, to: str = "ben", after: float = 1) -> Callable[[Hand], None]:
    def says(hand: Hand) -> None:
        if hand.agent == ANN:
            for text in texts:
                hand.after(after, hand.message, to, text)

    return says


def run(
    what: Plan, file: Path, behave: Behaviour | Hands, *operator: tuple[float, Command]
) -> tuple[Ran, Hands]:
    """Run a session that can be recomputed, and replayed from its middle."""
    hands = behave if isinstance(behave, Hands) else Hands(behave)
    ran = play(what, file, hands=hands, operator=operator)
    with JournalFile.open(file) as recorded:
        assert recheck(what, recorded).divergence is None
    assert ran.session.ignored == 0
    _come_back(ran)
    return ran, hands


def _come_back(ran: Ran) -> None:
    """Check that a session that came back to a former state goes on like one that never left it."""
    middle = len(ran.events) // 2
    session, other = Session(), Session()
    checkpoints = [session.checkpoint()]
    for event in ran.events[:middle]:
        apply(session, event)
    checkpoints.append(session.checkpoint())
    for event in ran.events[middle:]:
        apply(session, event)
    other = Session.restored(checkpoints)
    for event in ran.events[middle:]:
        apply(other, event)
    assert other.snapshot().coordination == session.snapshot().coordination
    assert other.next_digest() == session.next_digest()


def notes(hands: Hands, receiver: str = "ben") -> list[str]:
    """Return what an agent was told by others."""
    return [
        what.text for name, what, _ in hands.told if name == receiver and isinstance(what, Note)
    ]


def told_at(ran: Ran, receiver: str = "ben") -> list[float]:
    """Return when an agent was told something, in seconds."""
    return [
        event.at / 1000
        for event in ran.of("system.intended")
        if event.data.agent == receiver and event.data.message is not None
    ]


def why(ran: Ran, *rules: str) -> list[str]:
    return [event.data.reason for rule in rules for event in ran.decisions(rule)]


# -- ways -----------------------------------------------------------------------------------------


def test_in_a_mesh_a_message_goes_directly(file: Path) -> None:
    ran, hands = run(replace(SMALL, topology="mesh"), file, talk(ann_says("hello")))
    assert notes(hands) == ["hello"]
    assert told_at(ran) == [1.0]
    assert why(ran, "pass_message_on") == ["it is for ben, who runs; it goes directly"]


def test_a_lead_relays_what_its_members_say_to_each_other(file: Path) -> None:
    ran, hands = run(SMALL, file, talk(ann_says("hello")))
    [relay] = [what for _, what, _ in hands.told if isinstance(what, Relay)]
    assert (relay.sender, relay.receiver, relay.text) == (ANN, BEN, "hello")
    assert notes(hands) == ["hello"]
    assert told_at(ran) == [3.0]
    [load] = ran.session.snapshot().coordination.relays.values()
    assert (load.handled, load.handling_ms, load.last_ms, load.highest) == (1, 2_000, 2_000, 1)
    assert why(ran, "pass_message_on", "go_on") == [
        "it goes through lead (hierarchical), and lead relays it",
        "it is for ben, who runs; it goes directly",
    ]


def test_hands_that_do_not_relay_are_passed_at_once_and_counted(file: Path) -> None:
    ran, hands = run(ACROSS, file, talk(ann_says("hello")))
    assert [name for name, what, _ in hands.told if isinstance(what, Relay)] == [LEAD, TOP]
    assert told_at(ran) == [5.0]
    figures = ran.session.snapshot().coordination.whole
    assert (figures.said, figures.delivered, figures.mean_hops, figures.mean_ms) == (1, 1, 3, 4_000)


def test_what_is_for_the_coordinator_goes_its_way_too(file: Path) -> None:
    _, hands = run(ACROSS, file, talk(ann_says("hello", to="coordinator")))
    assert [name for name, what, _ in hands.told if isinstance(what, Relay)] == [LEAD]
    assert notes(hands, "top") == ["hello"]


def test_a_lead_that_has_failed_has_no_place_on_the_way(file: Path) -> None:
    def behave(hand: Hand, heard: Told | None) -> None:
        if hand.agent == LEAD and isinstance(heard, Assignment):
            hand.exit(3)
        else:
            talk(ann_says("hello"))(hand, heard)

    ran, hands = run(ACROSS, file, behave)
    assert ran.agent_states("lead")[-1][1] == "FAILED"
    assert [name for name, what, _ in hands.told if isinstance(what, Relay)] == [TOP]
    assert notes(hands) == ["hello"]


# -- relays that do not get on --------------------------------------------------------------------


def test_a_relay_that_dies_holds_nothing_up(file: Path) -> None:
    def dies(hand: Hand, _what: Relay) -> None:
        hand.after(4, hand.exit, None, "", "SIGKILL")

    ran, hands = run(SMALL, file, talk(ann_says("one", "two"), dies))
    assert notes(hands) == ["one", "two"]
    assert told_at(ran) == [5.0, 5.0]
    assert why(ran, "take_over") == [
        "its process has ended, so 2 messages to relay go on without it"
    ]


def test_a_relay_that_is_paused_holds_nothing_up_and_is_not_handed_any_more(file: Path) -> None:
    def says(hand: Hand) -> None:
        ann_says("one")(hand)
        ann_says("two", after=5)(hand)

    ran, hands = run(
        SMALL, file, talk(says), (2.0, Steer("pause", LEAD)), (9, Steer("resume", LEAD))
    )
    assert notes(hands) == ["one", "two"]
    assert told_at(ran) == [2.0, 5.0]
    # What it says of it when it goes on is too late, and nothing is told twice.
    assert why(ran, "go_on") == ["lead does not have that message, or not any more"]


def test_a_relay_that_does_not_get_on_is_left_out_until_it_does(file: Path) -> None:
    def slow(hand: Hand, what: Relay) -> None:
        hand.after(45, hand.relayed, what.message)

    def says(hand: Hand) -> None:
        for moment in (1, 2, 40, 50):
            ann_says(f"at {moment}", after=moment)(hand)

    ran, hands = run(SMALL, file, talk(says, slow, until=100))
    assert notes(hands) == ["at 1", "at 2", "at 40", "at 50"]
    assert told_at(ran) == [31.0, 31.0, 40.0, 80.0]
    [first, second] = ran.decisions("take_over")
    assert (first.at, second.at) == (31_000, 80_000)
    assert (
        first.data.reason == "it has not got on for 30 s, so 2 messages to relay go on without it"
    )


def test_a_relay_with_much_to_do_is_left_alone_while_it_gets_on(file: Path) -> None:
    def one_by_one(hand: Hand, what: Relay) -> None:
        hand.notes["n"] = n = int(str(hand.notes.get("n", 0))) + 1
        hand.after(20 * n, hand.relayed, what.message)

    texts = [str(number) for number in range(6)]
    ran, hands = run(SMALL, file, talk(ann_says(*texts), one_by_one, until=150))
    assert notes(hands) == texts
    assert not ran.decisions("take_over")
    assert told_at(ran) == [21, 41, 61, 81, 101, 121]
    [load] = ran.session.snapshot().coordination.relays.values()
    assert (load.highest, load.handled, load.mean_ms) == (6, 6, 20_000)


def test_a_relay_that_cannot_hear_is_passed(file: Path) -> None:
    hands = Hands(talk(ann_says("one")), deaf=(LEAD,))
    what = swarm(agent("lead", lead=True, relays=True, team="one"), member("ann"), member("ben"))
    ran, _ = run(what, file, hands)
    assert notes(hands) == ["one"]
    assert why(ran, "take_over") == [
        "it could not be told, so the message to relay goes on without it"
    ]


# -- order ----------------------------------------------------------------------------------------


def test_what_is_relayed_sooner_waits_for_what_was_said_before(file: Path) -> None:
    def backwards(hand: Hand, what: Relay) -> None:
        hand.after(5 - int(what.text), hand.relayed, what.message)

    ran, hands = run(SMALL, file, talk(ann_says("1", "2", "3"), backwards))
    assert notes(hands) == ["1", "2", "3"]
    assert told_at(ran) == [5.0, 5.0, 5.0]
    assert why(ran, "go_on")[0] == "what ann said to ben before comes first"


def test_what_others_say_need_not_wait(file: Path) -> None:
    def says(hand: Hand) -> None:
        ann_says("1")(hand)
        if hand.agent == OTHER:
            hand.after(1, hand.message, "ben", "2")

    _, hands = run(ACROSS, file, talk(says))
    assert notes(hands) == ["2", "1"]


# -- switches -------------------------------------------------------------------------------------


def test_a_switch_takes_messages_from_who_is_not_on_their_way_any_more(file: Path) -> None:
    ran, hands = run(
        SMALL, file, talk(ann_says("one", "two")), (2.0, SwitchTopology("mesh", "too slow"))
    )
    assert notes(hands) == ["one", "two"]
    assert told_at(ran) == [2.0, 2.0]
    assert len(why(ran, "go_on")) == 2  # too late
    assert set(ran.session.snapshot().coordination.by_shape) == {"hierarchical", "mesh"}


def test_who_stands_on_the_new_way_keeps_what_it_has(file: Path) -> None:
    ran, hands = run(SMALL, file, talk(ann_says("one")), (2.0, SwitchTopology("star")))
    assert told_at(ran) == [3.0]
    assert notes(hands) == ["one"]
    assert not ran.decisions("take_over")


# -- mailboxes ------------------------------------------------------------------------------------


def test_what_is_said_to_an_agent_between_tasks_is_told_with_its_next_process(file: Path) -> None:
    what = plan(
        [agent("ann"), agent("ben")],
        [task("first", "ann"), task("second", "ben", needs=["first"])],
    )

    def says(hand: Hand) -> None:
        ann_says("one", "two")(hand)

    def behave(hand: Hand, heard: Told | None) -> None:
        if isinstance(heard, Assignment):
            says(hand)
            hand.after(5, hand.exit)

    ran, hands = run(what, file, behave)
    assert notes(hands) == ["one", "two"]
    assert told_at(ran) == [5.0, 5.0]
    assert why(ran, "pass_message_on", "open_mailbox") == [
        "ben has no process that could read it, and it is kept until there is one",
        "ben has no process that could read it, and it is kept until there is one",
        "it hears now, and 2 messages waited for that",
    ]
    assert not ran.issues()


def test_the_end_tells_what_reached_nobody(file: Path) -> None:
    what = plan([agent("ann"), agent("idle")], [task("first", "ann")])

    def behave(hand: Hand, _heard: Told | None) -> None:
        hand.message("idle", "hello")
        hand.message("idle", "anybody?")
        hand.after(5, hand.exit)

    ran, hands = run(what, file, behave)
    assert not notes(hands, "idle")
    assert ran.issues() == ["2 messages never reached idle (2)"]


def test_a_mailbox_has_an_end_and_says_so(file: Path) -> None:
    what = plan([agent("ann"), agent("idle")], [task("first", "ann")])

    def behave(hand: Hand, _heard: Told | None) -> None:
        for number in range(MOST_KEPT + 5):
            hand.message("idle", str(number))
        hand.after(5, hand.exit)

    ran, _ = run(what, file, behave)
    assert ran.issues() == [
        "what is said to idle is not delivered, for 1,000 messages are kept for idle already",
        "1005 messages never reached idle (1005)",
    ]


def test_who_cannot_be_told_is_tried_again_when_more_is_said(file: Path) -> None:
    hands = Hands(talk(lambda _hand: None), deaf=(BEN,))

    def says(hand: Hand) -> None:
        ann_says("one")(hand)
        ann_says("two", after=2)(hand)
        if hand.agent == ANN:
            hand.after(3, setattr, hands, "deaf", ())
        ann_says("three", after=4)(hand)

    hands.behave = talk(says)
    what = swarm(agent("ben", team="one"), member("ann"), topology="mesh")
    ran, _ = run(what, file, hands)
    assert notes(hands) == ["one", "two", "three"]
    assert told_at(ran)[-3:] == [4.0, 4.0, 4.0]


# -- resuming -------------------------------------------------------------------------------------


def test_wherever_the_program_dies_nothing_is_told_twice_or_lost_in_silence(
    file: Path, tmp_path: Path
) -> None:
    def says(hand: Hand) -> None:
        if hand.incarnation == 1:
            ann_says("one", "two")(hand)
            ann_says("three", after=2)(hand)

    whole, hands = run(SMALL, file, talk(says, until=8))
    assert notes(hands) == ["one", "two", "three"]
    for after in range(1, len(whole.events) - 1, 3):
        again = Hands(talk(says, until=8))
        left = crash(whole, tmp_path / f"{after}.jsonl", after=after)
        ran = play(SMALL, left, hands=again, resume=True)
        said = {e.seq: e.data.text for e in ran.of("agent.messaged")}
        # Before it died, the program may have told what it had announced, and did tell the rest.
        before = [
            said[event.data.message]
            for event in ran.events[:after]
            if event.kind == "system.intended" and event.data.agent == BEN and event.data.message
        ]
        told = before + notes(again)
        assert told == [text for text in said.values() if text in told], after
        doubtful = sum(ran.session.post.doubtful.values())
        assert len(told) == len(said), after
        assert doubtful <= len(before)


# -- simulated agents -----------------------------------------------------------------------------


def test_simulated_agents_speak_and_relay(file: Path) -> None:
    lead = replace(member("lead", lead=True, relays=True), handling_ms=3_000)
    what = swarm(lead, member("ann"), member("ben"))
    script = replace(
        fixed(20),
        messages=(
            ScriptedMessage("ben", "now", at_ms=1_000),
            ScriptedMessage("ben", "tick", None, 5_000),
        ),
    )
    quiet: dict[str, Script] = {name: fixed(60) for name in ("of-lead", "of-ben")}
    what = replace(what, task_work=plan([], [], scripts={"of-ann": script, **quiet}).task_work)
    ran = play(what, file)
    assert [e.at for e in ran.of("agent.messaged")] == [1_000, 5_000, 10_000, 15_000]
    assert told_at(ran) == [4.0, 8.0, 13.0, 18.0]
    assert ran.session.snapshot().coordination.whole.mean_ms == 3_000


# -- in storms ------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(12))
def test_in_any_swarm_each_message_is_told_once_and_in_order(file: Path, seed: int) -> None:
    chance = Random(seed)
    scene = Scene(
        agents=chance.randint(3, 14),
        teams=chance.randint(1, 3),
        messages=200,
        switches=chance.randint(0, 12),
        relaying=chance.choice([0, 0.5, 1, 4]),
        deaths=chance.randint(0, 30),
        pauses=chance.randint(0, 20),
        silences=chance.randint(0, 6),
    )
    swarm = Swarm(scene, seed, file)
    swarm.run()
    assert list(swarm.faults()) == []
    assert not swarm.session.post.letters
    assert not swarm.session.meter.held_up
    assert swarm.session.ignored == 0
    with JournalFile.open(file) as recorded:
        assert recheck(swarm.plan, recorded).divergence is None
