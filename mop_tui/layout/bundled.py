"""The layouts that come with the program: known by name, and trusted as they were shipped."""

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

    Those are in the folder beside it that has its name. A file too many there counts as a change:
    the program that a layout runs may load it.
    """
    shipped = folder() / path.name
    if not shipped.is_file():
        return False
    try:
        if path.resolve() == shipped.resolve():
            return True
        if path.read_bytes() != shipped.read_bytes():
            return False
        # What was compiled at installation was not shipped; elsewhere it may be anything.
        belong = {
            way: content
            for way, content in _belonging(shipped).items()
            if "__pycache__" not in way.parts
        }
        return _belonging(path) == belong
    except OSError:
        return False


def _belonging(layout: Path) -> dict[Path, bytes | None]:
    """Return what belongs to a layout, by its way from there: files with their content."""
    beside = layout.with_suffix("")
    return {
        path.relative_to(beside): None if path.is_dir() else path.read_bytes()
        for path in beside.rglob("*")
    }
