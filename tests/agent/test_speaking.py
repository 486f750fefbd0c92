"""What an agent in Python says arrives whole and in order."""

import os
import signal
import subprocess

import pytest
from agent.far_side import FarSide, python, sh

Env = dict[str, str]


def test_everything_that_can_be_said_arrives(env: Env) -> None:
    script = """
        agent.progress(40, "compiling")
        agent.health("degraded", cpu_usage=45, memory_usage=62.5, error_count=0, response_time=1250)
        agent.remember("build", {"status": "complete", "files": [1, None]})
        agent.error("deployment_failed", "no route")
        agent.notify("look here", "warning")
        agent.message("coordinator", "half of it is done")
        agent.output(None)
        agent.done(failed="deployment_failed", message="gave up")
    """
    with FarSide(python(script), env) as far:
        assert far.hears("progress") == {"percent": 40, "note": "compiling"}
        assert far.hears("health") == {
            "status": "degraded",
            "cpu_usage": 45,
            "memory_usage": 62.5,
            "error_count": 0,
            "response_time": 1250,
        }
        build = {"status": "complete", "files": [1, None]}
        assert far.hears("memory") == {"key": "build", "value": build}
        assert far.hears("error") == {"type": "deployment_failed", "message": "no route"}
        assert far.hears("notify") == {"text": "look here", "severity": "warning"}
        assert far.hears("message") == {"to": "coordinator", "text": "half of it is done"}
        assert far.hears("output") == {"value": None}
        assert far.hears("done") == {"failed": "deployment_failed", "message": "gave up"}
        assert far.ends() == 0
        assert far.log == []


def test_what_is_left_out_is_not_said(env: Env) -> None:
    with FarSide(python("agent.health()\nagent.progress(5)\nagent.done()"), env) as far:
        assert far.hears("health") == {}
        assert far.hears("progress") == {"percent": 5}
        assert far.hears("done") == {}
        assert far.ends() == 0


def test_progress_is_a_whole_percentage_within_bounds(env: Env) -> None:
    script = "for far in (-3, 99.99, 100.5, float('inf')): agent.progress(far)"
    with FarSide(python(script), env) as far:
        assert [far.hears("progress")["percent"] for _ in range(4)] == [0, 99, 100, 100]
        assert far.ends() == 0


def test_progress_that_is_no_number_is_the_callers_mistake(env: Env) -> None:
    script = """
        try:
            agent.progress(float("nan"))
        except ValueError:
            print("refused")
    """
    with FarSide(python(script), env) as far:
        assert far.ends() == 0
        assert far.log == ["refused"]


def test_what_is_printed_before_arrives_before(env: Env) -> None:
    script = """
        print("first")
        agent.progress(1)
        print("second")
        agent.progress(2)
    """
    with FarSide(python(script), env) as far:
        far.hears("progress")
        assert far.log == ["first"]
        far.hears("progress")
        assert far.log == ["first", "second"]


def test_a_full_print_buffer_never_cuts_into_a_line_of_the_protocol(env: Env) -> None:
    script = """
        import threading
        agent.progress(0)
        def talk():
            for number in range(300):
                agent.notify(str(number))
        talker = threading.Thread(target=talk)
        talker.start()
        for number in range(3000):
            print("x" * 57)
        talker.join()
    """
    with FarSide(python(script), env) as far:
        far.hears("progress")
        assert [far.hears("notify")["text"] for _ in range(300)] == [str(n) for n in range(300)]
        assert far.ends() == 0
        assert far.log == ["x" * 57] * 3000


def test_long_lines_from_many_threads_stay_whole(env: Env) -> None:
    script = """
        import threading
        def talk(letter):
            for _ in range(20):
                agent.output(letter * 100_000)
        talkers = [threading.Thread(target=talk, args=letter) for letter in "abcd"]
        for talker in talkers: talker.start()
        for talker in talkers: talker.join()
    """
    with FarSide(python(script), env) as far:
        heard = [str(far.hears("output")["value"]) for _ in range(80)]
        assert far.ends() == 0
    assert sorted(heard) == sorted(letter * 100_000 for letter in "abcd" for _ in range(20))


