"""What can be learnt from a session: sentences with figures, each with the events that show it.

Each rule looks for one thing, and says nothing of what is too little to matter (`Facts.trifle`).
Nothing is guessed: every figure comes from recorded facts, and so does what one more agent would
have saved, by playing the work that was done through once more (`domain/eta`).
"""

from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import pairwise
from operator import attrgetter

from mop_tui.domain.agent_lifecycle import AgentState
from mop_tui.domain.eta import estimate
from mop_tui.domain.ids import AgentId, MemoryKey, TaskId
from mop_tui.domain.rows import Task
from mop_tui.domain.session import Snapshot
from mop_tui.domain.task_lifecycle import HELD_BY_AGENT, TaskState
from mop_tui.domain.timeline import Phase
from mop_tui.domain.wording import lasting, listed
from mop_tui.report.notes import Notes, Provided
from mop_tui.report.summary import AgentPart, Insight, Step, StepKind, Summary, TaskPart

MOST = 12
"""Insights that are told."""
MOST_ALIKE = 3
"""Insights of one rule that are told."""
LEAST_MS = 5_000
"""What took less is never worth an insight; nor is what took less than this share of all:"""
LEAST_SHARE = 0.02
FAR_OFF = 2.0
"""How many times as long as declared, or as many times shorter, is far off."""
MISSED = 0.2
"""By which share of it an end that was foretold may be missed."""
MUCH_OVERHEAD = 0.1
HIGH = 90.0
"""Percent of a limit from which on it is nearly reached."""
LEAST_ON_PATH = 3
"""Tasks of the critical path from which on one agent may be too much relied upon."""
MOST_PLAYED = 400
"""Tasks up to which what one more agent would have saved is played through."""
_NAMED = 4
"""Names that are told; more are counted."""
_SHOWN = 12
"""Events that are named for one insight at most."""


@dataclass(frozen=True, slots=True)
class Facts:
    """What rules look at."""

    summary: Summary
    notes: Notes
    opened: Snapshot | None
    """The session when it had just been opened."""

    @property
    def trifle(self) -> int:
        """What took less than so many milliseconds does not matter here."""
        return max(LEAST_MS, round(self.summary.length_ms * LEAST_SHARE))

    def moved(self, task: TaskId, state: TaskState, *, last: bool = False) -> list[int]:
        """Return by which events a task came into a state: all, or the last."""
        of = self.notes.tasks[task]
        found = [seq for stay, seq in zip(of.stays, of.moves, strict=True) if stay[1] is state]
        return found[-1:] if last else found


Rule = Callable[[Facts], Iterable[Insight]]


def insights(facts: Facts) -> tuple[Insight, ...]:
    """Return what is worth knowing, the weightiest first."""
    found: list[Insight] = []
    for rule in RULES:
        of_rule = [it for it in rule(facts) if it.evidence]
        of_rule.sort(key=lambda it: -it.weight_ms)
        found += of_rule[:MOST_ALIKE]
    found.sort(key=lambda it: (-it.weight_ms, it.text))
    return tuple(found[:MOST])


# -- keys -----------------------------------------------------------------------------------------


def late_teams(facts: Facts) -> Iterator[Insight]:
    """A team began late, because a key that its trigger waits for came late."""
    for team in facts.summary.teams:
        if not team.began_at or team.began_at < facts.trifle:
            continue
        first = min((facts.notes.agents[agent].seq for agent in team.agents), default=0)
        for seq in facts.notes.led_to(first):
            if seq in facts.notes.keys_set:
                key = facts.notes.keys_set[seq]
                at, by = facts.notes.by_task.get(seq, (0, None))
                whose = f", which {by} set" if by is not None else ""
                yield Insight(
                    f"{team.name} waited {lasting(team.began_at)} for one key, {key}{whose}.",
                    _sooner(key, by, at),
                    (seq, first),
                    team.began_at,
                )
                break


def _sooner(key: MemoryKey, task: TaskId | None, _at: int) -> str:
    if task is None:
        return f"Have {key} set sooner."
    return (
        f"Have {key} set as soon as what it stands for is there: split {task} before it if need be."
    )


