"""What people say to a session: commands, and answers to what it asks."""

from functools import partial
from typing import assert_never

from pydantic import JsonValue

from mop_tui.domain import by_hand, feedback, remembering
from mop_tui.domain import events as e
from mop_tui.domain.answers import objection
from mop_tui.domain.events import Fact, UserAsked
from mop_tui.domain.feed import (
    Answer,
    AutoSpawn,
    ByHand,
    CancelTask,
    Command,
    CreateTask,
    Forget,
    GiveFeedback,
    Noticed,
    RetryTask,
    Say,
    Seen,
    SetMemory,
    Spawn,
    Steer,
    SteerTrigger,
    Stop,
    SwitchTopology,
)
from mop_tui.domain.ids import CommandId, FeedbackId
from mop_tui.domain.rows import Question
from mop_tui.domain.session import Session
from mop_tui.domain.steering import refusal
from mop_tui.journal.writer import Journal
from mop_tui.orchestrator.answers import PreparedAnswer, PreparedAnswers
from mop_tui.orchestrator.clock import Clock, Timeline
from mop_tui.orchestrator.processes import Processes, Receive

RETRY_ANSWER = 1000
"""Milliseconds after which a prepared answer is given again if it could not be recorded."""
_LONGEST_REFUSED = 200
"""Characters that are recorded of what a command that is refused is about."""


