"""What an agent in Python hears: tasks, pings, cancellations, messages."""

import json
from pathlib import Path

from agent.far_side import FarSide, python
from pydantic import JsonValue

Env = dict[str, str]

TASK = {
    "mop": "task",
    "id": "deploy",
    "title": "Deploy it",
    "attempt": 2,
    "agent": "alice",
    "context": {"error": {"type": "timeout"}},
}
TELLS_ITS_TASK = """
    task = agent.task()
    print(task.id, task.title, task.attempt, task.agent, task.context["error"]["type"])
"""


def test_the_task_is_read_from_its_file(env: Env, tmp_path: Path) -> None:
    file = tmp_path / "task.json"
    file.write_text(json.dumps(TASK), encoding="utf-8")
    with FarSide(
        python(TELLS_ITS_TASK), env | {"MOP_TASK": "deploy", "MOP_TASK_FILE": str(file)}
    ) as far:
        assert far.ends() == 0
        assert far.log == ["deploy Deploy it 2 alice timeout"]


def test_the_task_comes_on_standard_input_where_there_is_no_file(env: Env) -> None:
    with FarSide(
        python(TELLS_ITS_TASK), env | {"MOP_TASK": "deploy", "MOP_TASK_FILE": "/nowhere"}
    ) as far:
        far.write(json.dumps(TASK).encode() + b"\n")
        assert far.ends() == 0
        assert far.log == ["deploy Deploy it 2 alice timeout"]


def test_one_task_after_the_other_and_done_is_said_for_each(env: Env) -> None:
    script = """
        for task in agent.tasks():
            assert agent.task() is task
            if task.id == "two":
                agent.done(failed="no_luck")
            else:
                agent.output(task.id)
        print("the end")
    """
    with FarSide(python(script), env) as far:
        far.tell("task", id="one")
        assert far.hears("output") == {"value": "one"}
        assert far.hears("done") == {"task": "one"}
        far.tell("task", id="two")
        assert far.hears("done") == {"task": "two", "failed": "no_luck"}
        far.tell("task", id="three")
        assert far.hears("output") == {"value": "three"}
        assert far.hears("done") == {"task": "three"}
        far.hang_up()
        assert far.ends() == 0
        assert far.log == ["the end"]


def test_the_same_program_serves_one_task_as_well(env: Env, tmp_path: Path) -> None:
    file = tmp_path / "task.json"
    file.write_text(json.dumps(TASK), encoding="utf-8")
    script = """
        agent.notify(agent.task().id)
        for task in agent.tasks():
            agent.output(task.id)
    """
    with FarSide(python(script), env | {"MOP_TASK_FILE": str(file), "MOP_TASK": "deploy"}) as far:
        far.write(json.dumps(TASK).encode() + b"\n")
        assert far.hears("notify")["text"] == "deploy"
        assert far.hears("output") == {"value": "deploy"}
        assert far.hears("done") == {"task": "deploy"}
        far.hang_up()
        assert far.ends() == 0


def test_a_file_that_is_ahead_of_the_process_is_left_alone(env: Env, tmp_path: Path) -> None:
    file = tmp_path / "task.json"
    file.write_text(json.dumps(TASK), encoding="utf-8")
    with FarSide(python("print(agent.task().id)"), env | {"MOP_TASK_FILE": str(file)}) as far:
        far.tell("task", id="first")
        assert far.ends() == 0
        assert far.log == ["first"]


def test_tasks_that_came_before_the_hang_up_are_still_given(env: Env) -> None:
    script = "print([task.id for task in agent.tasks()])"
    with FarSide(python(script), env) as far:
        far.tell("task", id="one")
        far.tell("task", id="two")
        far.hang_up()
        assert [far.hears("done")["task"] for _ in range(2)] == ["one", "two"]
        assert far.ends() == 0
        assert far.log == ["['one', 'two']"]


def test_a_task_that_failed_by_an_exception_is_not_done(env: Env) -> None:
    script = """
        for task in agent.tasks():
            raise SystemExit(9)
    """
    with FarSide(python(script), env) as far:
        far.tell("task", id="one")
        assert far.ends() == 9


def test_pings_are_answered_while_it_waits(env: Env) -> None:
    with FarSide(python("agent.ask('?')"), env) as far:
        asked = far.hears("ask")
        for number in (7, 8):
            far.tell("ping", id=number)
            assert far.hears("pong") == {"id": number}
        far.tell("answer", id=asked["id"], outcome="answered", value="yes")
        assert far.ends() == 0


def test_pings_are_answered_while_it_works(env: Env) -> None:
    script = """
        agent.listen()
        agent.progress(1)
        while not agent.cancelled():
            pass
    """
    with FarSide(python(script), env | {"MOP_TASK": "deploy"}) as far:
        far.hears("progress")
        far.tell("ping", id=7)
        assert far.hears("pong") == {"id": 7}
        far.tell("cancel", task="deploy", reason="enough")
        assert far.ends() == 0


def test_speaking_alone_reads_nothing(env: Env) -> None:
    script = """
        import os
        agent.progress(1)
        print(os.read(0, 5).decode())
    """
    with FarSide(python(script), env) as far:
        far.write(b"mine\n")
        far.hears("progress")
        assert far.ends() == 0
        assert far.log == ["mine", ""]