def key_waits(facts: Facts) -> Iterator[Insight]:
    """Several tasks or agents waited for nothing but one key."""
    told = {
        facts.notes.keys_set[seq]
        for insight in late_teams(facts)
        for seq in insight.evidence
        if seq in facts.notes.keys_set
    }
    waiting: dict[MemoryKey, dict[TaskId, int]] = {}
    came: dict[MemoryKey, Provided] = {}
    for name, row in facts.notes.session.tasks.items():
        last = _last_key(facts, row)
        if last is not None:
            key, provided, waited = last
            waiting.setdefault(key, {})[name] = waited
            came[key] = provided
    for key, tasks in waiting.items():
        longest = max(tasks.values())
        if key in told or len(tasks) < 2 or longest < facts.trifle:
            continue
        by = came[key]
        whose = f", which {by.task} set" if by.task is not None else ""
        first = (facts.notes.tasks[task].moves[0] for task in tasks)
        yield Insight(
            f"{_names(tasks)} waited up to {lasting(longest)} for nothing but the key"
            f" {key}{whose}.",
            _sooner(key, by.task, by.at),
            _shown([by.seq, *first]),
            longest,
        )


def _last_key(facts: Facts, row: Task) -> tuple[MemoryKey, Provided, int] | None:
    """Return which key a task needed last of all that it needs, and for how long nothing else."""
    others = [row.created_at]
    for need in row.spec.needs_tasks:
        end = facts.notes.session.tasks[need].ended_at if need in facts.notes.tasks else None
        if end is None:
            return None
        others.append(end)
    keys = []
    for key in row.spec.needs_keys:
        times = facts.notes.provided.get(key)
        if not times:
            return None
        keys.append((times[0].at, key, times[0]))
    keys.sort(key=lambda it: it[0])
    if not keys:
        return None
    at, key, provided = keys.pop()
    waited = at - max(*others, *(it[0] for it in keys), 0)
    return (key, provided, waited) if waited > 0 else None


def waits_at_work(facts: Facts) -> Iterator[Insight]:
    """Agents had a task in hand, and waited in it for a key or a lock."""
    waits = (
        (
            Phase.KEY,
            facts.notes.key_waits,
            "Begin such tasks once what they wait for is there: name the key among their needs.",
        ),
        (Phase.LOCK, facts.notes.lock_waits, "Lock for a shorter time, or less at once."),
    )
    for phase, asked, advice in waits:
        lost: dict[str, int] = {}
        seqs: dict[str, list[int]] = {}
        who: dict[str, dict[AgentId, None]] = {}
        for agent in facts.summary.agents:
            wanted = asked.get(agent.id)
            if not wanted:
                continue
            for stay in agent.stays:
                place = bisect_right(wanted, stay.begin, key=attrgetter("at"))
                if stay.what == phase.value and place:
                    last = wanted[place - 1]
                    lost[last.what] = lost.get(last.what, 0) + stay.end - stay.begin
                    seqs.setdefault(last.what, []).append(last.seq)
                    who.setdefault(last.what, {})[agent.id] = None
        what_for = "key" if phase is Phase.KEY else "lock"
        for what, ms in lost.items():
            if ms >= facts.trifle:
                unplanned = _of_nothing_planned(facts, what) if phase is Phase.KEY else ""
                yield Insight(
                    f"{_names(who[what])} stood still for {lasting(ms)} in the midst of work,"
                    f" waiting for the {what_for} {what}.",
                    unplanned or advice,
                    _shown(seqs[what]),
                    ms,
                )


def _of_nothing_planned(facts: Facts, key: str) -> str:
    """Return what to advise where a key was set by a task that no layout names, and that nobody
    could have waited for before; empty if that is not so."""
    setters = (
        facts.notes.by_task.get(seq) for seq, name in facts.notes.keys_set.items() if name == key
    )
    found = [setter[1] for setter in setters if setter is not None]
    if facts.opened is None or not found or any(it in facts.opened.tasks for it in found):
        return ""
    return f"It came of {found[-1]}, which was not planned: look at what brought that about."


def lock_waits(facts: Facts) -> Iterator[Insight]:
    """Tasks that could have been begun waited for a lock."""
    waited = {
        task: ms
        for task in facts.summary.tasks
        if task.began_at is not None
        and (ms := sum(it.end - it.begin for it in task.stays if _is_locked(it.what, it.task)))
    }
    whole = sum(waited.values())
    if whole < facts.trifle:
        return
    seqs = []
    for task in sorted(waited, key=lambda it: -waited[it])[:_SHOWN]:
        first = next(it for it in task.stays if _is_locked(it.what, it.task))
        seqs += [
            lock.seq
            for locks in facts.notes.locked.values()
            for lock in locks
            if lock.begin <= first.begin < (lock.end or facts.summary.length_ms)
        ][:1]
    longest = max(waited, key=lambda it: waited[it])
    yield Insight(
        f"{_names([it.id for it in waited])} waited {lasting(whole)} for locks that others had,"
        f" {longest.id} the longest: {lasting(waited[longest])}.",
        "Lock less, or let fewer tasks lock the same.",
        _shown(seqs),
        whole,
    )


