"""Whether any file at all makes the layout loader fail, or keeps it busy for long.

    python -m bench.fuzz_layout [--minutes 5] [--seed 0]

Real layouts, the sound one of the tests' book of wrong ones, and the guide's blocks are mangled in
every way that a text can be: bytes and lines cut, doubled, moved, swapped between files, replaced
by YAML's own signs, nested, aliased, and by random bytes. In others, values are exchanged for each
other or for odd ones. Whatever comes out, `layout.load` must return a layout or say what is wrong,
each problem on one line that steers no terminal and has a place inside the file; and what it made
of it must be a document that gives the same plan again.
"""

import argparse
import copy
import random
import re
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import Any

import yaml

from bench.machine import described
from mop_tui import layout
from mop_tui.errors import LayoutError, Problem

ROOT = Path(__file__).parents[1]
TOKENS = [
    *(
        "{",
        "}",
        "[",
        "]",
        ":",
        ": ",
        "- ",
        "&a ",
        "*a",
        "<<: *a",
        "!!python/object ",
        "? ",
        "| ",
        "> ",
    ),
    *("#", "%", "@", "`", '"', "'", "\t", "\0", "\x85", "\ufeff", "---\n", "...\n", "~", "null"),
    *("${", "${x}", "$${", "${tasks.a.output}", "1e999", "0x", "0o9", ".inf", "1:30", "yes"),
    *("memory:", "[" * 120, "{a: " * 120, "a" * 5000, "\\U0001F600", "\ud800"),
]
ODD: list[Any] = [
    *(None, True, 0, -1, 2**63, 1.5, 1e308, "", "a", "1h", "999999999999h", "1e30TB", "ask", "low"),
    *("memory:a", "${", "${a}", "${tasks.a.output}", "a\nb", "\x1b[2J", "\0", "(", "(a+)+$", "x/y"),
    *("a/" * 2000, "**/a/" * 900, "*?" * 900, "{a,b}" * 40, "{" * 900, ["**/*", "*/{a,b}/"]),
    *(
        "* * * * *",
        "0 9 30 2 *",
        "99 * * * *",
        "../x",
        "/x",
        "a/**",
        "[",
        "{a,",
        "{a,b}/" * 9,
        "**",
    ),
    *("agent.output", "event.path", "${event.path}", "${agent.id}", "spawn_crew_team", "notify"),
    *({"event.path": {"lt": 3}}, {"memory:a": 1}, {"event.value.a.b": "c"}, {"in": ["a", 1]}),
    *([], {}, [[]], {"a": {"eq": []}}, {"trigger": {}}, {"session_id": 1}),
]
"""Values that few places in a layout take."""
GUIDE = """
orchestrate_session_start: {session_id: dig, project: Garden, topology: adaptive, max_agents: 9}
agent_types: {worker: {skills: [dig], run: [dig]}}
teams:
  crew: {agents: [{type: worker, owns: ["a/**/*.yaml", "{b,c}/[de]?"]}, {type: worker, id: b}]}
  more: {agents: [{type: worker, id: c, owns: [b/x, a/]}]}
unattended_answers: {ask-human: b}
tasks: {first: {agent: worker, gate: ask-human}}
ask_human: {question: "Where?", question_type: choice, options: [{value: a}, b], default: a}
trigger: {type: file_created, path_pattern: "*.txt", action: spawn_agent, agent_type: worker}
orchestrate_triggers: {triggers: [{name: ready, type: memory_key, key: a/b, action: spawn_crew}]}
adaptation_strategies: {strategies: [{name: up, trigger: slow, action: spawn, max_agents: 3}]}
health_checks: {interval: 30s, timeout: 10s, failure_threshold: 3, success_threshold: 1}
"""
TRIGGERS = """
session: {id: dig, root: "${layout.dir}/site", keep_running: true, vars: {a: b}}
agent_types:
  worker: {skills: [dig], run: [dig]}
  digger: {skills: [deep], sim: {duration: 1s, memory: {dug: true}}, limits: {cpu: 1}}
  devops-troubleshooter: {run: {shell: look}}
teams:
  crew: {agents: [worker]}
  later: {start: trigger, agents: [{type: worker, id: late}, digger]}
tasks:
  first: {agent: worker, provides: [hole/dug], environment: production, retry: 1, on_error: {
    exit_3: [retry, {set_memory: {go: "${error.type}"}}], timeout: [{skip: "${agent.id}"}],
    gone: [{spawn: {agent_type: digger, task: Dig}}], "*": [{create_task: {skill: dig, task: x}}]}}
  second: {requires_skill: deep, needs: ["memory:go"], complexity: high}
questions: {sure: {question: "Sure?"}}
limits: {live: 3, total: 40, per_minute: 9, depth: 4, cpu: 8, memory: 8GiB}
triggers:
  - {type: file_created, path_pattern: "a/**/*.{yaml,json}", action: spawn_agent,
     agent_type: digger, task: "Dig ${event.path} for ${a}", priority: high, cooldown: 5s}
  - {type: task_created, requires_skill: deep, action: spawn_agent, agents: [late]}
  - {type: dependency_ready, wait_for: hole/dug, action: spawn_dependent_agents, agents: [digger]}
  - {type: memory_key, key: hole/dug, action: spawn_later_team, when: {event.value.status: done}}
  - {type: agent_error, error_pattern: "no (water|earth)", action: spawn_troubleshooter}
  - {type: environment_deploy, environment: production, action: ask_human_approval, question: sure}
  - {type: agent_health, status: unhealthy, action: restart_agent, max_fires: 2}
  - {type: schedule, cron: "0 9 * * mon-fri", action: create_task, skill: dig, auto_start: false}
  - {name: tick, type: schedule, interval: 5s, action: notify, task: "${memory:a/b} ${event.at}"}
  - {type: event, kind: task.transitioned, when: {event.to_state: {in: [COMPLETE, FAILED]},
     task.attempts: {lt: 3}}, action: set_memory, set: {go: ["${task.id}", 1]},
     dedupe_key: "${task.id}"}
"""
LINE_BREAK = re.compile(r"\r\n|[\r\n\x85\u2028\u2029]")
LONGEST = 10
"""Seconds that no input may take."""


