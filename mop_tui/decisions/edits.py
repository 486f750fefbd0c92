"""What follows when an agent changes a file that it owns: its `post_edit` hook is run.

One at a time. Files that change while it runs come in the next run, but for those it was told of:
whoever puts a file in order changes it too, and would be called again and again.
"""

from collections.abc import Iterator

from mop_tui.decisions.ownership import means
from mop_tui.decisions.rules import Rule
from mop_tui.decisions.wording import counted
from mop_tui.domain.actions import RunHook
from mop_tui.domain.events import AnyEvent, FileCreated, FileModified, SystemDecided, SystemDone
from mop_tui.domain.plan import Plan
from mop_tui.domain.rows import Agent
from mop_tui.domain.session import Session
from mop_tui.domain.task_lifecycle import TERMINAL


def after_edit(plan: Plan, session: Session, event: AnyEvent) -> Iterator[SystemDecided]:
    """Run the `post_edit` hook of whoever owns a changed file and is at work."""
    path: str = event.data.path
    agent = _owner(session, path)
    if agent is None or plan.hook("post_edit", agent.spec, agent.task) is None:
        return
    running = [it for it in session.hooks(agent.spec.id) if it.about == "post_edit"]
    if any(path in it.files for it in running):
        return  # the hook puts it in order
    if running:
        reason = f"{path} was changed, but its post_edit hook runs: it is run again after that"
        yield SystemDecided("after_edit", "no", reason, (), agent.spec.id, agent.task)
        return
    yield SystemDecided(
        "after_edit",
        "yes",
        f"{path} was changed, which is its own",
        (RunHook(agent.spec.id, agent.task, "post_edit", (path,)),),
        agent.spec.id,
        agent.task,
    )


def edits_left(_plan: Plan, session: Session, event: AnyEvent) -> Iterator[SystemDecided]:
    """Run the `post_edit` hook again for the files that changed while it ran."""
    data: SystemDone = event.data
    hook = session.hook_done
    if hook is None or hook.action != data.action or hook.about != "post_edit" or data.lost:
        return
    agent = session.agents[hook.agent] if hook.agent is not None else None
    if agent is None or agent.task is None or agent.task != hook.task:
        return
    began = int(hook.action.partition(".")[0])
    left = []
    for path, seq in reversed(session.edited.items()):
        if seq <= began:
            break
        if path not in hook.files and _owner(session, path) is agent:
            left.append(path)
    if left and session.status == "running":
        yield SystemDecided(
            "edits_left",
            "yes",
            f"{counted(len(left), 'file')} changed while its post_edit hook ran",
            (RunHook(agent.spec.id, agent.task, "post_edit", tuple(reversed(left))),),
            agent.spec.id,
            agent.task,
        )


def _owner(session: Session, path: str) -> Agent | None:
    """Return the agent at work that owns a file, by itself or for its task.

    Whose task was cancelled, or takes too long, only lives until its process is gone.
    """
    for task, holder in session.holder.items():
        agent, row = session.agents[holder], session.tasks[task]
        if row.state in TERMINAL or row.overdue:
            continue
        if means(agent.spec.owns, path) or means(row.spec.owns, path):
            return agent
    return None


RULES = (
    Rule("after_edit", (FileCreated.KIND, FileModified.KIND), after_edit),
    Rule("edits_left", (SystemDone.KIND,), edits_left),
)
