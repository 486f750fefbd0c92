"""How a process is told things, and what it says back."""

import sys

from real_processes import REPEATS, A, Trial, eventually

from mop_tui.agents.hearing import NONSENSE
from mop_tui.agents.host import (
    Asked,
    Assignment,
    Erred,
    Exited,
    Finished,
    Messaged,
    Misspoke,
    Note,
    Output,
    Ping,
    Progressed,
    Remembered,
    Reply,
    Reported,
    Started,
    Waiting,
)
from mop_tui.agents.pipes import UNREAD
from mop_tui.agents.process import DEAF
from mop_tui.domain.ids import TaskId
from mop_tui.domain.plan import Command
from sessions import task


async def test_the_task_comes_first_and_then_the_secrets(trial: Trial) -> None:
    reads = "read -r a; read -r b; case $a$b in *task*PIN*hunter2*) echo both;; esac"
    trial.script(reads, secrets={"PIN": "hunter2"})
    assert (await trial.ended()).result == "both"


async def test_a_process_repeats_what_it_is_told(trial: Trial) -> None:
    trial.script(REPEATS, session=True)
    trial.tell(Assignment(task("t")))
    trial.tell(Note("operator", "hurry"))
    await trial.wait(lambda: len(trial.told) == 2)
    assert [form["told"] for form in trial.told] == ["task", "message"]
    assert trial.told[1]["text"] == "hurry"


async def test_all_that_can_be_said_is_reported(trial: Trial) -> None:
    forms = [
        '{"mop":"health","status":"healthy"}',
        '{"mop":"memory","key":"k","value":1}',
        '{"mop":"error","type":"e","message":"m"}',
        '{"mop":"ask","id":"a1","question":"Go?"}',
        '{"mop":"waiting","id":"w1","for":"memory:k"}',
        '{"mop":"notify","text":"look"}',
        '{"mop":"message","to":"b","text":"hi"}',
        '{"mop":"progress","percent":50}',
        '{"mop":"output","value":"the result"}',
    ]
    trial.script("cat <<'EOF'\nplain\n" + "\n".join(forms) + "\nEOF")
    gone = await trial.ended()
    kinds = [type(report) for report in trial.reports if not isinstance(report, Output)]
    assert kinds == [
        *(Started, Reported, Remembered, Erred, Asked, Waiting, Messaged, Messaged),
        *(Progressed, Exited),
    ]
    assert [it.status for it in trial.of(Reported)] == ["healthy"]
    assert [(it.key, it.value) for it in trial.of(Remembered)] == [("k", 1)]
    assert [(it.type, it.message) for it in trial.of(Erred)] == [("e", "m")]
    assert [(it.to, it.text) for it in trial.of(Messaged)] == [("operator", "look"), ("b", "hi")]
    assert [it.percent for it in trial.of(Progressed)] == [50]
    assert trial.lines == ["plain"]
    assert gone.result == "the result"
    assert all(form in trial.log() for form in forms)


async def test_what_a_script_captures_of_itself_can_still_speak(trial: Trial) -> None:
    trial.script(
        'x=$(echo \'{"mop":"progress","percent":7}\' > /dev/fd/$MOP_TELL_FD; echo kept); echo "$x"'
    )
    await trial.ended()
    assert [p.percent for p in trial.of(Progressed)] == [7]
    assert trial.lines == ["kept"]


async def test_half_a_line_at_the_end_is_output_unless_it_is_whole(trial: Trial) -> None:
    trial.script("""printf '{"mop":"progress","percent":7}\n{"mop":"prog'""")
    await trial.ended()
    assert trial.lines == ['{"mop":"prog']
    trial.script("""printf '{"mop":"progress","percent":8}'""", incarnation=2)
    await trial.until(Exited, 2)
    assert [p.percent for p in trial.of(Progressed)] == [7, 8]


async def test_a_process_that_was_started_for_its_task_may_say_that_it_is_done(
    trial: Trial,
) -> None:
    trial.script("""echo '{"mop":"done","output":"all well"}'; trap '' TERM; cat; exit 0""")
    gone = await trial.ended()
    assert (gone.done, gone.failed, gone.result, gone.code) == (True, "", "all well", 0)


