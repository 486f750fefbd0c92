"""Wiring: a layout, a journal, a clock and hosts become a session that runs, with or without a
screen."""

import asyncio
import gc
import os
import signal
import sys
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager, suppress
from math import inf
from pathlib import Path

import click

from mop_tui.agents.host import AgentHost, Sink
from mop_tui.agents.simulated import SimulatedHost
from mop_tui.cli.output import clock_time, json_line
from mop_tui.cli.preparing import BESIDE, Prepared, writing
from mop_tui.cli.printer import Printer
from mop_tui.cli.standing import standing
from mop_tui.cli.terminal_left import give_back, is_foreground_job, let_go
from mop_tui.decisions.rules import RuleBook
from mop_tui.decisions.standard import RULES
from mop_tui.domain import templates
from mop_tui.domain.events import AnyEvent, Outcome
from mop_tui.domain.feed import Stop
from mop_tui.domain.plan import HostKind, Mode
from mop_tui.domain.sentences import sentence
from mop_tui.domain.tones import tone
from mop_tui.errors import JournalError
from mop_tui.journal.writer import BufferedWriter, Journal, JournalWriter
from mop_tui.orchestrator.clock import Clock, Timeline, VirtualClock, WallClock
from mop_tui.orchestrator.engine import Engine
from mop_tui.orchestrator.live import LiveSession
from mop_tui.orchestrator.loop import Orchestrator
from mop_tui.orchestrator.operator_socket import serving
from mop_tui.orchestrator.outside import Watches
from mop_tui.sources.files import Change, FileWatcher

SWITCH_INTERVAL = 0.001
"""Seconds after which a thread that computes lets the event loop go on, if that has work."""


def run_headless(prepared: Prepared, *, as_json: bool, report: bool = False) -> Outcome:
    """Run a session and print what happens. Returns how it ended.

    With `report`, what there is to be said of it is written beside its file afterwards.
    """
    with writing(prepared):
        outcome = asyncio.run(_headless(prepared, as_json=as_json))
    if report:
        _report(prepared, quiet=as_json)
    return outcome


def run_on_screen(prepared: Prepared, *, report: bool = False) -> Outcome:
    """Run a session behind a screen. Returns how it ended; `report` is as with `run_headless`."""
    with writing(prepared):
        outcome = asyncio.run(_on_screen(prepared))
    if report:
        _report(prepared, quiet=False)
    return outcome


def _report(prepared: Prepared, *, quiet: bool) -> None:
    """Write the reports on a session that has ended, and say where; `quiet` only failures.

    Whoever is in a hurry gets none: a signal to end interrupts this, and is told. How the session
    has ended, and so the exit code, stays what it was.
    """
    shown = _as_typed(prepared.path)
    try:
        with _interruptible():
            # Not while the session runs.
            from mop_tui.cli.reporting import report_beside  # noqa: PLC0415

            said = report_beside(prepared.path, shown, quiet=quiet)
    except KeyboardInterrupt:
        said = (
            f"no report is complete, for that was interrupted; to have one: mop-tui report {shown}"
        )
    if said:
        with suppress(OSError):
            click.echo(said, err=True)


@contextmanager
def _interruptible() -> Iterator[None]:
    """Have SIGTERM do what SIGINT does, and the end of the terminal nothing.

    The event loop that has dealt with them is gone, and by default they would end the program.
    """
    terminate = signal.signal(signal.SIGTERM, signal.default_int_handler)
    hang_up = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, terminate)
        signal.signal(signal.SIGHUP, hang_up)


# -- making a session -------------------------------------------------------------------------


def _open(prepared: Prepared) -> tuple[LiveSession, Orchestrator, Journal]:
    """Create the session file and everything that runs the session."""
    loop = asyncio.get_running_loop()
    late: list[Orchestrator] = []

    def tell(call: Callable[..., None], *args: object) -> None:
        loop.call_soon_threadsafe(call, *args)

    timeline = Timeline()
    recovered = prepared.recovered
    after = None if recovered is None else recovered.recorded.continuation
    at = 0 if recovered is None else recovered.engine.session.at
    journal: Journal
    clock: Clock
    if prepared.mode is Mode.LIVE:
        journal = JournalWriter(
            prepared.path,
            prepared.header,
            on_durable=lambda _seq: tell(late[0].journal_advanced),
            on_failure=lambda _why: tell(late[0].journal_advanced),
            on_recovered=lambda why, ms: tell(late[0].journal_recovered, why, ms),
            after=after,
        )
        clock = WallClock(at)
    else:
        journal = BufferedWriter(prepared.path, prepared.header, after=after)
        clock = VirtualClock(timeline, None if prepared.speed == inf else prepared.speed, at)

    def hosts(sink: Sink) -> Mapping[HostKind, AgentHost]:
        seed = prepared.header.seed
        simulated = SimulatedHost(
            seed, clock.moment, timeline.call_at, sink, prepared.plan.limits.cpu
        )
        if prepared.mode is not Mode.LIVE:
            return {HostKind.SIMULATED: simulated}
        return {HostKind.SIMULATED: simulated, HostKind.COMMAND: _command_host(prepared, sink)}

    orchestrator = Orchestrator(
        prepared.plan,
        recovered.engine
        if recovered is not None
        else Engine(prepared.plan, RuleBook(prepared.plan, RULES)),
        journal,
        clock,
        timeline,
        hosts,
        mode=prepared.mode,
        attended=prepared.attended,
        seed=prepared.header.seed,
        answers=prepared.answers,
        recovered=recovered,
        watches=_watches(prepared) if prepared.mode is Mode.LIVE else None,
    )
    late.append(orchestrator)
    header = prepared.header
    live = LiveSession(
        orchestrator, _as_typed(prepared.path), header.started, header.sections, header.outlook
    )
    return live, orchestrator, journal


