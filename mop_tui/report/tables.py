"""The tables of a report in HTML. On narrow pages each row becomes a block of its own."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from mop_tui.domain.agent_lifecycle import AgentState
from mop_tui.domain.task_lifecycle import TaskState
from mop_tui.domain.wording import lasting, words
from mop_tui.report.markup import Markup, joined, tag, text
from mop_tui.report.scale import amount, moment, size
from mop_tui.report.summary import AgentPart, Summary, TaskPart

MOST_ROWS: Final = 400
"""Rows of a table; beyond that those that weigh least are left out, which is said."""
_MOST_EVIDENCE: Final = 12
"""Events that are named for an insight."""
_LONG: Final = 240
"""Characters of a text in a cell."""

Tone = Literal["good", "warn", "bad", "you", "plain"]
Cell = str | Markup

_TASK_TONES: Final[dict[TaskState, Tone]] = {
    TaskState.COMPLETE: "good",
    TaskState.FAILED: "bad",
    TaskState.CANCELLED: "warn",
}
_AGENT_TONES: Final[dict[AgentState, Tone]] = {
    AgentState.COMPLETE: "good",
    AgentState.FAILED: "bad",
    AgentState.DEGRADED: "warn",
    AgentState.UNHEALTHY: "bad",
    AgentState.PAUSED: "warn",
}
_SEVERITIES: Final[dict[str, Tone]] = {"critical": "bad", "warning": "warn"}
_ANSWERS: Final[dict[str, Tone]] = {"answered": "good", "expired": "warn", "open": "you"}


class Anchors:
    """Which events can be gone to on the page. The first row about one claims it."""

    def __init__(self, wanted: Iterable[int]) -> None:
        self._wanted = frozenset(wanted)
        self._claimed: set[int] = set()

    def claim(self, *seqs: int | None) -> str | None:
        """Return what the row is called that tells of the events, if one of them is wanted.

        A row has one name, so what is wanted and not yet claimed comes first.
        """
        for seq in seqs:
            if seq is not None and seq in self._wanted and seq not in self._claimed:
                self._claimed.add(seq)
                return f"event-{seq}"
        return None

    def wants(self, seq: int) -> bool:
        """Return whether something on the page refers to event `seq`."""
        return seq in self._wanted

    def tells(self, seq: int) -> bool:
        """Return whether a row tells of event `seq`."""
        return seq in self._claimed

    def link(self, seq: int) -> Markup:
        """Return a reference to an event: a link, where the page tells of it."""
        if self.tells(seq):
            return tag("a", f"event {seq}", href=f"#event-{seq}", class_="chip")
        return tag("span", f"event {seq}", class_="chip")


@dataclass(frozen=True, slots=True)
class Row:
    """A row of a table, and the name by which it is gone to."""

    cells: tuple[Cell, ...]
    anchor: str | None = None


def badge(word: str, tone: Tone) -> Markup:
    """Return a word that says how something stands, with a sign for who cannot tell colours."""
    sign = {"good": "\N{CHECK MARK} ", "bad": "\N{BALLOT X} ", "warn": "! ", "you": "? "}.get(
        tone, ""
    )
    return tag("span", f"{sign}{word}", class_=f"badge {tone}")


def table(
    title: str,
    heads: Sequence[str],
    rows: Sequence[Row],
    *,
    in_all: int = 0,
    order: str = "",
    open_: bool = True,
) -> Markup:
    """Return a table that can be folded. A head that ends in `#` is one of numbers.

    `in_all` says how many rows there would be, if that is more; `order` which of them stand here.
    """
    names = [head.removesuffix("#") for head in heads]
    kinds = ["num" if head.endswith("#") else None for head in heads]
    head = [
        tag("th", name, scope="col", class_=kind) for name, kind in zip(names, kinds, strict=True)
    ]
    body = []
    for row in rows:
        cells = [
            tag("td", _cell(cell), data_label=name, class_=kind)
            for cell, name, kind in zip(row.cells, names, kinds, strict=True)
        ]
        body.append(tag("tr", *cells, id=row.anchor))
    count = max(in_all, len(rows))
    note = Markup()
    if count > len(rows):
        which = f", {order}" if order else ""
        said = f"{len(rows):,} of {count:,} are listed{which}; the report in JSON has more."
        note = tag("p", said, class_="note")
    inner = tag(
        "div", tag("table", tag("thead", tag("tr", *head)), tag("tbody", *body)), class_="scroll"
    )
    if not rows:
        inner = tag("p", "none", class_="note")
    shown = tag("span", f"{count:,}", class_="count")
    return tag(
        "details",
        tag("summary", tag("h3", title), shown),
        note,
        inner,
        class_="table",
        open="" if open_ else None,
    )


def _cell(cell: Cell) -> Markup:
    return cell if isinstance(cell, Markup) else text(cell, _LONG)


def _time(at: int | None) -> Cell:
    return "" if at is None else moment(at)


def _lasted(ms: int) -> Cell:
    return lasting(ms) if ms else ""


def _number(count: int) -> Cell:
    return f"{count:,}" if count else ""


def insights(summary: Summary, anchors: Anchors) -> Markup:
    """Return what can be learnt from the session, with what shows it."""
    if not summary.insights:
        said = "Nothing stood out." if summary.ended else "Nothing stands out yet."
        return tag("p", said, class_="note")
    items = []
    for insight in summary.insights:
        advice = tag("p", insight.advice, class_="advice") if insight.advice else Markup()
        seen = joined(Markup(f"{anchors.link(it)} ") for it in insight.evidence[:_MOST_EVIDENCE])
        evidence = tag("p", "shown by ", seen, class_="evidence") if insight.evidence else Markup()
        items.append(tag("li", tag("p", insight.text, class_="said"), advice, evidence))
    seqs = [seq for insight in summary.insights for seq in insight.evidence[:_MOST_EVIDENCE]]
    told = Markup()
    if not all(map(anchors.tells, seqs)):
        said = "Events that are no links are shown by mop-tui replay, where : goes to their number."
        told = tag("p", said, class_="note")
    return joined((tag("ol", *items, class_="insights"), told))


def critical_path(summary: Summary) -> Markup:
    """Return what the length of the session came from, step by step."""
    rows = [
        Row(
            (
                step.task,
                moment(step.begin),
                lasting(step.end - step.begin),
                _lasted(step.waited_ms),
                step.because,
            )
        )
        for step in summary.critical_path[-MOST_ROWS:]
    ]
    heads = ("task", "began#", "worked#", "waited before#", "because of")
    return table(
        "Critical path",
        heads,
        rows,
        in_all=summary.path_in_all,
        order="the latest",
        open_=len(rows) <= 40,
    )


def tasks(summary: Summary, anchors: Anchors) -> Markup:
    """Return what became of each task."""
    chosen = list(summary.tasks)
    if len(chosen) > MOST_ROWS:
        path = {step.task for step in summary.critical_path}

        def weight(task: TaskPart) -> tuple[bool, bool, bool, int]:
            took = task.work_ms + task.queue_ms + task.held_ms
            good = task.state is TaskState.COMPLETE
            return not anchors.wants(task.seq), good, task.id not in path, -took

        kept = {it.id for it in sorted(chosen, key=weight)[:MOST_ROWS]}
        chosen = [it for it in chosen if it.id in kept]
    rows = [
        Row(
            (
                _named(task.id, task.title),
                badge(task.state.value, _TASK_TONES.get(task.state, "plain")),
                task.agent or "",
                _time(task.began_at),
                _time(task.ended_at),
                _lasted(task.work_ms),
                _lasted(task.queue_ms),
                _lasted(task.held_ms),
                _lasted(task.expected_ms or 0),
                _number(task.attempts) if task.attempts > 1 else "",
                task.output or task.reason,
            ),
            anchors.claim(task.seq),
        )
        for task in chosen
    ]
    heads = (
        "task",
        "state",
        "agent",
        "began#",
        "ended#",
        "worked#",
        "queued#",
        "held up#",
        "expected#",
        "attempts#",
        "output or reason",
    )
    return table(
        "Tasks",
        heads,
        rows,
        in_all=len(summary.tasks),
        order="those that did not succeed, are on the critical path, or took longest",
        open_=len(rows) <= 60,
    )


def _named(name: str, title: str) -> Markup:
    more = tag("span", title, class_="title") if title and title != name else Markup()
    return joined((tag("code", name), more))


def agents(summary: Summary) -> Markup:
    """Return what each agent did."""
    chosen = list(summary.agents)
    if len(chosen) > MOST_ROWS:

        def weight(agent: AgentPart) -> tuple[int, int]:
            return -(agent.errors + agent.restarts), -agent.work_ms

        kept = {it.id for it in sorted(chosen, key=weight)[:MOST_ROWS]}
        chosen = [it for it in chosen if it.id in kept]
    names = {it.id: it.name for it in summary.teams}
    rows = [
        Row(
            (
                _named(agent.id, f"{agent.type}, leads" if agent.lead else agent.type),
                names.get(agent.team, agent.team),
                badge(agent.state.value, _AGENT_TONES.get(agent.state, "plain")),
                _number(agent.completed),
                _lasted(agent.work_ms),
                _lasted(agent.waited_ms),
                _lasted(agent.idle_ms),
                _number(agent.errors),
                _number(agent.restarts),
                _cpu(agent),
                "" if agent.memory_peak is None else size(agent.memory_peak),
                _origin(agent),
            )
        )
        for agent in chosen
    ]
    heads = (
        "agent",
        "team",
        "state",
        "tasks#",
        "worked#",
        "waited#",
        "idle#",
        "errors#",
        "restarts#",
        "processor#",
        "memory#",
        "spawned",
    )
    return table(
        "Agents",
        heads,
        rows,
        in_all=len(summary.agents),
        order="those with errors, or that worked longest",
        open_=len(rows) <= 60,
    )


def _cpu(agent: AgentPart) -> Cell:
    if agent.cpu_peak is not None:
        return f"{amount(round(agent.cpu_peak))} %"
    return "" if agent.cores_peak is None else f"{amount(agent.cores_peak)} cores"


def _origin(agent: AgentPart) -> Cell:
    if not agent.spawned_by:
        return _time(agent.spawned_at)
    return f"{moment(agent.spawned_at)} by {agent.spawned_by}"


def questions(summary: Summary, anchors: Anchors) -> Markup:
    """Return what was asked, and who answered what, why and when."""
    rows = [
        Row(
            (
                it.question,
                it.about,
                badge(it.state, _ANSWERS.get(it.state, "plain")),
                "kept secret" if it.secret else it.value,
                it.reason,
                it.by,
                moment(it.asked_at),
                lasting(it.waited_ms),
            ),
            anchors.claim(it.seq, it.closed_by),
        )
        for it in summary.questions[:MOST_ROWS]
    ]
    heads = ("question", "about", "state", "answer", "why", "by", "asked#", "waited#")
    count = max(summary.questions_in_all, len(summary.questions))
    return table("Questions", heads, rows, in_all=count)


def decisions(summary: Summary, anchors: Anchors) -> Markup:
    """Return what the orchestrator decided, and why."""
    chosen = list(summary.decisions)
    if len(chosen) > MOST_ROWS:
        wanted = [it.seq for it in chosen if anchors.wants(it.seq)]
        rest = [it.seq for it in chosen if not anchors.wants(it.seq)]
        kept = set((wanted + rest)[:MOST_ROWS])
        chosen = [it for it in chosen if it.seq in kept]
    rows = [
        Row(
            (
                moment(it.at),
                _named(words(it.rule), words(it.verdict)),
                it.reason,
                joined(tag("span", action, class_="action") for action in it.actions),
                f"\N{MULTIPLICATION SIGN}{it.times:,}" if it.times > 1 else "",
            ),
            anchors.claim(it.seq),
        )
        for it in chosen
    ]
    heads = ("at#", "rule and verdict", "because", "what was done", "times#")
    shown = table(
        "Decisions",
        heads,
        rows,
        in_all=len(summary.decisions),
        order="the first",
        open_=len(rows) <= 30,
    )
    routine = sum(count for _, count in summary.routine)
    parts = []
    if routine:
        parts.append(f"{routine:,} more were routine")
    if summary.considered:
        parts.append(f"{summary.considered:,} times a rule looked and did nothing")
    said = tag("p", f"Besides, {'; '.join(parts)}.", class_="note") if parts else Markup()
    return joined((shown, said))


def issues(summary: Summary, anchors: Anchors) -> Markup:
    """Return what needed attention, and how it was settled."""
    rows = [
        Row(
            (
                badge(it.severity, _SEVERITIES.get(it.severity, "plain")),
                it.text,
                it.about,
                moment(it.opened_at),
                _time(it.closed_at),
                it.closing or it.suggestion,
                f"\N{MULTIPLICATION SIGN}{it.times:,}" if it.times > 1 else "",
            ),
            anchors.claim(it.seq),
        )
        for it in summary.issues[:MOST_ROWS]
    ]
    heads = ("severity", "issue", "about", "opened#", "closed#", "how it was settled", "times#")
    count = max(summary.issues_in_all, len(summary.issues))
    return table("Issues", heads, rows, in_all=count)


def adaptations(summary: Summary, anchors: Anchors) -> Markup:
    """Return how the swarm changed the way in which it works."""
    rows = [
        Row((moment(it.at), words(it.kind), it.text), anchors.claim(it.seq))
        for it in summary.adaptations[:MOST_ROWS]
    ]
    count = max(summary.adaptations_in_all, len(summary.adaptations))
    return table("Adaptations", ("at#", "what", "how"), rows, in_all=count)


def timeline(summary: Summary, anchors: Anchors) -> Markup:
    """Return what happened, as far as it is worth telling."""
    chosen = list(summary.timeline)
    if len(chosen) > MOST_ROWS:
        wanted = [it.seq for it in chosen if anchors.wants(it.seq)]
        rest = [it.seq for it in chosen if not anchors.wants(it.seq)]
        width = max(1, -(-len(rest) // max(1, MOST_ROWS - len(wanted))))
        kept = {*wanted, *rest[::width]}
        chosen = [it for it in chosen if it.seq in kept]
    rows = [Row((moment(it.at), f"{it.seq:,}", it.text), anchors.claim(it.seq)) for it in chosen]
    count = max(summary.timeline_in_all, len(summary.timeline))
    return table("What happened", ("at#", "event#", "what"), rows, in_all=count, open_=False)


def queues(summary: Summary) -> Markup:
    """Return where tasks waited for hands; empty if they did nowhere."""
    if not summary.queues:
        return Markup()
    rows = [
        Row(
            (
                it.skill,
                _number(it.tasks),
                lasting(it.queue_ms),
                lasting(it.longest_ms),
                it.longest,
                _number(it.agents),
                _lasted(it.work_ms),
            )
        )
        for it in summary.queues[:MOST_ROWS]
    ]
    heads = ("skill or agent", "tasks#", "in all#", "longest#", "the task", "agents#", "worked#")
    return table("Queues", heads, rows, in_all=len(summary.queues))
