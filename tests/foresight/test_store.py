"""The folder of records: what is put in comes out, whoever writes, and nothing in it does harm."""

import json
import os
import resource
import stat
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import JsonValue
from records import PLAIN, RECORDS, another

from mop_tui.domain.plan import Mode
from mop_tui.foresight.record import FORM, Record
from mop_tui.foresight.store import Store, StoreError, usual_folder


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "share" / "mop-tui" / "workflows")


def plainly(record: Record) -> dict[str, JsonValue]:
    """Return a record as JSON values."""
    value: dict[str, JsonValue] = json.loads(json.dumps(asdict(record)))
    return value


def names(store: Store) -> list[str]:
    """Return the names of all files in the folder."""
    return sorted(path.name for path in store.folder.iterdir())


def put(store: Store, name: str, content: str | bytes) -> Path:
    """Put a file into the folder, as somebody else might."""
    store.folder.mkdir(parents=True, exist_ok=True)
    path = store.folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


@given(st.lists(RECORDS, max_size=6, unique_by=lambda it: it.run), st.data())
def test_what_is_asked_for_is_what_all_that_is_known_has_of_it(
    records: list[Record], data: st.DataObject
) -> None:
    with TemporaryDirectory() as folder:
        store = Store(Path(folder))
        for record in records:
            store.add(record)
        task = data.draw(st.sampled_from([it.task for it in records] or ["none"]))
        mode = data.draw(st.sampled_from(Mode))
        latest = data.draw(st.integers(0, 7))
        asked = store.read().of(task, mode)
        assert store.read(task, mode).records == asked
        found = store.read(task, mode, latest=latest).records
        assert len(found) == min(latest, len(asked))
        assert [it.started for it in found] == [it.started for it in asked[-latest:] if latest]
        assert store.count(task, mode) == len(asked)
        assert store.tasks() == Counter(it.task for it in records)


def test_the_latest_are_found_though_many_files_cannot_be_read(store: Store) -> None:
    for number in range(4):
        store.add(another(f"r{number}", started=f"2026-01-0{number + 1}T00:00:00+00:00"))
    whole = (store.folder / "r3.json").read_bytes()
    put(store, "r3.json", whole[:-20])
    put(store, "r4.json", b"nothing")
    known = store.read(latest=2)
    assert [it.run for it in known.records] == ["r1", "r2"]
    assert ["r3.json" in why for why in known.unread] == [True]


@given(st.lists(RECORDS, max_size=4))
def test_what_is_put_in_comes_out(records: list[Record]) -> None:
    with TemporaryDirectory() as folder:
        store = Store(Path(folder) / "a" / "b")
        of_runs = {record.run: record for record in records}
        for record in records:
            store.add(record)
        known = store.read()
        assert not known.unread
        assert {record.run: record for record in known.records} == of_runs
        assert len(known.records) == len(of_runs)
        order = [(record.started, record.run) for record in known.records]
        assert order == sorted(order)
        for task in {record.task for record in records}:
            of_task = store.read(task).records
            assert of_task == tuple(it for it in known.records if it.task == task)
            assert of_task == known.of(task)


def test_nothing_is_known_in_the_beginning(store: Store) -> None:
    assert store.read().records == ()
    assert store.runs() == []
    assert store.forget(["x"]) == 0
    assert not store.folder.exists(), "to look makes nothing"


def test_of_one_run_there_is_one_record(store: Store) -> None:
    assert store.add(PLAIN) == "new"
    assert store.add(PLAIN) == "known"
    assert store.add(another(PLAIN.run, execution_ms=7)) == "renewed"
    [record] = store.read().records
    assert record.execution_ms == 7


def test_only_its_owner_can_read_it(store: Store) -> None:
    before = os.umask(0)
    try:
        store.add(PLAIN)
    finally:
        os.umask(before)
    [path] = store.folder.iterdir()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(store.folder.stat().st_mode) == 0o700
    assert stat.S_IMODE(store.folder.parent.stat().st_mode) == 0o700


def test_live_sessions_and_rehearsals_are_kept_apart(store: Store) -> None:
    store.add(PLAIN)
    store.add(another("b", mode=Mode.REHEARSAL))
    known = store.read("build")
    assert [it.run for it in known.of("build", Mode.LIVE)] == [PLAIN.run]
    assert [it.run for it in known.of("build", Mode.REHEARSAL)] == ["b"]


def test_what_is_forgotten_is_gone_and_so_is_what_a_killed_writer_left(store: Store) -> None:
    store.add(PLAIN)
    store.add(another("a"))
    store.add(another("a.b"))
    put(store, ".a.k2hd0x_1", "{")
    put(store, ".a.b.k2hd0x_1", "{")
    assert store.forget(["a", "nobody"]) == 1
    assert names(store) == [".a.b.k2hd0x_1", "4f1c.json", "a.b.json"]
    assert not store.read().unread