async def test_a_process_that_is_done_and_stays_is_ended(trial: Trial) -> None:
    trial.script(
        """echo '{"mop":"done","failed":"lint","message":"two files"}'; sleep 600 & wait; wait"""
    )
    gone = await trial.ended()
    assert (gone.done, gone.failed, gone.message) == (True, "lint", "two files")
    assert gone.signal == "SIGTERM"


async def test_being_done_is_about_the_oldest_task_in_hand_or_the_one_that_is_named(
    trial: Trial,
) -> None:
    trial.script(
        "read -r a; read -r b; read -r c\n"
        """echo '{"mop":"done","task":"t2"}'; echo '{"mop":"output","value":1}'\n"""
        """echo '{"mop":"done"}'; echo '{"mop":"done","output":3}'; echo '{"mop":"done"}'; cat""",
        session=True,
    )
    for name in ("t1", "t2", "t3"):
        trial.tell(Assignment(task(name)))
    await trial.until(Misspoke)
    assert [(f.task, f.result) for f in trial.of(Finished)] == [
        (TaskId("t2"), ""),
        (TaskId("t1"), "1"),
        (TaskId("t3"), "3"),
    ]
    assert trial.of(Misspoke)[0].problem == "`done`: it has no task in hand"


async def test_a_question_that_cannot_be_asked_is_refused_to_who_asked(trial: Trial) -> None:
    trial.script(
        """echo '{"mop":"ask","id":"a1","question":"Deploy?","default":"approve"}'
        read -r answer; case $answer in *a1*refused*'can only be'*) echo understood;; esac""",
        session=True,
    )
    assert (await trial.ended()).result == "understood"
    assert trial.of(Asked) == []
    assert len(trial.of(Misspoke)) == 1


async def test_an_unanswered_ping_is_forgotten_and_an_unknown_pong_ignored(trial: Trial) -> None:
    trial.script("""echo '{"mop":"pong","id":99}'; cat > /dev/null""", session=True)
    await trial.until(Started)
    for number in range(200):
        trial.tell(Ping(number))
    trial.host.stop(A, 1)
    await trial.ended()
    assert trial.of(Misspoke) == []


async def test_progress_and_health_come_at_a_steady_pace_and_the_last_word_counts(
    trial: Trial,
) -> None:
    trial.python(
        "import sys\n"
        "for i in range(101):\n"
        '    print(\'{"mop":"progress","percent":%d}\' % i)\n'
        '    print(\'{"mop":"health","%s":%d}\' % (("cpu_usage", "memory_usage")[i % 2], i))\n'
    )
    await trial.ended()
    assert [p.percent for p in trial.of(Progressed)] == [0, 100]
    assert [(h.cpu_usage, h.memory_usage) for h in trial.of(Reported)] == [(0, None), (100, 99)]


async def test_memory_and_messages_are_never_dropped(trial: Trial) -> None:
    trial.python(
        "for i in range(3000):\n"
        '    print(\'{"mop":"memory","key":"k%d","value":%d}\' % (i, i))\n'
        '    print(\'{"mop":"message","to":"b","text":"%d"}\' % i)\n'
        '    print("line")\n'
    )
    await trial.ended()
    assert [memory.value for memory in trial.of(Remembered)] == list(range(3000))
    assert [m.text for m in trial.of(Messaged)] == [str(i) for i in range(3000)]
    assert sum(len(o.lines) + o.dropped for o in trial.of(Output)) == 3000


async def test_garbage_is_reported_a_few_times_and_then_counted(trial: Trial) -> None:
    trial.python('for i in range(1000): print(\'{"mop":"gibberish"}\')')
    await trial.ended()
    problems = [report.problem for report in trial.of(Misspoke)]
    assert len(problems) == NONSENSE + 1
    assert problems[-1] == f"{1000 - NONSENSE} more of this kind"