@dataclass
class Tally:
    """What was tried, and what came of it."""

    tried: int = 0
    sound: int = 0
    messages: Counter[str] = field(default_factory=Counter)
    slowest: float = 0.0
    wrong: list[str] = field(default_factory=list)


def seeds() -> list[str]:
    """Return texts to begin with."""
    texts = [path.read_text(encoding="utf-8") for path in (ROOT / "layouts").glob("*.yaml")]
    book = (ROOT / "tests" / "layout" / "wrong_layouts.txt").read_text(encoding="utf-8")
    sound = book[book.index("session:") : book.index("\n## ")]
    return [*texts, sound, sound, sound, GUIDE, GUIDE, *[TRIGGERS] * 6]


def mangled(text: str, others: list[str], chance: random.Random) -> str:
    """Return `text` after one accident."""
    lines = text.split("\n")
    at = chance.randrange(len(lines))
    place = chance.randrange(len(text) + 1)
    accidents: list[Callable[[], str]] = [
        lambda: text[:place] + chance.choice(TOKENS) + text[place:],
        lambda: text[:place] + text[place + chance.randint(1, 40) :],
        lambda: text[:place],
        lambda: "\n".join([*lines[:at], *lines[at + 1 :]]),
        lambda: "\n".join([*lines[:at], lines[at], *lines[at:]]),
        lambda: "\n".join([*lines[:at], "  " + lines[at], *lines[at + 1 :]]),
        lambda: "\n".join([*lines[:at], lines[at].lstrip(), *lines[at + 1 :]]),
        lambda: "\n".join([*lines[:at], chance.choice(others).split("\n")[0], *lines[at:]]),
        lambda: text[:place] + chance.choice(others)[place : place + chance.randint(1, 200)],
        lambda: text.replace(chance.choice("abcdeorst:{}[],"), chance.choice(TOKENS), 1),
        lambda: "".join(chance.sample(text, len(text))) if len(text) < 400 else text,
        lambda: text[:place] + chr(chance.randrange(0x110000)) + text[place:],
    ]
    return chance.choice(accidents)()