class Desk:
    """Records what people say, or that it is refused and why."""

    def __init__(
        self,
        session: Session,
        journal: Journal,
        processes: Processes,
        receive: Receive,
        clock: Clock,
        timeline: Timeline,
        prepared: PreparedAnswers | None,
    ) -> None:
        self._session = session
        self._journal = journal
        self._processes = processes
        self._receive = receive
        self._clock = clock
        self._timeline = timeline
        self._prepared = prepared

    def obey(self, command: Command, command_id: CommandId, by: str, secret: str | None) -> None:
        """Take a command. What comes of it is a fact that carries `command_id`."""
        match command:
            case Seen():
                question = self._session.questions.get(command.question)
                if question is not None and question.seen_at is None:
                    self._receive_now(e.UserSeen(question.id), question.seq)
            case Noticed():
                question = self._session.questions.get(command.question)
                # Whether anybody looks matters to nobody else than who would be called.
                awaited = question is not None and question.calls_at is not None
                if question is not None and awaited and question.noticed_at is None:
                    self._receive_now(e.UserNoticed(question.id), question.seq)
            case Stop():
                said = e.UserCommanded("stop", command_id, by, reason=command.reason)
                self._receive_now(said, None)
            case Answer():
                self._clock.reach(self._clock.now())
                self._answer(command, command_id, by, secret)
            case Forget():
                self._receive_now(self._forgotten(command, command_id, by), None)
            case Steer() | CancelTask() | RetryTask() | Say():
                self._receive_now(self._told(command, command_id, by), None)
            case GiveFeedback():
                self._receive_now(self._feedback(command, command_id, by), None)
            case _:
                self._receive_now(self._wanted(command, command_id, by), None)

    def question_asked(self, asked: UserAsked, at: int) -> None:
        """Have a prepared answer to this question given in its time, if there is one."""
        if self._prepared is None:
            return
        prepared = self._prepared.take(asked.name, asked.agent)
        if prepared is not None:
            give = partial(self._give, prepared, asked, self._prepared.by)
            self._timeline.call_at(at + prepared.after_ms, give)

    def catch_up(self) -> None:
        """Go on with the prepared answers of a session that was resumed.

        Each asking has used one up, whoever answered it; those to open questions are given now.
        What an agent asks that is lost is asked anew, and its answer is kept for that.
        """
        if self._prepared is None:
            return
        for question in self._session.questions.values():
            if question.state != "open":
                self._prepared.take(question.asked.name)
            elif question.asked.agent is None:
                self.question_asked(question.asked, self._session.at)

    def _receive_now(self, fact: Fact, cause: int | None) -> None:
        self._clock.reach(self._clock.now())
        self._receive(fact, cause)

    def _forgotten(self, command: Forget, command_id: CommandId, by: str) -> e.UserCommanded:
        row = self._session.questions.get(command.question)
        refused = ""
        if row is None or not row.is_remembered(self._session.at):
            refused = "no answer to it is remembered"
        about = command.question[:_LONGEST_REFUSED]
        return e.UserCommanded("forget_answer", command_id, by, about, refused=refused)

    def _told(
        self, command: Steer | CancelTask | RetryTask | Say, command_id: CommandId, by: str
    ) -> e.UserCommanded:
        about: str
        match command:
            case Steer():
                name, about, reason = f"{command.do}_agent", command.agent, command.reason
            case CancelTask():
                name, about, reason = "cancel_task", command.task, command.reason
            case RetryTask():
                name, about, reason = "retry_task", command.task, command.reason
            case Say():
                name, about, reason = "say", command.agent, command.text
        refused = refusal(self._session, command)
        return e.UserCommanded(name, command_id, by, about, reason, refused)

    def _feedback(
        self, command: GiveFeedback, command_id: CommandId, by: str
    ) -> e.UserFeedback | e.UserCommanded:
        refused = feedback.refusal(self._session, command)
        if refused:
            about = str(command.task or command.agent or "")[:_LONGEST_REFUSED]
            return e.UserCommanded("feedback", command_id, by, about, refused=refused)
        return e.UserFeedback(
            FeedbackId(f"f{len(self._session.feedback) + 1}"),
            command.text,
            by,
            command.agent,
            command.task,
            command.verdict,
            command_id,
        )

    def _wanted(self, command: ByHand, command_id: CommandId, by: str) -> e.UserCommanded:
        about, reason = "", ""
        value: JsonValue = None
        match command:
            case Spawn():
                name, about = "spawn", command.type
                value = {"task": command.task, "model": command.model}
            case CreateTask():
                name, about = "create_task", command.title
                value = {
                    "agent": command.agent,
                    "skill": command.skill,
                    "priority": command.priority.name.lower(),
                }
            case SetMemory():
                name, about, value = "set_memory", command.key, command.value
            case SteerTrigger():
                name, about, reason = f"{command.do}_trigger", command.trigger, command.reason
            case AutoSpawn():
                name, about, value = "auto_spawn", "on" if command.on else "off", command.on
            case SwitchTopology():
                name, about, reason = "switch_topology", command.shape, command.reason
            case _:
                assert_never(command)
        refused = by_hand.refusal(self._session, command)
        if refused:
            about, reason, value = about[:_LONGEST_REFUSED], reason[:_LONGEST_REFUSED], None
        return e.UserCommanded(name, command_id, by, about, reason, refused, value)

    def _answer(
        self, answer: Answer, command_id: CommandId | None, by: str, secret: str | None
    ) -> None:
        """Record an answer, or that it is refused; an answer takes effect only on record."""
        question = self._session.questions.get(answer.question)
        refused = self._refusal(answer, question, secret)
        if refused or question is None:
            told = e.UserCommanded("answer", command_id, by, about=answer.question, refused=refused)
            self._receive(told, None)
            return
        if question.asked.secret and secret is not None:
            self._keep(question, secret)
        value = "" if question.asked.secret else answer.value
        self._receive(
            e.UserAnswered(
                answer.question,
                value,
                answer.reason,
                by,
                answer.digest,
                command_id,
                answer.remember,
            ),
            question.seq,
        )

    def _refusal(self, answer: Answer, question: Question | None, secret: str | None) -> str:
        if self._journal.failure:
            return "the session is not being recorded, so no answer can be taken"
        if question is None:
            return "there is no such question"
        if question.state != "open":
            return f"the question is {question.state} already"
        asked = question.asked
        if asked.digest != answer.digest:
            return "the answer is about something other than what was asked"
        if asked.secret is not (secret is not None):
            return "a secret is expected" if asked.secret else "no secret is expected"
        if answer.remember:
            why_not = remembering.refusal(self._session, asked, answer.value, answer.remember)
            if why_not:
                return f"it cannot be remembered: {why_not}"
        return objection(
            answer.value if secret is None else secret,
            asked.question_type,
            options=asked.options,
            input_type=asked.input_type,
            validation=asked.validation,
        )

    def _keep(self, question: Question, secret: str) -> None:
        """Keep a secret for whoever it is for, and out of everything that agents write."""
        self._processes.conceal(secret)
        asked = question.asked
        if asked.agent is not None:
            self._processes.secrets.keep_for_asker(question.id, secret)
        elif asked.task is not None:
            self._processes.secrets.keep_for_task(asked.task, asked.name, secret)

    def _give(self, prepared: PreparedAnswer, asked: UserAsked, by: str) -> None:
        question = self._session.questions[asked.question]
        if self._journal.failure:
            again = partial(self._give, prepared, asked, by)
            self._timeline.call_at(self._clock.moment() + RETRY_ANSWER, again)
        elif question.state == "open":
            secret = prepared.secret if asked.secret or not prepared.value else None
            value = "" if asked.secret else prepared.value
            answer = Answer(asked.question, value, asked.digest, prepared.reason)
            self._answer(answer, None, by, secret)
