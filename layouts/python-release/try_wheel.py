"""Tries the wheel in a folder as a stranger would: try_wheel.py WHEELS VENV

Installs it, with what it depends on, into a fresh virtual environment where nothing else is, not
even pip, and imports every package and module that it brings. Runs with the pip of the Python that
runs it.
"""

import re
import subprocess
import sys
import zipfile
from email.parser import BytesHeaderParser
from pathlib import Path, PurePosixPath

IMPORT_ALL = "import importlib, sys\nfor name in sys.argv[1:]: importlib.import_module(name)"

MODULE_FILE = re.compile(r"(?P<name>\w+)(\.py|\.[\w-]+\.so|\.so)")


def top_level(files: list[PurePosixPath]) -> list[str]:
    """Return the names of the packages and modules among the files of a wheel, sorted."""
    names = set()
    for file in files:
        module = MODULE_FILE.fullmatch(file.name)
        if module and not file.parts[0].endswith((".dist-info", ".data")):
            names.add(module["name"] if len(file.parts) == 1 else file.parts[0])
    return sorted(name for name in names if name.isidentifier())


def describe(wheel: Path) -> tuple[str, list[str]]:
    """Return name and version of a wheel, and the names of what it brings."""
    with zipfile.ZipFile(wheel) as archive:
        files = [PurePosixPath(name) for name in archive.namelist()]
        about = next(f for f in files if f.name == "METADATA" and f.parent.suffix == ".dist-info")
        metadata = BytesHeaderParser().parsebytes(archive.read(str(about)))
    return f"{metadata['Name']} {metadata['Version']}", top_level(files)


def run(*words: str | Path) -> None:
    """Run a program, and end with its exit code if it fails."""
    code = subprocess.run(words, check=False).returncode
    if code != 0:
        sys.exit(code)


def main(wheels: str, venv: str) -> None:
    """Install and import, and say what was imported."""
    found = sorted(Path(wheels).glob("*.whl"))
    if len(found) != 1:
        sys.exit(f"There should be one wheel in {wheels}, and there are {len(found)}.")
    release, names = describe(found[0])
    if not names:
        sys.exit(f"{found[0].name} brings nothing that could be imported.")
    python = Path(venv, "bin", "python")
    run(sys.executable, "-m", "venv", "--clear", "--without-pip", venv)
    quietly = ("--quiet", "--no-input", "--disable-pip-version-check")
    run(sys.executable, "-m", "pip", "--python", python, "install", *quietly, found[0])
    run(python, "-I", "-c", IMPORT_ALL, *names)
    print(f"{release} installs, and imports {', '.join(names)}")


if __name__ == "__main__":
    main(*sys.argv[1:])
