"""A report as Markdown that reads well in a terminal, too, and on a code host.

What agents, layouts and people said is made harmless: nothing in it steers a terminal, makes a
heading, a link, a row of a table, or HTML. What is too much for a page is counted.
"""

import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TypeVar

from mop_tui.domain.agent_lifecycle import AgentState
from mop_tui.domain.plan import Mode
from mop_tui.domain.task_lifecycle import TaskState
from mop_tui.domain.wording import lasting, printable
from mop_tui.report.summary import (
    AgentPart,
    QuestionPart,
    Step,
    Summary,
    TaskPart,
)

MOST_ROWS = 100
"""Rows of a table; more are counted."""
_LONGEST = 100
"""Characters of a text in a table; and of one that others stand beside:"""
_BESIDE = 60

T = TypeVar("T")

_MARKS = re.compile(r"([\\`*\[\]<>|~$]|(?<![^\W_])_|_(?![^\W_])|&(?=#?\w+;)|!(?=\[))")
_ENTITIES = {"<": "&lt;", ">": "&gt;", "&": "&amp;", "|": "&#124;"}
_TICKS = re.compile("`+")


def markdown(summary: Summary) -> str:
    """Return a report as Markdown, with a line feed at its end."""
    return "\n".join(_lines(summary)).rstrip() + "\n"


def _lines(summary: Summary) -> Iterator[str]:
    yield from _head(summary)
    for title, made in (
        ("What can be learnt", _insights),
        ("Critical path", _path),
        ("Teams", _teams),
        ("Agents", _agents),
        ("Tasks", _tasks),
        ("Queues", _queues),
        ("Questions", _questions),
        ("Issues", _issues),
        ("Health", _health),
        ("Adaptations", _adaptations),
        ("Decisions", _decisions),
        ("Resources", _resources),
        ("Timeline", _timeline),
    ):
        lines = list(made(summary))
        if lines:
            yield from (f"## {title}", "", *lines, "")


# -- the parts ------------------------------------------------------------------------------------


def _head(summary: Summary) -> Iterator[str]:
    outcome = summary.outcome
    yield f"# {prose(summary.session)}: {outcome}"
    yield ""
    what = "rehearsal" if summary.mode is Mode.REHEARSAL else "session"
    if summary.ended:
        ended = f"The {what} ended **{outcome}** after {lasting(summary.length_ms)}"
        yield f"{ended}: {prose(summary.reason)}." if summary.reason else f"{ended}."
    elif outcome == "running":
        yield f"The {what} is **running**; this is how it was after {lasting(summary.length_ms)}."
    else:
        yield (
            f"The {what} was **interrupted** after {lasting(summary.length_ms)}: it has no end."
            f" `mop-tui resume` goes on with it."
        )
    if summary.damage:
        yield ""
        yield f"> **The rest of the file could not be read.** {prose(summary.damage)}."
    if summary.torn:
        yield ""
        yield "> The last line of the file was cut short, and is left out."
    yield ""
    done = sum(task.state is TaskState.COMPLETE for task in summary.tasks)
    failed = sum(task.state is TaskState.FAILED for task in summary.tasks)
    cancelled = sum(task.state is TaskState.CANCELLED for task in summary.tasks)
    parts = [f"{done:,} of {len(summary.tasks):,} complete"]
    parts += [f"{failed:,} failed"] if failed else []
    parts += [f"{cancelled:,} cancelled"] if cancelled else []
    begun, end = summary.wall(0), summary.wall(summary.length_ms)
    same_day = begun.date() == end.date()
    facts = [
        ("Project", prose(summary.project)),
        ("Goal", prose(summary.goal)),
        ("Tasks", ", ".join(parts)),
        ("Agents", f"{len(summary.agents):,} in {_counted(len(summary.teams), 'team')}"),
        ("From", f"{begun:%Y-%m-%d %H:%M:%S %z}"),
        ("Until", f"{end:%H:%M:%S}" if same_day else f"{end:%Y-%m-%d %H:%M:%S %z}"),
        ("Foretold", _foretold(summary)),
        ("Topology", _topology(summary)),
        (
            "Messages",
            "" if summary.overhead is None else f"cost {summary.overhead:.0%} of the work",
        ),
        ("Interrupted", _times(summary.resumptions) if summary.resumptions else ""),
        ("Run", f"{code(summary.run)}, seed {summary.seed}, by {prose(summary.user) or 'nobody'}"),
        ("File", f"{code(summary.file)}, {_counted(summary.events, 'event')}"),
        ("Program", prose(f"mop-tui {summary.version}".rstrip())),
    ]
    yield from (f"- {name}: {text}" for name, text in facts if text)
    yield ""


