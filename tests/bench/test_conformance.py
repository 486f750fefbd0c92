"""The page about the guide names what is there, and the check of it finds what is wrong."""

import os
from hashlib import sha256
from pathlib import Path

import pytest

from bench import conformance
from bench.conformance import BrokenRowError, items, left_over, problems, rows

PAGE = conformance.PAGE.read_text(encoding="utf-8")
GUIDE = "MOP_GUIDE"
"""The environment variable that says where the guide is, which is not part of this project."""

TEXT = """\
# Orchestration
It is about agents.

- Spawn them
**Example:**
```javascript
// 1. Begin
//    - with one
mcp__claude-flow__begin {
  type: "now: or `never`",  // as it: is
  task: `Debug ${agent.id}:
    - Look
    why: not`
}
function check(event) { agent.stop(event) }
```
```yaml
kinds:
  - one
  A → B:
```
```
A → B
```
"""
PROOF = "`tests/bench/test_conformance.py::test_every_row_names_what_is_there`"
TABLE = f"""\
The guide is `{sha256(TEXT.encode()).hexdigest()}`.

**D1. Something.** It is otherwise.

| 1 | Title | `bench/conformance.py:PAGE` | {PROOF} | yes |
| 2 | What it is about | `mop-tui run` | {PROOF} | D1 |
| 4 | Spawning | `triggers.action` | {PROOF} | yes |
| 6 | A block | `session.max_agents` | {PROOF} | yes |
| 7 | 1. Begin | `teams.agents.id` | {PROOF} | yes |
| 8 | With one | `tasks.retry.times` | {PROOF} | yes |
| 9 | `begin` | `questions.options.value` | {PROOF} | yes |
| 10 | `type` | `triggers.type` | {PROOF} | yes |
| 11 | `task` | `triggers.task` | {PROOF} | yes |
| 12 | A step | `triggers.task` | {PROOF} | yes |
| 15 | `check` | `docs/layout.md` | {PROOF} | yes |
| 15 | `stop` | `triggers.task` | {PROOF} | yes |
| 17-20 | Kinds and ways | `triggers.task` | {PROOF} | yes |
| 18 | `kinds` | `triggers.task` | {PROOF} | yes |
| 22-23 | A drawing | `triggers.task` | {PROOF} | yes |
"""


def test_every_row_names_what_is_there() -> None:
    assert list(problems(PAGE)) == []
    assert len(rows(PAGE)) > 500


def test_all_of_the_guide_has_its_row_and_nothing_else_has() -> None:
    path = os.environ.get(GUIDE)
    if path is None:
        pytest.skip(f"set {GUIDE} to the path of the guide, which is not part of this project")
    assert list(left_over(PAGE, Path(path).read_text(encoding="utf-8"))) == []


def test_what_is_in_a_guide_is_found() -> None:
    assert [(it.line, it.kind, it.text) for it in items(TEXT)] == [
        (1, "heading", "# Orchestration"),
        (2, "said", "It is about agents."),
        (4, "list item", "- Spawn them"),
        (6, "block", "javascript"),
        (7, "list item", "1. Begin"),
        (8, "list item", "- with one"),
        (9, "call", "begin"),
        (10, "parameter", "type"),
        (11, "parameter", "task"),
        (12, "list item", "- Look"),
        (15, "call", "check"),
        (15, "call", "stop"),
        (17, "block", "yaml"),
        (18, "parameter", "kinds"),
        (19, "list item", "- one"),
        (20, "line", "A → B:"),
        (22, "block", ""),
        (23, "line", "A → B"),
    ]


def table(old: str = "", new: str = "") -> str:
    """Return a small page that is right, but for one thing that is changed."""
    assert old in TABLE
    return TABLE.replace(old, new) if old else TABLE


def test_a_page_that_is_right_has_no_problems() -> None:
    assert list(problems(table())) == []
    assert list(left_over(table(), TEXT)) == []


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (":PAGE", ":PAGES", "row 1 (Title): there is no PAGES in bench/conformance.py"),
        ("bench/conformance.py", "bench/con.py", "row 1 (Title): there is no file bench/con.py"),
        ("mop-tui run", "mop-tui ran", "row 2 (What it is about): there is no command ran"),
        (".max_agents", ".agents", "row 6 (A block): layouts have no key session.agents"),
        ("agents.id", "agents.idea", "row 7 (1. Begin): layouts have no key teams.agents.idea"),
        ("| `triggers.action` |", "| triggers |", "row 4 (Spawning): says nowhere where it lives"),
        ("| D1 |", "| D2 |", "row 2 (What it is about): D2 is explained nowhere"),
        ("| D1 |", "| yes |", "D1: no row differs so"),
        ("**D1. ", "**D2. ", "differences are not numbered in order: D2"),
    ],
)
def test_what_is_not_there_is_told(old: str, new: str, said: str) -> None:
    assert said in list(problems(table(old, new)))


def test_a_test_that_would_not_be_collected_is_told() -> None:
    page = table().replace("::test_every_row_names", "::test_no_row_names", 1)
    missing = "tests/bench/test_conformance.py::test_no_row_names_what_is_there"
    assert list(problems(page)) == [f"row 1 (Title): there is no test {missing}"]
    assert list(problems(table().replace(PROOF, "by nothing", 1))) == [
        "row 1 (Title): nothing proves it"
    ]


@pytest.mark.parametrize("row", ["| 1 | Title | `a/b` | yes |", "| 1 | Title |  | `a` | yes |"])
def test_a_row_that_lacks_a_column_is_told(row: str) -> None:
    with pytest.raises(BrokenRowError):
        rows(row)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("| 1 | Title", "| 3 | Title", "line 1: no row for the heading # Orchestration"),
        ("| 1 | Title", "| 3 | Title", "row 3 (Title): there is nothing like that in the guide"),
        ("| 8 |", "| 7-8 |", "line 7: several rows for the list item 1. Begin"),
        ("| `stop` |", "| `go` |", "line 15: no row for the call stop"),
        ("| `stop` |", "| `go` |", "row 15 (`go`): there is nothing like that in the guide"),
        ("| `type` |", "| `type`, `no` |", "row 10 (`type`, `no`): not in the guide: no"),
    ],
)
def test_what_is_left_over_on_either_side_is_told(old: str, new: str, said: str) -> None:
    assert said in list(left_over(table(old, new), TEXT))


def test_another_edition_of_the_guide_is_told() -> None:
    (said,) = left_over(table(), TEXT.replace("about agents", "about swarms"))
    assert said.startswith("this is another edition of the guide than the page is about: ")
