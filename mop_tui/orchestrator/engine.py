"""The engine: inputs in, events and effects out. No clock, no I/O, no chance.

One input is worked off completely before the next. It becomes an event, is folded into the
session, and the rules decide about it; each decision becomes an event and is carried out action
by action; each action becomes an event in turn, is folded, decided about, and so on, depth first.
So a decision is carried out to its last consequence before the next one that was made at the same
moment, and every event is decided about right after it was folded. Triggers come after all that
follows from an input without them, and the end of the session comes after the triggers.

The same inputs at the same times therefore give the same events, to the byte. `recheck` uses this
to prove that a recorded session is what this program would have done.
"""

from collections import deque
from dataclasses import replace
from hashlib import blake2b
from typing import assert_never

from mop_tui.agents import host
from mop_tui.decisions import admission, doubt
from mop_tui.decisions.lookups import lookup_in
from mop_tui.decisions.rules import Later, RuleBook
from mop_tui.domain import actions as a
from mop_tui.domain import events as e
from mop_tui.domain import templates
from mop_tui.domain.agent_lifecycle import LIVE, AgentTrigger
from mop_tui.domain.events import AnyEvent, Event, Fact, SystemDecided
from mop_tui.domain.feedback import handed_with
from mop_tui.domain.fold import apply
from mop_tui.domain.ids import (
    ActionId,
    AgentId,
    AskId,
    DeadlockId,
    FeedbackId,
    IssueId,
    QuestionId,
    TaskId,
    TriggerName,
)
from mop_tui.domain.immutable import immutable
from mop_tui.domain.plan import AgentSpec, HostKind, Mode, Plan, QuestionSpec, TaskSpec
from mop_tui.domain.rows import Agent
from mop_tui.domain.session import Refusal, Session
from mop_tui.domain.triggers import proposal_of
from mop_tui.orchestrator.effects import (
    Effect,
    Hand,
    Hook,
    Signal,
    Start,
    StopHook,
    Tell,
    Timer,
)

DIGEST_EVERY = 1000
"""Events between two digests of the state."""


@immutable
class Turn:
    """What one input led to."""

    events: list[AnyEvent]
    effects: list[Effect]


_Item = tuple[int, SystemDecided, int]
"""A decision and what is to be done about it: to record it (`_RECORD`), as caused by the event
whose `seq` stands first; or to carry out its action at this place, recorded under that `seq`."""
_RECORD = -1


