"""Secret answers, from the moment they are given until nobody needs them any more.

They live in memory only. No event, effect, log or error text ever holds one.
"""

from mop_tui.domain.ids import QuestionId, TaskId


class Secrets:
    """The secrets of one session, by whom they are for."""

    def __init__(self) -> None:
        self._of_tasks: dict[TaskId, dict[str, str]] = {}
        self._of_questions: dict[QuestionId, str] = {}

    def __repr__(self) -> str:
        """Tell how many there are, and none of them."""
        return f"<Secrets of {len(self._of_tasks)} tasks, {len(self._of_questions)} questions>"

    def keep_for_task(self, task: TaskId, name: str, secret: str) -> None:
        """Keep the answer to a gate until its task is over; a retry does not ask again."""
        self._of_tasks.setdefault(task, {})[name] = secret

    def of_task(self, task: TaskId | None) -> dict[str, str]:
        """Return the secrets of a task by the names of their questions."""
        return dict(self._of_tasks.get(task, {})) if task is not None else {}

    def forget_task(self, task: TaskId) -> None:
        """Forget what was kept for a task."""
        self._of_tasks.pop(task, None)

    def keep_for_asker(self, question: QuestionId, secret: str) -> None:
        """Keep the answer to an agent's question until it is told."""
        self._of_questions[question] = secret

    def take(self, question: QuestionId | None) -> str | None:
        """Return the answer to an agent's question, and forget it."""
        return None if question is None else self._of_questions.pop(question, None)
