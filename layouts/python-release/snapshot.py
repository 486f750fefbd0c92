"""Copies a Python project to a fresh folder: snapshot.py PROJECT DESTINATION

What other tools made and can make again is left behind: virtual environments, caches, earlier
builds. What git knows is kept, for some projects take their version from it.

The folder in which the snapshot lies gets two kinds of signs. CACHEDIR.TAG marks it as a cache, so
that a later snapshot of a folder around it does not copy copies. The others say to git's followers,
ruff and pytest that nothing is ignored and nothing set: should the project not say so itself, they
would go by whatever project happens to lie around the snapshot.
"""

import shutil
import sys
from pathlib import Path

CACHE_TAG = "CACHEDIR.TAG"
CACHE_SIGNATURE = "Signature: 8a477f597d28d172789f06886806bc55"
SIGNS = {
    CACHE_TAG: f"{CACHE_SIGNATURE}\n# What a session worked on. It can be thrown away.\n",
    ".gitignore": "# Nothing above this folder counts.\n!*\n",
    "ruff.toml": "# Nothing above this folder counts.\n",
    "pytest.ini": "# Nothing above this folder counts.\n[pytest]\n",
}
MADE_BY_NAME = {"__pycache__", ".nox", ".tox", "node_modules"}
MADE_AT_TOP = {"build", "dist"}


def is_made(path: Path, project: Path) -> bool:
    """Return whether a folder holds only what some tool made and can make again."""
    if path.is_symlink() or not path.is_dir():
        return False
    return (
        path.name in MADE_BY_NAME
        or path.name.endswith(".egg-info")
        or (path.parent == project and path.name in MADE_AT_TOP)
        or (path / "pyvenv.cfg").is_file()
        or has_cache_tag(path)
    )


def has_cache_tag(folder: Path) -> bool:
    """Return whether a folder is marked as a cache."""
    try:
        with (folder / CACHE_TAG).open(encoding="utf-8", errors="replace") as tag:
            return tag.read(len(CACHE_SIGNATURE)) == CACHE_SIGNATURE
    except OSError:
        return False


def snapshot(project: Path, destination: Path) -> int:
    """Replace `destination` by a copy of `project` and return how many files it has."""

    def made(folder: str, names: list[str]) -> set[str]:
        paths = {name: Path(folder, name) for name in names}
        return {
            name for name, path in paths.items() if path == destination or is_made(path, project)
        }

    workspace = destination.parent
    workspace.mkdir(parents=True, exist_ok=True)
    for name, content in SIGNS.items():
        (workspace / name).write_text(content, encoding="utf-8")
    shutil.rmtree(destination, ignore_errors=True)
    shutil.copytree(project, destination, symlinks=True, ignore=made)
    return sum(path.is_file() for path in destination.rglob("*"))


def main(project_name: str, destination_name: str) -> None:
    """Take the snapshot, or say why there is none."""
    project, destination = Path(project_name).resolve(), Path(destination_name).resolve()
    if not project.is_dir():
        sys.exit(f"There is no folder {project}.")
    if not any((project / name).is_file() for name in ("pyproject.toml", "setup.py")):
        sys.exit(f"{project} is no Python project: it has no pyproject.toml and no setup.py.")
    if project.is_relative_to(destination):
        sys.exit(f"{destination} cannot be replaced by a copy of {project}, which lies in it.")
    try:
        count = snapshot(project, destination)
    except (OSError, shutil.Error) as error:
        sys.exit(f"{project} cannot be copied: {error}")
    print(f"{count} files copied from {project}")


if __name__ == "__main__":
    main(*sys.argv[1:])
