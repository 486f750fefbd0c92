"""Questions of an agent in Python, and how they come out."""

import pytest
from agent.far_side import FarSide, python
from pydantic import JsonValue

Env = dict[str, str]


def test_an_approval_is_a_yes_only_if_a_human_approved(env: Env) -> None:
    script = """
        for _ in range(7):
            print(agent.approve("Deploy?", context={"version": "1.2"}, timeout=30, required=True,
                class_="deploy"))
    """
    outcomes: list[dict[str, JsonValue]] = [
        {"outcome": "answered", "value": "approve"},
        {"outcome": "answered", "value": "reject", "reason": "not today"},
        {"outcome": "default", "value": "approve"},
        {"outcome": "expired"},
        {"outcome": "withdrawn", "value": "approve"},
        {"outcome": "refused"},
        {"outcome": "a later invention", "value": "approve"},
    ]
    with FarSide(python(script), env) as far:
        for outcome in outcomes:
            asked = far.hears("ask")
            name = asked.pop("id")
            assert asked == {
                "question": "Deploy?",
                "question_type": "approval",
                "context": {"version": "1.2"},
                "timeout": 30,
                "required": True,
                "class": "deploy",
            }
            far.tell("answer", id=name, **outcome)
        assert far.ends() == 0
        assert far.log == ["True", *["False"] * 6]


def test_the_reason_of_a_rejection_reaches_the_agent(env: Env) -> None:
    with FarSide(python("print(agent.ask('Deploy?', approval=True))"), env) as far:
        name = far.hears("ask")["id"]
        far.tell("answer", id=name, outcome="answered", value="reject", reason="not today")
        assert far.ends() == 0
        assert far.log == ["Answer(outcome='answered', value='reject', reason='not today')"]


def test_a_choice_offers_values_and_labels(env: Env) -> None:
    script = """
        options = ["staging", {"value": "prod", "label": "Production", "description": "Careful."}]
        answer = agent.ask("Where to?", options=options, default="staging")
        print(answer.given, answer.outcome, answer.value)
    """
    with FarSide(python(script), env) as far:
        asked = far.hears("ask")
        assert asked["question_type"] == "choice"
        assert asked["options"] == [
            "staging",
            {"value": "prod", "label": "Production", "description": "Careful."},
        ]
        assert asked["default"] == "staging"
        far.tell("answer", id=asked["id"], outcome="default", value="staging")
        assert far.ends() == 0
        assert far.log == ["True default staging"]


def test_an_input_says_what_it_must_be_like(env: Env) -> None:
    script = """
        agent.ask("How many?", number=True, validation={"minimum": 1, "maximum": 9.5})
        agent.ask("Who?", validation={"pattern": "[a-z]+"})
    """
    with FarSide(python(script), env) as far:
        number = far.hears("ask")
        assert number["input_type"] == "number"
        assert number["validation"] == {"minimum": 1, "maximum": 9.5}
        far.tell("answer", id=number["id"], outcome="answered", value="5")
        text = far.hears("ask")
        assert text["input_type"] == "text"
        assert text["id"] != number["id"]
        far.tell("answer", id=text["id"], outcome="answered", value="bob")
        assert far.ends() == 0


def test_a_password_is_not_shown_when_its_answer_is_printed(env: Env) -> None:
    script = """
        answer = agent.ask("Token?", password=True)
        print(answer)
        agent.remember("length", len(answer.value))
    """
    with FarSide(python(script), env) as far:
        asked = far.hears("ask")
        assert asked["question_type"] == "input"
        assert asked["input_type"] == "password"
        far.tell("answer", id=asked["id"], outcome="answered", value="hunter2")
        assert far.hears("memory")["value"] == 7
        assert far.ends() == 0
        assert far.log == ["Answer(outcome='answered', value=<secret>, reason='')"]


def test_two_kinds_of_question_at_once_are_the_callers_mistake(env: Env) -> None:
    script = """
        try:
            agent.ask("?", options=["a"], password=True)
        except ValueError as problem:
            print(problem)
    """
    with FarSide(python(script), env) as far:
        assert far.ends() == 0
        assert far.log == ["a question has options, or is an approval, a password or a number"]


def test_answers_may_come_in_any_order_to_many_threads(env: Env) -> None:
    script = """
        import threading
        def ask(name):
            answer = agent.ask(name)
            print(name, answer.value)
        askers = [threading.Thread(target=ask, args=letter) for letter in "abc"]
        for asker in askers: asker.start()
        for asker in askers: asker.join()
    """
    with FarSide(python(script), env) as far:
        for asked in reversed([far.hears("ask") for _ in range(3)]):
            value = f"{asked['question']}!"
            far.tell("answer", id=asked["id"], outcome="answered", value=value)
        assert far.ends() == 0
        assert sorted(far.log) == ["a a!", "b b!", "c c!"]


def test_a_key_is_waited_for(env: Env) -> None:
    script = "print(agent.wait_for('build')['files'])"
    with FarSide(python(script), env) as far:
        waiting = far.hears("waiting")
        assert waiting["for"] == "memory:build"
        far.tell("answer", id=waiting["id"], outcome="answered", value={"files": [1, 2]})
        assert far.ends() == 0
        assert far.log == ["[1, 2]"]