def _is_locked(what: str, task: TaskId | None) -> bool:
    return what == Phase.LOCK.value and task is None


# -- hands ----------------------------------------------------------------------------------------


def queues(facts: Facts) -> Iterator[Insight]:
    """Tasks that could have been begun waited for somebody free."""
    for queue in facts.summary.queues[:MOST_ALIKE]:  # the longest come first
        if queue.queue_ms < facts.trifle:
            continue
        seqs = [
            seq
            for task in facts.summary.tasks
            if task.queue_ms and _queue_of(facts, task) == queue.skill
            for seq in facts.moved(task.id, TaskState.ASSIGNED)
        ]
        pinned = queue.skill in facts.notes.agents
        count = f"{queue.tasks} tasks" if queue.tasks > 1 else f"{queue.longest}"
        took = f"waited {lasting(queue.queue_ms)}" + (" in all" if queue.tasks > 1 else "")
        if pinned:
            text = f"{count} {took} for {queue.skill}, which was busy."
            advice = (
                f"Let such tasks require a skill instead of naming {queue.skill}, so that others"
                " can take them."
            )
        else:
            able = "the only agent" if queue.agents == 1 else f"one of {queue.agents} agents"
            text = f"{count} {took} for {able} with the skill {queue.skill}."
            advice = _saved(facts, queue.skill)
        yield Insight(text, advice, _shown(seqs), queue.queue_ms)


def _queue_of(facts: Facts, task: TaskPart) -> str:
    spec = facts.notes.session.tasks[task.id].spec
    return spec.agent or spec.requires_skill or ""


def _saved(facts: Facts, skill: str) -> str:
    """Return what one more agent with a skill would have saved, as advice; empty if nothing."""
    opened = facts.opened
    able = facts.notes.session.skilled_in(skill)
    if opened is None or not able or len(opened.tasks) > MOST_PLAYED:
        return ""
    took = {task.id: task.work_ms for task in facts.summary.tasks if task.work_ms}
    if any(name not in took for name in opened.tasks):
        return ""
    known = {
        name: replace(row, spec=replace(row.spec, expected_ms=max(1, took[name])))
        for name, row in opened.tasks.items()
    }
    as_it_was = estimate(replace(opened, tasks=known), opened.at)
    twin = opened.agents.get(able[0])
    if twin is None or as_it_was is None or as_it_was.left is None:
        return ""
    name = AgentId(f"one more {skill}")  # which no agent can be called
    free = replace(twin, spec=replace(twin.spec, id=name), state=AgentState.AVAILABLE, task=None)
    agents = {**opened.agents, name: free}
    with_one = estimate(replace(opened, tasks=known, agents=agents), opened.at)
    if with_one is None or with_one.left is None:
        return ""
    saved = as_it_was.left - with_one.left
    if saved < facts.trifle:
        return "One more would hardly have ended it earlier."
    return f"One more of them would have ended it about {lasting(saved)} earlier."


def idle_agents(facts: Facts) -> Iterator[Insight]:
    """Agents were there, and never had anything to do."""
    unused = [
        agent
        for agent in facts.summary.agents
        if not agent.work_ms
        and not agent.completed
        and agent.idle_ms >= facts.trifle
        and not any(it.task is not None for it in agent.stays)
    ]
    if unused and facts.summary.ended:
        longest = max(agent.idle_ms for agent in unused)
        yield Insight(
            f"{_names([it.id for it in unused])} never had a task, in up to {lasting(longest)}.",
            "Have fewer of them spawned."
            if all(agent.spawned_by for agent in unused)
            else "Leave out who is not needed, or let a trigger spawn it when it is.",
            _shown([facts.notes.agents[it.id].seq for it in unused]),
            longest // 10,
        )


