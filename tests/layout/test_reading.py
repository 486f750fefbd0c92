"""What stands in a file, whatever it is, is read for what it is or refused in words."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from mop_tui.layout import LayoutError, Problem, load
from mop_tui.layout.yaml_text import MAX_BYTES

Write = Callable[[str], Path]

SMALL = """\
session: {id: small}
agent_types: {worker: {}}
teams: {crew: {agents: [worker]}}
tasks:
  work:
    agent: worker
    sim:
      memory:
"""


def problem(path: Path) -> Problem:
    with pytest.raises(LayoutError) as refused:
        load(path)
    (only,) = refused.value.problems
    return only


def read(write: Write, *lines: str) -> object:
    """Return what the lines are read as, in a place of a layout where anything may stand."""
    document = load(write(SMALL + "".join(f"        {line}\n" for line in lines))).document
    match document:
        case {"tasks": {"work": {"sim": {"memory": memory}}}}:
            return memory
    raise AssertionError(document)


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("no", "no"),
        ("yes", "yes"),
        ("on", "on"),
        ("off", "off"),
        ("Y", "Y"),
        ("true", True),
        ("False", False),
        ("1:30", "1:30"),
        ("2025-11-06", "2025-11-06"),
        ("2025-13-45", "2025-13-45"),
        ("010", 10),
        ("0o10", 8),
        ("0x1F", 31),
        ("-7", -7),
        ("1_000", "1_000"),
        ("1.50", 1.5),
        ("1e3", 1000.0),
        (".inf", ".inf"),
        (".nan", ".nan"),
        ("=", "="),
        ("~", None),
        ("null", None),
        ("", None),
        ("!!str 5", "5"),
        ("'no'", "no"),
        ('"5"', "5"),
        ("[a, {b: c}]", ["a", {"b": "c"}]),
    ],
)
def test_scalars_mean_what_yaml_1_2_says(write: Write, written: str, meant: object) -> None:
    assert read(write, f"key: {written}") == {"key": meant}


def test_keys_are_texts_as_they_are_written(write: Write) -> None:
    assert read(write, "no: 1", "07: 2", "null: 3", "'x': 4") == {
        "no": 1,
        "07": 2,
        "null": 3,
        "x": 4,
    }


def test_anchors_aliases_and_merges_are_expanded(write: Write) -> None:
    lines = [
        "a: &a {x: 1, y: 2}",
        "b: *a",
        "c: {<<: *a, y: 3}",
        "d: {<<: [{x: 0}, *a], z: 4}",
    ]

    assert read(write, *lines) == {
        "a": {"x": 1, "y": 2},
        "b": {"x": 1, "y": 2},
        "c": {"x": 1, "y": 3},
        "d": {"x": 0, "y": 2, "z": 4},
    }


def test_what_is_wrong_in_an_alias_is_told_where_it_is_written(write: Write) -> None:
    path = write("""\
session: {id: alias}
agent_types: {worker: {run: [work]}}
teams: {crew: {agents: [worker]}}
tasks:
  one: &one
    agent: worker
    duration: soon
  two: {<<: *one}
""")

    with pytest.raises(LayoutError) as refused:
        load(path)
    assert [(p.path, p.line, p.column) for p in refused.value.problems] == [
        ("tasks.one.duration", 7, 15),
        ("tasks.two.duration", 7, 15),
    ]


def test_line_ends_of_other_systems_and_byte_order_marks_are_fine(tmp_path: Path) -> None:
    text = SMALL.replace("agent: worker", "agent: wrker") + "        key: value\n"
    path = tmp_path / "layout.yaml"
    path.write_bytes(b"\xef\xbb\xbf" + text.replace("\n", "\r\n").encode())

    found = problem(path)
    assert (found.line, found.column, found.path) == (6, 12, "tasks.work.agent")


def test_columns_count_characters_and_not_bytes(write: Write) -> None:
    text = SMALL.replace("{id: small}", "{goal: größer ✓, id: a b}")
    found = problem(write(text + "        key: value\n"))

    assert (found.line, found.column, found.path) == (1, 31, "session.id")


@pytest.mark.parametrize("nothing", ["", "\n\n", "# only a remark\n", "---\n", "null\n"])
def test_an_empty_file_is_told(write: Write, nothing: str) -> None:
    assert problem(write(nothing)).message == (
        "is empty; a layout has at least session, teams and tasks"
    )


@pytest.mark.parametrize("other", ["- session\n", "session\n", "7\n"])
def test_a_file_that_is_no_mapping_is_told(write: Write, other: str) -> None:
    found = problem(write(other))

    assert (found.line, found.column, found.path) == (1, 1, "")
    assert found.message == "must be a mapping of sections: session, teams, tasks, ..."


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    path = tmp_path / "missing.yaml"

    assert str(problem(path)) == f"{path}: cannot be read: No such file or directory"


def test_a_folder_is_told(tmp_path: Path) -> None:
    assert str(problem(tmp_path)) == f"{tmp_path}: is a folder, not a layout"


def test_a_pipe_is_told_and_not_waited_for(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)

    assert str(problem(pipe)) == f"{pipe}: is not a file"


def test_a_link_to_itself_is_told(tmp_path: Path) -> None:
    link = tmp_path / "loop.yaml"
    link.symlink_to(link)

    assert str(problem(link)).startswith(f"{link}: cannot be read: ")


def test_a_path_that_can_be_none_is_told() -> None:
    assert problem(Path("a\0b")).message.startswith("cannot be read: ")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_that_may_not_be_read_is_told(write: Write) -> None:
    path = write(SMALL)
    path.chmod(0)

    assert str(problem(path)) == f"{path}: cannot be read: Permission denied"


def test_a_file_that_is_too_large_is_told(tmp_path: Path) -> None:
    path = tmp_path / "large.yaml"
    path.write_bytes(b"#" * (MAX_BYTES + 1))

    assert problem(path).message == "is larger than 4 MiB, so it is no layout"


def test_a_file_in_another_encoding_is_told_where_it_differs(tmp_path: Path) -> None:
    path = tmp_path / "latin.yaml"
    path.write_bytes("session:\n  goal: größer\n".encode("latin-1"))

    assert str(problem(path)) == f"{path}:2:11: is not UTF-8 text from here on"


@pytest.mark.parametrize(
    ("content", "place"), [(b"session: \xff", "1:10"), (b"ab\xc5\x80cd\xff", "1:6")]
)
def test_a_byte_order_mark_moves_no_place(tmp_path: Path, content: bytes, place: str) -> None:
    path = tmp_path / "marked.yaml"
    path.write_bytes(b"\xef\xbb\xbf" + content)

    assert str(problem(path)) == f"{path}:{place}: is not UTF-8 text from here on"


@pytest.mark.parametrize(
    ("junk", "told"),
    [
        (b"\x7fELF\x02\x01", "1:1: holds U+007F, which no text has"),
        (b"a: b\n\x00", "2:1: holds U+0000, which no text has"),
        (b"a: \x1b[31m", "1:4: holds U+001B, which no text has"),
        (b"\x89PNG\r\n\x1a\n", "1:1: is not UTF-8 text from here on"),
    ],
)
def test_binary_junk_is_told(tmp_path: Path, junk: bytes, told: str) -> None:
    path = tmp_path / "junk.yaml"
    path.write_bytes(junk)

    assert str(problem(path)) == f"{path}:{told}"
