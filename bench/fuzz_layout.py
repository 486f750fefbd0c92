"""Whether any file at all makes the layout loader fail, or keeps it busy for long.

    python -m bench.fuzz_layout [--minutes 5] [--seed 0]

Real layouts, and the wrong ones of the tests, are mangled in every way that a text can be: bytes
and lines cut, doubled, moved, swapped between files, replaced by YAML's own signs, nested, aliased,
and by random bytes. Whatever comes out, `layout.load` must return a layout or say what is wrong,
and the same for what it made of it: a document that gives the same plan again.
"""

import argparse
import random
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from bench.machine import described
from mop_tui import layout
from mop_tui.errors import LayoutError

ROOT = Path(__file__).parents[1]
TOKENS = [
    *(
        "{",
        "}",
        "[",
        "]",
        ":",
        ": ",
        "- ",
        "&a ",
        "*a",
        "<<: *a",
        "!!python/object ",
        "? ",
        "| ",
        "> ",
    ),
    *("#", "%", "@", "`", '"', "'", "\t", "\0", "\x85", "\ufeff", "---\n", "...\n", "~", "null"),
    *("${", "${x}", "$${", "${tasks.a.output}", "1e999", "0x", "0o9", ".inf", "1:30", "yes"),
    *("memory:", "[" * 120, "{a: " * 120, "a" * 5000, "\\U0001F600", "\ud800"),
]
LONGEST = 10.0
"""Seconds that no input may take."""


@dataclass
class Tally:
    """What was tried, and what came of it."""

    tried: int = 0
    sound: int = 0
    messages: Counter[str] = field(default_factory=Counter)
    slowest: float = 0.0
    wrong: list[str] = field(default_factory=list)


def seeds() -> list[str]:
    """Return texts to begin with."""
    texts = [path.read_text(encoding="utf-8") for path in (ROOT / "layouts").glob("*.yaml")]
    book = (ROOT / "tests" / "layout" / "wrong_layouts.txt").read_text(encoding="utf-8")
    sound = book[book.index("session:") : book.index("\n## ")]
    return [*texts, sound, sound, sound]


def mangled(text: str, others: list[str], chance: random.Random) -> str:
    """Return `text` after one accident."""
    lines = text.split("\n")
    at = chance.randrange(len(lines))
    place = chance.randrange(len(text) + 1)
    accidents: list[Callable[[], str]] = [
        lambda: text[:place] + chance.choice(TOKENS) + text[place:],
        lambda: text[:place] + text[place + chance.randint(1, 40) :],
        lambda: text[:place],
        lambda: "\n".join([*lines[:at], *lines[at + 1 :]]),
        lambda: "\n".join([*lines[:at], lines[at], *lines[at:]]),
        lambda: "\n".join([*lines[:at], "  " + lines[at], *lines[at + 1 :]]),
        lambda: "\n".join([*lines[:at], lines[at].lstrip(), *lines[at + 1 :]]),
        lambda: "\n".join([*lines[:at], chance.choice(others).split("\n")[0], *lines[at:]]),
        lambda: text[:place] + chance.choice(others)[place : place + chance.randint(1, 200)],
        lambda: text.replace(chance.choice("abcdeorst:{}[],"), chance.choice(TOKENS), 1),
        lambda: "".join(chance.sample(text, len(text))) if len(text) < 400 else text,
        lambda: text[:place] + chr(chance.randrange(0x110000)) + text[place:],
    ]
    return chance.choice(accidents)()


def attempt(content: bytes, path: Path, tally: Tally) -> None:
    """Load one file and note what came of it."""
    path.write_bytes(content)
    begun = time.perf_counter()
    try:
        loaded = layout.load(path)
        tally.sound += 1
        if layout.plan_of(loaded.document) != loaded.plan:
            tally.wrong.append(f"its document gives another plan: {content!r}"[:2000])
    except LayoutError as error:
        tally.messages[error.problems[0].message[:40]] += 1
        if not error.problems or "Traceback" in str(error):
            tally.wrong.append(f"it says nothing: {content!r}"[:2000])
    except Exception as error:  # noqa: BLE001 - this is what is looked for
        tally.wrong.append(f"{error!r} for {content!r}"[:2000])
    took = time.perf_counter() - begun
    tally.tried += 1
    tally.slowest = max(tally.slowest, took)
    if took > LONGEST:
        tally.wrong.append(f"it took {took:.1f} s: {content!r}"[:2000])


def campaign(seconds: float, seed: int) -> Tally:
    """Try for so many seconds."""
    chance, tally, texts = random.Random(seed), Tally(), seeds()
    deadline = time.monotonic() + seconds
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "layout.yaml")
        while time.monotonic() < deadline and len(tally.wrong) < 10:
            text = chance.choice(texts)
            for _ in range(chance.randint(1, 4)):
                text = mangled(text, texts, chance)
            content = text.encode(errors="surrogatepass")
            if chance.random() < 0.1:
                at = chance.randrange(len(content) + 1)
                content = content[:at] + chance.randbytes(chance.randint(1, 8)) + content[at:]
            attempt(content, path, tally)
    return tally


def main(arguments: list[str] | None = None) -> None:
    """Try for a while and print what came of it; exit code 1 if anything is wrong."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--minutes", type=float, default=5)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args(arguments)
    print(described())
    tally = campaign(options.minutes * 60, options.seed)
    print(
        f"{tally.tried:,} files tried: {tally.sound:,} sound,"
        f" {len(tally.messages):,} kinds of first messages; slowest {tally.slowest:.2f} s"
    )
    for wrong in tally.wrong:
        print(f"WRONG: {wrong}")
    if tally.wrong:
        sys.exit(1)
    print("none failed, none was silent, none took long")


if __name__ == "__main__":
    main()
