"""What holds for every file, and for every sound layout."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from mop_tui.layout import LayoutError, Problem, load, plan_of, sizes
from mop_tui.layout.sentences import known_keys

# -- every file ----------------------------------------------------------------------------------

YAML = """
session: teams: tasks: agents: run: sim: id: type: vars: needs: questions: - ? : , [ ] { } ' "
| > & * << ! !!str !!int !!binary %YAML --- ... # \\ ${ ${a} $${ } memory:a tasks.a.output a b 1
1.5 1:30 no true null ~ 2025-13-45 \\ud800 \\U00110000
"""
BETWEEN = ["\n", "\n  ", "\n    ", " ", "\t", "\r\n", "\x00", "\u2028", "\ufeff", "é"]
SCRAPS = st.sampled_from(YAML.split()) | st.sampled_from(BETWEEN)


def loads_or_is_refused(path: Path, *, rehearse: bool = False) -> None:
    """Load, and check that what goes wrong is told in words with a place."""
    problems: tuple[Problem, ...] = ()
    try:
        load(path, rehearse=rehearse)
    except LayoutError as refused:
        problems = refused.problems or (Problem("nowhere", 0, 0, "", ""),)
    for problem in problems:
        assert problem.message
        assert problem.file == str(path)
        assert problem.line is None or (problem.line > 0 and (problem.column or 0) > 0)


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("layouts") / "layout.yaml"


@given(content=st.binary(max_size=200))
def test_bytes_are_loaded_or_refused(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    loads_or_is_refused(path)


@settings(max_examples=200)
@given(scraps=st.lists(SCRAPS, max_size=40))
def test_scraps_of_yaml_are_loaded_or_refused(path: Path, scraps: list[str]) -> None:
    path.write_bytes("".join(scraps).encode("utf-8", "surrogatepass"))
    loads_or_is_refused(path)


VALUES: st.SearchStrategy[Any] = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats()
    | st.sampled_from(["a", "b", "memory:a", "${a}", "${tasks.a.output}", "approve", "1h", "low"])
    | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("abcd"), inner, max_size=3)
    ),
    max_leaves=8,
)


def almost(loc: tuple[str | int, ...], depth: int = 0) -> st.SearchStrategy[Any]:
    """Return mappings with the keys of the schema at `loc`, and mostly wrong values."""
    keys = known_keys(loc)
    if depth > 5 or not keys:
        below = VALUES
        if depth <= 5 and known_keys((*loc, "a")):
            below = st.dictionaries(
                st.sampled_from(["a", "b", "c!", ""]), almost((*loc, "a"), depth + 1), max_size=2
            )
        elif depth <= 5 and known_keys((*loc, 0)):
            below = st.lists(almost((*loc, 0), depth + 1) | st.sampled_from("ab"), max_size=2)
        return below
    return st.fixed_dictionaries(
        {},
        optional={key: almost((*loc, key), depth + 1) | VALUES for key in keys} | {"odd": VALUES},
    )


@settings(max_examples=100)
@given(document=almost(()), rehearse=st.booleans())
def test_what_looks_like_a_layout_is_loaded_or_refused(
    path: Path, document: object, rehearse: bool
) -> None:
    path.write_text(yaml.safe_dump(document, allow_unicode=True), encoding="utf-8")
    loads_or_is_refused(path, rehearse=rehearse)


# -- every sound layout --------------------------------------------------------------------------

NAMES = st.text("abcdefgh-_", min_size=1, max_size=3).map(lambda name: f"x{name}")
TEXTS = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]), max_size=8).map(
    lambda text: text.replace("$", "")
)
WORDS = TEXTS.map(lambda text: text or "word")
DURATIONS = st.integers(1, 9_999).map(lambda n: f"{n}ms") | st.integers(1, 99) | st.just("1h5m")
PATTERNS = TEXTS.map(re.escape).map(lambda pattern: pattern or "[a-z]+")
SIZES = st.integers(sizes.LEAST, sizes.MOST) | st.sampled_from(
    ["512MiB", "1.5GiB", "200MB", "70001B"]
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-1000, 1000) | TEXTS,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(WORDS, inner, max_size=2),
    max_leaves=3,
)


def any_of(**parts: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    """Return mappings with any of the parts."""
    return st.fixed_dictionaries({}, optional=parts)


WAYS = any_of(
    cwd=WORDS,
    env=st.dictionaries(st.sampled_from(["A", "_b"]), TEXTS),
    inherit_env=st.lists(st.sampled_from(["C", "D_TOKEN"]), max_size=3),
    stdin=st.sampled_from(["protocol", "none"]),
    exit_codes=st.dictionaries(st.integers(1, 255), NAMES, max_size=2),
    error_patterns=st.lists(st.fixed_dictionaries({"type": NAMES, "pattern": PATTERNS}), max_size=2)
    | st.dictionaries(NAMES, PATTERNS, max_size=2),
    progress_patterns=st.lists(
        PATTERNS.flatmap(lambda it: st.sampled_from([f"({it})", f"({it}) of ({it})"])), max_size=2
    ),
)
RUN = st.lists(WORDS, min_size=1, max_size=3) | st.builds(
    lambda rest, program: {**program, **rest},
    WAYS,
    st.builds(lambda shell: {"shell": shell}, WORDS)
    | st.builds(lambda command: {"command": [command]}, WORDS),
)
SIM = any_of(
    duration=DURATIONS | st.just(["1s", "2s"]),
    output=st.lists(TEXTS, max_size=2),
    memory=st.dictionaries(NAMES, JSON, max_size=2),
    exit=st.integers(0, 255),
)
DOER = {"run": RUN, "sim": SIM}
SKILLED = DOER | {"skills": st.lists(WORDS, max_size=2), "model": WORDS}
HELD = SKILLED | {
    "lifetime": st.just("task"),  # for the session, see `sound`
    "limits": any_of(cpu=st.integers(1, 64) | st.just(0.5), memory=SIZES),
}
SESSION = any_of(
    project=TEXTS,
    goal=TEXTS,
    max_agents=st.integers(1, 9),
    vars=st.dictionaries(NAMES, TEXTS, max_size=2),
)
ASKED = {
    "context": st.dictionaries(WORDS, JSON, max_size=2),
    "timeout": DURATIONS,
    "required": st.booleans(),
    "class": st.sampled_from(["normal", "dangerous"]),
}
APPROVAL = any_of(
    **ASKED,
    question_type=st.just("approval"),
    default=st.just("reject"),
    on_reject=st.sampled_from(["cancel", "stop_session"]),
)
OPTIONS = st.lists(WORDS, min_size=2, max_size=4, unique=True).flatmap(
    lambda values: st.tuples(
        *(
            st.just(value)
            | st.builds(
                lambda value, more: {"value": value, **more},
                st.just(value),
                any_of(label=TEXTS, description=TEXTS),
            )
            for value in values
        )
    )
)
CHOICE = OPTIONS.map(list).flatmap(
    lambda options: st.builds(
        lambda asked, more: {"question_type": "choice", "options": options, **asked, **more},
        any_of(**ASKED),
        any_of(
            default=st.sampled_from([it if isinstance(it, str) else it["value"] for it in options])
        ),
    )
)
LENGTHS = any_of(
    min_length=st.integers(0, 9),
    max_length=st.integers(9, 4_096),
    require_special=st.booleans(),
    require_digit=st.booleans(),
    pattern=PATTERNS,
)
INPUT = st.builds(
    lambda asked, typed: {"question_type": "input", **asked, **typed},
    any_of(**ASKED),
    any_of(input_type=st.sampled_from(["text", "password"]), validation=LENGTHS)
    | st.fixed_dictionaries(
        {"input_type": st.just("number")},
        optional={
            "validation": any_of(minimum=st.integers(-9, 0), maximum=st.floats(1, 9)),
            "default": st.sampled_from(["0", "1", "0.5"]),
        },
    ),
)
QUESTION = APPROVAL | CHOICE | INPUT
RETRY = st.integers(0, 100) | st.builds(
    lambda times, rests: {"times": times, **rests},
    st.integers(0, 100),
    any_of(delay=st.integers(0, 60), max_delay=st.integers(60, 600).map(lambda n: f"{n}s")),
)
TASK = any_of(
    title=WORDS,
    sim=SIM,
    provides=st.lists(NAMES, max_size=2),
    priority=st.sampled_from(["low", "normal", "medium", "high", "urgent", "critical"]),
    duration=DURATIONS,
    timeout=DURATIONS,
    retry=RETRY,
)


FIRING = any_of(
    name=NAMES,
    cooldown=DURATIONS,
    max_fires=st.integers(1, 9),
    dedupe_key=WORDS | st.just("${event.seq} ${memory:a}"),
    when=st.dictionaries(
        st.sampled_from(["event.seq", "event.at", "memory:a/b"]),
        st.integers(0, 9) | st.fixed_dictionaries({"lt": st.integers(1, 9)}),
        max_size=2,
    ),
)
WAITING = st.one_of(
    *(
        st.fixed_dictionaries({"type": st.just(type_), **keys}, optional=more)
        for type_, keys, more in (
            ("file_created", {"path_pattern": NAMES.map(lambda name: f"{name}/**/*.txt")}, {}),
            ("memory_key", {"key": NAMES}, {}),
            ("dependency_ready", {"wait_for": NAMES}, {}),
            ("agent_error", {}, {"error_type": WORDS, "error_pattern": PATTERNS}),
            ("agent_health", {"status": st.sampled_from(["degraded", "unhealthy"])}, {}),
            ("schedule", {"interval": st.integers(1, 99)}, {}),
            ("schedule", {"cron": st.sampled_from(["0 9 * * *", "*/5 * * jan sun"])}, {}),
            ("event", {"kind": st.sampled_from(["task.output", "user.answered"])}, {}),
        )
    )
)


def doing(agents: list[str], types: list[str]) -> st.SearchStrategy[dict[str, Any]]:
    """Return what triggers have done, to agents, and by new ones of the types."""
    urgency = {"priority": st.sampled_from(["low", "urgent"]), "auto_start": st.booleans()}
    ways: list[st.SearchStrategy[dict[str, Any]]] = [
        st.fixed_dictionaries({"action": st.just("notify")}, optional={"task": WORDS}),
        st.fixed_dictionaries(
            {
                "action": st.just("set_memory"),
                "set": st.dictionaries(NAMES, JSON, min_size=1, max_size=2),
            }
        ),
        st.fixed_dictionaries(
            {
                "action": st.sampled_from(["restart_agent", "pause_agent", "resume_agent"]),
                "agent": st.sampled_from(agents),
            }
        ),
        st.fixed_dictionaries({"action": st.just("ask_human_approval")}, optional={"task": WORDS}),
    ]
    if types:
        ways.append(
            st.fixed_dictionaries(
                {
                    "action": st.sampled_from(["spawn_agent", "spawn_troubleshooter"]),
                    "agent_type": st.sampled_from(types),
                },
                optional={"task": WORDS, "model": WORDS, **urgency},
            )
        )
        ways.append(
            st.fixed_dictionaries(
                {
                    "action": st.just("spawn_dependent_agents"),
                    "agents": st.lists(st.sampled_from(types), min_size=1, max_size=2),
                },
                optional={"task": WORDS, **urgency},
            )
        )
    return st.one_of(*ways)


def several(least: int, most: int) -> st.SearchStrategy[list[str]]:
    """Return lists of different names."""
    return st.lists(NAMES, min_size=least, max_size=most, unique=True)


def hears(run: Any) -> bool:
    """True if a program can be told things."""
    return isinstance(run, list) or run.get("stdin") != "none"


@st.composite
def sound(draw: st.DrawFn) -> dict[str, Any]:
    """Return a layout in which everything that is named is there."""
    types, agents, questions = draw(several(1, 2)), draw(several(1, 4)), draw(several(0, 2))
    living = draw(st.sets(st.sampled_from(agents)))
    teams: dict[str, Any] = {}
    for agent in agents:
        team = teams.setdefault(draw(NAMES), {"agents": [], **draw(any_of(name=WORDS))})
        type_ = draw(st.sampled_from(types))
        team["agents"].append({"id": agent, "type": type_, **draw(any_of(**HELD))})
        if agent in living:
            team["agents"][-1] |= {"lifetime": "session", "run": draw(RUN.filter(hears))}
    tasks: dict[str, Any] = {}
    for name in draw(several(1, 4)):
        task = {"agent": draw(st.sampled_from(agents)), **draw(TASK)}
        if task["agent"] not in living:
            task["run"] = draw(RUN)
        if tasks:
            task["needs"] = draw(st.lists(st.sampled_from(list(tasks)), max_size=2))
        if questions:
            task["gate"] = draw(st.sampled_from(questions))
        tasks[name] = task
    kinds = {name: draw(any_of(**HELD)) for name in types}
    able = [name for name, kind in kinds.items() if "run" in kind or "sim" in kind]
    trigger = st.builds(
        lambda waiting, firing, done: {**waiting, **firing, **done},
        WAITING,
        FIRING,
        doing(agents, able),
    )
    triggers = draw(st.lists(trigger, max_size=3, unique_by=lambda one: one.get("name", id(one))))
    for index, one in enumerate(triggers):
        if one.get("name", "") in questions:
            one["name"] = f"y{index}"
    return {
        "session": {"id": draw(NAMES), **draw(SESSION)},
        "agent_types": kinds,
        "triggers": triggers,
        "teams": teams,
        "tasks": tasks,
        "questions": {name: {"question": draw(WORDS), **draw(QUESTION)} for name in questions},
        "limits": draw(any_of(live=st.integers(1, 9))),
    }


class Quoting(yaml.SafeDumper):
    """Puts every text in quotes: what needs none in YAML 1.1 may need some in 1.2."""


Quoting.add_representer(
    str, lambda dumper, text: dumper.represent_scalar("tag:yaml.org,2002:str", text, style='"')
)


def quoted(layout: dict[str, Any]) -> str:
    """Return a layout as YAML."""
    return yaml.dump(layout, Dumper=Quoting, allow_unicode=True, sort_keys=False)


@settings(max_examples=60)
@given(layout=sound(), rehearse=st.booleans())
def test_the_recorded_document_makes_the_same_plan(
    path: Path, layout: dict[str, Any], rehearse: bool
) -> None:
    path.write_text(quoted(layout), encoding="utf-8")

    loaded = load(path, rehearse=rehearse)
    again = plan_of(json.loads(json.dumps(loaded.document)), rehearse=rehearse)

    assert again == loaded.plan
    assert repr(again) == repr(loaded.plan)
    assert list(loaded.plan.tasks) == list(layout["tasks"])
    specs = loaded.plan.triggers
    assert [spec.type for spec in specs] == [one["type"] for one in layout["triggers"]]
    assert len({spec.name for spec in specs}) == len(specs)
    for spec, declared in zip(specs, layout["triggers"], strict=True):
        assert spec.name == declared.get("name", spec.name)
        assert [condition.path for condition in spec.when] == list(declared.get("when", {}))
        assert spec.task == declared.get("task", "")
        named = [declared["agent_type"]] if "agent_type" in declared else declared.get("agents", [])
        assert list(spec.agents) == list(dict.fromkeys(named))
        assert dict(spec.set) == declared.get("set", {})