def test_what_was_left_long_ago_goes_with_whatever_is_forgotten(store: Store) -> None:
    store.add(PLAIN)
    long_ago = put(store, ".b.k2hd0x_1", "{")
    os.utime(long_ago, (1e9, 1e9))
    foreign = put(store, ".b.json", "{")
    os.utime(foreign, (1e9, 1e9))
    put(store, ".c.k2hd0x_1", "{")
    assert store.forget([]) == 0
    assert names(store) == [".b.json", ".c.k2hd0x_1", "4f1c.json"]


# -- what can be wrong ------------------------------------------------------------------------


def changed(**fields: object) -> str:
    return json.dumps(plainly(PLAIN) | fields)


DAMAGED: dict[str, tuple[str | bytes, str]] = {
    "empty": ("", "it is damaged: it is no whole JSON"),
    "cut short": (json.dumps(plainly(PLAIN))[:-20], "it is damaged: it is no whole JSON"),
    "binary": (bytes(range(256)), "it is damaged: it is no whole JSON"),
    "deep": ("[" * 100_000, "it is damaged: it is no whole JSON"),
    "a list": ("[]", "it is no record of a session"),
    "another object": ('{"form": "package/2"}', "it is no record of a session"),
    "an odd form": (changed(form=["mop-workflow/1"]), "it is no record of a session"),
    "an older form": (changed(form="mop-workflow/0"), "it is no record of a session"),
    "a later form": (
        changed(form="mop-workflow/2"),
        "a later version wrote it, as mop-workflow/2; update mop-tui to use it",
    ),
    "a later form that looks different": (
        '{"form": "mop-workflow/12", "runs": []}',
        "a later version wrote it, as mop-workflow/12; update mop-tui to use it",
    ),
    "a lost field": (
        json.dumps({k: v for k, v in plainly(PLAIN).items() if k != "task"}),
        "it is damaged: task cannot be read",
    ),
    "a text for a time": (changed(execution_ms="5"), "it is damaged: execution_ms cannot be read"),
    "an unknown mode": (changed(mode="dream"), "it is damaged: mode cannot be read"),
    "an unknown shape": (changed(topology="blob"), "it is damaged: topology cannot be read"),
    "a time before the beginning": (
        changed(execution_ms=-1),
        "it is damaged: it tells of times or counts that there are not",
    ),
    "a time without end": (
        changed(waits={"sure": 10**300}),
        "it is damaged: it tells of times or counts that there are not",
    ),
    "half an agent less than none": (
        changed(overhead={"mesh": -0.5}),
        "it is damaged: it tells of times or counts that there are not",
    ),
    "not a number": (
        changed(overhead={"mesh": float("nan")}),
        "it is damaged: it tells of times or counts that there are not",
    ),
    "another's record": (
        changed(run="somebody"),
        "it is the record of another run, copied or renamed",
    ),
    "half a character": (
        json.dumps(plainly(PLAIN)).replace('"build"', '"\\ud800"'),
        "it is damaged: the whole cannot be read",
    ),
}


@pytest.mark.parametrize("what", DAMAGED)
def test_what_cannot_be_read_is_left_out_and_told(store: Store, what: str) -> None:
    content, why = DAMAGED[what]
    store.add(another("sound"))
    path = put(store, "4f1c.json", content)
    known = store.read()
    assert [it.run for it in known.records] == ["sound"]
    assert known.unread == (f"{path}: {why}.",)
    assert store.add(PLAIN) == "renewed", "and it can be put right"
    assert not store.read().unread


@pytest.mark.parametrize("cut", range(0, len(changed()), 37))
def test_no_beginning_of_a_record_is_taken_for_one(store: Store, cut: int) -> None:
    put(store, "4f1c.json", changed()[:cut])
    known = store.read()
    assert known.records == ()
    assert len(known.unread) == 1


def test_fields_that_a_later_version_added_are_passed_over(store: Store) -> None:
    put(store, "4f1c.json", changed(weather="fine"))
    assert store.read().records == (PLAIN,)


def test_fields_that_are_not_there_yet_have_their_defaults(store: Store) -> None:
    told = plainly(PLAIN)
    for name in ("overhead", "waits", "variables"):
        del told[name]
    put(store, "4f1c.json", json.dumps(told))
    assert store.read().records == (PLAIN,)


def test_what_is_no_file_keeps_nobody_waiting(store: Store) -> None:
    store.add(PLAIN)
    os.mkfifo(store.folder / "pipe.json")
    (store.folder / "folder.json").mkdir()
    (store.folder / "nowhere.json").symlink_to("not-there")
    known = store.read()
    assert known.records == (PLAIN,)
    assert len(known.unread) == 2
    assert all("pipe.json" in it or "folder.json" in it for it in known.unread)