def _foretold(summary: Summary) -> str:
    if summary.foretold_ms is None:
        return ""
    expected, low, high = summary.foretold_ms
    bounds = f" ({lasting(low)} to {lasting(high)})" if low is not None and high is not None else ""
    return lasting(expected) + bounds


def _topology(summary: Summary) -> str:
    told = [shape if not at else f"{shape} from {_at(at)}" for at, shape in summary.topology]
    return ", ".join(told)


def _insights(summary: Summary) -> Iterator[str]:
    for number, insight in enumerate(summary.insights, 1):
        events = ", ".join(map(str, insight.evidence))
        word = "event" if len(insight.evidence) == 1 else "events"
        advice = f" {prose(insight.advice)}" if insight.advice else ""
        yield f"{number}. **{prose(insight.text)}**{advice} ({word} {events})"


def _path(summary: Summary) -> Iterator[str]:
    steps = summary.critical_path
    if not steps:
        return
    worked = sum(step.end - step.begin for step in steps)
    yield (
        f"What its length came from: {lasting(worked)} of work in {_counted(len(steps), 'step')},"
        f" each of which had to wait for the one before it."
    )
    yield ""
    yield from _table(
        ("from", "task", "took", "waited", "after"),
        steps,
        lambda it: (
            _moment(summary, it.begin),
            code(it.task),
            lasting(it.end - it.begin),
            _waited(it),
            prose(it.because),
        ),
        right=(2, 3),
        in_all=summary.path_in_all,
        latest=True,
    )


def _waited(step: Step) -> str:
    return lasting(step.waited_ms) if step.waited_ms else ""


def _teams(summary: Summary) -> Iterator[str]:
    yield from _table(
        ("team", "agents", "tasks", "worked", "there from"),
        summary.teams,
        lambda it: (
            prose(it.name),
            str(len(it.agents)),
            f"{it.tasks_done} of {it.tasks}",
            lasting(it.work_ms),
            "never" if it.began_at is None else _moment(summary, it.began_at),
        ),
        right=(1, 2, 3),
    )


def _agents(summary: Summary) -> Iterator[str]:
    chosen = _chosen(summary.agents, lambda it: (it.state is AgentState.FAILED, it.work_ms))
    yield from _table(
        ("agent", "state", "tasks", "worked", "waited", "idle", "processes", "errors", "spawned"),
        chosen,
        lambda it: (
            code(it.id),
            it.state.lower(),
            str(it.completed),
            lasting(it.work_ms),
            lasting(it.waited_ms) if it.waited_ms else "",
            lasting(it.idle_ms) if it.idle_ms else "",
            str(it.processes),
            str(it.errors) if it.errors else "",
            _spawned(it),
        ),
        right=(2, 3, 4, 5, 6, 7),
        in_all=len(summary.agents),
    )


def _spawned(agent: AgentPart) -> str:
    if not agent.spawned_by:
        return "" if not agent.spawned_at else f"at {_at(agent.spawned_at)}"
    return f"by {code(agent.spawned_by)} at {_at(agent.spawned_at)}"


def _tasks(summary: Summary) -> Iterator[str]:
    chosen = _chosen(
        summary.tasks,
        lambda it: (it.state in (TaskState.FAILED, TaskState.CANCELLED), it.work_ms + it.held_ms),
    )
    yield from _table(
        (
            "task",
            "state",
            "agent",
            "began",
            "worked",
            "declared",
            "queued",
            "held",
            "tries",
            "said",
        ),
        chosen,
        lambda it: (
            code(it.id),
            it.state.lower(),
            code(it.agent) if it.agent is not None else "",
            "" if it.began_at is None else _moment(summary, it.began_at),
            lasting(it.work_ms) if it.work_ms else "",
            lasting(it.expected_ms) if it.expected_ms is not None else "",
            lasting(it.queue_ms) if it.queue_ms else "",
            lasting(it.held_ms) if it.held_ms else "",
            str(it.attempts) if it.attempts > 1 else "",
            _said(it),
        ),
        right=(4, 5, 6, 7, 8),
        in_all=len(summary.tasks),
    )


def _said(task: TaskPart) -> str:
    if task.state in (TaskState.FAILED, TaskState.CANCELLED):
        return prose(_cut(task.reason))
    return code(_cut(task.output)) if task.output else ""


def _queues(summary: Summary) -> Iterator[str]:
    if not summary.queues:
        return
    yield "How long tasks that could have been begun waited for somebody free:"
    yield ""
    yield from _table(
        ("for", "agents", "tasks", "waited", "longest"),
        summary.queues,
        lambda it: (
            code(it.skill),
            str(it.agents),
            str(it.tasks),
            lasting(it.queue_ms),
            f"{lasting(it.longest_ms)}, {code(it.longest)}",
        ),
        right=(1, 2, 3),
    )