def _watches(prepared: Prepared) -> Watches:
    """Return what watches the files of a session, below the folder that its layout names."""
    lookup = templates.resolve(prepared.plan.variables, prepared.places.get)
    root = Path(templates.render(prepared.plan.root, lookup)).absolute()
    ours = [prepared.path.with_suffix(suffix) for suffix in BESIDE if suffix != ".work"]

    def watcher(
        patterns: tuple[str, ...],
        sink: Callable[[Change], None],
        known: Mapping[str, str] | None,
    ) -> FileWatcher:
        return FileWatcher(root, patterns, sink, ours=[prepared.path, *ours], known=known)

    return watcher


def _command_host(prepared: Prepared, sink: Sink) -> AgentHost:
    # A rehearsal starts nothing, and what starts processes takes a while to load.
    from mop_tui.agents import command, strays  # noqa: PLC0415

    command.use_pidfd_child_watcher()
    # The threads that sample and write work in pieces of Python; the loop waits for each of them.
    sys.setswitchinterval(SWITCH_INTERVAL)
    return command.CommandHost(
        templates.resolve(prepared.plan.variables, prepared.places.get),
        prepared.path.with_suffix(".logs"),
        sink,
        os.environ,
        run=prepared.tag,
        register=prepared.path.with_suffix(strays.SUFFIX),
    )


async def _run(prepared: Prepared, live: LiveSession, orchestrator: Orchestrator) -> None:
    """Run a session where other terminals reach it, once nothing is left of those that died."""
    async with serving(prepared.path, live, orchestrator, prepared.header.run) as unreachable:
        if unreachable and not prepared.attended:
            click.echo(unreachable, err=True)
        await _end_strays(prepared, orchestrator)
        await live.run()


async def _end_strays(prepared: Prepared, orchestrator: Orchestrator) -> None:
    """End what still runs of sessions beside this one whose program has died."""
    if prepared.mode is not Mode.LIVE:
        return
    from mop_tui.agents import strays  # noqa: PLC0415 - as above

    for abandoned in await asyncio.to_thread(strays.find_strays, prepared.path.parent):
        await asyncio.to_thread(strays.end_strays, [abandoned])
        if abandoned.strays:
            agents = tuple(dict.fromkeys(stray.agent for stray in abandoned.strays))
            orchestrator.note_strays(abandoned.register.stem, agents)


def _collect_garbage() -> None:
    """Collect garbage from now on, but not among what was made at start and lives to the end."""
    gc.freeze()
    gc.enable()


async def _finish(live: LiveSession, orchestrator: Orchestrator, journal: Journal) -> Outcome:
    """Close the journal and return how the session ended."""
    live.close()
    await asyncio.to_thread(journal.close)
    outcome = orchestrator.session.outcome
    if live.defect or outcome is None:
        raise JournalError(live.defect or f"{journal.path}: the end could not be recorded")
    return outcome


async def _learn(prepared: Prepared, orchestrator: Orchestrator, *, quiet: bool) -> None:
    """Keep what can be learnt from a session that has ended, and say so; `quiet` only failures."""
    from mop_tui.cli.learning import learn_from  # noqa: PLC0415 - nothing before the end needs it

    snapshot = orchestrator.session.snapshot()
    lesson = await asyncio.to_thread(learn_from, prepared.header, snapshot)
    if lesson is not None and (lesson.failed or not quiet):
        with suppress(OSError):
            click.echo(lesson.said, err=True)


@asynccontextmanager
async def running(prepared: Prepared) -> AsyncIterator[LiveSession]:
    """Run a session in the background; leaving the context ends it, if it has not ended."""
    with writing(prepared):
        live, orchestrator, journal = _open(prepared)
        task = asyncio.create_task(live.run())
        try:
            yield live
        finally:
            if not task.done():
                live.submit(Stop(reason="nobody needs it any more"))
            await task
            await _finish(live, orchestrator, journal)


