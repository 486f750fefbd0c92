"""Gathering what a report says, on one way through a session file."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from mop_tui.domain.agent_lifecycle import AgentState
from mop_tui.domain.coordination import measured
from mop_tui.domain.eta import estimate
from mop_tui.domain.events import (
    INPUTS,
    SEVERITIES,
    SystemAttended,
    SystemStarted,
    SystemWatching,
)
from mop_tui.domain.ids import AgentId, TaskId, TeamId
from mop_tui.domain.outlook import Outlook
from mop_tui.domain.rows import Agent, Issue, Question, Task
from mop_tui.domain.sentences import sentence
from mop_tui.domain.session import Session, Snapshot
from mop_tui.domain.strategies import strategy_of
from mop_tui.domain.task_lifecycle import TERMINAL, TaskState
from mop_tui.domain.timeline import Phase, Piece, asked_about, first_begun, spent
from mop_tui.journal.header import Header
from mop_tui.journal.lock import holder_of
from mop_tui.journal.reader import JournalFile
from mop_tui.report import stays
from mop_tui.report.course import Course
from mop_tui.report.insights import Facts, insights
from mop_tui.report.notes import Notes, OfAgent
from mop_tui.report.summary import (
    AgentPart,
    Insight,
    IssuePart,
    Moment,
    QuestionPart,
    QueuePart,
    Summary,
    TaskPart,
    TeamPart,
)

MOST_QUESTIONS = 500
MOST_ISSUES = 500
MOST_STEPS = 500
"""What is listed of these at most; more are counted."""

_OPENING = frozenset((SystemStarted.KIND, SystemWatching.KIND, SystemAttended.KIND))
"""Inputs that open a session: it is open once another comes."""

Ends = tuple[int, int | None, int | None]
"""A length of time that is expected, and the range of it."""


def gather(path: Path, *, until_damage: bool = False) -> Summary:
    """Return what the session file at `path` tells, as far as it goes.

    It may be running, or interrupted: what it has no end for is told as it was at its last event.
    Raises what `JournalFile.open` raises; with `until_damage`, what stands above the damage is
    told, unless that is the header.
    """
    notes = Notes()
    with JournalFile(path) as journal:
        running = holder_of(path) is not None
        opened: Snapshot | None = None
        for event in journal.first_reading(None, until_damage=until_damage):
            if opened is None and event.kind in INPUTS and event.kind not in _OPENING:
                opened = notes.session.snapshot()
            notes.take(event)
        summary = replace(
            _summary(path, journal.header, notes, running=running),
            torn=journal.torn,
            damage=(
                ""
                if journal.damage is None
                else f"line {journal.damage.line}: {journal.damage.found}"
            ),
            foretold_ms=_foretold(opened or notes.session.snapshot(), journal.header.outlook),
        )
        found = insights(Facts(summary, notes, opened))
        return replace(summary, insights=found, evidence=tuple(_evidence(journal, found)))


def _evidence(journal: JournalFile, found: Iterable[Insight]) -> Iterator[Moment]:
    """Yield the events that insights rest on."""
    for seq in sorted({seq for insight in found for seq in insight.evidence}):
        event = journal.event(seq)
        yield Moment(seq, event.at, event.kind, sentence(event))


def _foretold(opened: Snapshot, outlook: Outlook | None) -> Ends | None:
    """Return how long a session was expected to take when it had just been opened, by what earlier
    ones taught; None if nobody could know."""
    found = None if outlook is None else estimate(opened, opened.at, outlook)
    if found is None or found.end is None:
        return None
    return found.end, found.soonest, found.latest


def _summary(path: Path, header: Header, notes: Notes, *, running: bool) -> Summary:
    session = notes.session
    snapshot = session.snapshot()
    until = session.at
    tasks, queues = _tasks(notes, until)
    agents = _agents(notes, until)
    path_taken = Course(notes).path()
    questions = [_question(it, notes, until) for it in session.questions.values()]
    issues = [_issue(it) for it in session.issues.values()]
    coordination = measured(session.post, session.meter, until)
    unended = "running" if running else "interrupted"
    declared = header.layout.get("session")
    named = declared.get("id") if isinstance(declared, dict) else None
    return Summary(
        session=session.session or str(named or path.stem),
        project=session.project,
        goal=session.goal,
        mode=header.mode,
        run=header.run,
        file=path.name,
        started=header.started,
        seed=header.seed,
        user=header.user,
        version=header.versions.get("mop-tui", ""),
        events=session.seq,
        outcome=session.outcome or unended,
        reason=session.outcome_reason,
        length_ms=until,
        progress=snapshot.progress,
        topology=tuple(notes.shapes),
        overhead=coordination.whole.overhead,
        teams=_teams(session, agents, tasks, notes),
        agents=agents,
        tasks=tasks,
        decisions=tuple(notes.decisions.values()),
        decisions_in_all=notes.decisions_in_all,
        questions=_listed_questions(questions),
        issues=_listed_issues(issues),
        adaptations=tuple(notes.adaptations),
        timeline=notes.timeline,
        critical_path=path_taken[-MOST_STEPS:],
        usage=tuple(notes.usage.moments),
        queues=queues,
        overheads=tuple(
            (shape, figures.overhead)
            for shape, figures in coordination.by_shape.items()
            if figures.overhead is not None
        ),
        routine=tuple(sorted(notes.rules.items(), key=lambda it: -it[1])),
        considered=notes.considered,
        away=session.away,
        resumptions=session.resumptions,
        max_agents=session.max_agents,
        questions_in_all=len(questions),
        issues_in_all=len(issues),
        adaptations_in_all=notes.adaptations_in_all,
        timeline_in_all=notes.timeline_in_all,
        path_in_all=len(path_taken),
    )


# -- tasks ----------------------------------------------------------------------------------------


def _tasks(notes: Notes, until: int) -> tuple[tuple[TaskPart, ...], tuple[QueuePart, ...]]:
    session = notes.session
    asked = asked_about(session.questions.values())
    at_gates: dict[TaskId, set[int]] = {}
    for question in session.questions.values():
        held = question.asked.task
        if held is not None and question.asked.name == session.tasks[held].spec.gate:
            at_gates.setdefault(held, set()).add(question.asked_at)
    parts: list[TaskPart] = []
    for name, latest in session.tasks.items():
        of = notes.tasks[name]
        row = stays.remembered(latest, of)
        spans, gate_asked = asked.get(name, ()), at_gates.get(name, ())
        pieces = stays.of_task(row, of, spans, gate_asked, notes, until)
        parts.append(_task(row, pieces, notes))
    return tuple(parts), _queues(session, parts)


def _task(row: Task, pieces: Sequence[Piece], notes: Notes) -> TaskPart:
    spec, of = row.spec, notes.tasks[row.spec.id]
    times = spent(pieces)
    pending = sum(it.end - it.begin for it in pieces if stays.is_pending(it))
    work = sum(times.get(phase, 0) for phase in stays.WORK)
    queue = times.get(Phase.QUEUED, 0)
    whole = pieces[-1].end - pieces[0].begin if pieces else 0
    holder = notes.session.agents.get(row.agent) if row.agent is not None else None
    return TaskPart(
        id=spec.id,
        title=spec.title,
        state=row.state,
        agent=row.agent,
        expected_ms=spec.expected_ms,
        began_at=first_begun(row),
        ended_at=row.ended_at if row.state in TERMINAL else None,
        work_ms=work,
        queue_ms=queue,
        held_ms=whole - work - queue - pending,
        attempts=row.attempts,
        output=row.output,
        reason=row.reason,
        stays=stays.stretches(pieces),
        created_at=row.created_at,
        pending_ms=pending,
        retries=of.retries,
        team=None if holder is None else holder.spec.team,
        skill=spec.requires_skill if spec.agent is None else None,
        needs=spec.needs_tasks,
        seq=row.moved,
    )


def _queues(session: Session, tasks: Iterable[TaskPart]) -> tuple[QueuePart, ...]:
    """Return where tasks waited for hands, by the skill that they require or their agent."""
    by: dict[str, list[TaskPart]] = {}
    for task in tasks:
        spec = session.tasks[task.id].spec
        by.setdefault(spec.agent or spec.requires_skill or "", []).append(task)
    found = []
    for skill, them in by.items():
        waiting = [task for task in them if task.queue_ms]
        if not waiting:
            continue
        longest = max(waiting, key=lambda task: task.queue_ms)
        meant = AgentId(skill) in session.agents
        found.append(
            QueuePart(
                skill=skill,
                tasks=len(waiting),
                queue_ms=sum(task.queue_ms for task in waiting),
                longest_ms=longest.queue_ms,
                longest=longest.id,
                agents=1 if meant else len(session.skilled_in(skill)),
                work_ms=sum(task.work_ms for task in them),
            )
        )
    return tuple(sorted(found, key=lambda it: (-it.queue_ms, it.skill)))


# -- agents and teams -----------------------------------------------------------------------------


def _agents(notes: Notes, until: int) -> tuple[AgentPart, ...]:
    return tuple(_agent(row, notes, until) for row in notes.session.agents.values())


def _agent(row: Agent, notes: Notes, until: int) -> AgentPart:
    of = notes.agents[row.spec.id]
    pieces = stays.of_agent(row, of, until)
    work = sum(it.end - it.begin for it in pieces if it.phase in stays.WORK and it.task is not None)
    held = sum(it.end - it.begin for it in pieces if it.task is not None) - work
    load = of.load
    return AgentPart(
        id=row.spec.id,
        type=row.spec.type,
        team=row.spec.team,
        model=row.spec.model,
        lead=row.spec.lead,
        spawned_at=row.created_at,
        spawned_by=_spawned_by(row, of, notes),
        state=row.state,
        completed=row.completed,
        work_ms=work,
        waited_ms=held,
        processes=row.incarnation,
        errors=of.errors,
        restarts=of.restarts,
        cpu_peak=load.cpu_peak,
        cpu_mean=round(load.percent_ms / load.known_ms, 1) if load.known_ms else None,
        cores_peak=load.cores_peak,
        memory_peak=load.memory_peak,
        output_lines=row.tail_end,
        stays=stays.stretches(pieces),
        health=tuple(of.levels),
        idle_ms=sum(it.end - it.begin for it in pieces if it.state is AgentState.AVAILABLE),
        last_error=row.last_error,
    )


def _spawned_by(row: Agent, of: OfAgent, notes: Notes) -> str:
    """Return the trigger or strategy that had an agent spawned, or who; empty for the layout."""
    spawn = row.spec.spawn
    by_strategy = strategy_of(spawn)
    if by_strategy:
        return by_strategy
    if spawn is not None and spawn.rpartition("@")[0]:
        return spawn.rpartition("@")[0]
    if spawn is None and row.created_at == 0 and row.spec.id not in notes.session.awaited:
        return ""
    for seq in notes.led_to(of.seq):
        if seq in notes.fired:
            return notes.fired[seq]
    return "the operator" if spawn is not None else ""


def _teams(
    session: Session,
    agents: Sequence[AgentPart],
    tasks: Sequence[TaskPart],
    notes: Notes,
) -> tuple[TeamPart, ...]:
    members: dict[TeamId, list[AgentPart]] = {team.id: [] for team in session.teams}
    for agent in agents:
        members.setdefault(agent.team, []).append(agent)
    done: dict[TeamId, int] = {}
    had: dict[TeamId, int] = {}
    for task in tasks:
        for team in _teams_of(task.id, session, notes):
            had[team] = had.get(team, 0) + 1
        if task.team is not None and task.state is TaskState.COMPLETE:
            done[task.team] = done.get(task.team, 0) + 1
    names: Mapping[TeamId, str] = {team.id: team.name for team in session.teams}
    return tuple(
        TeamPart(
            id=team,
            name=names.get(team, team),
            agents=tuple(agent.id for agent in them),
            tasks_done=done.get(team, 0),
            tasks=had.get(team, 0),
            work_ms=sum(agent.work_ms for agent in them),
            began_at=min((agent.spawned_at for agent in them), default=None),
        )
        for team, them in members.items()
    )


def _teams_of(task: TaskId, session: Session, notes: Notes) -> set[TeamId]:
    """Return the teams whose agents had a task in hand, or are meant to have it."""
    names = {agent for _, _, agent, _ in notes.tasks[task].stays if agent is not None}
    meant = session.tasks[task].spec.agent
    if meant is not None:
        names.add(meant)
    return {session.agents[name].spec.team for name in names if name in session.agents}


# -- questions and issues -------------------------------------------------------------------------


def _question(row: Question, notes: Notes, until: int) -> QuestionPart:
    asked = row.asked
    concerned = None if asked.about is None else asked.about.agent or asked.about.matter
    about = asked.agent or asked.subject or asked.trigger or concerned
    return QuestionPart(
        id=row.id,
        seq=row.seq,
        question=asked.text,
        type=asked.question_type,
        about=str(about or ""),
        asked_at=row.asked_at,
        seen_at=row.seen_at,
        closed_at=row.closed_at,
        state=row.state,
        value="" if asked.secret else row.value,
        reason=row.reason,
        by=row.by,
        waited_ms=(until if row.closed_at is None else row.closed_at) - row.asked_at,
        task=asked.subject,
        agent=asked.agent,
        closed_by=notes.closed_by.get(row.id),
        escalated=row.escalated,
        dangerous=asked.dangerous,
        secret=asked.secret,
    )


def _listed_questions(questions: Sequence[QuestionPart]) -> tuple[QuestionPart, ...]:
    """Return the questions that are listed: of too many, those that waited longest."""
    if len(questions) <= MOST_QUESTIONS:
        return tuple(questions)
    longest = sorted(questions, key=lambda it: -it.waited_ms)[:MOST_QUESTIONS]
    return tuple(sorted(longest, key=lambda it: it.seq))


def _issue(row: Issue) -> IssuePart:
    return IssuePart(
        id=row.id,
        seq=row.seq,
        severity=row.severity,
        text=row.text,
        suggestion=row.suggestion,
        opened_at=row.opened_at,
        closed_at=row.closed_at,
        closing=row.closing,
        times=row.times,
        about=str(row.task or row.agent or row.trigger or ""),
    )


def _listed_issues(issues: Sequence[IssuePart]) -> tuple[IssuePart, ...]:
    """Return the issues that are listed: of too many, the worst, and of those the first."""
    if len(issues) <= MOST_ISSUES:
        return tuple(issues)
    worst = sorted(issues, key=lambda it: (SEVERITIES.index(it.severity), it.seq))[:MOST_ISSUES]
    return tuple(sorted(worst, key=lambda it: it.seq))
