"""When a question may ask for attention by opening its dialog, and when it has to wait."""

from collections.abc import Sequence

from mop_tui.domain.ids import QuestionId
from mop_tui.domain.rows import Question

IDLE = 2.0
"""Seconds without a key after which a dialog may open by itself."""


class Attention:
    """Remembers what the operator is busy with and which questions were put aside.

    A dialog opens by itself only if no text field has focus, nothing else is open and no key came
    for `IDLE` seconds. A question that was closed without an answer does not open by itself
    again; it stays in the inbox.
    """

    def __init__(self) -> None:
        self._last_key: float | None = None
        self._aside: set[QuestionId] = set()

    def key_came(self, at: float) -> None:
        """Note that the operator typed at `at` (monotonic seconds)."""
        self._last_key = at

    def idle(self, now: float) -> bool:
        """Return whether no key came for a while."""
        return self._last_key is None or now - self._last_key >= IDLE

    def put_aside(self, question: QuestionId) -> None:
        """Note that the operator closed a question without answering it."""
        self._aside.add(question)

    def next_to_open(
        self, questions: Sequence[Question], *, now: float, busy: bool
    ) -> Question | None:
        """Return the question whose dialog should open by itself now, if any.

        `questions` are the open ones, oldest first; `busy` says that a text field has focus or
        that another dialog is open.
        """
        if busy or not self.idle(now):
            return None
        return next((q for q in questions if q.id not in self._aside), None)