def test_a_key_that_will_not_come_is_an_error_that_says_why(env: Env) -> None:
    script = """
        try:
            agent.wait_for("build")
        except agent.NoAnswerError as problem:
            print(problem.outcome, "/", problem.reason, "/", problem)
    """
    with FarSide(python(script), env) as far:
        name = far.hears("waiting")["id"]
        far.tell("answer", id=name, outcome="refused", reason="nobody provides it")
        assert far.ends() == 0
        assert far.log == ["refused / nobody provides it / refused: nobody provides it"]


def test_a_lock_is_waited_for_and_given_back_at_the_end_of_its_block(env: Env) -> None:
    script = """
        with agent.lock("environments/*/values.yaml") as held:
            print("had", held.resource)
        agent.lock("release")
        agent.unlock("release")
        print("done")
    """
    with FarSide(python(script), env) as far:
        waiting = far.hears("waiting")
        assert waiting["for"] == "lock:environments/*/values.yaml"
        assert far.log == []
        far.tell("answer", id=waiting["id"], outcome="answered", value=True)
        assert far.hears("unlock") == {"resource": "environments/*/values.yaml"}
        far.tell("answer", id=far.hears("waiting")["id"], outcome="answered", value=True)
        assert far.hears("unlock") == {"resource": "release"}
        assert far.ends() == 0
        assert far.log == ["had environments/*/values.yaml", "done"]


def test_what_goes_wrong_in_a_block_gives_its_lock_back_too(env: Env) -> None:
    script = """
        with agent.lock("release"):
            raise SystemExit(4)
    """
    with FarSide(python(script), env) as far:
        far.tell("answer", id=far.hears("waiting")["id"], outcome="answered", value=True)
        assert far.hears("unlock") == {"resource": "release"}
        assert far.ends() == 4


def test_a_lock_that_is_refused_is_an_error_that_says_why(env: Env) -> None:
    script = """
        try:
            with agent.lock("release"):
                print("never")
        except agent.NoAnswerError as problem:
            print(problem)
    """
    with FarSide(python(script), env) as far:
        name = far.hears("waiting")["id"]
        far.tell("answer", id=name, outcome="refused", reason="it has no task in hand")
        assert far.ends() == 0
        assert far.log == ["refused: it has no task in hand"]


@pytest.mark.parametrize(
    "call", ["ask('?')", "approve('?')", "wait_for('k')", "lock('x')", "secret('s')"]
)
def test_a_hang_up_while_waiting_is_an_error_of_its_own(env: Env, call: str) -> None:
    script = f"""
        try:
            agent.{call}
        except agent.HungUpError as problem:
            print(problem)
    """
    with FarSide(python(script), env) as far:
        far.hang_up()
        assert far.hears_out() == 0
        assert far.log == [
            "standard input ended before the answer came: mop-tui has gone or hung up"
        ]


def test_an_answer_cut_short_is_no_answer(env: Env) -> None:
    script = """
        try:
            agent.ask("?")
        except agent.HungUpError:
            print("hung up")
    """
    with FarSide(python(script), env) as far:
        name = far.hears("ask")["id"]
        far.write(f'{{"mop":"answer","id":"{name}","outcome":"answered","value":"yes"}}'.encode())
        far.hang_up()
        assert far.ends() == 0
        assert far.log == ["hung up"]


def test_a_secret_comes_through_its_pipe_and_can_be_asked_for_again(env: Env) -> None:
    script = """
        print(len(agent.secret("deploy-token")), len(agent.secret("deploy-token")))
    """
    with FarSide(python(script), env, secrets={"DEPLOY_TOKEN": "hunter2"}) as far:
        assert far.ends() == 0
        assert far.log == ["7 7"]


def test_a_secret_comes_on_standard_input_too(env: Env) -> None:
    with FarSide(python("print(agent.secret('deploy-token')[::-1])"), env) as far:
        far.tell("answer", id="deploy-token", outcome="answered", value="hunter2")
        assert far.ends() == 0
        assert far.log == ["2retnuh"]


def test_a_secret_of_an_earlier_task_is_not_taken_for_a_later_one(env: Env) -> None:
    script = """
        for task in agent.tasks():
            agent.wait_for("go")
            print(task.id, agent.secret("token")[::-1] if task.id != "one" else "")
    """
    with FarSide(python(script), env) as far:
        for task, token in (("one", "first"), ("two", "second"), ("three", "third")):
            far.tell("task", id=task)
            far.tell("answer", id="token", outcome="answered", value=token)
            far.tell("answer", id=far.hears("waiting")["id"], outcome="answered", value=1)
            far.hears("done")
        far.hang_up()
        assert far.ends() == 0
        assert far.log == ["one ", "two dnoces", "three driht"]


@pytest.mark.parametrize(
    ("call", "kind"),
    [
        ("ask('?')", "ask"),
        ("approve('?')", "ask"),
        ("wait_for('k')", "waiting"),
        ("lock('x')", "waiting"),
    ],
)
def test_a_cancelled_task_has_no_answer(env: Env, call: str, kind: str) -> None:
    script = f"""
        for task in agent.tasks():
            try:
                print(agent.{call})
            except agent.NoAnswerError as problem:
                print(task.id, problem.outcome, problem.reason)
    """
    with FarSide(python(script), env) as far:
        for task in ("one", "two"):
            far.tell("task", id=task)
            name = far.hears(kind)["id"]
            far.tell("cancel", task="another", reason="not this one")
            far.tell("cancel", task=task, reason="enough")
            assert far.hears("done") == {"task": task}
            far.tell("answer", id=name, outcome="withdrawn")
        far.hang_up()
        assert far.ends() == 0
        assert far.log == ["one withdrawn enough", "two withdrawn enough"]