def test_other_files_in_the_folder_are_nobodys_affair(store: Store) -> None:
    store.add(PLAIN)
    for name in ("README", ".hidden.json", ".4f1c.tmp"):
        put(store, name, "what?")
    assert store.read().records == (PLAIN,)
    assert not store.read().unread


@pytest.mark.parametrize(
    "run", ["", "../x", "a/b", ".a", "a\0", "x" * 101, "-rf", "a\n", "über", "a b"]
)
def test_a_run_that_cannot_name_a_file_is_refused(store: Store, run: str) -> None:
    with pytest.raises(StoreError, match="cannot be the name of a file"):
        store.add(another(run))
    assert not store.folder.exists()


def test_texts_that_no_file_can_hold_are_mended(store: Store) -> None:
    store.add(another("a", variables={"v": "a\udcffb"}, layout={"k\ud800": float("inf")}))
    [record] = store.read().records
    assert record.variables == {"v": "a\N{REPLACEMENT CHARACTER}b"}
    assert record.layout == {"k\N{REPLACEMENT CHARACTER}": None}


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "share").touch()
    store = Store(tmp_path / "share" / "mop-tui" / "workflows")
    with pytest.raises(StoreError, match=r"share/mop-tui: records cannot be written there: "):
        store.add(PLAIN)
    with pytest.raises(StoreError, match="cannot be read: Not a directory"):
        store.read()


def test_a_folder_that_takes_no_files_is_told() -> None:
    store = Store(Path("/proc/self/task"))  # which not even root can write to
    with pytest.raises(StoreError, match=r"^/proc/self/task: records cannot be written there: "):
        store.add(PLAIN)


@contextmanager
def no_room() -> Iterator[None]:
    """Let no file grow beyond some bytes, as on a full disk."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_a_full_disk_leaves_what_was_there(store: Store) -> None:
    store.add(PLAIN)
    with no_room(), pytest.raises(StoreError, match="cannot be written there: File too large"):
        store.add(another(PLAIN.run, execution_ms=7))
    with no_room(), pytest.raises(StoreError):
        store.add(another("b"))
    assert names(store) == ["4f1c.json"], "nothing is left of the attempts"
    assert store.read().records == (PLAIN,)


# -- several at once --------------------------------------------------------------------------

WRITER = """
import sys
from pathlib import Path
from mop_tui.foresight.store import Store
from records import another

store, who = Store(Path(sys.argv[1])), sys.argv[2]
sys.stdin.readline()
for number in range(60):
    store.add(another(f"{who}{number}"))
    store.add(another("both", execution_ms=int(who + str(number))))
    store.forget([f"{who}{number - 30}"])
"""


def test_two_writers_and_a_reader_at_once(store: Store) -> None:
    root = Path(__file__).parents[2]
    writers = [
        subprocess.Popen(
            [sys.executable, "-c", WRITER, store.folder, who],
            cwd=root,
            env={**os.environ, "PYTHONPATH": f"{root}:{root / 'tests'}"},
            stdin=subprocess.PIPE,
        )
        for who in ("1", "2")
    ]
    for writer in writers:
        assert writer.stdin is not None
        writer.stdin.write(b"go\n")
        writer.stdin.flush()
    seen = 0
    while any(writer.poll() is None for writer in writers):
        known = store.read()
        assert not known.unread
        seen = max(seen, len(known.records))
    for writer in writers:
        assert writer.wait() == 0
        with suppress(OSError):
            writer.communicate()
    assert seen > 1
    runs = {record.run for record in store.read().records}
    assert runs == {"both", *(f"{who}{number}" for who in "12" for number in range(30, 60))}
    assert all(name.endswith(".json") for name in names(store))


# -- where ------------------------------------------------------------------------------------


def test_it_is_where_the_operators_data_is(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HOME", "/home/ada")
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    assert usual_folder() == tmp_path / "mop-tui" / "workflows"
    for ignored in ("", "relative/folder"):
        monkeypatch.setenv("XDG_DATA_HOME", ignored)
        assert usual_folder() == Path("/home/ada/.local/share/mop-tui/workflows")
    monkeypatch.delenv("XDG_DATA_HOME")
    assert usual_folder() == Path("/home/ada/.local/share/mop-tui/workflows")


def test_without_a_home_it_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("XDG_DATA_HOME")
    monkeypatch.setattr(Path, "home", lambda: (_ for _ in ()).throw(RuntimeError("no home")))
    with pytest.raises(StoreError, match="Name one with XDG_DATA_HOME"):
        usual_folder()


def test_the_form_is_told_in_every_record(store: Store) -> None:
    store.add(PLAIN)
    assert json.loads((store.folder / "4f1c.json").read_text(encoding="utf-8"))["form"] == FORM
