"""The layouts that come with the program: known by name, and trusted as they were shipped."""

from collections.abc import Iterator
from pathlib import Path

SUFFIX = ".yaml"
_SHIPPED = Path(__file__).parents[1] / "bundled"
_IN_SOURCE = Path(__file__).parents[2] / "layouts"


def folder() -> Path:
    """Return where they are: in the installed package, or in the source tree it runs from."""
    return _SHIPPED if _SHIPPED.is_dir() else _IN_SOURCE


def names() -> list[str]:
    """Return their names, in alphabetical order."""
    return sorted(path.stem for path in folder().glob(f"*{SUFFIX}"))


def find(name: str) -> Path | None:
    """Return the file of the layout called `name`."""
    return folder() / f"{name}{SUFFIX}" if name in names() else None


def is_shipped(path: Path) -> bool:
    """Return whether a layout is one of them, byte for byte, with all files that belong to it.

    Those are in the folder beside it that has its name. What else lies there is not looked at, for
    a layout that is as shipped does not use it.
    """
    shipped = folder() / path.name
    if not shipped.is_file():
        return False
    try:
        if path.resolve() == shipped.resolve():
            return True
        if path.read_bytes() != shipped.read_bytes():
            return False
        return all(
            (path.parent / belongs).read_bytes() == (folder() / belongs).read_bytes()
            for belongs in _belonging(shipped)
        )
    except OSError:
        return False


def _belonging(shipped: Path) -> Iterator[Path]:
    """Yield the files that belong to a shipped layout, relative to its folder."""
    for path in sorted(shipped.with_suffix("").rglob("*")):
        if path.is_file() and "__pycache__" not in path.parts:
            yield path.relative_to(shipped.parent)
