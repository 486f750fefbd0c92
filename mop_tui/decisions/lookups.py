"""What texts may look up that are used while a session runs."""

from mop_tui.domain import templates
from mop_tui.domain.plan import Plan
from mop_tui.domain.session import Session


def lookup_in(plan: Plan, session: Session) -> templates.Lookup:
    """Return the look-up of the layout's variables, of outputs of tasks and of memory keys."""

    def known(name: str) -> str | None:
        task = templates.task_of(name)
        if task is not None and task in session.tasks:
            return session.tasks[task].output or "(it wrote nothing)"
        key = templates.key_of(name)
        return None if key is None else templates.as_text(session.memory.get(key))

    return templates.resolve(plan.variables, known)