def test_no_line_is_longer_than_the_limit(env: Env) -> None:
    script = """
        frame = len(agent.line_of("output", {"value": ""}))
        agent.output("x" * (agent.MOST_BYTES - frame))
        try:
            agent.output("x" * (agent.MOST_BYTES - frame + 1))
        except ValueError as problem:
            print(problem)
    """
    with FarSide(python(script), env) as far:
        far.hears("output")
        assert far.ends() == 0
        assert far.log == ["a line of 262145 bytes is too long; 262144 are allowed"]


def test_it_is_heard_where_its_output_goes_elsewhere(env: Env) -> None:
    command = sh('"$0" -c "$1" >/dev/null')
    python_, _, script = python("agent.progress(7)")
    with FarSide([*command, python_, script], env) as far:
        assert far.hears("progress") == {"percent": 7}
        assert far.ends() == 0


def test_a_number_that_means_another_file_by_now_is_left_alone(env: Env) -> None:
    script = """
        import os, tempfile
        theirs = int(os.environ["MOP_TELL_FD"])
        with tempfile.TemporaryFile() as file:
            os.dup2(file.fileno(), theirs)
            agent.progress(7)
            assert file.seek(0, 2) == 0
    """
    with FarSide(python(script), env) as far:
        assert far.hears("progress") == {"percent": 7}
        assert far.ends() == 0


@pytest.mark.parametrize("number", ["", "no", "-1", "999", "99999999999999999999", "0"])
def test_a_number_that_is_no_stream_to_write_to_means_stdout(env: Env, number: str) -> None:
    with FarSide(sh(f"MOP_TELL_FD={number} mop-tui tell progress 7"), env) as far:
        assert far.hears("progress") == {"percent": 7}
        assert far.ends() == 0


def test_a_process_that_nobody_hears_any_more_is_told_so(env: Env) -> None:
    # Its stream is closed at its far end before it speaks.
    ours, theirs = os.pipe()
    os.close(ours)
    script = """
        try:
            agent.progress(1)
        except agent.HungUpError:
            raise SystemExit(7)
    """
    process = subprocess.run(
        python(script), env={**env, "MOP_TELL_FD": str(theirs)}, pass_fds=[theirs], check=False
    )
    os.close(theirs)
    assert process.returncode == 7


def test_a_stream_that_does_not_block_is_waited_for(env: Env) -> None:
    script = """
        import os
        os.set_blocking(int(os.environ["MOP_TELL_FD"]), False)
        agent.output("x" * 200_000)
        agent.done()
    """
    with FarSide(python(script), env) as far:
        assert far.hears("output") == {"value": "x" * 200_000}
        far.hears("done")
        assert far.ends() == 0


def test_a_forked_child_speaks_too(env: Env) -> None:
    script = """
        import os
        agent.listen()
        if os.fork() == 0:
            agent.progress(1)
            try:
                agent.wait_for("key")
            except agent.HungUpError as problem:
                agent.notify(str(problem))
            os._exit(0)
        os.wait()
        agent.done()
    """
    with FarSide(python(script), env) as far:
        far.hears("progress")
        assert "is read by the parent process" in str(far.hears("notify")["text"])
        far.hears("done")
        assert far.ends() == 0


def test_it_can_be_interrupted_while_it_waits(env: Env) -> None:
    script = """
        import signal
        signal.signal(signal.SIGINT, signal.default_int_handler)
        try:
            agent.wait_for("key")
        except KeyboardInterrupt:
            raise SystemExit(5)
    """
    with FarSide(python(script), env) as far:
        far.hears("waiting")
        far.process.send_signal(signal.SIGINT)
        assert far.ends() == 5
