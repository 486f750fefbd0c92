"""Secrets: where they go, and where they are found nowhere."""

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from real_processes import A, Trial

from mop_tui.agents.host import Exited, Remembered, Reply, Started, StartFailed
from mop_tui.agents.masking import MASK, Mask
from mop_tui.agents.output import PARTIAL, LineCutter, Plain
from mop_tui.domain.ids import AskId
from mop_tui.domain.plan import Command

CANARY = 'c4n"ry\\é-7f3a'


async def test_a_secret_comes_through_an_inherited_pipe(trial: Trial) -> None:
    trial.script(
        'x=$(cat /dev/fd/$MOP_SECRET_FD_DB_PIN); echo "${#x}"; cat /dev/fd/$MOP_SECRET_FD_DB_PIN',
        Command((), stdin="none"),
        secrets={"db.pin": "hunter2"},
    )
    assert (await trial.ended()).result == "7"


async def test_a_secret_is_in_no_log_no_report_no_argument_and_no_environment(
    trial: Trial,
) -> None:
    trial.python(
        "import json, sys\n"
        "lines = [json.loads(sys.stdin.readline()) for _ in 'ab']\n"
        "secret = lines[1]['value']\n"
        "print(secret); print('plain ' + secret + ' plain'); print(json.dumps(secret))\n"
        "print(json.dumps(secret, ensure_ascii=False))\n"
        "print(json.dumps({'mop': 'memory', 'key': 'k', 'value': {secret: [secret]}}))\n"
        "for part in (secret[:4], secret[4:]): print(part, end='', flush=True)\n"
        "print('x' * 100_000 + secret + 'x' * 100_000)\n"
        "sys.exit(secret)\n",
        secrets={"PIN": CANARY},
    )
    await trial.until(Started)
    own = Path(f"/proc/{trial.pid}")
    shown = (own / "cmdline").read_bytes() + (own / "environ").read_bytes()
    gone = await trial.until(Exited)
    assert gone.code == 1
    assert trial.of(Remembered)[0].value == {MASK: [MASK]}
    for text in (str(trial.reports), trial.log(), shown.decode(errors="replace")):
        assert CANARY not in text
        assert CANARY.encode("unicode_escape").decode() not in text
        assert json.dumps(CANARY)[1:-1] not in text
        assert json.dumps(CANARY, ensure_ascii=False)[1:-1] not in text
    assert trial.lines[:2] == [MASK, f"plain {MASK} plain"]
    for path in trial.logs.parent.rglob("*"):
        assert not path.is_file() or CANARY.encode() not in path.read_bytes()


async def test_a_secret_answer_is_hidden_from_then_on(trial: Trial) -> None:
    trial.script("read -r line; echo \"$line\" | tr -d '{}'", session=True)
    await trial.until(Started)
    trial.tell(Reply(AskId("a1"), "answered"), "hunter2")
    await trial.ended()
    assert f'"value":"{MASK}"' in trial.lines[0]
    assert "hunter2" not in trial.log()


async def test_a_secret_that_fits_no_pipe_is_a_failed_start(trial: Trial) -> None:
    trial.program("true", secrets={"PIN": "x" * 10_000_000})
    assert (await trial.until(StartFailed)).error == "the secret 'PIN' is too long for a pipe"
    assert trial.host.groups() == {}
    assert A == "a"


def test_a_short_secret_is_replaced_where_it_stands_alone() -> None:
    mask = Mask()
    mask.add("42")
    assert (
        mask.over(b"42 or 42, not 1428 nor x42") == f"{MASK} or {MASK}, not 1428 nor x42".encode()
    )
    assert mask.over_value({"n": [42, 421, "42"]}) == {"n": [MASK, 421, MASK]}


def test_a_secret_of_several_lines_is_replaced_line_by_line() -> None:
    mask = Mask()
    mask.add("-----BEGIN\nabcdef\n\n-----END")
    assert mask.over(b"x abcdef\ny -----END") == f"x {MASK}\ny {MASK}".encode()


def test_the_longer_of_two_secrets_goes_first() -> None:
    mask = Mask()
    mask.add("hunter")
    mask.add("hunter22")
    assert mask.over(b"hunter22 hunter2") == f"{MASK} {MASK}2".encode()


@pytest.mark.parametrize("secret", ["", " ", "\n"])
def test_nothing_is_no_secret(secret: str) -> None:
    mask = Mask()
    mask.add(secret)
    assert not mask
    assert mask.over(b"a b") == b"a b"


secrets = st.text(
    st.characters(codec="utf-8", exclude_categories=["Cc", "Zl", "Zp"]), min_size=4, max_size=40
).filter(lambda text: text.strip() == text and not set(text) & set(f".{MASK}"))


@settings(deadline=None)
@given(
    secrets,
    st.integers(0, 3 * PARTIAL),
    st.lists(st.integers(1, 3000), min_size=1, max_size=40),
    st.booleans(),
)
def test_a_secret_is_found_however_it_is_cut(
    secret: str, before: int, sizes: list[int], ends: bool
) -> None:
    mask = Mask()
    mask.add(secret)
    cutter = LineCutter(mask, 40)
    data = b"." * before + secret.encode() + b"." * 5000 + (b"\n" if ends else b"")
    log, shown = b"", []
    while data:
        size = sizes[0] if len(sizes) == 1 else sizes.pop()
        lines = cutter.feed(data[:size])
        data = data[size:]
        log += lines.log
        shown += lines.parts
    lines = cutter.end()
    log += lines.log
    shown += lines.parts
    assert log == (b"." * before + MASK.encode() + b"." * 5000) + b"\n"
    reported = b"".join(line for part in shown if isinstance(part, Plain) for line in part.lines)
    assert secret.encode() not in reported