def path_waits(facts: Facts) -> Iterator[Insight]:
    """On the critical path, work stood still: what held up the end of all."""
    kinds: Mapping[StepKind, tuple[str, str]] = {
        "answer": ("answers", "Ask earlier, or let somebody be called."),
        "agent": ("agents that were busy", "Add agents, or spread what they do."),
        "lock": ("locks", "Lock less on what everything waits for."),
        "rest": ("rests before retries", "Shorten the rests of tasks that all wait for."),
        "place": ("a place among max_agents", "Raise max_agents."),
        "pause": ("pauses to end", ""),
    }
    for kind, (what, advice) in kinds.items():
        steps = [step for step in facts.summary.critical_path if step.kind == kind]
        lost = sum(step.waited_ms for step in steps)
        share = lost / max(1, facts.summary.length_ms)
        if kind == "place":
            theirs = {step.task for step in steps}
            lost = sum(task.queue_ms for task in facts.summary.tasks if task.id in theirs)
            share = lost / max(1, facts.summary.length_ms)
        # What one question or one agent held up is told of those.
        if len(steps) > (0 if kind == "place" else 1) and lost >= facts.trifle:
            yield Insight(
                f"On the critical path, {_names([it.task for it in steps])} waited"
                f" {lasting(lost)} for {what}: {share:.0%} of the session.",
                advice,
                _shown([seq for it in steps for seq in facts.moved(it.task, TaskState.ASSIGNED)]),
                lost + lost // 10,  # it counts for more than what was off the path
            )


def one_agent(facts: Facts) -> Iterator[Insight]:
    """One agent did most of what the session's length came from, step after step."""
    steps = facts.summary.critical_path
    if len(facts.summary.agents) < 2 or len(steps) < 2:
        return
    by: dict[AgentId, list[Step]] = {}
    for step in steps:
        agent = facts.notes.session.tasks[step.task].agent
        if agent is not None:
            by.setdefault(agent, []).append(step)
    whole = sum(it.end - it.begin for it in steps)
    for agent, theirs in by.items():
        worked = sum(it.end - it.begin for it in theirs)
        tasks = dict.fromkeys(it.task for it in theirs)
        if len(tasks) < LEAST_ON_PATH or 2 * worked < whole or worked < facts.trifle:
            continue
        yield Insight(
            f"{agent} did {len(theirs)} of {len(steps)} steps of the critical path, one after the"
            f" other: {worked / whole:.0%} of its work.",
            f"Give some of {_names(tasks)} to others, if they need not follow one another.",
            _shown([seq for it in tasks for seq in facts.moved(it, TaskState.ASSIGNED)]),
            worked // 4,
        )


# -- questions ------------------------------------------------------------------------------------


def slow_answers(facts: Facts) -> Iterator[Insight]:
    """A question waited long for its answer."""
    on_path = {it.task for it in facts.summary.critical_path if it.kind == "answer"}
    for question in facts.summary.questions:
        if question.waited_ms < facts.trifle:
            continue
        for_whom = f" ({question.about})" if question.about else ""
        waited = lasting(question.waited_ms)
        match question.state:
            case "open":
                text = f"{question.id}{for_whom} has waited {waited} for an answer."
            case "answered":
                text = f"{question.id}{for_whom} waited {waited} for its answer."
            case "expired":
                text = f"{question.id}{for_whom} waited {waited}, and nobody answered it."
            case _:
                text = f"{question.id}{for_whom} waited {waited}, and was withdrawn."
        if question.seen_at is not None and question.seen_at > question.asked_at:
            unseen = question.seen_at - question.asked_at
            if 2 * unseen > question.waited_ms:
                text = f"{text[:-1]}; it was first seen after {lasting(unseen)}."
        if question.task in on_path:
            text = f"{text[:-1]}, and everything waited with it."
        evidence = [question.seq]
        if question.closed_by is not None:
            evidence.append(question.closed_by)
        yield Insight(
            text,
            "Have somebody called, or give it a default that is safe.",
            tuple(evidence),
            question.waited_ms,
        )


# -- what went wrong ------------------------------------------------------------------------------


def lost_attempts(facts: Facts) -> Iterator[Insight]:
    """Attempts at a task came to nothing."""
    advice = "Look at why it failed."
    if not any(it.spec.type == "agent_error" for it in facts.notes.session.triggers.values()):
        advice = "Look at why it failed; a troubleshooter's trigger could see to that."
    for task in facts.summary.tasks:
        if task.attempts < 2 and task.state is not TaskState.FAILED:
            continue
        lost, rested, tries = _in_vain(facts, task.id)
        if lost + rested < facts.trifle or not tries:
            continue
        rest = f" and {lasting(rested)} of rest" if rested else ""
        outcome = "failed in the end" if task.state is TaskState.FAILED else "was begun anew"
        times = "once" if tries == 1 else f"{tries} times"
        failing = "" if task.state is TaskState.FAILED else f" {times}"
        yield Insight(
            f"{task.id} {outcome}{failing}: {lasting(lost)} of work{rest} came to nothing.",
            advice,
            _shown(facts.moved(task.id, TaskState.ASSIGNED)),
            lost + rested,
        )


