"""Fails until it has been tried twice: a program whose surroundings are to blame."""

import sys
import time
from pathlib import Path

tries = Path(sys.argv[1]) / "tries"
count = len(tries.read_text()) if tries.exists() else 0
tries.write_text("." * (count + 1))
print(f"attempt {count + 1}", flush=True)
time.sleep(1)
if count < 2:
    print("the other side does not answer")
    sys.exit(4)
print("fetched after all")
