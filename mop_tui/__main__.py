"""`python -m mop_tui` is `mop-tui`."""

import os
import sys


def main() -> None:
    """Run the command line. What an agent says is on its way before anything else is imported."""
    if sys.argv[1:2] == ["tell"] and os.environ.get("MOP_AGENT"):
        from mop_tui.tell import main as tell  # noqa: PLC0415

        sys.exit(tell(sys.argv[2:]))
    from mop_tui.cli import main as run  # noqa: PLC0415

    run()


if __name__ == "__main__":
    main()