def _in_vain(facts: Facts, task: TaskId) -> tuple[int, int, int]:
    """Return how long a task was worked on in vain, how long it rested, and how often it was."""
    stays = facts.notes.tasks[task].stays
    attempts: list[int] = []
    rested = 0
    done = False
    for (at, state, _, hold), after in pairwise(stays):
        if state is TaskState.ASSIGNED:
            attempts.append(0)
        if state in HELD_BY_AGENT and attempts:
            attempts[-1] += after[0] - at
        if hold == "rest":
            rested += after[0] - at
        done = after[1] in (TaskState.COMPLETE, TaskState.REVIEWING)
    in_vain = attempts if stays[-1][1] is TaskState.FAILED else attempts[:-1]
    if not done and stays[-1][1] in HELD_BY_AGENT:
        in_vain = attempts[:-1]
    return sum(in_vain), rested, len(in_vain)


def cascades(facts: Facts) -> Iterator[Insight]:
    """A task that failed, or was cancelled, took others with it."""
    taken: dict[TaskId, list[TaskId]] = {}
    tasks = facts.notes.session.tasks
    for name, row in tasks.items():
        root = row.because_of if row.state is TaskState.CANCELLED else None
        seen = {name}
        while root is not None and root not in seen:
            seen.add(root)
            before = tasks[root].because_of if root in tasks else None
            if before is None:
                taken.setdefault(root, []).append(name)
            root = before
    for root, them in taken.items():
        fate = "failed" if tasks[root].state is TaskState.FAILED else "was cancelled"
        expected = sum(tasks[it].spec.expected_ms or 0 for it in them)
        yield Insight(
            f"{root} {fate}, and so {_names(them)} could not be done.",
            f"{root}: {tasks[root].reason}" if tasks[root].reason else "",
            _shown([tasks[it].moved for it in (root, *them)]),
            max(expected, facts.trifle),
        )


def relapses(facts: Facts) -> Iterator[Insight]:
    """An agent fell ill again and again, or had to be started again."""
    for agent in facts.summary.agents:
        of = facts.notes.agents[agent.id]
        times = len(of.relapses)
        ill = sum(it.end - it.begin for it in agent.stays if it.what == Phase.ILL.value)
        if times < 2 and not agent.restarts:
            continue
        again = f", and was started again {_times(agent.restarts)}" if agent.restarts else ""
        why = f"; its last error was {agent.last_error}" if agent.last_error else ""
        yield Insight(
            f"{agent.id} fell ill {_times(times)}, for {lasting(ill)} in all{again}{why}.",
            "Look at its output at those times.",
            _shown(of.relapses or [of.seq]),
            max(ill, facts.trifle),
        )


def _times(count: int) -> str:
    return "once" if count == 1 else f"{count} times"


def far_off(facts: Facts) -> Iterator[Insight]:
    """Tasks took far longer, or far shorter, than the layout declares."""
    longer: list[TaskPart] = []
    shorter: list[TaskPart] = []
    for task in facts.summary.tasks:
        if task.state is not TaskState.COMPLETE or not task.expected_ms or task.attempts != 1:
            continue
        if abs(task.work_ms - task.expected_ms) < facts.trifle:
            continue
        if task.work_ms >= FAR_OFF * task.expected_ms:
            longer.append(task)
        elif task.expected_ms >= FAR_OFF * _in_hand(facts, task.id):
            shorter.append(task)
    for them, word in ((longer, "longer"), (shorter, "shorter")):
        if not them:
            continue
        worst = max(them, key=lambda it: abs(it.work_ms - (it.expected_ms or 0)))
        off = sum(abs(it.work_ms - (it.expected_ms or 0)) for it in them)
        others = "" if len(them) == 1 else f", {worst.id} the most"
        yield Insight(
            f"{_names([it.id for it in them])} took far {word} than declared{others}:"
            f" {lasting(worst.work_ms)} instead of {lasting(worst.expected_ms or 0)}.",
            "Declare what they really take, so that the end can be told.",
            _shown([it.seq for it in them]),
            off // 2,
        )