def _questions(summary: Summary) -> Iterator[str]:
    yield from _table(
        ("question", "about", "asked", "waited", "answer", "by", "why"),
        summary.questions,
        lambda it: (
            f"{it.id}: {prose(_cut(it.question, _BESIDE))}",
            code(it.about) if it.about else "",
            _moment(summary, it.asked_at),
            lasting(it.waited_ms),
            _answer(it),
            prose(it.by),
            prose(_cut(it.reason)),
        ),
        right=(3,),
        in_all=summary.questions_in_all,
    )


def _answer(question: QuestionPart) -> str:
    if question.state == "answered" and question.secret:
        return "answered (a secret)"
    if question.state == "answered":
        return code(_cut(question.value))
    if question.value:
        return f"{question.state}: {code(_cut(question.value))}"
    return question.state


def _issues(summary: Summary) -> Iterator[str]:
    yield from _table(
        ("issue", "severity", "what", "opened", "times", "closed"),
        summary.issues,
        lambda it: (
            it.id,
            it.severity,
            prose(_cut(it.text, _BESIDE)),
            _moment(summary, it.opened_at),
            str(it.times) if it.times > 1 else "",
            "open"
            if it.closed_at is None
            else f"after {lasting(it.closed_at - it.opened_at)}: {prose(_cut(it.closing))}",
        ),
        right=(4,),
        in_all=summary.issues_in_all,
    )


def _health(summary: Summary) -> Iterator[str]:
    ill = [agent for agent in summary.agents if agent.health or agent.restarts]
    yield from _table(
        ("agent", "was", "errors", "restarts", "last error"),
        ill[:MOST_ROWS],
        lambda it: (
            code(it.id),
            ", ".join(f"{level} from {_moment(summary, at)}" for at, level in it.health[-6:]),
            str(it.errors),
            str(it.restarts),
            code(_cut(it.last_error)) if it.last_error else "",
        ),
        right=(2, 3),
        in_all=len(ill),
    )


def _adaptations(summary: Summary) -> Iterator[str]:
    yield from _table(
        ("at", "kind", "what", "event"),
        summary.adaptations,
        lambda it: (_moment(summary, it.at), it.kind, prose(_cut(it.text)), str(it.seq)),
        right=(3,),
        in_all=summary.adaptations_in_all,
        latest=True,
    )


def _decisions(summary: Summary) -> Iterator[str]:
    if not summary.decisions_in_all:
        return
    routine = sum(times for _, times in summary.routine)
    most = [f"{code(rule)} {times:,}" for rule, times in summary.routine[:4]]
    most_of_them = f" (mostly {', '.join(most)})" if most else ""
    yield (
        f"{_counted(summary.decisions_in_all, 'decision')} in all: {routine:,} were"
        f" routine{most_of_them}, and {summary.considered:,} times a rule decided against acting."
    )
    if not summary.decisions:
        return
    yield ""
    told = sum(decision.times for decision in summary.decisions)
    yield from _table(
        ("at", "rule", "reason", "ordered", "times", "event"),
        summary.decisions,
        lambda it: (
            _moment(summary, it.at),
            code(it.rule),
            prose(_cut(it.reason, _BESIDE)),
            prose(_cut("; ".join(it.actions), _BESIDE)),
            str(it.times) if it.times > 1 else "",
            str(it.seq),
        ),
        right=(4, 5),
        in_all=len(summary.decisions)
        + max(0, summary.decisions_in_all - routine - summary.considered - told),
    )


def _resources(summary: Summary) -> Iterator[str]:
    measured = [
        agent
        for agent in summary.agents
        if agent.cores_peak is not None or agent.memory_peak is not None
    ]
    if not measured:
        return
    if summary.usage:
        cores = max(it.cores for it in summary.usage)
        memory = max(it.memory for it in summary.usage)
        yield f"At most {cores:.1f} cores and {_bytes(memory)} were in use at once."
        yield ""
    yield from _table(
        ("agent", "cores, peak", "of its limit", "on average", "memory, peak", "lines of output"),
        _chosen(measured, lambda it: (it.cores_peak or 0, it.memory_peak or 0)),
        lambda it: (
            code(it.id),
            "" if it.cores_peak is None else f"{it.cores_peak:.2f}",
            "" if it.cpu_peak is None else f"{it.cpu_peak:.0f} %",
            "" if it.cpu_mean is None else f"{it.cpu_mean:.0f} %",
            "" if it.memory_peak is None else _bytes(it.memory_peak),
            f"{it.output_lines:,}",
        ),
        right=(1, 2, 3, 4, 5),
        in_all=len(measured),
    )


