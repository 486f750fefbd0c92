"""Agents that play a script instead of working.

They live on the session's timeline, not on the wall clock, and draw from one random generator per
agent, made from the session's seed and the agent's id. So the same layout and seed give the same
play, whatever else happens on the machine.
"""

from collections import deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from operator import itemgetter
from random import Random
from typing import assert_never

from pydantic import JsonValue

from mop_tui.agents.host import (
    Asked,
    Assignment,
    Cancel,
    Erred,
    Exited,
    Finished,
    Job,
    Locking,
    Messaged,
    Output,
    Ping,
    Ponged,
    Progressed,
    Relay,
    Relayed,
    Remembered,
    Reply,
    Reported,
    Sink,
    Started,
    Told,
    Unlocking,
    Waiting,
)
from mop_tui.agents.masking import Mask
from mop_tui.domain.health import Level
from mop_tui.domain.ids import AgentId, AskId, MemoryKey, QuestionName, Resource
from mop_tui.domain.plan import (
    Ailment,
    QuestionSpec,
    Script,
    ScriptedError,
    ScriptedMessage,
    ScriptedStep,
    TaskSpec,
)
from mop_tui.domain.review import REJECTED

UNKNOWN_DURATION = (5_000, 15_000)
"""Range in ms from which a task's time is drawn if neither script nor task declares any."""

SPREAD = 0.1
"""How far, as a share, a played duration strays from a task's declared one."""

STEPS = 10
"""Progress is reported this often, but at most once a second."""

CANCELLED = "cancelled"
"""The type of failure of a task that was cancelled while it was played."""

MOST_SAID = 1_000
"""Times that it says the same in a task."""

AILING = "ailing"
"""The type of the errors that an ailment brings."""

CallAt = Callable[[int, Callable[[], None]], object]
"""Has a call made at a session time (ms)."""


@dataclass(eq=False, slots=True)
class _Cue:
    """Something that will happen in a play, unless its time has passed without it."""

    at: int
    call: Callable[[], None]
    scripted: bool = False
    """Whether it belongs to the task being played."""


@dataclass(eq=False, slots=True)
class _Play:
    job: Job
    cues: list[_Cue] = field(default_factory=list)
    in_hand: deque[Assignment] = field(default_factory=deque)
    began: int = 0
    """When the script began, or would have, had nothing interrupted it."""
    to_come: deque[tuple[int, Callable[[], None]]] = field(default_factory=deque)
    """What follows in the script, at which milliseconds of it. Only the next has a cue, for
    many long scripts would fill the memory with what is to be played in an hour."""
    going_on: Callable[[], None] | None = None
    """What it does when the question that it asked is settled, or it has what it waits for."""
    last_line: str = ""
    paused_at: int | None = None
    """Since when its time stands still, for it is suspended or hangs."""
    suspended: bool = False
    hangs: bool = False
    turn: int = 0
    """How many tasks it has begun or ended, so that what was to befall a former one does not."""
    ailments: list[Ailment] = field(default_factory=list)
    """What is wrong with it now."""
    response_ms: int = 0
    """How long it takes to answer a ping."""
    relays_until: int = 0
    """When it will have dealt with the messages that it has to relay."""
    unanswered: list[int] = field(default_factory=list)
    """When pings came that it has not answered, for it stands still."""
    ended: bool = False
    uses: float = 0.0
    """How many processor cores it uses while it plays a task."""

    @property
    def key(self) -> tuple[AgentId, int]:
        return self.job.agent.id, self.job.incarnation


