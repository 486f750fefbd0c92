"""The charts of a session: which rows and curves there are, and what is left out of them."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from mop_tui.domain.ids import AgentId, TaskId, TeamId
from mop_tui.domain.task_lifecycle import TaskState
from mop_tui.domain.timeline import Phase
from mop_tui.domain.wording import lasting, listed
from mop_tui.report.charts import (
    COLUMNS,
    Amounts,
    Band,
    Curve,
    Lane,
    Mark,
    Shade,
    curves,
    lanes,
    legend,
    looks_of,
    stacked,
)
from mop_tui.report.markup import Markup, tag
from mop_tui.report.scale import amount, ceiling, moment, size, thinned
from mop_tui.report.summary import AgentPart, IssuePart, QuestionPart, Stretch, Summary, TaskPart

MOST_AGENTS: Final = 80
"""Rows of agents in a chart; those of a team who did least share a row beyond that."""
_MOST_BESIDE: Final = 20
"""Rows of agents of one team, where others share one."""
MOST_TEAMS: Final = 30
MOST_TASKS: Final = 80
MOST_HEALTH: Final = 40
MOST_QUEUES: Final = 15
_SHADES: Final = 200
"""How many pieces a row has that several agents share."""
_MOST_MARKS: Final = 60
"""Marks in a row."""
_SIZES: Final = 5
"""Rows in the table that says what a curve shows are this many times fewer than its points."""

_WORK: Final = frozenset({Phase.WORKING.value, Phase.ILL.value, Phase.STARTING.value})


def figure(title: str, chart: Markup, *more: object, note: str = "") -> Markup:
    """Return a chart with its title, and what is to be said of it."""
    said = tag("p", note, class_="note") if note else Markup()
    return tag("figure", tag("figcaption", title), said, chart, *more)


def agents_in_time(summary: Summary) -> Markup:
    """Return who did what when, by team, with the questions and issues that came of it."""
    length = summary.length_ms
    agents = {it.id: it for it in summary.agents}
    critical = _critical_of(summary)
    marks = _marks_of(summary)
    rows = list(_session_rows(summary))
    left_out = 0
    shown = _teams(summary)
    few = len(agents) <= MOST_AGENTS
    for team, name, members, note in shown[:MOST_TEAMS]:
        del team
        rows.append(Lane(name, note, heading=True))
        there = [agents[it] for it in members if it in agents]
        most = len(there) if few else min(max(2, MOST_AGENTS // len(shown)), _MOST_BESIDE)
        busiest = {it.id for it in sorted(there, key=lambda it: -it.work_ms)[:most]}
        rows += [_agent_row(it, critical, marks) for it in there if it.id in busiest]
        others = [it for it in there if it.id not in busiest]
        left_out += len(others)
        if others:
            rows.append(_shared_row(others, length))
    hidden = [it for _, _, members, _ in shown[MOST_TEAMS:] for it in members if it in agents]
    if hidden:
        left_out += len(hidden)
        rows.append(Lane(f"{len(shown) - MOST_TEAMS} more teams", "", heading=True))
        rows.append(_shared_row([agents[it] for it in hidden], length))
    note = ""
    if left_out:
        note = (
            f"{left_out:,} of {len(agents):,} agents share a row with others of their team: the"
            " darker it is, the more of them worked."
        )
    chart = lanes(rows, length, "Who did what, in time")
    return figure("Who did what, by team", chart, legend(looks_of(rows)), note=note)


def _teams(summary: Summary) -> list[tuple[TeamId | None, str, tuple[AgentId, ...], str]]:
    """Return id, name, members and what is said of each team that has agents."""
    found: list[tuple[TeamId | None, str, tuple[AgentId, ...], str]] = []
    seen: set[AgentId] = set()
    for team in summary.teams:
        seen |= set(team.agents)
        note = f"{team.tasks_done:,} of {team.tasks:,} tasks done, {lasting(team.work_ms)} of work"
        if team.agents:
            found.append((team.id, team.name, team.agents, note))
    rest = tuple(it.id for it in summary.agents if it.id not in seen)
    if rest:
        found.append((None, "in no team", rest, ""))
    return found


def _session_rows(summary: Summary) -> Iterable[Lane]:
    """Yield rows for what concerns everybody: when the operator was asked, and what came up."""
    length = summary.length_ms
    asked = [
        Stretch(
            it.asked_at, length if it.closed_at is None else it.closed_at, Phase.ASKING, it.task
        )
        for it in summary.questions
    ]
    if asked:
        note = _asked_note(summary)
        yield Lane(
            "questions for you", note, tuple(_merged(asked)), _few(map(_asked, summary.questions))
        )
    known = {it.id for it in summary.agents}
    tasks = {it.id: it.agent for it in summary.tasks}
    loose = [
        _issue(it)
        for it in summary.issues
        if it.about not in known and tasks.get(TaskId(it.about)) is None
    ]
    changes = [Mark(it.at, "changed", it.text) for it in summary.adaptations]
    if loose or changes:
        both = sorted((*loose, *changes), key=lambda it: it.at)
        yield Lane("the swarm", "issues and adaptations", (), _few(both))


def _asked_note(summary: Summary) -> str:
    count = max(len(summary.questions), summary.questions_in_all)
    longest = max((it.waited_ms for it in summary.questions), default=0)
    return f"{count:,} asked, {lasting(longest)} the longest"


def _merged(stays: Sequence[Stretch]) -> Iterable[Stretch]:
    """Yield stretches that overlap as one."""
    here: Stretch | None = None
    for stay in sorted(stays, key=lambda it: it.begin):
        if here is None:
            here = stay
        elif stay.begin <= here.end:
            here = Stretch(here.begin, max(here.end, stay.end), here.what)
        else:
            yield here
            here = stay
    if here is not None:
        yield here


def _agent_row(
    agent: AgentPart,
    critical: Mapping[AgentId, list[tuple[int, int]]],
    marks: Mapping[AgentId, list[Mark]],
) -> Lane:
    done = f"{agent.completed:,} task{'' if agent.completed == 1 else 's'} done"
    note = f"{done}, worked {lasting(agent.work_ms)}, waited {lasting(agent.waited_ms)}"
    return Lane(
        agent.id,
        note,
        agent.stays,
        _few(marks.get(agent.id, ())),
        tuple(critical.get(agent.id, ())),
        named=True,
    )


def _shared_row(agents: Sequence[AgentPart], length: int) -> Lane:
    """Return one row for several agents, that says how many of them worked."""
    width = max(1, -(-length // _SHADES))
    busy = [0] * (length // width + 1)
    for agent in agents:
        for stay in agent.stays:
            if stay.what in _WORK:
                first, last = stay.begin // width, max(stay.begin, stay.end - 1) // width
                for place in range(first, min(last, len(busy) - 1) + 1):
                    busy[place] += min(stay.end, (place + 1) * width) - max(
                        stay.begin, place * width
                    )
    shades: list[Shade] = []
    for place, spent in enumerate(busy):
        share = spent / width / len(agents)
        begin, end = place * width, min((place + 1) * width, length)
        if share > 0 and begin < end:
            shades.append(Shade(begin, end, share, f"{spent / width:.1f} of {len(agents)} at work"))
    done = sum(it.completed for it in agents)
    note = f"{done:,} tasks done, worked {lasting(sum(it.work_ms for it in agents))}"
    return Lane(f"{len(agents):,} others", note, shades=tuple(shades))


def _critical_of(summary: Summary) -> dict[AgentId, list[tuple[int, int]]]:
    """Return when each agent had in hand what the length of the session came from."""
    steps: dict[TaskId, list[tuple[int, int]]] = {}
    for step in summary.critical_path:
        steps.setdefault(step.task, []).append((step.begin, step.end))
    found: dict[AgentId, list[tuple[int, int]]] = {}
    for agent in summary.agents:
        for stay in agent.stays:
            for begin, end in () if stay.task is None else steps.get(stay.task, ()):
                common = max(begin, stay.begin), min(end, stay.end)
                if common[0] < common[1]:
                    found.setdefault(agent.id, []).append(common)
    return found


def _marks_of(summary: Summary) -> dict[AgentId, list[Mark]]:
    """Return what stands out in the rows of agents."""
    found: dict[AgentId, list[Mark]] = {}
    owners = {it.id: it.agent for it in summary.tasks}
    for task in summary.tasks:
        if task.state is TaskState.FAILED and task.agent is not None and task.ended_at is not None:
            mark = Mark(task.ended_at, "failed", f"{task.id}: {task.reason}")
            found.setdefault(task.agent, []).append(mark)
    for question in summary.questions:
        agent = question.agent or (None if question.task is None else owners.get(question.task))
        if agent is not None:
            found.setdefault(agent, []).append(_asked(question))
    for issue in summary.issues:
        about = owners.get(TaskId(issue.about)) or AgentId(issue.about)
        found.setdefault(about, []).append(_issue(issue))
    return found


def _asked(question: QuestionPart) -> Mark:
    return Mark(question.asked_at, "asked", question.question)


def _issue(issue: IssuePart) -> Mark:
    return Mark(issue.opened_at, "issue", f"{issue.severity}: {issue.text}")


def _few(marks: Iterable[Mark]) -> tuple[Mark, ...]:
    """Return marks, but not more than can be told apart; the first of each stretch is kept."""
    found = sorted(marks, key=lambda it: it.at)
    if len(found) <= _MOST_MARKS:
        return tuple(found)
    width = max(1, (found[-1].at - found[0].at) // _MOST_MARKS + 1)
    return tuple({it.at // width: it for it in reversed(found)}.values())[::-1]


def tasks_in_time(summary: Summary) -> Markup:
    """Return what became of each task, and what it waited for, in the order of beginnings."""
    end = summary.length_ms
    critical: dict[TaskId, list[tuple[int, int]]] = {}
    for step in summary.critical_path:
        critical.setdefault(step.task, []).append((step.begin, step.end))
    tasks: Sequence[TaskPart] = [it for it in summary.tasks if it.stays]
    note = ""
    if len(tasks) > MOST_TASKS:
        chosen = sorted(tasks, key=lambda it: (it.id not in critical, -_took(it)))[:MOST_TASKS]
        note = (
            f"Of {len(tasks):,} tasks, the {MOST_TASKS} are shown that are on the critical path or"
            " took and waited longest."
        )
        tasks = chosen
    rows = []
    for task in sorted(tasks, key=lambda it: (end if it.began_at is None else it.began_at, it.id)):
        marks: list[Mark] = []
        if task.ended_at is not None:
            if task.state is TaskState.FAILED:
                marks.append(Mark(task.ended_at, "failed", task.reason))
            elif task.state is TaskState.COMPLETE:
                marks.append(Mark(task.ended_at, "done", task.agent or ""))
        words = [
            f"{task.state.value}" + (f" by {task.agent}" if task.agent else ""),
            f"worked {lasting(task.work_ms)}",
            f"queued {lasting(task.queue_ms)}" if task.queue_ms else "",
            f"held up {lasting(task.held_ms)}" if task.held_ms else "",
        ]
        rows.append(
            Lane(
                task.id,
                ", ".join(filter(None, words)),
                task.stays,
                tuple(marks),
                tuple(critical.get(task.id, ())),
            )
        )
    chart = lanes(rows, end, "Tasks, in time")
    return figure("Tasks, and what they waited for", chart, legend(looks_of(rows)), note=note)


def _took(task: TaskPart) -> int:
    return task.work_ms + task.queue_ms + task.held_ms


def health(summary: Summary) -> Markup:
    """Return how the checks found each agent, in time; empty if none was found anyhow."""
    checked = [it for it in summary.agents if it.health]
    if not checked:
        return Markup()
    note = ""
    if len(checked) > MOST_HEALTH:
        note = (
            f"Of {len(checked):,} agents that were checked, the {MOST_HEALTH} are shown that were"
            " ill for longest."
        )
        checked = sorted(checked, key=lambda it: -_ill_ms(it, summary.length_ms))[:MOST_HEALTH]
    rows = []
    told = []
    for agent in checked:
        levels = _levels(agent, summary.length_ms)
        ill = _ill_ms(agent, summary.length_ms)
        rows.append(Lane(agent.id, f"ill for {lasting(ill)}" if ill else "never ill", levels))
        told += [(agent.id, it.what, moment(it.begin), moment(it.end)) for it in levels]
    chart = lanes(rows, summary.length_ms, "Health of agents, in time")
    heads = ("agent", "health", "from", "to")
    figures = _figures(heads, told)
    return figure("Health, as checks found it", chart, legend(looks_of(rows)), figures, note=note)


def _levels(agent: AgentPart, length: int) -> tuple[Stretch, ...]:
    gone = max((it.end for it in agent.stays if it.what != Phase.OVER), default=length)
    found = []
    for place, (at, level) in enumerate(agent.health):
        end = agent.health[place + 1][0] if place + 1 < len(agent.health) else max(at, gone)
        found.append(Stretch(at, end, level))
    return tuple(found)


def _ill_ms(agent: AgentPart, length: int) -> int:
    return sum(it.end - it.begin for it in _levels(agent, length) if it.what != "healthy")


def _figures(heads: Sequence[str], rows: Sequence[Sequence[str]], most: int = 200) -> Markup:
    """Return the figures behind a chart, folded away."""
    if not rows:
        return Markup()
    head = tag("tr", *(tag("th", it, scope="col") for it in heads))
    body = [tag("tr", *(tag("td", cell) for cell in row)) for row in rows[:most]]
    more = f" (the first {most} of {len(rows):,})" if len(rows) > most else ""
    table = tag("table", tag("thead", head), tag("tbody", *body), class_="small")
    return tag("details", tag("summary", f"the figures{more}"), tag("div", table, class_="scroll"))


def usage(summary: Summary) -> Markup:
    """Return what was used of the machine, in time; empty if it was not measured."""
    if not summary.usage:
        return Markup()
    cores = tuple((it.at, it.cores) for it in summary.usage)
    memory = tuple((it.at, float(it.memory)) for it in summary.usage)
    charts = []
    peaks = []
    for name, points, look, words in (
        ("processor cores", cores, "cores", amount),
        ("memory", memory, "memory", size),
    ):
        top = ceiling(max(value for _, value in points))
        if look == "memory":
            top = _round_size(max(value for _, value in points))
        peak_at, peak = max(points, key=lambda it: it[1])
        said = f"{name}: at most {words(peak)}, at {moment(peak_at)}"
        peaks.append(said)
        marks = [(top / 2, words(top / 2)), (top, words(top))]
        curve = Curve(name, look, points, filled=True)
        charts.append(tag("p", said, class_="axis-name"))
        charts.append(curves([curve], summary.length_ms, top, marks, said))
    few = thinned([(it.at, it.cores) for it in summary.usage], summary.length_ms, COLUMNS // _SIZES)
    kept = {at for at, _ in few}
    rows = [
        (moment(it.at), amount(it.cores), size(it.memory)) for it in summary.usage if it.at in kept
    ]
    figures = _figures(("at", "cores", "memory"), rows)
    return figure("What all agents together used", tag("div", *charts), figures)


def _round_size(count: float) -> float:
    unit = 1.0
    while count >= unit * 1024:
        unit *= 1024
    return ceiling(count / unit) * unit


def progress(summary: Summary) -> Markup:
    """Return how the work got done: what was complete, out of all there was, in time."""
    done = _steps(
        it.ended_at
        for it in summary.tasks
        if it.state is TaskState.COMPLETE and it.ended_at is not None
    )
    lost = _steps(
        it.ended_at
        for it in summary.tasks
        if it.state in (TaskState.FAILED, TaskState.CANCELLED) and it.ended_at is not None
    )
    there = _steps(it.created_at for it in summary.tasks)
    if not summary.tasks:
        return Markup()
    top = ceiling(float(len(summary.tasks)))
    drawn = [Curve("all tasks", "scope", there), Curve("complete", "done", done, filled=True)]
    keys = [("scope", "all tasks"), ("done-area", "complete")]
    if len(lost) > 1:
        drawn.append(Curve("failed or cancelled", "lost", lost))
        keys.append(("lost", "failed or cancelled"))
    length = summary.length_ms
    band = None
    note = ""
    if summary.foretold_ms is not None:
        expected, low, high = summary.foretold_ms
        length = max(length, expected, high or 0)
        said = f"expected at the start to take {lasting(expected)}"
        if low is not None and high is not None:
            said += f", between {lasting(low)} and {lasting(high)}"
        band = Band(low or expected, high or expected, expected, said)
        note = f"It was {said}; it took {lasting(summary.length_ms)}."
        keys.append(("foretold", "expected end, and its range"))
    marks = [(at, amount(at)) for at in (top / 2, top) if at == int(at)]
    complete = len(done) - 1
    said = (
        f"{complete:,} of {len(summary.tasks):,} tasks complete after {lasting(summary.length_ms)}"
    )
    chart = curves(drawn, length, top, marks, said, band, until=summary.length_ms)
    rows = [(moment(at), amount(count)) for at, count in thinned(done[1:], length, 100)]
    figures = _figures(("at", "tasks complete"), rows)
    return figure("Progress", chart, legend(keys), figures, note=note)


def _steps(moments: Iterable[int]) -> tuple[tuple[int, float], ...]:
    """Return how many moments have passed, in time."""
    return ((0, 0.0), *((at, float(place)) for place, at in enumerate(sorted(moments), 1)))


def queues(summary: Summary) -> Markup:
    """Return which tasks lost most time before and between their work; empty if none did."""
    lost = [it for it in summary.tasks if it.queue_ms + it.held_ms > 0]
    if not lost:
        return Markup()
    longest = sorted(lost, key=lambda it: -(it.queue_ms + it.held_ms))[:MOST_QUEUES]
    rows = []
    for task in longest:
        words = []
        if task.queue_ms:
            words.append(f"queued {lasting(task.queue_ms)}")
        if task.held_ms:
            words.append(f"held up {lasting(task.held_ms)}")
        parts = (
            ("queued", "queued", float(task.queue_ms)),
            ("key", "held up", float(task.held_ms)),
            ("working", "worked", float(task.work_ms)),
        )
        said = listed([*words, f"worked {lasting(task.work_ms)}"])
        rows.append(Amounts(task.id, parts, said, f"{lasting(task.queue_ms + task.held_ms)} lost"))
    queued = sum(it.queue_ms for it in summary.tasks)
    held = sum(it.held_ms for it in summary.tasks)
    note = (
        f"All tasks together queued {lasting(queued)} for somebody to take them, and were held up"
        f" {lasting(held)} by gates, questions, keys, locks and pauses."
    )
    if len(lost) > MOST_QUEUES:
        note += f" The {MOST_QUEUES} that lost most are shown, of {len(lost):,}."
    keys = [("queued", "queued"), ("key", "held up"), ("working", "worked")]
    chart = stacked(rows, "Time that tasks lost")
    return figure("Where time was lost", chart, legend(keys), note=note)