def exchanged(text: str, chance: random.Random) -> str:
    """Return a sound `text` with some values exchanged for others of it, or for odd ones."""
    document = yaml.safe_load(text)
    for _ in range(chance.randint(1, 4)):
        places = list(_places(document))
        holder, key = chance.choice(places)
        other, there = chance.choice(places)
        holder[key] = copy.deepcopy(chance.choice([other[there], chance.choice(ODD)]))
    return yaml.safe_dump(document, sort_keys=False, default_flow_style=chance.random() < 0.5)


def _places(value: Any) -> Iterator[tuple[Any, Any]]:
    """Yield each value below `value` as what holds it and its key or index there."""
    below = value if isinstance(value, dict) else range(len(value) if type(value) is list else 0)
    for key in below:
        yield value, key
        yield from _places(value[key])


def attempt(content: bytes, path: Path, tally: Tally, *, rehearse: bool = False) -> None:
    """Load one file and note what came of it."""
    path.write_bytes(content)
    told: tuple[Problem, ...] = ()
    begun = time.perf_counter()
    signal.alarm(LONGEST)
    try:
        loaded = layout.load(path, rehearse=rehearse)
        tally.sound += 1
        told = loaded.warnings
        if layout.plan_of(loaded.document, rehearse=rehearse) != loaded.plan:
            tally.wrong.append(f"its document gives another plan: {content!r}"[:2000])
    except LayoutError as error:
        told = (*error.problems, *error.warnings)
        if not error.problems:
            tally.wrong.append(f"it says nothing: {content!r}"[:2000])
        else:
            tally.messages[error.problems[0].message[:40]] += 1
    except Exception as error:  # noqa: BLE001 - this is what is looked for
        tally.wrong.append(f"{error!r} for {content!r}"[:2000])
    finally:
        signal.alarm(0)
    tally.tried += 1
    tally.slowest = max(tally.slowest, time.perf_counter() - begun)
    lines = len(LINE_BREAK.split(content.decode("utf-8-sig", "replace")))
    for problem in told:
        placed = problem.line is None or 1 <= problem.line <= lines
        if not (problem.message and str(problem).isprintable() and placed):
            tally.wrong.append(f"{problem!r} for {content!r}"[:2000])


def _too_long(_signal: int, _frame: FrameType | None) -> None:
    raise TimeoutError(f"it took {LONGEST} s")


def campaign(seconds: float, seed: int) -> Tally:
    """Try for so many seconds."""
    chance, tally, texts = random.Random(seed), Tally(), seeds()
    signal.signal(signal.SIGALRM, _too_long)
    deadline = time.monotonic() + seconds
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "layout.yaml")
        while time.monotonic() < deadline and len(tally.wrong) < 10:
            text = chance.choice(texts)
            if chance.random() < 0.4:
                text = exchanged(text, chance)
            else:
                for _ in range(chance.randint(1, 4)):
                    text = mangled(text, texts, chance)
            content = text.encode(errors="surrogatepass")
            if chance.random() < 0.1:
                at = chance.randrange(len(content) + 1)
                content = content[:at] + chance.randbytes(chance.randint(1, 8)) + content[at:]
            attempt(content, path, tally, rehearse=chance.random() < 0.3)
    return tally


def main(arguments: list[str] | None = None) -> None:
    """Try for a while and print what came of it; exit code 1 if anything is wrong."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--minutes", type=float, default=5)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args(arguments)
    print(described())
    tally = campaign(options.minutes * 60, options.seed)
    print(
        f"{tally.tried:,} files tried: {tally.sound:,} sound,"
        f" {len(tally.messages):,} kinds of first messages; slowest {tally.slowest:.2f} s"
    )
    for wrong in tally.wrong:
        print(f"WRONG: {wrong}")
    if tally.wrong:
        sys.exit(1)
    print("none failed, none was silent, none took long")


if __name__ == "__main__":
    main()