class SimulatedHost:
    """Plays the `Script` of each job. Fulfils `AgentHost`.

    Of `cores` processor cores, if there are only so many, each of those that play gets its share:
    where they use more than there are, all of them take longer, in proportion. That is what a fair
    scheduler does with as many processes that never wait for anything else; what real ones lose by
    being switched, or by lack of memory, is left out.
    """

    def __init__(
        self,
        seed: int,
        now: Callable[[], int],
        call_at: CallAt,
        sink: Sink,
        cores: float | None = None,
    ) -> None:
        self._cores = cores
        self._rate = 1.0
        """How fast all play, as a share of what they would with cores for all."""
        self._seed = seed
        self._now = now
        self._call_at = call_at
        self._sink = sink
        self._mask = Mask()
        self._random: dict[AgentId, Random] = {}
        self._plays: dict[AgentId, _Play] = {}

    def start(self, job: Job, secrets: Mapping[str, str]) -> None:
        """See `AgentHost`. A simulated agent has no use for secrets."""
        for secret in secrets.values():
            self._mask.add(secret)
        play = self._plays[job.agent.id] = _Play(job)
        self._at(play, self._now(), lambda: self._begin(play))

    def tell(self, agent: AgentId, incarnation: int, what: Told, secret: str | None = None) -> bool:
        """See `AgentHost`. It minds tasks, their cancelling, answers, messages to relay, and pings.

        Whatever becomes of its question, it goes on with its script.
        """
        if secret is not None:
            self._mask.add(secret)
        play = self._play(agent, incarnation)
        if play is None:
            return False
        match what:
            case Assignment() if play.job.assignment is None:
                self._at(play, self._now(), lambda: self._take(play, what))
            case Ping(number=_) if play.paused_at is not None:
                play.unanswered.append(self._now())
            case Ping(number=_):
                self._answer_ping(play, self._now())
            case Relay():
                self._relay(play, what)
            case Reply() if play.going_on is not None:
                self._at(play, self._now(), play.going_on, scripted=True)
                play.going_on = None
            case Cancel():
                self._at(play, self._now(), lambda: self._cancel(play, what))
            case _:
                pass
        return True

    def conceal(self, secret: str) -> None:
        """See `AgentHost`."""
        self._mask.add(secret)

    def pause(self, agent: AgentId, incarnation: int) -> None:
        """See `AgentHost`. Its time stands still."""
        play = self._play(agent, incarnation)
        if play is not None:
            play.suspended = True
            self._stand_still(play)

    def resume(self, agent: AgentId, incarnation: int) -> None:
        """See `AgentHost`. What was to come, comes as much later as the pause was long."""
        play = self._play(agent, incarnation)
        if play is not None:
            play.suspended = False
            self._move_on(play)

    def _stand_still(self, play: _Play) -> None:
        if play.paused_at is None:
            play.paused_at = self._now()
            self._share_cores()

    def _move_on(self, play: _Play) -> None:
        if play.paused_at is None or play.suspended or play.hangs:
            return
        pause, play.paused_at = self._now() - play.paused_at, None
        play.began += pause
        play.relays_until += pause
        cues, play.cues = play.cues, []
        for cue in cues:
            self._at(play, cue.at + pause, cue.call, scripted=cue.scripted)
        pings, play.unanswered = play.unanswered, []
        for came in pings:
            self._answer_ping(play, came)
        self._share_cores()

    def _relay(self, play: _Play, relay: Relay) -> None:
        """Deal with a message on its way, after those that came before."""
        now = self._now() if play.paused_at is None else play.paused_at
        play.relays_until = max(now, play.relays_until) + play.job.agent.handling_ms
        at = play.relays_until + self._now() - now
        self._at(play, at, partial(self._sink, Relayed(*play.key, relay.message)))

    def _answer_ping(self, play: _Play, came: int) -> None:
        """Answer a ping that came at a time; its answer tells how long that took."""
        at = max(self._now(), came + play.response_ms)
        self._at(play, at, lambda: self._sink(Ponged(*play.key, float(self._now() - came))))

    def stop(self, agent: AgentId, incarnation: int) -> None:
        """See `AgentHost`. A simulated agent obeys at once, be it paused or not."""
        play = self._play(agent, incarnation)
        if play is not None:
            self._call_at(self._now(), lambda: self._end(play, None, "SIGTERM"))

    def groups(self) -> Mapping[tuple[AgentId, int], int]:
        """See `AgentHost`: nothing real runs."""
        return {}

    async def close(self) -> None:
        """See `AgentHost`: what plays, stops playing."""
        for play in self._plays.values():
            play.ended = True

    def _play(self, agent: AgentId, incarnation: int) -> _Play | None:
        play = self._plays.get(agent)
        if play is None or play.job.incarnation != incarnation or play.ended:
            return None
        return play

    # -- time -------------------------------------------------------------------------------------

    def _at(
        self, play: _Play, at: int, call: Callable[[], None], *, scripted: bool = False
    ) -> None:
        if play.paused_at is not None:
            # Its time stands still, so this is as far ahead when it goes on.
            play.cues.append(_Cue(at - self._now() + play.paused_at, call, scripted))
            return
        cue = _Cue(at, call, scripted)
        play.cues.append(cue)
        self._call_at(at, lambda: self._reach(play, cue))

    def _reach(self, play: _Play, cue: _Cue) -> None:
        # While the play is paused its cues stay, to be given new times when it goes on.
        if play.paused_at is None and not play.ended and cue in play.cues:
            play.cues.remove(cue)
            cue.call()

    # -- playing ----------------------------------------------------------------------------------

    def _begin(self, play: _Play) -> None:
        self._sink(Started(*play.key, None))
        if play.job.assignment is not None:
            self._perform(play, play.job.assignment)

    def _take(self, play: _Play, assignment: Assignment) -> None:
        play.in_hand.append(assignment)
        if len(play.in_hand) == 1:
            self._perform(play, assignment)

    def _perform(self, play: _Play, assignment: Assignment) -> None:
        script = assignment.script or play.job.work.script or Script()
        length = self._draw(play.job.agent.id, assignment.task, script)
        play.last_line, play.going_on = "", None
        play.uses = script.uses_cpu or 0.0
        play.turn += 1
        for ailment in script.ailments:
            if assignment.attempt <= ailment.attempts:
                self._befall(play, ailment, ailment.at_ms, self._begin_ailment)
        cues: list[tuple[int, Callable[[], None]]] = [
            (length * index // (len(script.output) + 1), partial(self._say, play, line))
            for index, line in enumerate(script.output, start=1)
        ]
        steps = min(STEPS, length // 1000)
        cues += [
            (
                length * step // steps,
                partial(self._sink, Progressed(*play.key, 100 * step // steps)),
            )
            for step in range(1, steps)
        ]
        cues += [(length // 2, partial(self._err, play, error)) for error in script.errors]
        cues += [
            (at, partial(self._speak, play, message))
            for message in script.messages
            for at in _moments(message, length)
        ]
        cues.sort(key=itemgetter(0))
        finish = (length, lambda: self._finish(play, script, _verdict(assignment.task, script)))
        if script.asks is None and not script.steps:
            self._play_from(play, 0, [*cues, finish])
            return
        half = length // 2
        rest = [*(cue for cue in cues if cue[0] > half), finish]
        before = [cue for cue in cues if cue[0] <= half]
        go_on = partial(self._play_from, play, half, rest)
        if script.asks is not None:
            go_on = partial(self._ask, play, script.asks, go_on)
        before.append((half, partial(self._step, play, script.steps, go_on)))
        self._play_from(play, 0, before)

    # -- processors -------------------------------------------------------------------------------

    def _share_cores(self) -> None:
        """Have everybody play as fast as there are cores for all who play now."""
        if self._cores is None:
            return
        used = sum(
            play.uses
            for play in self._plays.values()
            if not play.ended and play.paused_at is None and play.going_on is None
        )
        rate = min(1.0, self._cores / used) if used else 1.0
        if rate != self._rate:
            longer, self._rate = self._rate / rate, rate
            for play in self._plays.values():
                if not play.ended:
                    self._stretch(play, longer)

    def _stretch(self, play: _Play, longer: float) -> None:
        """Have what is to come of a script take so many times as long."""
        now = self._now()
        here = now if play.paused_at is None else play.paused_at
        passed = here - play.began
        play.to_come = deque(
            (passed + round((at - passed) * longer), call) for at, call in play.to_come
        )
        cues, play.cues = play.cues, []
        for cue in cues:
            ahead = cue.at - here
            at = now + (round(ahead * longer) if cue.scripted else ahead)
            self._at(play, at, cue.call, scripted=cue.scripted)

    # -- ailments ---------------------------------------------------------------------------------

    def _befall(
        self,
        play: _Play,
        ailment: Ailment,
        after: int,
        what: Callable[[_Play, Ailment], None],
    ) -> None:
        """Have an ailment begin or end in so many milliseconds, if its task is still done then.

        That is no part of the play, whose time may stand still.
        """
        turn = play.turn

        def happen() -> None:
            if not play.ended and play.turn == turn:
                what(play, ailment)

        self._call_at(self._now() + after, happen)

    def _begin_ailment(self, play: _Play, ailment: Ailment) -> None:
        if ailment.dies:
            self._end(play, None, "SIGKILL")
            return
        play.ailments.append(ailment)
        if ailment.lasts_ms is not None:
            self._befall(play, ailment, ailment.lasts_ms, self._end_ailment)
        for _ in range(ailment.errors):
            self._sink(Erred(*play.key, AILING, "it is told to be ill", "protocol"))
        self._report(play, ailment, ailment.status)
        if ailment.response_ms is not None:
            play.response_ms = ailment.response_ms
        if ailment.slow > 1:
            self._slow_down(play, ailment)
        if ailment.hangs:
            play.hangs = True
            self._stand_still(play)

    def _end_ailment(self, play: _Play, ailment: Ailment) -> None:
        play.ailments.remove(ailment)
        self._report(play, None, None if ailment.status is None else "healthy")
        play.response_ms = 0
        play.hangs = False
        self._move_on(play)

    def _report(self, play: _Play, ailment: Ailment | None, status: Level | None) -> None:
        """Say of itself what an ailment has it say; nothing any more if there is none."""
        cpu = None if ailment is None else ailment.cpu_usage
        memory = None if ailment is None else ailment.memory_usage
        if ailment is None or status is not None or cpu is not None or memory is not None:
            self._sink(Reported(*play.key, status, cpu_usage=cpu, memory_usage=memory))

    def _slow_down(self, play: _Play, ailment: Ailment) -> None:
        """Have what is to come take longer, as long as the ailment lasts."""
        now = self._now() - play.began

        def later(at: int) -> int:
            whole = at - now
            if whole <= 0:
                return at
            if ailment.lasts_ms is not None:
                slowly = min(whole, round(ailment.lasts_ms / ailment.slow))
                return now + round(slowly * ailment.slow) + whole - slowly
            return now + round(whole * ailment.slow)

        play.to_come = deque((later(at), call) for at, call in play.to_come)
        cues, play.cues = play.cues, []
        for cue in cues:
            at = play.began + later(cue.at - play.began) if cue.scripted else cue.at
            self._at(play, at, cue.call, scripted=cue.scripted)

    def _play_from(
        self, play: _Play, part: int, cues: Iterable[tuple[int, Callable[[], None]]]
    ) -> None:
        """Go on at `part` milliseconds of the script."""
        play.began = self._now() - part
        play.to_come = deque((part + round((at - part) / self._rate), call) for at, call in cues)
        self._cue_next(play)
        self._share_cores()

    def _cue_next(self, play: _Play) -> None:
        if play.to_come:
            at, call = play.to_come.popleft()
            self._at(play, play.began + at, partial(self._act, play, call), scripted=True)

    def _act(self, play: _Play, call: Callable[[], None]) -> None:
        """Play one thing. The next gets its cue before, for the last may begin another script."""
        self._cue_next(play)
        call()

    def _step(
        self, play: _Play, steps: tuple[ScriptedStep, ...], go_on: Callable[[], None]
    ) -> None:
        """Do the steps up to the first that has to be waited for; after the last, go on."""
        if not steps:
            go_on()
            return
        step, *left = steps
        proceed = partial(self._step, play, tuple(left), go_on)
        ask = AskId(f"{step.do} {step.what}")
        match step.do:
            case "lock":
                play.going_on = proceed
                self._share_cores()
                self._sink(Locking(*play.key, ask, Resource(step.what)))
            case "wait":
                play.going_on = proceed
                self._share_cores()
                self._sink(Waiting(*play.key, ask, MemoryKey(step.what)))
            case "unlock":
                self._sink(Unlocking(*play.key, Resource(step.what)))
                proceed()
            case "set":
                done: JsonValue = {"status": "complete"}
                self._sink(Remembered(*play.key, MemoryKey(step.what), done))
                proceed()
            case _:
                assert_never(step.do)

    def _ask(self, play: _Play, question: QuestionSpec, go_on: Callable[[], None]) -> None:
        play.going_on = go_on
        name = QuestionName(f"{play.job.agent.id}/{question.name}")
        asked = replace(question, name=name)
        self._share_cores()
        self._sink(Asked(*play.key, AskId(question.name), asked))

    def _draw(self, agent: AgentId, task: TaskSpec, script: Script) -> int:
        random = self._random.setdefault(agent, Random(f"{self._seed}/{agent}"))
        if script.duration is not None:
            low, high = script.duration
        elif task.expected_ms is not None:
            low = round(task.expected_ms * (1 - SPREAD))
            high = round(task.expected_ms * (1 + SPREAD))
        else:
            low, high = UNKNOWN_DURATION
        return random.randint(low, high)

    def _say(self, play: _Play, line: str) -> None:
        play.last_line = self._mask.over(line.encode()).decode()
        self._sink(Output(*play.key, (play.last_line,), 0))

    def _err(self, play: _Play, error: ScriptedError) -> None:
        message = self._mask.over(error.message.encode()).decode()
        self._sink(Erred(*play.key, error.type, message, "protocol"))

    def _speak(self, play: _Play, message: ScriptedMessage) -> None:
        text = self._mask.over(message.text.encode()).decode()
        self._sink(Messaged(*play.key, message.to, text))

    def _finish(self, play: _Play, script: Script, verdict: tuple[str, str]) -> None:
        for key, value in script.memory:
            self._sink(Remembered(*play.key, key, self._mask.over_value(value)))
        failed, message = verdict
        if play.job.assignment is not None:
            command = play.job.work.command  # whose exit codes have the names that it gives them
            names = {} if command is None else dict(command.exit_codes)
            failed = failed or names.get(script.exit_code, "")
            self._end(play, script.exit_code, None, failed, message)
            return
        failed = f"exit code {script.exit_code}" if script.exit_code else failed
        self._next(play, failed, message)

    def _next(self, play: _Play, failed: str, message: str) -> None:
        """End the task in hand, and go on to the next."""
        play.turn += 1
        play.uses = 0.0
        for ailment in play.ailments.copy():
            self._end_ailment(play, ailment)
        self._share_cores()
        task = play.in_hand.popleft().task.id
        self._sink(Finished(*play.key, task, play.last_line, failed, message))
        if play.in_hand:
            self._perform(play, play.in_hand[0])

    def _cancel(self, play: _Play, cancel: Cancel) -> None:
        own = play.job.assignment
        if own is not None and own.task.id == cancel.task:
            play.ended = True
            self._share_cores()
            self._sink(
                Exited(
                    *play.key,
                    0,
                    None,
                    play.last_line,
                    done=True,
                    failed=CANCELLED,
                    message=cancel.reason,
                )
            )
            return
        for place, held in enumerate(play.in_hand):
            if held.task.id == cancel.task:
                if place == 0:
                    play.cues = [cue for cue in play.cues if not cue.scripted]
                    play.to_come.clear()
                    play.going_on = None
                    self._next(play, CANCELLED, cancel.reason)
                else:
                    del play.in_hand[place]
                    self._sink(Finished(*play.key, cancel.task, "", CANCELLED, cancel.reason))
                return

    def _end(
        self,
        play: _Play,
        code: int | None,
        signal: str | None,
        failed: str = "",
        message: str = "",
    ) -> None:
        if not play.ended:
            play.ended = True
            self._share_cores()
            exited = Exited(*play.key, code, signal, play.last_line, failed=failed, message=message)
            self._sink(exited)


def _verdict(task: TaskSpec, script: Script) -> tuple[str, str]:
    """Return as which failure, and with what said, a review ends that is to reject."""
    about = task.context.get("review")
    number = about.get("round") if isinstance(about, dict) else None
    if task.reviews is None or not isinstance(number, int) or number > script.rejects:
        return "", ""
    return REJECTED, f"{task.reviews} is not good enough yet"


def _moments(message: ScriptedMessage, length: int) -> Iterable[int]:
    """Return after how many milliseconds of a task something is said, before it ends."""
    if message.every_ms is None:
        return [message.at_ms] if message.at_ms is not None and message.at_ms < length else []
    return range(message.every_ms, length, message.every_ms)[:MOST_SAID]
