import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import JsonValue

from mop_tui.domain import templates
from mop_tui.domain.plan import Command
from mop_tui.errors import TemplateError

KNOWN = {"a": "1", "b-c": "2", "layout.dir": "/l", "tasks.x.y.output": "3", "memory:k/v": "4"}


@pytest.mark.parametrize(
    ("text", "names", "rendered"),
    [
        ("", (), ""),
        ("plain $HOME $ {a} $a $$", (), "plain $HOME $ {a} $a $$"),
        ("${a}", ("a",), "1"),
        ("${a}${b-c}-${a}", ("a", "b-c", "a"), "12-1"),
        ("${layout.dir}/x", ("layout.dir",), "/l/x"),
        ("${tasks.x.y.output}, ${memory:k/v}", ("tasks.x.y.output", "memory:k/v"), "3, 4"),
        ("$${a}", (), "${a}"),
        ("$$${a}", (), "$${a}"),
        ("$${", (), "${"),
        ("${unknown} ${ a }", ("unknown", " a "), "${unknown} ${ a }"),
        ("${}", ("",), "${}"),
    ],
)
def test_look_ups_are_filled_in(text: str, names: tuple[str, ...], rendered: str) -> None:
    assert templates.names(text) == names
    assert templates.render(text, KNOWN.get) == rendered


@pytest.mark.parametrize("text", ["${", "${a", "x ${a ${b}", "${a$b}", "${{a}}"])
def test_what_opens_no_look_up_is_refused(text: str) -> None:
    with pytest.raises(TemplateError, match="opens no look-up"):
        templates.names(text)


def test_what_is_looked_up_is_not_looked_into() -> None:
    assert templates.render("${a}", {"a": "${b} $${", "b": "secret"}.get) == "${b} $${"


@given(st.text("${}ab"))
def test_an_escaped_text_renders_to_itself(text: str) -> None:
    escaped = templates.escape(text)

    assert templates.names(escaped) == ()
    assert templates.render(escaped, lambda name: f"<{name}>") == text


def test_variables_are_filled_in_from_those_above_them() -> None:
    lookup = templates.resolve(
        {"base": "${layout.dir}/b", "path": "${base}/p", "both": "${base} ${path} ${later}"},
        {"layout.dir": "/l", "python": "py"}.get,
    )

    assert lookup("path") == "/l/b/p"
    assert lookup("both") == "/l/b /l/b/p ${later}"
    assert lookup("python") == "py"
    assert lookup("nothing") is None


def test_all_of_a_command_is_filled_in() -> None:
    command = Command(
        argv=("${a}", "-x${a}", "$${a}"), cwd="/${a}", env=(("A", "${a}"), ("${a}", "plain"))
    )

    assert templates.render_command(command, KNOWN.get) == Command(
        argv=("1", "-x1", "${a}"), cwd="/1", env=(("A", "1"), ("${a}", "plain"))
    )
    assert templates.render_command(Command(("x",)), KNOWN.get) == Command(("x",))


def test_texts_are_filled_in_however_deep_they_are() -> None:
    value: JsonValue = {"${a}": ["${a}", {"k": "x${a}"}, 7, None, True]}

    assert templates.render_value(value, KNOWN.get) == {"${a}": ["1", {"k": "x1"}, 7, None, True]}
    assert list(templates.texts(value)) == [
        (("${a}", 0), "${a}"),
        (("${a}", 1, "k"), "x${a}"),
    ]


@pytest.mark.parametrize(
    ("value", "text"),
    [("as it is", "as it is"), (7, "7"), (None, "null"), ({"a": ["é"]}, '{"a": ["é"]}')],
)
def test_memory_values_have_a_look(value: JsonValue, text: str) -> None:
    assert templates.as_text(value) == text


def test_names_say_what_they_look_up() -> None:
    assert templates.task_of("tasks.a.b.output") == "a.b"
    assert templates.task_of("tasks.output") is None
    assert templates.task_of("memory:tasks.a.output") is None
    assert templates.key_of("memory:a/b") == "a/b"
    assert templates.key_of("a") is None
