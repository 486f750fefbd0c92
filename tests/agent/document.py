"""What `docs/agent-protocol.md` shows."""

import re

from agent.far_side import ROOT

TEXT = (ROOT / "docs" / "agent-protocol.md").read_text(encoding="utf-8")


def examples(language: str) -> list[str]:
    """Return the blocks of a language, in order."""
    return re.findall(rf"^```{language}\n(.*?)^```$", TEXT, re.MULTILINE | re.DOTALL)


def section(title: str) -> str:
    """Return what stands under a heading, up to the next."""
    [text] = re.findall(rf"^#+ {re.escape(title)}\n(.*?)(?=^#|\Z)", TEXT, re.MULTILINE | re.DOTALL)
    return str(text)


def first_column(title: str) -> list[str]:
    """Return the names in the first column of the first table of a section."""
    [table] = re.findall(r"^\|--.*?\n\n", section(title) + "\n", re.MULTILINE | re.DOTALL)[:1]
    return re.findall(r"^\| `([^`]+)`", table, re.MULTILINE)