async def test_a_process_that_never_reads_is_said_so_and_hurts_nobody(trial: Trial) -> None:
    trial.program("sleep", "600", session=True)
    await trial.until(Started)
    for _ in range(UNREAD // 50_000 + 5):
        trial.tell(Note("operator", "x" * 50_000))
    assert {report.problem for report in trial.of(Misspoke)} == {DEAF}


async def test_a_process_that_closed_its_input_hurts_nobody(trial: Trial) -> None:
    trial.script("exec <&-; echo deaf; sleep 600", session=True)
    await trial.until_line("deaf")
    for _ in range(3):
        trial.tell(Note("operator", "x" * 100_000))
    assert trial.of(Misspoke) == []
    trial.host.stop(A, 1)
    assert (await trial.ended()).signal == "SIGTERM"


async def test_a_slow_reader_gets_all_of_it(trial: Trial) -> None:
    trial.python(
        "import sys, time\n"
        "time.sleep(0.2)\n"
        "print(sum(len(line) for line in iter(sys.stdin.readline, '')))\n",
        Command(()),
        session=True,
    )
    for _ in range(9):
        trial.tell(Note("operator", "x" * 100_000))
    await trial.until(Started)
    await eventually(lambda: trial.host._processes[A, 1]._outlet._unread == b"")  # type: ignore[union-attr]
    trial.host.stop(A, 1)
    assert int((await trial.ended()).result) > 900_000


async def test_the_end_of_its_input_is_the_first_request_to_end(trial: Trial) -> None:
    trial.script("trap '' TERM; cat > /dev/null; echo bye", session=True)
    await trial.until(Started)
    trial.host.stop(A, 1)
    gone = await trial.ended()
    assert (gone.code, gone.result) == (0, "bye")


async def test_an_answer_reaches_the_one_that_asked(trial: Trial) -> None:
    asks = (
        """echo '{"mop":"ask","id":"a1","question":"Go?"}'; read -r answer; echo got ${#answer}"""
    )
    trial.script(asks, session=True)
    asked = await trial.until(Asked)
    trial.tell(Reply(asked.ask, "answered", "approve", "why not"))
    line = '{"mop":"answer","id":"a1","outcome":"answered","value":"approve","reason":"why not"}'
    assert (await trial.ended()).result == f"got {len(line)}"


PERL = (
    '$| = 1; print qq({"mop":"progress","percent":3}\\n);'
    'while (<STDIN>) { print qq({"mop":"done","output":"perl"}\\n) if /task/ }'
)
PYTHON = (
    "import json, sys\n"
    "print(json.dumps({'mop': 'progress', 'percent': 3}), flush=True)\n"
    "for line in sys.stdin:\n"
    "    if json.loads(line)['mop'] == 'task':\n"
    "        print(json.dumps({'mop': 'done', 'output': 'python'}), flush=True)\n"
)
SHELL = """echo '{"mop":"progress","percent":3}'
while read -r line; do
  case $line in *'"mop":"task"'*) echo '{"mop":"done","output":"shell"}';; esac
done"""


async def test_the_protocol_is_spoken_in_three_languages(trial: Trial) -> None:
    speakers = {
        "perl": Command(("perl", "-e", PERL)),
        "python": Command((sys.executable, "-c", PYTHON)),
        "shell": Command((SHELL,), shell=True),
    }
    for name, command in speakers.items():
        trial.start(command, name=name, session=True)
        trial.host.tell(type(A)(name), 1, Assignment(task(name)))
    await trial.until(Finished, 3)
    assert {f.task: f.result for f in trial.of(Finished)} == {name: name for name in speakers}
    assert len(trial.of(Progressed)) == 3


async def test_an_agent_without_a_standard_input_cannot_hear(trial: Trial) -> None:
    trial.script("echo here; sleep 600", Command((), stdin="none"))
    assert not trial.host.tell(A, 1, Note("operator", "hurry")), "not before it was started"
    await trial.until_line("here")
    assert not trial.host.tell(A, 1, Note("operator", "hurry"))


async def test_an_agent_that_closed_its_standard_input_cannot_hear(trial: Trial) -> None:
    trial.script("exec <&-; echo closed; sleep 600")
    await trial.until_line("closed")
    assert not trial.host.tell(A, 1, Note("operator", "hurry")), "nobody can read it any more"
    assert not trial.host.tell(A, 1, Note("operator", "hurry"))
