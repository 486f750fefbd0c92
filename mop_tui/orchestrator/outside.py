"""What happens by itself, for triggers to see: files change, and times come.

Files are watched in live sessions only. Work that ends is reported after the files that were
written by then (`settle`): who is told of a file should find whoever wrote it still at work, and no
session ends before the last file of its last task was looked at.
"""

import asyncio
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from functools import partial
from typing import Protocol

from cronsim import CronSim

from mop_tui.domain import events as e
from mop_tui.domain.events import Fact
from mop_tui.domain.ids import TriggerName
from mop_tui.domain.path_patterns import below
from mop_tui.domain.plan import Plan
from mop_tui.domain.session import Session
from mop_tui.domain.triggers import FILE_KINDS, TriggerSpec
from mop_tui.orchestrator.clock import Clock, Timeline
from mop_tui.sources.files import Change, FileWatcher

CALENDAR = datetime(2024, 1, 1)  # noqa: DTZ001 - a rehearsal is nowhere
"""When a rehearsal begins, as far as cron expressions are concerned: a Monday, at midnight."""
LOOK_AGAIN = 60_000
"""Milliseconds after which the calendar is looked at again, for its clock may have been set."""
TROUBLE_EVERY = 1.0
"""Seconds between two looks at whether files can still be watched."""
LASTING = 5
"""In so many looks it has to be the same. A folder may be made in the first moments."""
MOST_IN_ALL = 10_000
"""So many times in all come in a rehearsal, for each may bring more than is done by the next."""
MOST_ALONE = 1_000
"""So many times in a row nothing else was going on, or to come, when a time came. A rehearsal does
not wait for more: it would have no end."""

Report = Callable[[Callable[[], object]], None]
"""Has a call made when the session comes to it."""
Receive = Callable[[Fact, int | None], int]
"""Records a fact with its cause, and returns its seq."""


class Watches(Protocol):
    """Makes a watcher for these patterns that reports to a sink, given what is known already."""

    def __call__(
        self,
        patterns: tuple[str, ...],
        sink: Callable[[Change], None],
        known: Mapping[str, str] | None,
    ) -> FileWatcher: ...


def patterns_of(plan: Plan) -> tuple[str, ...]:
    """Return the patterns of the files that a session of `plan` watches."""
    watched = [spec.path_pattern for spec in plan.triggers if spec.type in FILE_KINDS]
    owned = [agent.owns for agent in plan.agents.values()]
    owned += [task.owns for task in plan.tasks.values()]
    watched += [below(resource) for resources in owned for resource in resources]
    return tuple(dict.fromkeys(watched))


