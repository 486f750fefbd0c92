"""When to call an operator who is not at the screen, and when somebody is.

What is asked is counted on the screen and in the terminal's title at once. Where nobody is there to
see it, the bell and the terminal's own notifications follow, in their time, once for a question.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from math import inf

from mop_tui.dashboard.attention import IDLE
from mop_tui.domain.ids import QuestionId
from mop_tui.domain.plan import Calling
from mop_tui.domain.rows import Question


@dataclass(slots=True)
class _Waiting:
    overdue: bool
    since: float
    """From when on the screen has told of it, or of its being overdue."""
    noticed: bool = False
    called_by: set[str] = field(default_factory=set)


class Ladder:
    """Remembers who is there, and for what who has been called. Times are monotonic seconds.

    Somebody is there while the terminal says that it has the focus; one that does not say so is as
    good as left once no key has come for a while, and one that has lost the focus is left. A rung
    is taken when nobody has been there for as long as it says. Whoever is called is told of all
    that is open, so nobody is called again because of that.

    That somebody is there does not mean that a question is noticed: the focus stays where it is
    when people leave the room. It is noticed once a key comes, or the mouse is moved, after the
    screen has told of it for `IDLE` seconds; what comes before was meant for something else. So it
    is when its dialog is closed.
    From then on it waits in silence, unless an answer is required and overdue: then all begins
    anew.
    """

    def __init__(self) -> None:
        self._waiting: dict[QuestionId, _Waiting] = {}
        self._focus: bool | None = None
        """Whether the terminal has the focus; None where it does not say."""
        self._there = -inf
        """When somebody was there for certain."""
        self._rung_for: QuestionId | None = None

    def focus_changed(self, at: float, *, has: bool) -> None:
        """Note that the terminal said that it has the focus, or that it has not."""
        self._there = at  # who turned away was there until now, even where nothing had said so
        self._focus = has

    def hand_moved(self, at: float, *, key: bool) -> None:
        """Note that a `key` came from the terminal, or that the mouse was used there.

        A pointer that passes over a window that has not the focus means nothing.
        """
        if self._focus is False:
            if not key:
                return
            self._focus = None  # it did not say that somebody has come back
        self._there = at
        for waiting in self._waiting.values():
            waiting.noticed = waiting.noticed or at - waiting.since >= IDLE

    def put_aside(self, question: QuestionId) -> None:
        """Note that somebody has closed the dialog of a question, and left it open."""
        if question in self._waiting:
            self._waiting[question].noticed = True

    def look(self, questions: Sequence[Question], now: float) -> None:
        """Note what is open now, the oldest first, and is told of on the screen."""
        before, self._waiting = self._waiting, {}
        for question in questions:
            waiting = before.get(question.id)
            if waiting is None or waiting.overdue is not question.escalated:
                waiting = _Waiting(question.escalated, now)
            waiting.noticed = waiting.noticed or question.noticed_at is not None
            self._waiting[question.id] = waiting

    def due(self, calling: Calling, now: float) -> dict[str, QuestionId]:
        """Return how to call the operator now (by `bell`, by `desktop`), and because of what."""
        if self._focus:
            self._there = now
        rungs = (("bell", calling.bell_ms), ("desktop", calling.desktop_ms))
        called = {}
        for rung, after in rungs:
            if after is None or self._focus:
                continue
            for name, waiting in self._unnoticed():
                away = now - max(waiting.since, self._there)
                if rung not in waiting.called_by and away * 1000 >= after:
                    called[rung] = name
                    break
        for rung, name in called.items():
            for _, waiting in self._unnoticed():
                waiting.called_by.add(rung)
            if rung == "bell":
                self._rung_for = name
        return called

    @property
    def rung_for(self) -> QuestionId | None:
        """The question that the bell rang for last, while nobody has noticed it."""
        waiting = self._waiting.get(self._rung_for) if self._rung_for is not None else None
        rung = waiting is not None and "bell" in waiting.called_by and not waiting.noticed
        return self._rung_for if rung else None

    def noticed(self, questions: Iterable[Question]) -> list[QuestionId]:
        """Return which of `questions` somebody has noticed."""
        waiting = self._waiting
        return [it.id for it in questions if it.id in waiting and waiting[it.id].noticed]

    def _unnoticed(self) -> Iterable[tuple[QuestionId, _Waiting]]:
        return [item for item in self._waiting.items() if not item[1].noticed]
