"""`python -m mop_tui` is `mop-tui`."""

from mop_tui.cli import main

if __name__ == "__main__":
    main()
