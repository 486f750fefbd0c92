"""Puts tools into a virtual environment: toolbox.py VENV "TOOL TOOL ..."

An environment that is already there is used again; pip then only adds what is lacking, and needs
no network if nothing is.
"""

import re
import subprocess
import sys
from pathlib import Path

VERSIONS = """
import importlib.metadata, sys
print(", ".join(f"{name} {importlib.metadata.version(name)}" for name in sys.argv[1:]))
"""


def run(*words: str | Path) -> None:
    """Run a program, and end with its exit code if it fails."""
    code = subprocess.run(words, check=False).returncode
    if code != 0:
        print(f"{Path(words[0]).name} {words[1]} {words[2]} failed with exit code {code}")
        sys.exit(code)


def main(venv_name: str, tools: str) -> None:
    """Make the environment ready, or say why it cannot be."""
    venv, requirements = Path(venv_name), tools.split()
    if not venv.is_absolute():
        sys.exit(f"The folder for tools must be an absolute path, which '{venv}' is not.")
    python = venv / "bin" / "python"
    if not python.exists():
        if venv.exists() and (not venv.is_dir() or any(venv.iterdir())):
            sys.exit(f"{venv} is something else than a virtual environment; name another folder.")
        print(f"Making a virtual environment at {venv}", flush=True)
        run(sys.executable, "-m", "venv", venv)
    quietly = ("--quiet", "--no-input", "--disable-pip-version-check")
    run(python, "-m", "pip", "install", *quietly, *requirements)
    names = [re.split(r"[^\w.-]", requirement)[0] for requirement in requirements]
    run(python, "-c", VERSIONS, *names)


if __name__ == "__main__":
    main(*sys.argv[1:])
