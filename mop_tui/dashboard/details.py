"""What is known about one agent, task, issue, question, trigger or event, as labels and texts."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import PurePath
from urllib.parse import quote

from mop_tui.dashboard.ending import expected_end, why_so
from mop_tui.dashboard.frame import Frame
from mop_tui.dashboard.health import health_entries
from mop_tui.dashboard.ink import Ink
from mop_tui.dashboard.looks import (
    WAITING_FOR_YOU,
    severity_look,
    status_look,
    tone_look,
    trigger_look,
)
from mop_tui.dashboard.question_words import became, fate, who_asks
from mop_tui.dashboard.remedies import KEY, offered_for, why_no_remedy, worded
from mop_tui.dashboard.retries import attempt, trying_again
from mop_tui.dashboard.sheet import Entry, context_entries
from mop_tui.dashboard.steering import offered
from mop_tui.dashboard.subject import Subject
from mop_tui.dashboard.times import lasted, wall
from mop_tui.dashboard.trigger_words import (
    conditions,
    does,
    how_often,
    is_of,
    spawned_by,
    waits_for,
)
from mop_tui.domain.agent_lifecycle import AgentState
from mop_tui.domain.events import AnyEvent, SystemDecided
from mop_tui.domain.ids import AgentId, IssueId, QuestionId, TaskId, TriggerName
from mop_tui.domain.locks import Lock
from mop_tui.domain.plan import HostKind, Lifetime, TaskSpec
from mop_tui.domain.reactions import told, told_of_errors
from mop_tui.domain.review import verdict_of
from mop_tui.domain.rows import Agent, Feedback, Issue, Task, Trigger
from mop_tui.domain.sentences import sentence
from mop_tui.domain.task_lifecycle import TERMINAL
from mop_tui.domain.templates import as_text
from mop_tui.domain.tones import tone
from mop_tui.domain.triggers import TriggerSpec
from mop_tui.domain.waiting import agent_waiting_for, hook_running, waiting_behind, waiting_for
from mop_tui.domain.wording import hook_log, listed, printable, words

_LATEST = 4
"""How many of those that a trigger has brought in are told."""
_FORMER = 12
"""How many of the states that an agent was in before are told."""


@dataclass(slots=True)
class Details:
    """A title and what is to be said below it. Empty texts are left out."""

    title: str
    entries: list[Entry] = field(default_factory=list)
    beside: list[Entry] = field(default_factory=list)
    """What stands beside the entries where there is room, else below them."""

    def add(self, label: str, text: object, ink: Ink = "plain") -> None:
        """Add a text unless there is nothing to say."""
        said = printable(str(text)) if text is not None else ""
        if said:
            self.entries.append(Entry(label, said, ink))


def agent_details(frame: Frame, agent_id: AgentId) -> Details:
    """Return what is known about an agent."""
    details = Details(f"Agent {agent_id}")
    agent = frame.snapshot.agents.get(agent_id)
    if agent is None:
        details.add("state", "it is in the layout and has not been spawned", "dim")
        return details
    look = frame.view.look(agent)
    details.add("state", f"{look.sign} {look.word} since {_since(frame, agent.since)}", look.ink)
    waiting = _add_own_waiting(details, frame, agent)
    if not waiting:
        details.add("because", agent.reason)
        if agent.paused_by is not None:
            details.add("paused by", agent.paused_by.told)
    details.add("now", hook_running(agent))
    locks = frame.snapshot.locks.values()
    task = frame.view.shown_task(agent)
    if task is not None:
        label = "task" if agent.task is not None else "last task"
        if task.state not in TERMINAL and agent.task is None:
            label = "next task"
        details.add(label, f"{task.spec.id}: {task.spec.title} ({task.state})")
        if not waiting:
            _add_waiting(details, frame, task)
        _add_attempt(details, frame, task)
    percent = frame.view.percent(agent)
    details.add("progress", None if percent is None else f"{percent} %")
    if agent.task is None and agent.state is not AgentState.FAILED:
        details.add("result", frame.view.result(agent))
    else:
        details.add("note", agent.note)
    details.add("locked", _locked(frame, [it for it in locks if it.agent == agent_id]))
    done = f"{agent.completed} task{'s' if agent.completed > 1 else ''}"
    details.add("done", done if agent.completed else None)
    _add_feedback(details, frame, [f for f in _feedback(frame) if f.said.agent == agent_id])
    details.beside = [*health_entries(frame, agent), *_what_it_is(frame, agent)]
    return details


def _feedback(frame: Frame) -> list[Feedback]:
    """Return what was said of work, the latest first."""
    return list(frame.snapshot.feedback.values())[::-1]


def _add_feedback(details: Details, frame: Frame, rows: list[Feedback]) -> None:
    """Say what the operator thinks of work, and whether that was passed on."""
    for row in rows:
        verdict = f"{row.said.verdict}: " if row.said.verdict else ""
        at = frame.moment(row.at).strip()
        if row.told:
            agents = listed(list(dict.fromkeys(agent for agent, _ in row.told)))
            fate = f"{agents} at {frame.moment(row.told[-1][1]).strip()}"
        else:
            fate = "nobody" if frame.ended else "nobody yet"
        details.add("feedback", f"{verdict}{row.said.text}", "strong" if row.told else "warn")
        details.add("told", f"{fate} (said at {at} by {row.said.by})", "dim")


def _what_it_is(frame: Frame, agent: Agent) -> list[Entry]:
    spec = agent.spec
    more = Details("")
    if agent.incarnation:
        more.add("process", _process(agent.running, agent.exit_code))
    if agent.last_active is not None:
        more.add("last sign", f"{lasted(max(0, frame.elapsed - agent.last_active))} ago")
    more.add("lives for", "the session" if spec.lifetime is Lifetime.SESSION else "one task")
    more.add("type", f"{spec.type}{', leads' if spec.lead else ''} in team {spec.team}")
    more.add("skills", ", ".join(spec.skills))
    more.add("owns", ", ".join(spec.owns))
    more.add("model", spec.model)
    more.add("spawned by", None if spec.spawn is None else spawned_by(spec.spawn))
    more.add("runs as", spec.host)
    more.add("log", log_of(frame, spec.id))
    if agent.hook is not None:
        more.add("hook log", log_of(frame, spec.id, hook_log(spec.id, agent.hook.about)))
    former = agent.history[:-1][-_FORMER:]
    before = [f"{frame.moment(at).strip()} {state}" for at, state, *_ in reversed(former)]
    more.add("before", ", ".join(before), "dim")
    return more.entries


def log_of(frame: Frame, agent_id: AgentId, name: str = "") -> str:
    """Return where all of an agent's output is, or its log file called `name`: in a log beside the
    session file.

    Of one that is played, that is the session file itself.
    """
    agent = frame.snapshot.agents.get(agent_id)
    if agent is not None and agent.spec.host is HostKind.SIMULATED:
        return frame.source
    name = name or f"{quote(agent_id, safe='')}.log"
    return str(PurePath(frame.source).with_suffix(".logs") / name)


def _add_own_waiting(details: Details, frame: Frame, agent: Agent) -> bool:
    """Say what an agent waits for by its own wish, and return whether that is anything."""
    question = frame.view.asking(agent)
    if question is not None and question.asked.agent is not None:
        said = f"waits for your answer to {question.id}: {question.asked.text}"
        details.add("waiting", said, "you")
        return True
    if agent.paused_by is None or agent.paused_by.stops_processes:
        return False
    details.add("waiting", agent_waiting_for(frame.snapshot, agent), "warn")
    return True


def _add_waiting(details: Details, frame: Frame, task: Task) -> None:
    if not task.resting:
        ink: Ink = "you" if frame.view.question_of(task) is not None else "plain"
        details.add("waiting", waiting_for(frame.snapshot, task), ink)
        for behind in waiting_behind(frame.snapshot, task):
            details.add("behind that", behind, "dim")


def _add_attempt(details: Details, frame: Frame, task: Task) -> None:
    resting = trying_again(task, frame.elapsed)
    details.add(
        "attempt", resting or attempt(task).removeprefix("attempt "), "warn" if resting else "plain"
    )


def _process(running: bool, exit_code: int | None) -> str:
    if running:
        return "running"
    return "not running" if exit_code is None else f"ended with exit code {exit_code}"


def task_details(frame: Frame, task_id: TaskId) -> Details:
    """Return what is known about a task."""
    details = Details(f"Task {task_id}")
    task = frame.snapshot.tasks.get(task_id)
    if task is None:
        details.add("state", "it is not in the plan at this moment", "dim")
        return details
    look = frame.view.task_look(task)
    spec = task.spec
    details.add("title", spec.title, "strong")
    details.add("state", f"{look.sign} {look.word}", look.ink)
    details.add("since", _since(frame, task.since))
    details.add("because", task.reason)
    _add_waiting(details, frame, task)
    _add_attempt(details, frame, task)
    details.add("overdue", "it takes longer than it may" if task.overdue else None, "warn")
    details.add("agent", task.agent)
    details.add("for", f"agent {spec.agent}" if spec.agent else f"skill {spec.requires_skill}")
    _add_origin(details, task)
    details.add("progress", None if task.progress is None else f"{task.progress} %")
    details.add("needs", ", ".join([*spec.needs_tasks, *(f"memory:{k}" for k in spec.needs_keys)]))
    details.add("when", ", ".join(wanted.told for wanted in spec.when))
    details.add("provides", ", ".join(spec.provides))
    details.add("reviews", spec.reviews)
    details.add("reviewed by", None if spec.review is None else spec.review.by)
    for name in task.rejected_by:
        details.add("rejected", _rejection(frame.snapshot.tasks[name]))
    held = [lock for lock in frame.snapshot.locks.values() if lock.task == task_id]
    details.add("locked", _locked(frame, held))
    details.add("locks", ", ".join(spec.locks) if not held else None)
    details.add("owns", ", ".join(spec.owns) if not held else None)
    details.add("gate", _gate(spec.gate, cleared=task.cleared))
    details.add("priority", spec.priority.name.lower())
    details.add("expected", _expected_length(frame, spec))
    details.add("would end", _expected_end(frame, task_id))
    details.add("may take", lasted(spec.timeout_ms) if spec.timeout_ms else None)
    details.entries += context_entries(told_of_errors(spec.on_error))
    details.add("result", task.output)
    _add_feedback(details, frame, [f for f in _feedback(frame) if f.said.task == task_id])
    return details


def _rejection(review: Task) -> str:
    """Return who rejected work, and what was said of it."""
    verdict = verdict_of(review.output)
    said = f": {verdict.reason}" if verdict is not None and verdict.reason else ""
    return f"by {review.agent}{said}"


def _locked(frame: Frame, locks: Sequence[Lock]) -> str | None:
    """Return what is locked for one task."""
    if not locks:
        return None
    return f"{', '.join(lock.resource for lock in locks)}, since {_since(frame, locks[0].since)}"


def _add_origin(details: Details, task: Task) -> None:
    """Say what a task was created for that the plan does not have."""
    context = task.spec.context
    trigger = context.get("trigger")
    failed = context.get("failed_task")
    by = f"on_error of {failed}" if failed else context.get("by")
    details.add("created by", f"trigger {trigger}" if trigger else by)
    if trigger or failed:
        details.add("because", context.get("because"))
    details.add("failed agent", context.get("failed_agent"))


def _expected_length(frame: Frame, spec: TaskSpec) -> str | None:
    """Return how long a task is expected to take: as earlier sessions tell, or as is declared."""
    declared = lasted(spec.expected_ms) if spec.expected_ms else None
    learnt = None if frame.outlook is None else frame.outlook.durations.get(spec.id)
    if learnt is None:
        return declared
    said = f"{lasted(learnt)}, as in earlier sessions"
    return f"{said}; declared as {declared}" if declared else said


def _expected_end(frame: Frame, task: TaskId) -> str | None:
    if frame.estimate is None or task not in frame.estimate.ends:
        return None
    left = frame.estimate.ends[task] - frame.estimate.at
    after = f" after you {frame.estimate.your_move}" if frame.estimate.your_move else ""
    return f"in {lasted(left)}{after}"


def details_of(subject: Subject) -> Callable[[Frame], Details]:
    """Return what tells all about an agent, a task or a trigger."""
    if subject.task is not None:
        return partial(task_details, task_id=subject.task)
    if subject.trigger is not None:
        return partial(trigger_details, name=subject.trigger)
    return partial(agent_details, agent_id=subject.agent or AgentId(""))


def session_details(frame: Frame) -> Details:
    """Return what is known about the session as a whole."""
    snapshot = frame.snapshot
    details = Details(f"Session {printable(snapshot.session)}")
    look = status_look(snapshot)
    details.add("status", f"{look.sign} {look.word}", look.ink)
    details.add("because", snapshot.outcome_reason)
    progress = snapshot.progress
    details.add("progress", None if progress is None else f"{progress * 100:.0f} % of the work")
    details.add("expected end", expected_end(frame) or "no work is left to be done", "strong")
    details.add("note", why_so(frame), "dim")
    details.add("project", snapshot.project)
    details.add("goal", snapshot.goal)
    details.add("started", f"{wall(frame.started, 0):%Y-%m-%d %H:%M:%S}")
    details.add("elapsed", lasted(frame.elapsed))
    limit = snapshot.max_agents
    details.add("at work", f"{limit} agents at a time, at most" if limit is not None else None)
    details.add("recorded in", frame.source)
    return details


def _gate(gate: str | None, *, cleared: bool) -> str | None:
    if gate is None:
        return None
    return f"{gate}, {'opened' if cleared else 'closed'}"


def issue_details(frame: Frame, issue_id: IssueId) -> Details:
    """Return what is known about an issue."""
    details = Details(f"Issue {issue_id}")
    issue = frame.snapshot.issues.get(issue_id)
    if issue is None:
        details.add("state", "it is not open at this moment", "dim")
        return details
    look = severity_look(issue.severity)
    details.add("severity", f"{look.sign} {look.word}", look.ink)
    details.add("what", issue.text, "strong")
    _add_remedy(details, frame, issue)
    details.add("since", _since(frame, issue.opened_at) if issue.open else None)
    details.add("opened", None if issue.open else frame.moment(issue.opened_at).strip())
    if issue.times > 1:
        last = f"{frame.moment(issue.last_at).strip()}, {lasted(frame.elapsed - issue.last_at)} ago"
        details.add("times", f"{issue.times:,}, last at {last}", "strong")
    details.add("agent", issue.agent)
    details.add("task", issue.task)
    details.add("trigger", issue.trigger)
    trigger = frame.snapshot.triggers.get(issue.trigger) if issue.trigger is not None else None
    details.add("so far", None if trigger is None else _refused(trigger), "warn")
    if not issue.open:
        at = "" if issue.closed_at is None else f" at {frame.moment(issue.closed_at).strip()}"
        details.add("state", f"settled{at}: {issue.closing}".removesuffix(": "), "good")
    return details


def _add_remedy(details: Details, frame: Frame, issue: Issue) -> None:
    """Say what can be done about an issue, and which key does it, or why it cannot."""
    details.add("what to do", issue.suggestion or _what_can_be_done(frame, issue))
    remedy = offered_for(frame, issue)
    if remedy is not None:
        no = why_no_remedy(frame, remedy)
        said = f"{KEY} {worded(remedy)}" + (f", but that cannot be done now: {no}" if no else "")
        details.add("key", said, "dim" if no else "you")


def _what_can_be_done(frame: Frame, issue: Issue) -> str:
    """Return the deeds on an issue's agent and task that are offered now, with their keys."""
    if not issue.open:
        return ""
    ways = []
    if issue.agent is not None and "restart" in offered(frame, Subject(agent=issue.agent)):
        ways.append(f"restart {issue.agent} (r on its row)")
    if issue.task is not None and "cancel" in offered(frame, Subject(task=issue.task)):
        ways.append(f"cancel {issue.task} (x on its row)")
    return ", or ".join(ways)