# -- without a screen -------------------------------------------------------------------------


async def _headless(prepared: Prepared, *, as_json: bool) -> Outcome:
    live, orchestrator, journal = _open(prepared)
    _collect_garbage()
    printer = Printer(sys.stdout)
    ending = asyncio.Event()

    def on_event(event: AnyEvent) -> None:
        if as_json:
            printer.print(json_line(event))
        elif tone(event) != "detail":
            printer.print(f"{clock_time(event.at)}  {sentence(event)}")

    def on_interrupt() -> None:
        if ending.is_set() or not sys.stdin.isatty():
            live.submit(Stop(reason="interrupted"))
        else:
            click.echo("interrupt once more to end the session and its agents", err=True)
        ending.set()

    def on_terminate() -> None:
        ending.set()
        orchestrator.terminate("SIGTERM")

    orchestrator.observers.append(on_event)
    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGINT, on_interrupt)
    loop.add_signal_handler(signal.SIGTERM, on_terminate)
    loop.add_signal_handler(signal.SIGHUP, lambda: None)
    if not as_json:
        where = _as_typed(prepared.path)
        printer.print(f"{prepared.mode.upper()}  {prepared.plan.id}  recorded in {where}")
    telling = asyncio.create_task(_tell_how_it_stands(live, prepared.plan.summary_ms))
    await _run(prepared, live, orchestrator)
    telling.cancel()
    try:
        outcome = await _finish(live, orchestrator, journal)
    finally:
        # A slow reader may take its time, unless somebody is in a hurry.
        finished = False
        while not finished:
            finished = await asyncio.to_thread(printer.finish, 0.2) or ending.is_set()
    await _learn(prepared, orchestrator, quiet=as_json)
    return outcome


async def _tell_how_it_stands(live: LiveSession, every_ms: int) -> None:
    """Write a line about the whole to standard error, again and again."""
    printer = Printer(sys.stderr)
    while True:
        await asyncio.sleep(every_ms / 1000)
        printer.print(standing(live.snapshot(), live.now(), live.outlook))


# -- behind a screen --------------------------------------------------------------------------


async def _on_screen(prepared: Prepared) -> Outcome:
    from mop_tui.dashboard.app import Dashboard  # noqa: PLC0415 - headless runs load no Textual

    live, orchestrator, journal = _open(prepared)
    session = asyncio.create_task(_run(prepared, live, orchestrator))
    app = Dashboard(live)
    loop = asyncio.get_running_loop()

    def on_terminate() -> None:
        orchestrator.terminate("SIGTERM")
        app.exit()

    def on_hang_up() -> None:
        let_go()
        app.exit()

    loop.add_signal_handler(signal.SIGINT, lambda: app.call_later(app.run_action, "quit"))
    loop.add_signal_handler(signal.SIGTERM, on_terminate)
    loop.add_signal_handler(signal.SIGHUP, on_hang_up)
    loop.call_later(1.0, _collect_garbage)
    why_left = None
    try:
        why_left = await app.run_async()
    finally:
        # Whatever became of the screen, the session goes on, and ends when its work is done.
        if not live.reachable:
            orchestrator.leave_unattended()
        loop.add_signal_handler(signal.SIGINT, live.submit, Stop(reason="interrupted"))
        loop.add_signal_handler(signal.SIGHUP, let_go)
        if not session.done():
            to_background = why_left == "detached" and is_foreground_job()
            with suppress(OSError):
                click.echo(_what_goes_on(live, orchestrator, in_front=not to_background), err=True)
            if to_background:
                give_back()
        await session
        outcome = await _finish(live, orchestrator, journal)
    with suppress(OSError):
        reason = orchestrator.session.outcome_reason
        click.echo(f"{outcome}: {reason}\nrecorded in {_as_typed(prepared.path)}")
    await _learn(prepared, orchestrator, quiet=False)
    return outcome


def _what_goes_on(live: LiveSession, orchestrator: Orchestrator, *, in_front: bool) -> str:
    """Return what a session does whose screen is gone, and how it is reached."""
    if orchestrator.session.status == "stopping" or orchestrator.told_to_end:
        return "ending the session and what it started, which may take some seconds"
    where = "without a screen" if in_front else "in the background, though a shell may say stopped"
    said = [f"the session goes on {where}"]
    if live.reachable:
        said.append(f"to come back: mop-tui attach {live.source}")
    if in_front:
        said.append("interrupt to end it")
    return "\n".join(said)


def _as_typed(path: Path) -> Path:
    """Return `path` as an operator would type it here."""
    here = Path.cwd()
    return path.relative_to(here) if path.is_relative_to(here) else path