def _timeline(summary: Summary) -> Iterator[str]:
    yield from _table(
        ("at", "what", "event"),
        summary.timeline,
        lambda it: (_moment(summary, it.at), prose(_cut(it.text)), str(it.seq)),
        right=(2,),
        in_all=summary.timeline_in_all,
    )


# -- words ----------------------------------------------------------------------------------------


def prose(text: str) -> str:
    """Return a text that is shown as it is, whatever it holds."""
    return _MARKS.sub(lambda mark: _ENTITIES.get(mark[0], f"\\{mark[0]}"), printable(text).strip())


def code(text: str) -> str:
    """Return a text set in the type of code, in which nothing is marked up."""
    shown = printable(text).strip()
    if "|" in shown:  # in a row of a table that would end its cell
        return prose(shown)
    if not shown:
        return ""
    ticks = "`" * (max(map(len, _TICKS.findall(shown)), default=0) + 1)
    blank = " " if shown.startswith("`") or shown.endswith("`") else ""
    return f"{ticks}{blank}{shown}{blank}{ticks}"


def _cut(text: str, longest: int = _LONGEST) -> str:
    return text if len(text) <= longest else text[: longest - 1] + "…"


def _at(ms: int) -> str:
    """Return a session time as a reader counts it: `1:02:03`."""
    seconds = ms // 1000
    return f"{seconds // 3600}:{seconds // 60 % 60:02}:{seconds % 60:02}"


def _moment(summary: Summary, at: int) -> str:
    """Return the wall-clock time of a session time, and that."""
    return f"{summary.wall(at):%H:%M:%S} (+{_at(at)})"


def _bytes(count: int) -> str:
    for unit, size in (("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10)):
        if count >= size:
            return f"{count / size:.1f} {unit}"
    return f"{count} B"


def _counted(count: int, what: str) -> str:
    return f"{count:,} {what}" if count == 1 else f"{count:,} {what}s"


def _times(count: int) -> str:
    return "once" if count == 1 else f"{count} times"


# -- tables ---------------------------------------------------------------------------------------


def _chosen(them: Sequence[T], weight: Callable[[T], tuple[float, float]]) -> Sequence[T]:
    """Return as many as a table has rows for, the weightiest, in their order."""
    if len(them) <= MOST_ROWS:
        return them
    ranked = sorted(range(len(them)), key=lambda place: weight(them[place]), reverse=True)
    return [them[place] for place in sorted(ranked[:MOST_ROWS])]


def _table(
    names: Sequence[str],
    them: Sequence[T],
    row: Callable[[T], Sequence[str]],
    *,
    right: Iterable[int] = (),
    in_all: int | None = None,
    latest: bool = False,
) -> Iterator[str]:
    """Yield a table, a row for each of `them`, and how many more there are.

    Columns in which every cell is empty are left out. Of too many, the first are shown, or the
    `latest`.
    """
    if not them:
        return
    shown = them[-MOST_ROWS:] if latest else them[:MOST_ROWS]
    rows = [row(it) for it in shown]
    kept = [place for place in range(len(names)) if any(cells[place] for cells in rows)]
    to_the_right = frozenset(right)
    lines = [
        [names[place] for place in kept],
        *([cells[place] for place in kept] for cells in rows),
    ]
    widths = [max(map(_width, column)) for column in zip(*lines, strict=True)]
    if kept[-1] not in to_the_right:
        widths[-1] = len(names[kept[-1]])
    for number, cells in enumerate(lines):
        padded = [
            _padded(cell, width, to_the_right=place in to_the_right)
            for place, cell, width in zip(kept, cells, widths, strict=True)
        ]
        yield f"| {' | '.join(padded)} |"
        if number == 0:
            rules = [
                "-" * (width - 1) + ":" if place in to_the_right else "-" * width
                for place, width in zip(kept, widths, strict=True)
            ]
            yield f"| {' | '.join(rules)} |"
    more = (len(them) if in_all is None else in_all) - len(shown)
    if more > 0:
        where = "before these" if latest else "besides"
        yield ""
        yield f"{more:,} more {where}."


def _padded(cell: str, width: int, *, to_the_right: bool) -> str:
    blanks = " " * max(0, width - _width(cell))
    return blanks + cell if to_the_right else cell + blanks


def _width(text: str) -> int:
    """Return how many columns of a terminal a text takes."""
    if text.isascii():
        return len(text)
    wide = sum(unicodedata.east_asian_width(char) in "WF" for char in text)
    return len(text) + wide - sum(unicodedata.combining(char) > 0 for char in text)
