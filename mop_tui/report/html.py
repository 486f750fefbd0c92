"""A report as one HTML file, which needs nothing else: no network, and no script to be read.

What others wrote is escaped wherever it stands (`markup`), and a policy of the page keeps it from
loading or running anything but what is written here.
"""

from base64 import b64encode
from functools import cache
from hashlib import sha256
from importlib.resources import files
from typing import Final

from mop_tui.domain.plan import Mode
from mop_tui.domain.task_lifecycle import TaskState
from mop_tui.domain.wording import lasting, listed
from mop_tui.report import figures, tables
from mop_tui.report.charts import meter, patterns
from mop_tui.report.markup import Markup, joined, tag, text
from mop_tui.report.scale import amount, moment, overlapped, size
from mop_tui.report.summary import Summary
from mop_tui.report.tables import Tone

MARK: Final = '<meta name="generator" content="mop-tui report">'
"""What an HTML file has among its first lines that this program wrote as a report."""
_OUTCOMES: Final[dict[str, Tone]] = {
    "complete": "good",
    "incomplete": "bad",
    "waiting": "you",
    "stopped": "warn",
    "terminated": "warn",
    "interrupted": "warn",
}


def as_html(summary: Summary) -> str:
    """Return the whole file."""
    parts = (
        ("", "", joined((_head(summary), _warnings(summary), _key_figures(summary)))),
        ("insights", "Insights", tables.insights(summary)),
        ("time", "In time", figures.agents_in_time(summary)),
        (
            "progress",
            "Progress and time lost",
            _pair(figures.progress(summary), figures.queues(summary)),
        ),
        ("health", "Health and resources", _pair(figures.health(summary), figures.usage(summary))),
        (
            "tasks",
            "Tasks",
            joined(
                (
                    figures.tasks_in_time(summary) if summary.tasks else "",
                    tables.critical_path(summary),
                    tables.tasks(summary),
                    tables.queues(summary),
                )
            ),
        ),
        ("agents", "Agents", tables.agents(summary)),
        ("questions", "Questions", tables.questions(summary)),
        ("issues", "Issues", tables.issues(summary)),
        (
            "decisions",
            "Decisions and adaptations",
            joined((tables.decisions(summary), tables.adaptations(summary))),
        ),
        ("events", "What happened", joined((tables.evidence(summary), tables.timeline(summary)))),
    )
    sections = [
        tag("section", tag("h2", title) if title else "", body, id=name or None)
        for name, title, body in parts
        if body
    ]
    nav = tag(
        "nav",
        *(tag("a", title, href=f"#{name}") for name, title, body in parts if name and body),
        aria_label="parts of the report",
    )
    title = text(f"{summary.session}: {summary.outcome}")
    head = "\n".join(
        (
            '<meta charset="utf-8">',
            MARK,
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            '<meta name="color-scheme" content="light dark">',
            tag("meta", http_equiv="Content-Security-Policy", content=Markup(_policy())),
            f"<title>{title}</title>",
            f"<style>{_part('page.css')}</style>",
        )
    )
    body = f"{patterns()}{sections[0]}{nav}<main>{''.join(sections[1:])}</main>{_foot(summary)}"
    script = f"<script>{_part('page.js')}</script>"
    return (
        f'<!doctype html>\n<html lang="en">\n<head>\n{head}\n</head>\n'
        f"<body>\n{body}\n{script}\n</body>\n</html>\n"
    )


@cache
def _part(name: str) -> str:
    return (files("mop_tui.report") / name).read_text(encoding="utf-8").strip()


@cache
def _policy() -> str:
    """Return what the page may do: use its own style and script, and nothing else."""

    def hashed(name: str) -> str:
        return f"'sha256-{b64encode(sha256(_part(name).encode()).digest()).decode()}'"

    return (
        f"default-src 'none'; style-src {hashed('page.css')}; script-src {hashed('page.js')};"
        " base-uri 'none'; form-action 'none'"
    )


def _pair(one: Markup, other: Markup) -> Markup:
    if one and other:
        return tag("div", one, other, class_="pair")
    return joined((one, other))


def _head(summary: Summary) -> Markup:
    tone = _OUTCOMES.get(summary.outcome, "plain")
    kind = "rehearsal" if summary.mode is Mode.REHEARSAL else "live"
    lines = [
        summary.goal,
        summary.reason if summary.reason != summary.outcome else "",
    ]
    wall = summary.wall(0)
    facts = [
        summary.project,
        kind,
        f"started {wall:%Y-%m-%d %H:%M:%S} ({summary.started[-6:]})",
        f"by {summary.user}" if summary.user else "",
        f"resumed {summary.resumptions}\N{MULTIPLICATION SIGN}" if summary.resumptions else "",
        _shapes(summary),
    ]
    return tag(
        "header",
        tag("h1", summary.session, " ", tables.badge(summary.outcome, tone)),
        *(tag("p", line, class_="lead") for line in lines if line),
        tag("p", text(" \N{MIDDLE DOT} ".join(filter(None, facts)), 600), class_="note"),
    )


