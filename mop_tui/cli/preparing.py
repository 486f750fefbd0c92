"""All that a session is made from, read and checked before anything is written or started."""

import os
import platform
import socket
import sys
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from math import inf
from pathlib import Path

import pydantic

from mop_tui import __version__, layout
from mop_tui.cli.trust import confirm
from mop_tui.domain import templates
from mop_tui.domain.plan import HostKind, Mode, Plan
from mop_tui.errors import JournalError, Problem, UsageError
from mop_tui.journal.header import Header
from mop_tui.journal.lock import SessionLock, user
from mop_tui.journal.scan import Scan
from mop_tui.layout import bundled
from mop_tui.orchestrator.answers import PreparedAnswers, read_answers, unattended_answers
from mop_tui.orchestrator.loop import RECENT_EVENTS
from mop_tui.orchestrator.recovery import Recovered, read_recorded, recover

BESIDE = (".lock", ".sock", ".pids", ".logs", ".work", ".tasks")
"""What the files and folders beside a session file end in."""
SCREEN_SPEED = 60.0
"""Speed of a rehearsal that somebody watches: a minute a second."""


@dataclass(frozen=True, slots=True)
class Prepared:
    """All that is needed to run a session; nothing was written or started yet."""

    plan: Plan
    header: Header
    path: Path
    speed: float
    answers: PreparedAnswers | None
    attended: bool
    recovered: Recovered | None = None
    """Where a session goes on whose program had ended."""
    warnings: tuple[Problem, ...] = ()
    """What the layout's author may want to think about."""
    lock: SessionLock | None = None
    """The right to write the session file, if it was taken already."""

    @property
    def mode(self) -> Mode:
        """What the session's events will stand for."""
        return self.header.mode

    @property
    def tag(self) -> str:
        """What marks the processes of this program, and none of those of an earlier one."""
        if self.recovered is None:
            return self.header.run
        return f"{self.header.run}.{self.recovered.engine.session.resumptions + 1}"

    @property
    def places(self) -> Mapping[str, str]:
        """Where things are for this program. What a session file says of that is not relied on,
        but for the folder of its layout, which the operator has agreed to."""
        return {
            templates.LAYOUT_DIR: self.header.paths.get(templates.LAYOUT_DIR, ""),
            templates.WORKSPACE: str(self.path.with_suffix(".work")),
            templates.PYTHON: sys.executable,
        }


def prepare(
    path: Path,
    *,
    overrides: Mapping[str, str],
    rehearse: bool,
    speed: float | None,
    seed: int,
    answers: Path | None,
    session_file: Path | None,
    attended: bool,
    trusted: bool,
) -> Prepared:
    """Read and check everything that a session is made from.

    Programs are run for the first time only if the operator agrees, which is asked for at the
    terminal unless it is `trusted`. Raises `MopError` where layout, answers or options do not fit.
    """
    loaded = layout.load(path, overrides=overrides, rehearse=rehearse)
    plan = loaded.plan
    hosts = [doer.host for doer in plan.agents.values()]
    hosts += [kind.host for kind in plan.kinds.values()]
    real = HostKind.COMMAND in hosts
    if real and speed not in (None, 1.0):
        raise UsageError(
            f"--speed {speed:g}: real agents work in real time; use --rehearse to play the plan"
        )
    if real:
        agreed = trusted or bundled.is_shipped(path)
        here = {templates.LAYOUT_DIR: str(loaded.directory), "cwd": str(Path.cwd())}
        confirm(loaded.document, plan, here, path, given=agreed)
    started = datetime.now(UTC).astimezone()
    run = uuid.uuid4().hex
    destination = session_file
    if destination is None:
        # Two runs may begin within a second.
        destination = Path("sessions") / f"{plan.id}-{started:%Y%m%d-%H%M%S}-{run[:4]}.jsonl"
    elif not destination.parent.is_dir():
        raise UsageError(f"--session-file {destination}: there is no such folder")
    destination = _nameable(destination).resolve()
    header = Header(
        layout=loaded.document,
        seed=seed,
        mode=Mode.LIVE if real else Mode.REHEARSAL,
        run=run,
        started=started.isoformat(timespec="seconds"),
        versions={
            "mop-tui": __version__,
            "python": platform.python_version(),
            "pydantic": pydantic.VERSION,
        },
        user=user(),
        host=socket.gethostname(),
        paths={
            "layout": str(path.absolute()),
            templates.LAYOUT_DIR: str(loaded.directory),
            templates.WORKSPACE: str(destination.with_suffix(".work")),
            templates.PYTHON: sys.executable,
            "cwd": str(Path.cwd()),
        },
    )
    return Prepared(
        plan=plan,
        header=header,
        path=destination,
        speed=speed or (SCREEN_SPEED if attended else inf),
        answers=_answers(answers, plan, header.mode, attended=attended),
        attended=attended,
        warnings=loaded.warnings,
    )