def question_details(frame: Frame, question_id: QuestionId) -> Details:
    """Return what is known about a question, save what a secret is or might be."""
    details = Details(f"Question {question_id}")
    question = frame.snapshot.questions.get(question_id)
    if question is None:
        details.add("state", "it is not asked at this moment", "dim")
        return details
    asked = question.asked
    details.add("question", asked.text, "strong")
    waits = question.state == "open" and not frame.ended
    look = WAITING_FOR_YOU
    if waits:
        details.add("state", f"{look.sign} {look.word} for your answer", look.ink)
    else:
        details.add("state", became(question, question.by))
        details.add("reason", question.reason if question.state == "answered" else None)
    details.add("since", _since(frame, question.asked_at) if waits else None)
    details.add("asked", None if waits else frame.moment(question.asked_at).strip())
    details.add("who", who_asks(frame.snapshot, asked))
    details.add("else", fate(asked) if waits and asked.due is not None else None)
    details.add("danger", "marked as dangerous" if asked.dangerous else None, "bad")
    if asked.context:
        details.entries += context_entries([("about", dict(asked.context))])
    details.entries += context_entries(told(asked.on_answer))
    return details


def trigger_details(frame: Frame, name: TriggerName) -> Details:
    """Return what is known about a trigger: how it stands, what it is, and what came of it."""
    details = Details(f"Trigger {name}")
    trigger = frame.snapshot.triggers.get(name)
    if trigger is None:
        details.add("state", "the session has not begun at this moment", "dim")
        return details
    spec, look = trigger.spec, trigger_look(trigger)
    details.add("state", f"{look.sign} {look.word}", look.ink)
    details.add("waits for", waits_for(spec), "strong")
    details.add("if", conditions(spec) if spec.type != "event" else None)
    details.add("then", does(spec), "strong")
    details.add("what to do", spec.task)
    for key, value in spec.set:
        details.add(f"{key} is", as_text(value))
    details.add("fired", how_often(trigger.fires) if trigger.fires else "not yet")
    if trigger.fired_at is not None:
        details.add("last fired", _since(frame, trigger.fired_at).replace("for ", "") + " ago")
    details.add("refused", _refused(trigger), "warn")
    _add_offspring(details, frame, name)
    details.beside = _how_it_works(spec, frame)
    return details


