"""Many bursts of keys and pastes while dialogs open, close and expire: none may answer.

    python -m bench.stray_keys [--bursts 10000] [--workers 2]

Runs the bursts of `tests/dashboard/test_stray_keys.py`, which says what they are, so many times.
"""

import argparse
import os
import subprocess
import sys

TEST = "tests/dashboard/test_stray_keys.py"
SEEDS = 2
"""How many seeds the test has; each takes its share of the bursts."""


def main(argv: list[str] | None = None) -> None:
    """Run the bursts; the exit code is that of the test."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--bursts", type=int, default=10_000)
    parser.add_argument("--workers", type=int, default=2)
    chosen = parser.parse_args(argv)
    share = -(-chosen.bursts // SEEDS)
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-n", str(chosen.workers), TEST],
        env={**os.environ, "MOP_TUI_STRAY_BURSTS": str(share)},
        check=False,
    )
    if done.returncode:
        raise SystemExit(done.returncode)
    print(f"{share * SEEDS:,} bursts, none answered")


if __name__ == "__main__":
    main()