def _answers(
    file: Path | None, plan: Plan, mode: Mode, *, attended: bool
) -> PreparedAnswers | None:
    """Return what was answered beforehand: by the operator, or for an unattended rehearsal."""
    if file is not None:
        return read_answers(file, plan, mode)
    if mode is Mode.REHEARSAL and not attended and plan.unattended:
        return unattended_answers(plan)
    return None


def prepare_resumed(
    path: Path, *, speed: float | None, answers: Path | None, attended: bool, trusted: bool
) -> Prepared:
    """Read a session file whose program has ended, so that it can go on.

    Changes to the folder in which the session was started, for its agents run there. A session
    from elsewhere runs only if the operator agrees, as with `prepare`. Raises
    `MopError` where the file cannot be trusted, the session has ended, or options do not fit.
    """
    path = _nameable(path).resolve()
    with Scan(path) as scan:
        run = scan.header.run
    lock = SessionLock.acquire(path, run)
    try:
        recorded = read_recorded(path, keep=RECENT_EVENTS)
        header = recorded.header
        rehearsed = header.mode is Mode.REHEARSAL
        if speed not in (None, 1.0) and not rehearsed:
            raise UsageError(f"--speed {speed:g}: real agents work in real time")
        plan = layout.plan_of(header.layout, rehearse=rehearsed)
        prepared = Prepared(
            plan=plan,
            header=header,
            path=path,
            speed=speed or (SCREEN_SPEED if attended else inf),
            answers=_answers(answers, plan, header.mode, attended=attended),
            attended=attended,
            recovered=recover(recorded, plan, datetime.now(UTC)),
            lock=lock,
        )
        if not rehearsed:
            there = {name: header.paths.get(name, "") for name in (templates.LAYOUT_DIR, "cwd")}
            confirm(header.layout, plan, there, path, given=trusted, resumed=True)
            _go_to(Path(there["cwd"]))
    except BaseException:
        lock.release()
        raise
    return prepared


@contextmanager
def writing(prepared: Prepared) -> Iterator[None]:
    """Hold the right to write the session's file, in a folder made for it.

    Raises `SessionHeldError` if another program holds it, `JournalError` if there can be no file.
    """
    _make_folders(prepared)
    lock = prepared.lock or SessionLock.acquire(prepared.path, prepared.header.run)
    try:
        yield
    finally:
        lock.release()


def _nameable(path: Path) -> Path:
    """Return the path of a session file, unless it is one that something beside a session has."""
    if path.suffix in BESIDE:
        raise UsageError(f"{path}: a session file may not end in {path.suffix}; name another one")
    return path


def _go_to(folder: Path) -> None:
    try:
        os.chdir(folder)
    except OSError as error:
        raise UsageError(
            f"{folder}: the session was started in this folder, and its agents would run there:"
            f" {error.strerror}."
        ) from None


def _make_folders(prepared: Prepared) -> None:
    """Make the folder of the session file, and a workspace that no other run has used."""
    if prepared.path.exists():
        return  # the journal refuses, in better words
    try:
        prepared.path.parent.mkdir(mode=0o700, exist_ok=True)
        if prepared.mode is Mode.LIVE:
            Path(prepared.header.paths[templates.WORKSPACE]).mkdir(mode=0o700)
    except OSError as error:
        raise JournalError(
            f"{error.filename}: cannot be made: {error.strerror}."
            " Name another place with --session-file."
        ) from None