def _shapes(summary: Summary) -> str:
    if not summary.topology:
        return ""
    first, *rest = [
        str(shape) if not at else f"{shape} from {moment(at)}" for at, shape in summary.topology[:6]
    ]
    return f"topology {', '.join([first, *rest])}"


def _warnings(summary: Summary) -> Markup:
    said = []
    if summary.damage:
        said.append(
            f"The session file is damaged, and this tells of what comes before: {summary.damage}"
        )
    if summary.torn:
        said.append("The last line of the session file was cut short and is left out.")
    if not summary.ended:
        how = "still runs" if summary.outcome == "running" else "was interrupted and has no end"
        said.append(f"The session {how}: this is how it stood after {lasting(summary.length_ms)}.")
    return joined(tag("p", line, class_="warning", role="note") for line in said)


def _key_figures(summary: Summary) -> Markup:
    cards = [*_cards(summary)]
    return tag("dl", *(_card(*card) for card in cards), class_="cards")


_Card = tuple[str, str, str, Markup]


def _card(name: str, value: str, more: str, extra: Markup) -> Markup:
    return tag(
        "div",
        tag("dt", name),
        tag("dd", tag("b", value), extra, tag("span", more) if more else Markup()),
    )


def _cards(summary: Summary) -> list[_Card]:
    none = Markup()
    length = summary.length_ms
    tasks = summary.tasks
    done = sum(it.state is TaskState.COMPLETE for it in tasks)
    failed = sum(it.state is TaskState.FAILED for it in tasks)
    cancelled = sum(it.state is TaskState.CANCELLED for it in tasks)
    lost = [f"{failed:,} failed"] * bool(failed) + [f"{cancelled:,} cancelled"] * bool(cancelled)
    work = sum(it.work_ms for it in tasks)
    queued = sum(it.queue_ms for it in tasks)
    held = sum(it.held_ms for it in tasks)
    foretold = f"{lasting(summary.foretold_ms[0])} expected" if summary.foretold_ms else ""
    cards: list[_Card] = [
        ("took", lasting(length), foretold, none),
        (
            "tasks done",
            f"{done:,} of {len(tasks):,}",
            listed(lost),
            meter(done / len(tasks)) if tasks else none,
        ),
        (
            "work",
            lasting(work),
            f"{amount(round(work / length, 1))} at once on average" if length else "",
            none,
        ),
        ("time lost in queues", lasting(queued), f"{lasting(held)} held up" if held else "", none),
    ]
    spans = [
        (it.asked_at, length if it.closed_at is None else it.closed_at) for it in summary.questions
    ]
    asked = max(summary.questions_in_all, len(summary.questions))
    if asked:
        waited = lasting(overlapped(spans))
        cards.append(("waited for you", waited, f"{asked:,} question{'s' * (asked != 1)}", none))
    else:
        cards.append(("questions", "none", "", none))
    spawned = sum(bool(it.spawned_by) for it in summary.agents)
    more = f"{len(summary.teams):,} team{'s' * (len(summary.teams) != 1)}"
    cards.append(
        (
            "agents",
            f"{len(summary.agents):,}",
            f"{more}, {spawned:,} spawned meanwhile" if spawned else more,
            none,
        )
    )
    issues = max(summary.issues_in_all, len(summary.issues))
    still = sum(it.closed_at is None for it in summary.issues)
    cards.append(("issues", f"{issues:,}", f"{still:,} still open" if still else "", none))
    errors = sum(it.errors for it in summary.agents)
    restarts = sum(it.restarts for it in summary.agents)
    if errors or restarts:
        more = f"{restarts:,} restart{'s' * (restarts != 1)}" if restarts else ""
        cards.append(("errors", f"{errors:,}", more, none))
    adapted = max(summary.adaptations_in_all, len(summary.adaptations))
    more = f"{adapted:,} adaptation{'s' * (adapted != 1)}" if adapted else ""
    cards.append(("decisions", f"{summary.decisions_in_all:,}", more, none))
    if summary.usage:
        cores = max(it.cores for it in summary.usage)
        memory = max(it.memory for it in summary.usage)
        cards.append(("at most used", f"{amount(cores)} cores", size(memory), none))
    if summary.overhead is not None:
        cards.append(("coordination", f"{100 * summary.overhead:.0f} %", "of the time", none))
    return cards


def _foot(summary: Summary) -> Markup:
    facts = [
        f"Session file {summary.file}, {summary.events:,} events",
        f"run {summary.run}",
        f"seed {summary.seed}",
        f"recorded by mop-tui {summary.version}" if summary.version else "",
    ]
    return tag(
        "footer",
        tag("p", text(" \N{MIDDLE DOT} ".join(filter(None, facts)), 600)),
        tag("p", "All times are session time, which stands still while nothing can happen."),
    )
