"""What holds for every file, and for every sound layout."""

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from mop_tui.layout import LayoutError, load, plan_of
from mop_tui.layout.schema import Layout, Section
from mop_tui.layout.sentences import known_keys

# -- every file ----------------------------------------------------------------------------------

SCRAPS = st.sampled_from(
    "session: teams: tasks: agents: run: sim: id: type: vars: needs: questions: "
    "- ? : , [ ] { } ' \" | > & * << ! !!str !!int !!binary %YAML --- ... # \\ ${ ${a} $${ } "
    "memory:a tasks.a.output a b 1 1.5 1:30 no true null ~ 2025-13-45 \\ud800 \\U00110000".split(
        " "
    )
) | st.sampled_from(["\n", "\n  ", "\n    ", " ", "\t", "\r\n", "\x00", "\u2028", "\ufeff", "é"])


def loads_or_is_refused(path: Path, rehearse: bool = False) -> None:  # noqa: FBT001, FBT002
    """Load, and check that what goes wrong is told in words with a place."""
    try:
        load(path, rehearse=rehearse)
    except LayoutError as refused:
        assert refused.problems
        for problem in refused.problems:
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


@settings(max_examples=300)
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


@settings(max_examples=200)
@given(document=almost(()), rehearse=st.booleans())
def test_what_looks_like_a_layout_is_loaded_or_refused(
    path: Path, document: object, rehearse: bool
) -> None:
    path.write_text(yaml.safe_dump(document, allow_unicode=True), encoding="utf-8")
    loads_or_is_refused(path, rehearse)


# -- every sound layout --------------------------------------------------------------------------

NAMES = st.from_regex(r"[a-z][a-z0-9_-]{0,6}", fullmatch=True)
TEXTS = st.text(
    st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]), min_size=1, max_size=12
).map(lambda text: text.replace("$", ""))
WORDS = TEXTS.filter(bool)
DURATIONS = st.integers(1, 9_999).map(lambda n: f"{n}ms") | st.integers(1, 99) | st.just("1h5m")
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-1000, 1000) | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS, inner, max_size=3),
    max_leaves=6,
)


@st.composite
def sound(draw: st.DrawFn) -> dict[str, Any]:
    """Return a layout in which everything that is named is there."""

    def some(**parts: st.SearchStrategy[Any]) -> dict[str, Any]:
        return draw(st.fixed_dictionaries({}, optional=parts))

    run = st.lists(WORDS, min_size=1, max_size=3) | st.fixed_dictionaries(
        {"shell": WORDS}, optional={"cwd": WORDS, "env": st.dictionaries(NAMES, TEXTS, max_size=2)}
    ).filter(lambda run: all(key.isidentifier() for key in run.get("env", {})))
    sim = st.fixed_dictionaries(
        {},
        optional={
            "duration": DURATIONS | st.just(["1s", "2s"]),
            "output": st.lists(TEXTS, max_size=2),
            "memory": st.dictionaries(NAMES, JSON, max_size=2),
            "exit": st.integers(0, 255),
        },
    )
    work = {"run": run, "sim": sim}
    skills = {"skills": st.lists(NAMES, max_size=2), "model": WORDS}
    types = draw(st.lists(NAMES, min_size=1, max_size=3, unique=True))
    agents = draw(st.lists(NAMES, min_size=1, max_size=5, unique=True))
    teams: dict[str, Any] = {}
    for agent in agents:
        team = teams.setdefault(draw(NAMES), {"agents": []} | some(name=WORDS))
        member = {"id": agent, "type": draw(st.sampled_from(types)), **some(**skills, **work)}
        team["agents"].append(member)
    questions = draw(st.lists(NAMES, max_size=2, unique=True))
    tasks: dict[str, Any] = {}
    for name in draw(st.lists(NAMES, min_size=1, max_size=5, unique=True)):
        tasks[name] = (
            {"agent": draw(st.sampled_from(agents)), "run": draw(run)}
            | some(
                title=WORDS,
                sim=sim,
                needs=st.lists(st.sampled_from(list(tasks)), max_size=2) if tasks else st.just([]),
                provides=st.lists(NAMES, max_size=2),
                priority=st.sampled_from(["low", "normal", "medium", "high", "urgent", "critical"]),
                duration=DURATIONS,
                gate=st.sampled_from(questions) if questions else st.nothing(),
            )
            if questions
            else {"agent": draw(st.sampled_from(agents)), "run": draw(run)}
        )
    return {
        "session": {"id": draw(NAMES)}
        | some(
            project=TEXTS,
            goal=TEXTS,
            max_agents=st.integers(1, 9),
            vars=st.dictionaries(NAMES.filter(lambda name: name != "python"), TEXTS, max_size=2),
        ),
        "agent_types": {name: some(**skills, **work) for name in types},
        "teams": teams,
        "tasks": tasks,
        "questions": {
            name: {"question": draw(WORDS)}
            | some(
                context=st.dictionaries(WORDS, JSON, max_size=2),
                timeout=DURATIONS,
                required=st.booleans(),
                default=st.just("reject"),
                on_reject=st.sampled_from(["cancel", "stop_session"]),
                **{"class": st.sampled_from(["normal", "dangerous"])},
            )
            for name in questions
        },
    } | some(limits=st.fixed_dictionaries({"live": st.integers(1, 9)}))


@settings(max_examples=150)
@given(layout=sound(), rehearse=st.booleans())
def test_the_recorded_document_makes_the_same_plan(
    path: Path, layout: dict[str, Any], rehearse: bool
) -> None:
    path.write_text(yaml.safe_dump(layout, allow_unicode=True, sort_keys=False), encoding="utf-8")

    loaded = load(path, rehearse=rehearse)
    again = plan_of(json.loads(json.dumps(loaded.document)), rehearse=rehearse)

    assert again == loaded.plan
    assert repr(again) == repr(loaded.plan)
    assert list(loaded.plan.tasks) == list(layout["tasks"])


# -- the schema ----------------------------------------------------------------------------------


def test_every_key_of_the_schema_is_described() -> None:
    sections = [Layout, *(s for s in Section.__subclasses__() if s is not Layout)]

    assert len(sections) == 10
    for section in sections:
        assert section.__doc__
        for name, field in section.model_fields.items():
            assert field.description, f"{section.__name__}.{name}"
