"""How that which one asks about stands now: what is said above the chain of its causes."""

from mop_tui.dashboard.details import Details
from mop_tui.dashboard.frame import Frame
from mop_tui.dashboard.looks import WAITING_FOR_YOU, Look, severity_look, trigger_look
from mop_tui.dashboard.question_words import became
from mop_tui.dashboard.retries import trying_again
from mop_tui.dashboard.subject import Subject
from mop_tui.dashboard.times import lasted
from mop_tui.dashboard.trigger_words import does, waits_for
from mop_tui.domain.health import told
from mop_tui.domain.ids import AgentId, IssueId, QuestionId, TaskId, TriggerName
from mop_tui.domain.rows import Task
from mop_tui.domain.waiting import agent_waiting_for, waiting_behind, waiting_for


def how_it_stands(frame: Frame, subject: Subject) -> Details:
    """Return what is asked, as a title, and below it the present state and what that waits for."""
    if subject.agent is not None:
        return _agent(frame, subject.agent)
    if subject.task is not None:
        return _task(frame, subject.task)
    if subject.issue is not None:
        return _issue(frame, subject.issue)
    if subject.question is not None:
        return _question(frame, subject.question)
    if subject.trigger is not None:
        return _trigger(frame, subject.trigger)
    details = Details(f"Why {subject.name} happened")
    if subject.event is None or subject.event > frame.snapshot.seq:
        details.add("state", "it has not happened at this moment", "dim")
    return details


def _agent(frame: Frame, agent_id: AgentId) -> Details:
    agent = frame.snapshot.agents.get(agent_id)
    if agent is None:
        return _absent(f"Why agent {agent_id}", "it has not been spawned at this moment")
    look = frame.view.look(agent)
    details = Details(f"Why {agent_id} is {look.word}")
    details.add("state", _since(frame, look, agent.since), look.ink)
    if agent.findings:
        details.add("wrong", told(agent.findings), look.ink)
    question = frame.view.asking(agent)
    paused = agent_waiting_for(frame.snapshot, agent)
    task = frame.view.current(agent)
    if question is not None:
        details.add("waiting", f"for your answer to {question.id}: {question.asked.text}", "you")
    elif paused:
        details.add("waiting", paused, "warn")
    elif agent.task is None and task is not None:
        waits = _waits(frame, task)
        details.add("waiting", f"its next task, {task.spec.id}, {waits}" if waits else None)
    return details


def _task(frame: Frame, task_id: TaskId) -> Details:
    task = frame.snapshot.tasks.get(task_id)
    if task is None:
        return _absent(f"Why task {task_id}", "it is not in the plan at this moment")
    look = frame.view.task_look(task)
    details = Details(f"Why {task_id} is {look.word}")
    details.add("state", _since(frame, look, task.since), look.ink)
    asked = frame.view.question_of(task) is not None
    details.add("waiting", _waits(frame, task), "you" if asked else "warn")
    for behind in waiting_behind(frame.snapshot, task):
        details.add("behind that", behind, "dim")
    return details


def _waits(frame: Frame, task: Task) -> str:
    return trying_again(task, frame.elapsed) or waiting_for(frame.snapshot, task)


def _issue(frame: Frame, issue_id: IssueId) -> Details:
    issue = frame.snapshot.issues.get(issue_id)
    if issue is None:
        return _absent(f"Why issue {issue_id}", "it is not open at this moment")
    look = severity_look(issue.severity)
    details = Details(f"Why {issue_id} was opened")
    details.add("issue", f"{look.sign} {look.word} {issue.text}", look.ink)
    details.add("state", None if issue.open else "it is settled", "good")
    return details


def _question(frame: Frame, question_id: QuestionId) -> Details:
    question = frame.snapshot.questions.get(question_id)
    if question is None:
        return _absent(f"Why question {question_id}", "it is not asked at this moment")
    details = Details(f"Why {question_id} was asked")
    look = WAITING_FOR_YOU
    details.add("question", question.asked.text, "strong")
    if question.state == "open" and not frame.ended:
        details.add("state", _since(frame, look, question.asked_at), look.ink)
    else:
        details.add("state", became(question, question.by))
    return details


def _trigger(frame: Frame, name: TriggerName) -> Details:
    trigger = frame.snapshot.triggers.get(name)
    if trigger is None:
        return _absent(f"Why trigger {name}", "the session has not begun at this moment")
    look = trigger_look(trigger)
    details = Details(f"What {name} did last, and why")
    details.add("state", f"{look.sign} {look.word}", look.ink)
    details.add("waits for", waits_for(trigger.spec))
    details.add("then", does(trigger.spec))
    return details


def _absent(title: str, said: str) -> Details:
    details = Details(title)
    details.add("state", said, "dim")
    return details


def _since(frame: Frame, look: Look, at: int) -> str:
    how_long = lasted(frame.elapsed - at)
    return f"{look.sign} {look.word} since {frame.moment(at).strip()}, for {how_long}"
