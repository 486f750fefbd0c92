"""Measurements. What is run for them is nothing that an operator would learn from, so the records
of its sessions go to a folder that is removed in the end."""

import atexit
import os
from tempfile import TemporaryDirectory

_records = TemporaryDirectory(prefix="mop-tui-bench-")
atexit.register(_records.cleanup)
os.environ["XDG_DATA_HOME"] = _records.name
