"""Works in rounds: asks its partner something and waits for the answer; and answers its partner."""

import sys
import time
from queue import Empty, SimpleQueue
from threading import Thread

from mop_tui import agent

ROUNDS = 12
PATIENCE = 20.0
"""Seconds that it waits for an answer; then it goes on without."""
partner = sys.argv[1]
answers: SimpleQueue[str] = SimpleQueue()


def listen() -> None:
    """Answer questions, and keep answers, until nothing is said any more."""
    while (said := agent.next_message()) is not None:
        if said.text.startswith("question"):
            agent.message(said.sender, said.text.replace("question", "answer"))
        else:
            answers.put(said.text)


def answered(number: int) -> bool:
    """Wait for the answer to a question."""
    until = time.monotonic() + PATIENCE
    try:
        while answers.get(timeout=max(0.0, until - time.monotonic())) != f"answer {number}":
            pass
    except Empty:
        return False
    return True


Thread(target=listen, daemon=True).start()
for task in agent.tasks():
    heard = 0
    for number in range(1, ROUNDS + 1):
        if agent.cancelled():
            agent.done(failed="cancelled")
            break
        agent.message(partner, f"question {number}")
        heard += answered(number)
        time.sleep(0.3)
        agent.progress(100 * number / ROUNDS)
    else:
        agent.output(f"{task.title}: {heard} of {ROUNDS} questions were answered")