class Outside:
    """Tells a session of files and times."""

    def __init__(
        self,
        plan: Plan,
        session: Session,
        clock: Clock,
        timeline: Timeline,
        post: Report,
        receive: Receive,
        watches: Watches | None,
    ) -> None:
        self._plan = plan
        self._session = session
        self._clock = clock
        self._timeline = timeline
        self._post = post
        self._receive = receive
        self.patterns = patterns_of(plan)
        self._watches = watches
        self._watcher: FileWatcher | None = None
        self._watching: asyncio.Task[None] | None = None
        self._waiting: list[asyncio.Future[None]] = []
        self._wanted = asyncio.Event()
        self._trouble = ""
        self._alone = 0
        self._came = 0
        self._coming: dict[TriggerName, None] = {}
        """Triggers whose time is on the timeline, or has just come."""

    @property
    def watches(self) -> bool:
        """True if files are watched for triggers, which may have something done at any time.

        What files belong to somebody is watched, too, but a change of them moves nothing.
        """
        return self._watcher is not None and any(
            spec.type in FILE_KINDS or spec.kind in FILE_KINDS.values()
            for spec in self._plan.triggers
        )

    @property
    def only_times_are_due(self) -> bool:
        """True if nothing is to come but times that triggers wait for."""
        return len(self._timeline) <= len(self._coming)

    async def begin(self, *, resumed: bool) -> e.SystemWatching | None:
        """Begin to watch files, before anything of the session runs.

        Returns what is to be recorded about it. What has changed since the files of a session that
        is `resumed` were last seen is reported as if it happened now.
        """
        if not self.patterns:
            return None
        if self._watches is None:
            return e.SystemWatching(self.patterns, would=True)
        seen = resumed and self._session.watched  # its program may have died before that
        known = self._session.files if seen else None
        self._watcher = self._watches(self.patterns, self._changed, known)
        there = await self._watcher.start()
        self._watching = asyncio.create_task(self._watch(self._watcher))
        return e.SystemWatching(self.patterns, () if seen else tuple(sorted(there.items())))

    def arm(self) -> None:
        """Have the times of scheduled triggers come, from now on."""
        for spec in self._plan.triggers:
            if spec.type == "schedule":
                self._arm(spec)

    async def settle(self) -> None:
        """Return when all files that were changed before this call have been reported, or no more
        will be."""
        if self._watcher is None:
            return
        settled = asyncio.get_running_loop().create_future()
        self._waiting.append(settled)
        self._wanted.set()
        await settled

    async def close(self) -> None:
        """Watch no more."""
        if self._watching is not None:
            self._watching.cancel()
            await asyncio.wait([self._watching])
        if self._watcher is not None:
            await self._watcher.close()

    # -- files ------------------------------------------------------------------------------------

    def _changed(self, change: Change) -> None:
        fact: Fact
        match change.kind:
            case "created":
                fact = e.FileCreated(change.path, change.stamp)
            case "modified":
                fact = e.FileModified(change.path, change.stamp)
            case "deleted":
                fact = e.FileDeleted(change.path)
        self._post(partial(self._receive, fact, None))

    async def _watch(self, watcher: FileWatcher) -> None:
        """Watch files. If that fails, the session goes on without them, and is told so."""
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(watcher.run())
                group.create_task(self._settle_on(watcher))
                group.create_task(self._look_for_trouble(watcher))
        except ExceptionGroup as failed:
            self._watcher = None
            first = failed.exceptions[0]
            fact = e.SystemWatching(
                self.patterns, trouble=f"the watch failed ({str(first) or repr(first)})"
            )
            self._post(partial(self._receive, fact, 1))
            await watcher.close()
        finally:
            self._let_go(len(self._waiting))

    def _let_go(self, count: int) -> None:
        """Let the first so many go on who wait for files."""
        going, self._waiting = self._waiting[:count], self._waiting[count:]
        for settled in going:
            if not settled.done():
                settled.set_result(None)

    async def _settle_on(self, watcher: FileWatcher) -> None:
        """Let everybody go on who waits for files; those who come meanwhile wait for the next."""
        while True:
            await self._wanted.wait()
            self._wanted.clear()
            waiting = len(self._waiting)
            await watcher.settle()
            self._let_go(waiting)

    async def _look_for_trouble(self, watcher: FileWatcher) -> None:
        """Tell the session when files cannot be watched, and when they can be again."""
        last, looks = "", 0
        while True:
            await asyncio.sleep(TROUBLE_EVERY)
            trouble = watcher.trouble
            last, looks = trouble, looks + 1 if trouble == last else 1
            if trouble != self._trouble and (looks >= LASTING or not trouble):
                self._trouble = trouble
                fact = e.SystemWatching(self.patterns, trouble=trouble)
                self._post(partial(self._receive, fact, 1))

    # -- times ------------------------------------------------------------------------------------

    def _arm(self, spec: TriggerSpec) -> None:
        now = self._clock.moment()
        self._coming[spec.name] = None
        if spec.interval_ms is not None:
            due = (now // spec.interval_ms + 1) * spec.interval_ms
            self._timeline.call_at(due, partial(self._come, spec))
            return
        calendar = self._calendar(now)
        try:
            coming = next(CronSim(spec.cron, calendar))
        except StopIteration:  # never again
            del self._coming[spec.name]
            return
        self._walk_to(spec, coming)

    def _walk_to(self, spec: TriggerSpec, coming: datetime) -> None:
        """Have the time of a trigger come when the calendar says `coming`."""
        now = self._clock.moment()
        calendar = self._calendar(now)
        # Rounded up: a fraction of a millisecond too early, the same minute would come again.
        left = -((calendar - coming) // timedelta(milliseconds=1))
        if left <= 0:
            self._come(spec)
        elif left > LOOK_AGAIN and not self._clock.virtual:
            # What comes next comes sooner where the clock was set back.
            coming = min(coming, next(CronSim(spec.cron, calendar), coming))
            self._timeline.call_at(now + LOOK_AGAIN, partial(self._walk_to, spec, coming))
        else:
            self._timeline.call_at(now + left, partial(self._walk_to, spec, coming))

    def _calendar(self, now: int) -> datetime:
        if self._clock.virtual:
            return CALENDAR + timedelta(milliseconds=now)
        return datetime.now().astimezone()

    def _come(self, spec: TriggerSpec) -> None:
        session = self._session
        del self._coming[spec.name]
        alone = session.idle and self.only_times_are_due
        self._alone = self._alone + 1 if alone else 0
        self._came += 1
        self._receive(e.SystemScheduled(spec.name), 1)
        over = session.status in ("stopping", "ended")
        if self._clock.virtual:
            over = over or session.finished
            over = over or self._alone > MOST_ALONE or self._came > MOST_IN_ALL
        if not over:
            self._arm(spec)