def _refused(trigger: Trigger) -> str | None:
    if not trigger.refused:
        return None
    limits = listed([f"limits.{limit}" for limit in trigger.limits])
    return f"{how_often(trigger.refused)}, by {limits}"


def _add_offspring(details: Details, frame: Frame, name: TriggerName) -> None:
    """Say what came of a trigger last: agents, tasks and questions, the latest first."""
    snapshot = frame.snapshot
    agents = [agent for agent in snapshot.agents.values() if is_of(agent.spec.spawn, name)]
    spawned = [f"{agent.spec.id} ({agent.state})" for agent in agents[: -_LATEST - 1 : -1]]
    details.add("spawned", _and_more(spawned, len(agents)))
    tasks = [t for t in snapshot.tasks.values() if t.spec.context.get("trigger") == name]
    created = [f"{task.spec.id} ({task.state})" for task in tasks[: -_LATEST - 1 : -1]]
    details.add("tasks", _and_more(created, len(tasks)))
    asked = [q for q in snapshot.questions.values() if q.asked.trigger == name]
    questions = [f"{row.id} ({row.value or row.state})" for row in asked[: -_LATEST - 1 : -1]]
    details.add("asked", _and_more(questions, len(asked)))


def _and_more(told: list[str], number: int) -> str:
    more = number - len(told)
    return ", ".join(told) + (f" and {more:,} before" if more else "")


