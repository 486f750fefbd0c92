"""Charts as inline SVG, which need no script and stretch with the page.

Across, everything is in percent of the time that a session took; down, in pixels. So texts keep
their size from a phone to a wall, and only bars get longer. What is drawn as a line or an area is
nested in an SVG of its own, whose 1000 columns are stretched.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from mop_tui.domain.timeline import Phase
from mop_tui.domain.wording import lasting
from mop_tui.report.markup import Markup, joined, tag, text
from mop_tui.report.scale import amount, condensed, moment, thinned, ticks
from mop_tui.report.summary import Stretch

COLUMNS: Final = 600
"""How many pieces of time a bar or a curve has at most."""
_NAMED: Final = 7.0
"""Percent of the width from which on a bar says what it is about."""
_BAR: Final = 16
"""Pixels."""

MarkKind = Literal["asked", "failed", "issue", "changed", "done"]

_LOOKS: Final = {
    Phase.WORKING: "working",
    Phase.ILL: "ill",
    Phase.STARTING: "starting",
    Phase.REVIEWING: "review",
    Phase.ASKING: "asking",
    Phase.KEY: "key",
    Phase.LOCK: "lock",
    Phase.PAUSED: "paused",
    Phase.QUEUED: "queued",
    Phase.RESTING: "resting",
    Phase.PENDING: "pending",
    Phase.IDLE: "idle",
    Phase.FORGOTTEN: "forgotten",
}
"""What the style of a piece is called. What is over is not drawn."""
_THIN: Final = frozenset({"idle", "pending", "forgotten"})
"""What is drawn as a line, for nothing happens there."""
_SHAPES: Final[dict[MarkKind, tuple[str, str]]] = {
    "asked": ("M0-6 6 0 0 6-6 0Z", "question"),
    "failed": ("M-4-4 4 4M4-4-4 4", "failure"),
    "issue": ("M0-6 6 5-6 5Z", "issue"),
    "changed": ("M-5 0A5 5 0 1 0 5 0 5 5 0 1 0-5 0Z", "adaptation"),
    "done": ("M3 0 6 4 12-5", "complete"),
}


@dataclass(frozen=True, slots=True)
class Mark:
    """Something that happened at a moment."""

    at: int
    kind: MarkKind
    says: str


@dataclass(frozen=True, slots=True)
class Shade:
    """A stretch of time in which only a share of something was so."""

    begin: int
    end: int
    share: float
    """0..1."""
    says: str


@dataclass(frozen=True, slots=True)
class Lane:
    """A row of a chart in time: who or what, and what became of it."""

    name: str
    note: str = ""
    """What else is to be said of it."""
    stays: tuple[Stretch, ...] = ()
    marks: tuple[Mark, ...] = ()
    critical: tuple[tuple[int, int], ...] = ()
    """When the length of the session came from what it did."""
    heading: bool = False
    """It is the name of those below it."""
    named: bool = False
    """Bars are named after their tasks."""
    shades: tuple[Shade, ...] = ()
    """What is drawn of several that share the row."""


def percent(at: float, length: int) -> float:
    """Return where `at` is on an axis of `length` ms."""
    return 100 * min(max(at, 0), length) / length if length > 0 else 0.0


def _share(value: float) -> str:
    return f"{value:.2f}".rstrip("0").rstrip(".") + "%"


def patterns() -> Markup:
    """Return the hatchings that bars of all charts on a page are filled with."""
    strokes = {
        "asking": "M-2 2 2-2M0 8 8 0M6 10 10 6",
        "key": "M2 0V8M6 0V8",
        "lock": "M0 2H8M0 6H8",
        "paused": "M0 0 8 8M-2 6 2 10M6-2 10 2",
        "resting": "M4 0V8",
    }
    made = [
        tag(
            "pattern",
            tag("rect", width=8, height=8, class_=f"ground {name}"),
            tag("path", d=Markup(stroke), class_=f"hatch {name}"),
            id=f"p-{name}",
            width=8,
            height=8,
            patternUnits="userSpaceOnUse",
        )
        for name, stroke in strokes.items()
    ]
    return tag("svg", tag("defs", *made), class_="patterns", width=0, height=0, aria_hidden="true")


# -- lanes ------------------------------------------------------------------------------------


def lanes(rows: Sequence[Lane], length: int, label: str) -> Markup:
    """Return a chart of what happened in each of the rows, one below the other."""
    marked = ticks(length)
    axis = _axis(marked, length)
    grid = tag(
        "svg",
        *(
            tag(
                "line",
                x1=_share(percent(at, length)),
                x2=_share(percent(at, length)),
                y1="0",
                y2="100%",
            )
            for at, _ in marked
        ),
        class_="grid",
        width="100%",
        height="100%",
        aria_hidden="true",
    )
    return tag(
        "div",
        tag("div", tag("span", class_="who"), axis, class_="lane scale", aria_hidden="true"),
        tag("div", grid, class_="behind"),
        *(_lane(row, length) for row in rows),
        tag("div", tag("span", class_="who"), axis, class_="lane scale", aria_hidden="true"),
        class_="lanes",
        role="group",
        aria_label=label,
    )


def _axis(marked: Sequence[tuple[int, str]], length: int) -> Markup:
    names = []
    for place, (at, name) in enumerate(marked):
        across = percent(at, length)
        anchor = "start" if across < 3 else "end" if across > 97 else "middle"
        kind = "odd" if place % 2 else None
        names.append(tag("text", name, x=_share(across), y=12, text_anchor=anchor, class_=kind))
    return tag("svg", *names, class_="axis", width="100%", height=16)


def _lane(row: Lane, length: int) -> Markup:
    if row.heading:
        inner = tag("b", row.name)
        note = tag("span", row.note, class_="note")
        return tag("div", tag("span", inner, class_="who"), note, class_="lane heading")
    star = tag("span", "*", class_="star", title="on the critical path") if row.critical else ""
    said = f"{row.name}: {row.note}" if row.note else row.name
    drawn = [_piece(stay, length, row) for stay in condensed(row.stays, length, COLUMNS)]
    drawn += [_shade(shade, length) for shade in row.shades]
    drawn += [_underline(begin, end, length) for begin, end in row.critical]
    drawn += [_mark(mark, length) for mark in row.marks]
    bar = tag(
        "svg", *drawn, class_="bar", width="100%", height=24, role="img", aria_label=text(said)
    )
    who = tag("span", star, row.name, class_="who", title=said)
    return tag("div", who, bar, class_="lane")


def _piece(stay: Stretch, length: int, row: Lane) -> Markup:
    phase = Phase(stay.what) if stay.what in list(Phase) else None
    if phase is Phase.OVER:
        return Markup()
    look = _LOOKS[phase] if phase is not None else stay.what if stay.what in _LEVELS else "other"
    begin = percent(stay.begin, length)
    width = max(percent(stay.end, length) - begin, 0.12)
    thin = look in _THIN
    what = f"{stay.what}, {stay.task}" if stay.task else stay.what
    when = f"{moment(stay.begin)}\N{EN DASH}{moment(stay.end)}, {lasting(stay.end - stay.begin)}"
    bar = tag(
        "rect",
        tag("title", f"{what}: {when}"),
        class_=f"s {look}",
        x=_share(begin),
        width=_share(width),
        y=11 if thin else 3,
        height=2 if thin else _BAR,
    )
    if not (row.named and stay.task and look in ("working", "ill") and width >= _NAMED):
        return bar
    name = tag("text", tag("tspan", text(stay.task, 60)), x=5, y=12, class_=f"named {look}")
    inside = tag(
        "svg", name, x=_share(begin), width=_share(width), y=3, height=_BAR, aria_hidden="true"
    )
    return joined((bar, inside))


def _shade(shade: Shade, length: int) -> Markup:
    begin = percent(shade.begin, length)
    return tag(
        "rect",
        tag("title", f"{moment(shade.begin)}\N{EN DASH}{moment(shade.end)}: {shade.says}"),
        class_="s working",
        x=_share(begin),
        width=_share(percent(shade.end, length) - begin),
        y=3,
        height=_BAR,
        fill_opacity=round(0.15 + 0.85 * min(shade.share, 1.0), 2),
    )


def _underline(begin: int, end: int, length: int) -> Markup:
    across = percent(begin, length)
    width = max(percent(end, length) - across, 0.12)
    said = f"critical path: {moment(begin)}\N{EN DASH}{moment(end)}"
    return tag(
        "rect",
        tag("title", said),
        class_="critical",
        x=_share(across),
        width=_share(width),
        y=20,
        height=3,
    )


def _mark(mark: Mark, length: int) -> Markup:
    path, name = _SHAPES[mark.kind]
    said = f"{name} at {moment(mark.at)}: {mark.says}"
    shape = tag("path", tag("title", said), d=Markup(path), class_=f"m {mark.kind}")
    return tag("svg", shape, x=_share(percent(mark.at, length)), y=11, overflow="visible")


def legend(names: Iterable[tuple[str, str]]) -> Markup:
    """Return what the looks of a chart mean: pairs of a look and its words."""
    shown = []
    for look, words in names:
        if look in _SHAPES:
            key = tag("path", d=Markup(_SHAPES[look][0]), class_=f"m {look}")
            inner = tag("svg", key, x=10, y=8, overflow="visible")
        elif look == "critical":
            inner = tag("rect", class_="critical", x=0, y=7, width=20, height=3)
        elif look in ("scope", "lost", "foretold"):
            inner = tag("line", class_=f"curve {look}", x1=0, x2=20, y1=8, y2=8)
        else:
            thin = look in _THIN
            inner = tag(
                "rect",
                class_=f"s {look}",
                x=0,
                width=20,
                y=7 if thin else 2,
                height=2 if thin else 12,
            )
        swatch = tag("svg", inner, width=20, height=16, aria_hidden="true")
        shown.append(tag("li", swatch, words))
    return tag("ul", *shown, class_="legend")


def looks_of(rows: Sequence[Lane]) -> list[tuple[str, str]]:
    """Return the looks that occur in the rows, for their legend."""
    stays = {stay.what for row in rows for stay in row.stays}
    if any(row.shades for row in rows):
        stays.add(Phase.WORKING.value)
    found: list[tuple[str, str]] = [
        (look, phase.value) for phase, look in _LOOKS.items() if phase.value in stays
    ]
    found += [(level, level) for level in _LEVELS if level in stays]
    known = {*Phase, *_LEVELS}
    if stays - known:
        found.append(("other", "something else"))
    if any(row.critical for row in rows):
        found.append(("critical", "on the critical path (*)"))
    kinds = {mark.kind for row in rows for mark in row.marks}
    found += [(kind, words) for kind, (_, words) in _SHAPES.items() if kind in kinds]
    return found


_LEVELS: Final = ("healthy", "degraded", "unhealthy", "unknown")
"""How well an agent is; also what that looks like."""


# -- curves -----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Curve:
    """Something that changes in time, and holds until the next point."""

    name: str
    look: str
    points: tuple[tuple[int, float], ...]
    filled: bool = False


@dataclass(frozen=True, slots=True)
class Band:
    """A stretch of time that is told of in a chart: an expectation, and its range."""

    begin: int
    end: int
    at: int
    says: str


_HEIGHT: Final = 130
"""Pixels of a chart of curves."""


def curves(
    them: Sequence[Curve],
    length: int,
    top: float,
    marks: Sequence[tuple[float, str]],
    label: str,
    band: Band | None = None,
    until: int | None = None,
) -> Markup:
    """Return a chart of curves from 0 to `top`, with lines at `marks`.

    The curves end at `until`, by default at the end of the axis.
    """
    across = [percent(at, length) for at, _ in ticks(length)]
    parts = [
        tag("line", class_="rule", x1=_share(it), x2=_share(it), y1=10, y2=10 + _HEIGHT)
        for it in across
    ]
    for value, _ in marks:
        y = _down(value, top)
        parts.append(tag("line", class_="rule", x1="0", x2="100%", y1=y, y2=y))
    if band is not None:
        parts.append(_band(band, length))
    drawn: list[Markup] = []
    for curve in them:
        drawn += _drawn(curve, length, top, length if until is None else until)
    parts.append(
        tag(
            "svg",
            *drawn,
            viewBox=f"0 0 1000 {_HEIGHT}",
            preserveAspectRatio="none",
            x=0,
            y=10,
            width="100%",
            height=_HEIGHT,
            overflow="visible",
        )
    )
    for value, name in marks:
        parts.append(tag("text", name, x=4, y=_down(value, top) - 3, class_="value"))
    svg = tag(
        "svg",
        *parts,
        class_="curves",
        width="100%",
        height=_HEIGHT + 12,
        role="img",
        aria_label=text(label),
    )
    return tag("div", svg, _axis(ticks(length), length), class_="plot")


def _down(value: float, top: float) -> float:
    return 10 + _HEIGHT * (1 - min(value / top, 1.0)) if top > 0 else 10.0 + _HEIGHT


def _drawn(curve: Curve, length: int, top: float, until: int) -> list[Markup]:
    points = thinned(curve.points, length, COLUMNS)
    if not points:
        return []
    path: list[str] = []
    for at, value in points:
        x, y = percent(at, length) * 10, _down(value, top) - 10
        path.append(f"M{x:.1f} {y:.1f}" if not path else f"H{x:.1f}V{y:.1f}")
    path.append(f"H{percent(until, length) * 10:.1f}")
    line = "".join(path)
    drawn = []
    if curve.filled:
        area = f"{line}V{_HEIGHT}H{percent(points[0][0], length) * 10:.1f}Z"
        drawn.append(tag("path", d=Markup(area), class_=f"area {curve.look}"))
    drawn.append(tag("path", d=Markup(line), class_=f"curve {curve.look}"))
    return drawn


def _band(band: Band, length: int) -> Markup:
    begin, end = percent(band.begin, length), percent(band.end, length)
    at = _share(percent(band.at, length))
    return joined(
        (
            tag(
                "rect",
                tag("title", band.says),
                class_="range",
                x=_share(begin),
                width=_share(max(end - begin, 0.1)),
                y=10,
                height=_HEIGHT,
            ),
            tag("line", class_="foretold", x1=at, x2=at, y1=10, y2=10 + _HEIGHT),
        )
    )


# -- amounts ----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Amounts:
    """A row of a chart that says how much of what there is: pairs of a look and its amount."""

    name: str
    parts: tuple[tuple[str, str, float], ...]
    """Look, words and amount of each."""
    says: str
    short: str
    """What stands beside the bar."""


def stacked(rows: Sequence[Amounts], label: str) -> Markup:
    """Return a chart of amounts, each row a bar made of its parts."""
    most = max((sum(it for _, _, it in row.parts) for row in rows), default=0)
    drawn = []
    for row in rows:
        x = 0.0
        bars = []
        for look, words, value in row.parts:
            width = 100 * value / most if most else 0.0
            if width > 0:
                title = tag("title", f"{words}: {lasting(round(value))}")
                bars.append(
                    tag(
                        "rect",
                        title,
                        class_=f"s {look}",
                        x=_share(x),
                        width=_share(width),
                        y=3,
                        height=_BAR,
                    )
                )
            x += width
        bar = tag(
            "svg",
            *bars,
            class_="bar",
            width="100%",
            height=22,
            role="img",
            aria_label=text(row.says),
        )
        who = tag("span", row.name, class_="who", title=f"{row.name}: {row.says}")
        drawn.append(
            tag("div", who, bar, tag("span", row.short, class_="says"), class_="lane amount")
        )
    return tag("div", *drawn, class_="lanes amounts", role="group", aria_label=label)


def meter(share: float, look: str = "working") -> Markup:
    """Return a bar that is filled by a share, 0..1."""
    full = min(max(share, 0.0), 1.0) * 100
    return tag(
        "svg",
        tag("rect", class_="ground", x=0, y=0, width="100%", height=6, rx=3),
        tag("rect", class_=f"s {look}", x=0, y=0, width=_share(full), height=6, rx=3),
        class_="meter",
        width="100%",
        height=6,
        role="img",
        aria_label=f"{amount(full)} %",
    )