def _in_hand(facts: Facts, task: TaskId) -> int:
    """Return how long somebody had a task in hand, whether it went on or waited for something.

    Who declares how long a task takes may well mean with what it waits for in the midst of it.
    """
    stays = facts.notes.tasks[task].stays
    return sum(
        after[0] - at for (at, state, _, _), after in pairwise(stays) if state in HELD_BY_AGENT
    )


def missed_end(facts: Facts) -> Iterator[Insight]:
    """The session ended far from when it was foretold."""
    foretold, length = facts.summary.foretold_ms, facts.summary.length_ms
    if foretold is None or facts.notes.ended_by is None or facts.summary.outcome != "complete":
        return
    expected, low, high = foretold
    off = length - expected
    outside = (low is not None and length < low) or (high is not None and length > high)
    if abs(off) < facts.trifle or not (outside or abs(off) > MISSED * expected):
        return
    word = "longer" if off > 0 else "shorter"
    bounds = ""
    if low is not None and high is not None:
        where = "outside" if outside else "within"
        bounds = f", {where} its range of {lasting(low)} to {lasting(high)}"
    yield Insight(
        f"It took {lasting(length)}, {lasting(abs(off))} {word} than the {lasting(expected)} that"
        f" earlier sessions let expect{bounds}.",
        "",
        (1, facts.notes.ended_by),
        abs(off),
    )


def overhead(facts: Facts) -> Iterator[Insight]:
    """Messages held agents up."""
    share = facts.summary.overhead
    if share is None or share < MUCH_OVERHEAD or facts.notes.message_seqs is None:
        return
    lost = round(share * sum(agent.work_ms for agent in facts.summary.agents))
    if lost < facts.trifle:
        return
    by_shape = [f"{part:.0%} as {shape}" for shape, part in facts.summary.overheads]
    more = f" ({listed(by_shape)})" if len(by_shape) > 1 else ""
    yield Insight(
        f"Messages held agents up for {share:.0%} of the time that they worked{more},"
        f" {lasting(lost)} in all; there were {facts.notes.messages}.",
        "Say less, or let another topology carry it.",
        _shown([*facts.notes.message_seqs, *facts.notes.shaped_by]),
        lost,
    )


def peaks(facts: Facts) -> Iterator[Insight]:
    """An agent, or the machine, was near the limit of what there is."""
    for agent in facts.summary.agents:
        load = facts.notes.agents[agent.id].load
        for what, percent, seq in (
            ("memory", load.memory_share, load.memory_share_by),
            ("processor", load.cpu_peak, load.cpu_peak_by),
        ):
            if percent is not None and percent >= HIGH:
                yield Insight(
                    f"{agent.id} used {percent:.0f} % of the {what} that it may.",
                    f"Raise its limit, or have it use less {what}.",
                    (seq,),
                    _running(agent) // 20,
                )
    if facts.notes.machine_peak is not None:
        seq, busy, cores = facts.notes.machine_peak
        if busy >= HIGH:
            yield _machine(facts, seq, busy, cores)


def _machine(facts: Facts, seq: int, busy: float, cores: int | None) -> Insight:
    """The machine was busy: because of the agents, as far as nothing says that it was not."""
    text, advice = f"The processors of the machine were {busy:.0f} % busy", "Let fewer agents work"
    used = max((it.cores for it in facts.summary.usage), default=None)
    if used is not None and cores and 200 * used / cores < busy:
        text += f", but agents used {used:.2g} of its {cores} cores at most"
        advice = "Look at what else runs there; fewer agents would hardly help"
    else:
        advice += " at once"
    return Insight(f"{text}.", f"{advice}.", (seq,), facts.summary.length_ms // 20)


def _running(agent: AgentPart) -> int:
    return agent.work_ms + agent.waited_ms


# -- words ----------------------------------------------------------------------------------------


def _names(names: Iterable[str]) -> str:
    """Return names as a reader would list them: a few, and how many more."""
    named = list(names)
    if len(named) > _NAMED:
        named = [*named[: _NAMED - 1], f"{len(named) - _NAMED + 1} more"]
    return listed(named)


def _shown(seqs: Iterable[int]) -> tuple[int, ...]:
    """Return the events that are named: each once, in order, and not too many."""
    return tuple(sorted(set(seqs))[:_SHOWN])


RULES: tuple[Rule, ...] = (
    late_teams,
    key_waits,
    waits_at_work,
    lock_waits,
    queues,
    idle_agents,
    path_waits,
    one_agent,
    slow_answers,
    lost_attempts,
    cascades,
    relapses,
    far_off,
    missed_end,
    overhead,
    peaks,
)
