"""The documents: links lead somewhere, no page is left out, every command has its line."""

import re
import shutil
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest

from mop_tui.cli.contents import SUMMARIES

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").glob("*.md"))]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_to_files_and_headings_that_are_there(page: Path) -> None:
    text = re.sub(r"```.*?```|`[^`\n]*`", "", page.read_text(encoding="utf-8"), flags=re.DOTALL)
    for link in re.findall(r"\]\(([^)\s]+)\)", text):
        if "://" in link:
            continue
        name, _, heading = link.partition("#")
        target = (page.parent / name).resolve() if name else page
        assert target.exists(), link
        if heading and target.suffix == ".md":
            assert heading in headings(target), link


def headings(page: Path) -> set[str]:
    """Return the anchors of a page, as GitHub makes them."""
    found = re.findall(r"^#+ (.*)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in found}


def test_the_index_names_every_page() -> None:
    index = (ROOT / "docs" / "README.md").read_text(encoding="utf-8")
    for page in sorted((ROOT / "docs").glob("*.md")):
        assert f"({page.name})" in index or page.name == "README.md", page.name


def test_every_command_has_its_line_in_the_readme() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `mop-tui (\w+)", readme, re.MULTILINE)
    assert set(rows) == set(SUMMARIES)


def test_man_pages_are_made_of_the_same_and_are_sound(tmp_path: Path) -> None:
    subprocess.run([sys.executable, ROOT / "docs" / "make_man.py", tmp_path], cwd=ROOT, check=True)
    pages = {page.stem: page.read_text(encoding="utf-8") for page in tmp_path.iterdir()}
    assert set(pages) == {"mop-tui", *(f"mop-tui-{name}" for name in SUMMARIES)}
    for name in SUMMARIES:
        command = import_module(f"mop_tui.cli.{name}").command
        for option in (one for param in command.params for one in param.opts if one[:1] == "-"):
            assert option.replace("-", "\\-") in pages[f"mop-tui-{name}"], option
    if shutil.which("groff") is None:
        pytest.skip("groff is not installed")
    files = sorted(str(page) for page in tmp_path.iterdir())
    groff = ["groff", "-man", "-Tutf8", "-ww", "-z", *files]
    assert subprocess.run(groff, capture_output=True, check=True).stderr == b""