class Engine:
    """A session that moves by itself when it is told what happened outside."""

    def __init__(self, plan: Plan, rules: RuleBook, session: Session | None = None) -> None:
        self.session = Session() if session is None else session
        self._plan = plan
        self._decide = rules.decide
        self._decided_about = rules.kinds
        self._decide_at_rest = rules.at_rest
        self._decided_at_rest = False
        """Something was decided at rest the last time, so there may be more."""
        self._agenda: list[_Item] = []
        """A stack: what is to be done next lies on top, and plain tuples are quick to make."""
        self._later: deque[tuple[int, Later]] = deque()
        """What is decided once the agenda is empty."""
        self._last: deque[tuple[int, Later]] = deque()
        """What is decided once that is done."""
        self._turn = Turn([], [])

    def receive(self, fact: Fact, at: int, cause: int | None) -> Turn:
        """Work off one input and return everything that followed from it, in order.

        `at` is session time in milliseconds; time never goes back, an earlier one counts as now.
        An ended session takes no more inputs and returns an empty turn.
        """
        turn = self._turn = Turn([], [])
        session = self.session
        if session.status == "ended":
            return turn
        now = at if at > session.at else session.at
        self._emit(fact, now, cause)
        agenda = self._agenda
        later, last = self._later, self._last
        while agenda or later or last or self._look_at_rest():
            if not agenda:
                seq, postponed = (later or last).popleft()
                made = postponed.decide()
                if made is not None:
                    agenda.append((seq, made, _RECORD))
                continue
            seq, decision, place = agenda.pop()
            if place == _RECORD:
                decided = self._emit(decision, now, seq)
                for index in range(len(decision.actions) - 1, -1, -1):
                    agenda.append((decided, decision, index))
            else:
                self._carry_out(decision, place, seq, now)
            if session.outcome is not None:
                # Whatever else was decided at the same moment has nobody left to act on.
                agenda.clear()
                later.clear()
                last.clear()
        return turn

    def _look_at_rest(self) -> bool:
        """Put on the agenda what is decided about the session when all else is done; False if
        nothing is."""
        session = self.session
        if not (session.unsettled or self._decided_at_rest) or session.outcome is not None:
            return False
        made = self._decide_at_rest(session)
        self._agenda.extend((seq, decision, _RECORD) for seq, decision in reversed(made))
        self._decided_at_rest = bool(made)
        return self._decided_at_rest

    def _emit(self, fact: Fact, at: int, cause: int | None) -> int:
        """Record a fact, fold it and put the decisions about it on the agenda."""
        session = self.session
        seq = session.seq + 1
        kind = fact.KIND
        event = Event(seq, at, kind, cause, fact)
        apply(session, event)
        self._turn.events.append(event)
        if kind in self._decided_about:
            agenda = self._agenda
            top = len(agenda)
            for decision in self._decide(session, event):
                if isinstance(decision, SystemDecided):
                    agenda.insert(top, (seq, decision, _RECORD))  # the first lies on top
                else:
                    (self._last if decision.last else self._later).append((seq, decision))
        if seq % DIGEST_EVERY == 0 and session.outcome is None:
            digest = e.SystemDigest(session.next_digest())
            record = Event(seq + 1, at, digest.KIND, seq, digest)
            apply(session, record)
            self._turn.events.append(record)
        return seq

    def _carry_out(  # noqa: C901 - one case per action
        self, decision: SystemDecided, place: int, cause: int, at: int
    ) -> None:
        """Turn one action into its event, and into an effect where it has one.

        The action is the `place`th of the decision that was recorded as event `cause`. The cases
        are tried in turn, so what every task leads to comes first.
        """
        action = decision.actions[place]
        session = self.session
        match action:
            case a.MoveAgent():
                self._emit(self._agent_moved(action, decision.reason), at, cause)
            case a.MoveTask():
                self._emit(self._task_moved(action, decision.reason), at, cause)
            case a.StartProcess():
                self._start(action, _action_id(cause, place), cause, at)
            case a.DeliverOutput():
                self._emit(e.TaskOutput(action.task, action.agent, action.value), at, cause)
            case a.SetMemory():
                self._emit(
                    e.SystemMemorySet(action.key, action.value, action.agent, action.task),
                    at,
                    cause,
                )
            case a.StopProcess() | a.PauseProcess() | a.ResumeProcess():
                self._signal(action, _action_id(cause, place), cause, at)
            case a.HandTask():
                self._hand(action, _action_id(cause, place), cause, at)
            case a.Reply() | a.SendNote() | a.PassFeedbackOn() | a.CancelWork():
                self._tell(action, decision.reason, _action_id(cause, place), cause, at)
            case a.PassMessage():
                self._pass_message(action, _action_id(cause, place), cause, at)
            case a.TakeOver():
                self._emit(e.SystemTakenOver(action.agent, action.messages, action.why), at, cause)
            case a.RunHook():
                self._run_hook(action, _action_id(cause, place), cause, at)
            case a.StopHook():
                self._stop_hook(action, _action_id(cause, place), cause, at)
            case a.CreateTask():
                self._emit(e.TaskCreated(action.task, self._plan.tasks[action.task]), at, cause)
            case a.SpawnAgent():
                spec = self._plan.agents[action.agent]
                if action.depth:
                    spec = replace(spec, depth=action.depth)
                self._spawn(spec, action.task, cause, at)
            case a.SpawnNew():
                self._spawn_new(action, cause, at)
            case a.CreateNew():
                self._create(action.task, cause, at)
            case a.Fire():
                self._emit(e.SystemFired(action.trigger, action.depth, action.key), at, cause)
            case a.Refuse():
                self._emit(e.SystemRefused(action.trigger, action.limit, action.depth), at, cause)
            case a.Propose():
                self._emit(self._proposed(action, decision.reason, at), at, cause)
            case a.AskForTrigger():
                question = self._plan.questions[action.question]
                if action.text:
                    question = replace(question, question=action.text)
                asked = self._asked(
                    question,
                    at,
                    None,
                    rendered=bool(action.text),
                    trigger=action.trigger,
                    regards=action.task,
                )
                self._emit(asked, at, cause)
            case a.Notify():
                self._emit(e.SystemNotified(action.trigger, action.text), at, cause)
            case a.Ask():
                self._emit(self._asked_at_gate(action, at), at, cause)
            case a.AskForAgent():
                self._emit(self._asked_by_agent(action, at), at, cause)
            case a.AskAboutDoubt():
                self._emit(self._asked_about_doubt(action, at), at, cause)
            case a.AskForSupervision():
                asked = self._asked(action.question, at, None, rendered=True, about=action.about)
                self._emit(asked, at, cause)
            case a.Expire():
                lapsed = session.questions[action.question].asked
                value = lapsed.fallback if action.outcome == "fallback" else lapsed.default
                self._emit(e.UserExpired(action.question, action.outcome, value), at, cause)
            case a.AnswerAsBefore():
                self._emit(self._answered_as_before(action), at, cause)
            case a.Withdraw():
                self._emit(e.UserWithdrawn(action.question, decision.reason), at, cause)
            case a.SetTimer():
                timer = e.SystemTimerSet(
                    action.timer, action.due, action.question, action.task, action.purpose
                )
                seq = self._emit(timer, at, cause)
                self._turn.effects.append(
                    Timer(seq, action.timer, action.due, action.question, action.purpose)
                )
            case a.Lock():
                self._emit(e.SystemLocked(action.resource, action.task, action.agent), at, cause)
            case a.Unlock():
                self._emit(e.SystemUnlocked(action.resource, action.task, action.agent), at, cause)
            case a.OpenIssue():
                self._emit(self._opened(action), at, cause)
            case a.CloseIssue():
                if session.issues[action.issue].open:  # else it was settled twice at this moment
                    self._emit(e.SystemIssueClosed(action.issue, decision.reason), at, cause)
            case a.SwitchTopology():
                if action.to_shape != session.shape:
                    changed = e.SystemTopologyChanged(session.shape, action.to_shape)
                    self._emit(changed, at, cause)
            case a.ReportDeadlock():
                found = e.SystemDeadlockFound(
                    DeadlockId(f"d{len(session.deadlocks) + 1}"),
                    action.cycle,
                    action.hopeless,
                    action.text,
                )
                self._emit(found, at, cause)
            case a.ClearDeadlock():
                self._emit(e.SystemDeadlockCleared(action.deadlock), at, cause)
            case a.BreakCycle():
                broken = e.SystemCycleBroken(
                    action.deadlock,
                    action.way,
                    action.task,
                    action.agent,
                    action.gives_way_to,
                    action.lost_ms,
                    action.by,
                )
                self._emit(broken, at, cause)
            case a.Reassign():
                was = session.tasks[action.task].spec.agent
                if was is not None:
                    fact = e.TaskReassigned(action.task, was, action.to_agent)
                    self._emit(fact, at, cause)
            case a.Adapt():
                applied = e.SystemStrategyApplied(
                    action.strategy,
                    action.trigger,
                    action.action,
                    action.undone,
                    action.what,
                    action.agents,
                    action.cores,
                )
                self._emit(applied, at, cause)
            case a.StopSession():
                self._emit(e.SystemStopping(decision.reason), at, cause)
            case a.EndSession():
                self._emit(self._ended(action, decision.reason), at, cause)
            case _:
                assert_never(action)

    def _spawn(self, spec: AgentSpec, task: TaskSpec | None, cause: int, at: int) -> None:
        """Bring an agent into being, unless something is in the way by now."""
        session = self.session
        no = admission.refused(session, spec) if session.is_by_trigger(spec) else None
        why_not = "" if no is None else no.reason
        if spec.id in session.agents:
            why_not = f"{spec.id} is there already"
        if spec.spawn is not None and spec.spawn in session.spawned:
            why_not = f"{session.spawned[spec.spawn]} was spawned for this already"
        if why_not:
            refused = e.AgentRefused(spec.id, AgentTrigger.AGENT_CREATED, None, why_not)
            self._emit(refused, at, cause)
            return
        self._emit(e.AgentSpawned(spec.id, spec), at, cause)
        if task is not None:
            self._create(replace(task, agent=spec.id), cause, at)

    def _spawn_new(self, action: a.SpawnNew, cause: int, at: int) -> None:
        number = self.session.next_number(action.spec.type)
        name = AgentId(f"{action.spec.type}-{number}")
        self._spawn(replace(action.spec, id=name, spawn=action.spawn), action.task, cause, at)

    def _create(self, spec: TaskSpec, cause: int, at: int) -> None:
        """Add a task that the plan does not name, under the next free number."""
        name = TaskId(f"{spec.id}-{self.session.next_number(spec.id)}")
        self._emit(e.TaskCreated(name, replace(spec, id=name)), at, cause)

    def _proposed(self, propose: a.Propose, reason: str, at: int) -> e.UserAsked:
        spec = QuestionSpec(
            name=proposal_of(propose.trigger),
            question=propose.text,
            context=(("because", reason), ("what is spawned", [*map(_spawning, propose.spawns)])),
        )
        return self._asked(
            spec, at, None, rendered=True, trigger=propose.trigger, proposal=propose.spawns
        )

    def _agent_moved(self, move: a.MoveAgent, reason: str) -> e.AgentTransitioned | e.AgentRefused:
        agent = self.session.agents.get(move.agent)
        if agent is None:
            return e.AgentRefused(move.agent, move.trigger, None, "there is no such agent")
        target = self.session.agent_move(agent, move.trigger, move.task)
        if isinstance(target, Refusal):
            return e.AgentRefused(move.agent, move.trigger, agent.state, target.reason)
        no_room = admission.no_way_back(self.session, agent) if agent.state not in LIVE else ""
        if no_room:
            return e.AgentRefused(move.agent, move.trigger, agent.state, no_room)
        return e.AgentTransitioned(
            move.agent, move.trigger, agent.state, target, reason, move.task, move.by
        )

    def _task_moved(self, move: a.MoveTask, reason: str) -> e.TaskTransitioned | e.TaskRefused:
        task = self.session.tasks.get(move.task)
        if task is None:
            return e.TaskRefused(move.task, move.trigger, None, "there is no such task")
        target = self.session.task_move(task, move.trigger, move.agent)
        if isinstance(target, Refusal):
            return e.TaskRefused(move.task, move.trigger, task.state, target.reason)
        return e.TaskTransitioned(
            move.task, move.trigger, task.state, target, reason, move.agent, move.because_of
        )

    def _start(self, action: a.StartProcess, action_id: ActionId, cause: int, at: int) -> None:
        agent = self.session.agents[action.agent]
        work = self._plan.work(agent.spec, action.task)
        command = work.command.argv if work.command is not None else ()
        incarnation = agent.incarnation + 1
        feedback = self._feedback(action)
        intended = e.SystemIntended(
            action_id,
            "start_process",
            action.agent,
            action.task,
            incarnation,
            command,
            would=agent.spec.host is HostKind.SIMULATED,
            feedback=feedback,
        )
        seq = self._emit(intended, at, cause)
        self._turn.effects.append(
            Start(seq, action_id, action.agent, action.task, incarnation, feedback)
        )

    def _feedback(self, action: a.StartProcess | a.HandTask) -> tuple[FeedbackId, ...]:
        """Return what the operator said that is told with the task, if there is one."""
        if action.task is None or not self.session.feedback:
            return ()
        return handed_with(self.session, action.agent, action.task)

    def _intend(
        self,
        action_id: ActionId,
        effect: a.Effect,
        agent: Agent,
        cause: int,
        at: int,
        *,
        task: TaskId | None = None,
        ask: AskId | None = None,
        about: str = "",
        feedback: tuple[FeedbackId, ...] = (),
    ) -> int:
        """Record that something is about to be done to the process of `agent`."""
        intended = e.SystemIntended(
            action_id,
            effect,
            agent.spec.id,
            task or agent.task,
            agent.incarnation,
            would=agent.spec.host is HostKind.SIMULATED,
            ask=ask,
            about=about,
            feedback=feedback,
        )
        return self._emit(intended, at, cause)

    def _signal(
        self,
        action: a.StopProcess | a.PauseProcess | a.ResumeProcess,
        action_id: ActionId,
        cause: int,
        at: int,
    ) -> None:
        agent = self.session.agents[action.agent]
        about = _ending(action) if isinstance(action, a.StopProcess) else ""
        seq = self._intend(action_id, action.do, agent, cause, at, about=about)
        signal = Signal(seq, action_id, action.agent, agent.incarnation, action.do)
        self._turn.effects.append(signal)

    def _hand(self, action: a.HandTask, action_id: ActionId, cause: int, at: int) -> None:
        agent = self.session.agents[action.agent]
        feedback = self._feedback(action)
        seq = self._intend(
            action_id, "hand_task", agent, cause, at, task=action.task, feedback=feedback
        )
        hand = Hand(seq, action_id, action.agent, agent.incarnation, action.task, feedback)
        self._turn.effects.append(hand)

    def _run_hook(self, action: a.RunHook, action_id: ActionId, cause: int, at: int) -> None:
        session, agent_id = self.session, action.agent
        if agent_id is None and action.hook == "on_end" and session.end_hook != "none":
            return  # that it is time was decided twice, because of two things of the same moment
        spec = None if agent_id is None else session.agents[agent_id].spec
        hook = self._plan.hook(action.hook, spec, action.task)
        if agent_id is None:
            would = session.mode is Mode.REHEARSAL
        else:
            would = session.agents[agent_id].spec.host is HostKind.SIMULATED
        intended = e.SystemIntended(
            action_id,
            "run_hook",
            agent_id,
            action.task,
            session.hooks_begun + 1,
            () if hook is None else hook.command.argv,
            would=would,
            about=action.hook,
            files=action.files,
            question=action.question,
        )
        seq = self._emit(intended, at, cause)
        self._turn.effects.append(
            Hook(
                seq,
                action_id,
                action.hook,
                agent_id,
                action.task,
                intended.incarnation,
                action.files,
                action.question,
                would=would,
            )
        )

    def _stop_hook(self, action: a.StopHook, action_id: ActionId, cause: int, at: int) -> None:
        running = [it for it in self.session.hooks(action.agent) if it.about == action.hook]
        intended = e.SystemIntended(
            action_id,
            "stop_hook",
            action.agent,
            running[0].task if running else None,
            running[0].incarnation if running else 0,
            would=any(it.would for it in running),
            about=action.hook,
        )
        seq = self._emit(intended, at, cause)
        numbers = tuple(it.incarnation for it in running)
        self._turn.effects.append(StopHook(seq, action_id, action.hook, action.agent, numbers))

    def _tell(
        self,
        action: a.Reply | a.SendNote | a.PassFeedbackOn | a.CancelWork,
        reason: str,
        action_id: ActionId,
        cause: int,
        at: int,
    ) -> None:
        agent = self.session.agents[action.agent]
        told: host.Told
        question = ask = None
        feedback: tuple[FeedbackId, ...] = ()
        about: str
        match action:
            case a.Reply():
                question, ask, about = action.question, action.ask, action.outcome
                row = None if question is None else self.session.questions[question]
                why = reason if row is None else row.reason
                told = host.Reply(action.ask, action.outcome, action.value, why)
            case a.SendNote():
                about = action.sender
                told = host.Note(action.sender, action.text)
            case a.PassFeedbackOn():
                said = self.session.feedback[action.feedback].said
                about, feedback = said.by, (action.feedback,)
                told = host.Note(said.by, said.text, said.task or said.agent, said.verdict)
            case a.CancelWork():
                about = action.task
                told = host.Cancel(action.task, reason)
            case _:
                assert_never(action)
        seq = self._intend(
            action_id, "tell", agent, cause, at, ask=ask, about=about, feedback=feedback
        )
        tell = Tell(seq, action_id, action.agent, agent.incarnation, told, question)
        self._turn.effects.append(tell)

    def _pass_message(
        self, action: a.PassMessage, action_id: ActionId, cause: int, at: int
    ) -> None:
        letter = self.session.post.letters.get(action.message)
        if letter is None or letter.told:
            return  # it is on its way to its receiver because of something of the same moment
        agent = self.session.agents[action.agent]
        told: host.Told = host.Note(letter.sender, letter.text)
        if action.agent != letter.receiver:
            told = host.Relay(letter.id, letter.sender, letter.receiver, letter.text)
        intended = e.SystemIntended(
            action_id,
            "tell",
            action.agent,
            agent.task,
            agent.incarnation,
            would=agent.spec.host is HostKind.SIMULATED,
            about=letter.sender,
            message=action.message,
            hops=action.hops,
        )
        seq = self._emit(intended, at, cause)
        self._turn.effects.append(Tell(seq, action_id, action.agent, agent.incarnation, told))

    def _asked_at_gate(self, ask: a.Ask, at: int) -> e.UserAsked:
        return self._asked(self._plan.questions[ask.question], at, ask.task)

    def _asked_by_agent(self, ask: a.AskForAgent, at: int) -> e.UserAsked:
        agent = self.session.agents[ask.agent]
        spec = agent.waits[ask.ask]
        if not isinstance(spec, QuestionSpec):
            raise TypeError(f"{ask.agent} asks nobody by the name {ask.ask}: it waits for {spec}")
        return self._asked(spec, at, agent.task, ask.agent, ask.ask)

    def _asked_about_doubt(self, ask: a.AskAboutDoubt, at: int) -> e.UserAsked:
        task = self.session.tasks[ask.task]
        agent = self.session.agents.get(task.agent) if task.agent is not None else None
        gate = task.spec.gate
        spec = doubt.question_about(
            task, agent, None if gate is None else self._plan.questions.get(gate)
        )
        return self._asked(spec, at, ask.task, doubtful=True)

    def _asked(
        self,
        spec: QuestionSpec,
        at: int,
        task: TaskId | None,
        agent: AgentId | None = None,
        ask: AskId | None = None,
        *,
        doubtful: bool = False,
        rendered: bool = False,
        trigger: TriggerName | None = None,
        proposal: tuple[a.Spawning, ...] = (),
        about: a.Concern | None = None,
        regards: TaskId | None = None,
    ) -> e.UserAsked:
        """Return the asking of a question. Look-ups are those of the layout's own questions."""
        text, context = spec.question, spec.context
        if agent is None and not doubtful and not rendered:
            lookup = lookup_in(self._plan, self.session)
            text = templates.render(text, lookup)
            context = tuple((key, templates.render_value(v, lookup)) for key, v in context)
        content = repr((text, context, spec.options, *proposal, *spec.on_answer))
        return e.UserAsked(
            question=QuestionId(f"q{len(self.session.questions) + 1}"),
            name=spec.name,
            text=text,
            question_type=spec.question_type,
            context=context,
            task=task,
            required=spec.required,
            dangerous=spec.dangerous,
            default=spec.default,
            due=None if spec.timeout_ms is None else at + spec.timeout_ms,
            digest=blake2b(content.encode(errors="replace"), digest_size=8).hexdigest(),
            options=spec.options,
            input_type=spec.input_type,
            validation=spec.validation,
            agent=agent,
            ask=ask,
            doubt=doubtful,
            trigger=trigger,
            proposal=proposal,
            about=about,
            regards=regards,
            class_name=spec.class_name,
            fallback=spec.fallback,
            on_answer=spec.on_answer,
        )

    def _answered_as_before(self, action: a.AnswerAsBefore) -> e.UserAnswered:
        asked = self.session.questions[action.question].asked
        before = self.session.questions[action.before]
        return e.UserAnswered(
            asked.question,
            before.value,
            before.reason,
            before.by,
            asked.digest,
            as_before=before.id,
        )

    def _opened(self, issue: a.OpenIssue) -> e.SystemIssueOpened | e.SystemIssueRepeated:
        """Return the record of an issue: of a new one, or that one which is open came up again."""
        known = self.session.open_issue(issue)
        if known is not None:
            now = (issue.severity, issue.text, issue.suggestion, issue.remedy)
            if now == (known.severity, known.text, known.suggestion, known.remedy):
                return e.SystemIssueRepeated(known.id, issue.severity)
            return e.SystemIssueRepeated(known.id, *now)
        return e.SystemIssueOpened(
            issue=IssueId(f"i{len(self.session.issues) + 1}"),
            severity=issue.severity,
            text=issue.text,
            suggestion=issue.suggestion,
            agent=issue.agent,
            task=issue.task,
            trigger=issue.trigger,
            key=issue.key,
            remedy=issue.remedy,
        )

    def _ended(self, end: a.EndSession, reason: str) -> e.SystemEnded:
        session = self.session
        return e.SystemEnded(
            outcome=end.outcome,
            reason=reason,
            events=session.seq + 1,
            counts={state: n for state, n in session.task_counts.items() if n},
        )


def _spawning(spawn: a.Spawning) -> str:
    """Return in words what is to be spawned."""
    who = spawn.agent if isinstance(spawn, a.SpawnAgent) else spawn.spec.type
    return f"{who}, to do: {spawn.task.title}" if spawn.task else who


def _ending(stop: a.StopProcess) -> str:
    """Return what a process is ended for, if that matters later."""
    if stop.gives_way:
        return e.GAVE_WAY
    if stop.ill:
        return e.CURED if stop.again else e.GIVEN_UP
    return e.RESTART if stop.again else ""


def _action_id(decided: int, place: int) -> ActionId:
    return ActionId(f"{decided}.{place}")