def _how_it_works(spec: TriggerSpec, frame: Frame) -> list[Entry]:
    more = Details("")
    most = spec.max_fires
    more.add("may fire", f"{how_often(most)}, at most" if most is not None else None)
    more.add(
        "rests", f"{lasted(spec.cooldown_ms)} after it has fired" if spec.cooldown_ms else None
    )
    more.add("once for", spec.dedupe_key)
    if spec.spawns or spec.action == "create_task":
        more.add("priority", spec.priority.name.lower())
        more.add("model", spec.model)
        question = spec.start_question
        more.add("begins", f"once you have answered {question}" if question else "by itself")
    if spec.spawns:
        by_itself = "on: it spawns by itself" if frame.snapshot.auto_spawn else "off: it asks you"
        more.add("auto-spawn", by_itself)
    more.add("gate", "nothing but your answer opens it" if spec.gate else None)
    return more.entries


def event_details(frame: Frame, event: AnyEvent) -> Details:
    """Return what is known about an event."""
    details = Details(f"Event {event.seq}")
    if isinstance(event.data, SystemDecided):
        decided = event.data
        details.add("rule", decided.rule)
        details.add("verdict", decided.verdict, "good" if decided.verdict == "yes" else "warn")
        details.add("reason", decided.reason, "strong")
        orders = dict.fromkeys(words(action.do) for action in decided.actions)
        details.add("orders", ", ".join(orders))
    else:
        details.add("what", sentence(event), tone_look(tone(event)).ink)
    details.add("when", f"{frame.moment(event.at).strip()}, {lasted(event.at)} after the start")
    details.add("kind", event.kind)
    details.add("led to by", f"event {event.cause}" if event.cause is not None else None)
    return details


def _since(frame: Frame, at: int) -> str:
    return f"{frame.moment(at).strip()}, for {lasted(frame.elapsed - at)}"
