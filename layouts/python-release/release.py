"""Copies the wheel in a folder to the folder of releases: release.py WHEELS RELEASES

A release that is already there is never replaced: if it is the same to the byte, there is nothing
to do; if it is another, that is an error.
"""

import filecmp
import sys
from pathlib import Path


def release(wheel: Path, releases: Path) -> str:
    """Put `wheel` into `releases` and return what was done."""
    target = releases / wheel.name
    releases.mkdir(parents=True, exist_ok=True)
    try:
        with target.open("xb") as copy:
            try:
                copy.write(wheel.read_bytes())
            except BaseException:
                target.unlink()
                raise
    except FileExistsError:
        if filecmp.cmp(wheel, target, shallow=False):
            return f"{target} was released before, and is the same"
        sys.exit(f"{target} exists and is different. A new release needs a new version.")
    return f"released {target}"


def main(wheels: str, releases: str) -> None:
    """Release the wheel, or say why not."""
    found = sorted(Path(wheels).glob("*.whl"))
    if len(found) != 1:
        sys.exit(f"There should be one wheel in {wheels}, and there are {len(found)}.")
    try:
        print(release(found[0], Path(releases)))
    except OSError as error:
        sys.exit(f"{found[0].name} cannot be released: {error}")


if __name__ == "__main__":
    main(*sys.argv[1:])