def test_a_cancellation_that_was_there_before_is_seen_at_once(env: Env) -> None:
    script = """
        import select
        agent.progress(1)
        select.select([0], [], [])
        print(agent.cancelled())
    """
    with FarSide(python(script), env | {"MOP_TASK": "deploy"}) as far:
        far.tell("cancel", task="deploy", reason="the operator says so")
        far.hears("progress")
        assert far.ends() == 0
        assert far.log == ["the operator says so"]


def test_a_cancellation_is_about_its_own_task(env: Env) -> None:
    script = """
        for task in agent.tasks():
            try:
                agent.wait_for("go")
            except agent.NoAnswerError:
                pass
            print(task.id, agent.cancelled())
    """
    with FarSide(python(script), env) as far:
        far.tell("task", id="one")
        name = far.hears("waiting")["id"]
        far.tell("cancel", task="one")
        far.tell("answer", id=name, outcome="answered", value=True)
        far.hears("done")
        for task in ("two", "one"):  # a task that is given anew is wanted again
            far.tell("task", id=task)
            name = far.hears("waiting")["id"]
            far.tell("cancel", task="another", reason="not this one")
            far.tell("answer", id=name, outcome="answered", value=True)
            far.hears("done")
        far.hang_up()
        assert far.ends() == 0
        assert far.log == ["one no reason is given", "two None", "one None"]


def test_messages_are_kept_until_they_are_taken(env: Env) -> None:
    script = """
        agent.wait_for("go")
        print(agent.messages(), agent.messages())
    """
    with FarSide(python(script), env) as far:
        far.tell("message", **{"from": "operator", "text": "hello"})
        far.tell("message", **{"from": "bob", "text": "hi"})
        far.tell("answer", id=far.hears("waiting")["id"], outcome="answered", value=True)
        assert far.ends() == 0
        assert far.log == [
            "[Message(sender='operator', text='hello'), Message(sender='bob', text='hi')] []"
        ]


def test_the_next_message_is_waited_for(env: Env) -> None:
    script = """
        print(agent.next_message(0))
        agent.wait_for("go")
        print(agent.next_message(), agent.next_message(), agent.next_message())
    """
    with FarSide(python(script), env) as far:
        far.tell("answer", id=far.hears("waiting")["id"], outcome="answered", value=True)
        far.tell("message", **{"from": "bob", "text": "one"})
        far.tell("message", **{"from": "bob", "text": "two"})
        far.hang_up()
        assert far.ends() == 0
        one, two = (f"Message(sender='bob', text='{text}')" for text in ("one", "two"))
        assert far.log == ["None", f"{one} {two} None"]


def test_messages_are_relayed_one_after_the_other_whatever_goes_wrong(env: Env) -> None:
    script = """
        def handle(message):
            print(message.sender, message.to, message.text)
            if message.text == "bad":
                raise ValueError("oh no")

        agent.relay(handle)
        agent.task()
        agent.wait_for("end")
    """
    with FarSide(python(script), env) as far:
        for name, text in (("m1", "bad"), ("m2", "good")):
            far.tell("relay", **{"id": name, "from": "ann", "to": "ben", "text": text})
        assert far.hears("relayed") == {"id": "m1"}
        assert far.hears("relayed") == {"id": "m2"}
        far.tell("task", id="one")
        far.tell("relay", **{"id": "m3", "from": "ann", "to": "ben", "text": "more"})
        heard = [far.next_said() for _ in range(2)]
        assert {said["mop"] for said in heard} == {"relayed", "waiting"}
        far.hang_up()
        assert far.hears_out() == 1  # the value that it waits for never comes
        passed = [line for line in far.log if line.startswith("ann")]
        assert passed == ["ann ben bad", "ann ben good", "ann ben more"]
        assert "ValueError: oh no" in far.log


def test_lines_that_make_no_sense_are_passed_over(env: Env) -> None:
    with FarSide(python("print(agent.ask('?').value)"), env) as far:
        name = far.hears("ask")["id"]
        nonsense = (b"", b"hello", b"[1]", b"{}", b'{"mop":1}', b'{"mop":"later"}', b"\xff\xfe")
        far.write(b"\n".join(nonsense) + b"\n")
        far.tell("answer", id="another", outcome="answered", value="no")
        far.tell("answer", id=name, outcome="answered", value="yes")
        assert far.ends() == 0
        assert far.log == ["yes"]


def test_feedback_comes_as_a_message_about_work_and_with_a_task(env: Env) -> None:
    script = """
        task = agent.task()
        agent.wait_for("key")
        for said in (*task.feedback, *agent.messages()):
            print(said.sender, said.text, said.about or "-", said.verdict or "-")
    """
    with FarSide(python(script), env) as far:
        given: JsonValue = {"from": "ada", "text": "mind it", "about": "build", "verdict": "bad"}
        far.tell("task", id="build", context={"feedback": [given]})
        ask = far.hears("waiting")["id"]
        far.write(b'{"mop":"message","from":"bob","text":"good","about":"build"}\n')
        far.write(b'{"mop":"message","from":"eve","text":"hello"}\n')
        far.tell("answer", id=ask, outcome="answered", value=1)
        assert far.ends() == 0
        assert far.log == ["ada mind it build bad", "bob good build -", "eve hello - -"]


def test_a_task_without_feedback_has_none(env: Env) -> None:
    with FarSide(python("print(agent.task().feedback)"), env) as far:
        far.tell("task", id="build", context={"feedback": "nonsense"})
        assert far.ends() == 0
        assert far.log == ["[]"]
