"""The file watcher, on real files: everything is seen, once, and nothing else is."""

import asyncio
import os
import random
import shutil
import stat
import sys
import tempfile
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from itertools import pairwise
from pathlib import Path

import pytest

from mop_tui.sources.files import Change, FileWatcher

PATIENCE = 30.0
"""Seconds after which what should happen is said not to happen."""
NOBODY = 65534


class Seen:
    """What a watcher reported, in short: `created a/b`."""

    def __init__(self) -> None:
        self.watcher: FileWatcher
        self.at_start: Mapping[str, str]
        self.changes: list[Change] = []
        self._more = asyncio.Event()

    def add(self, change: Change) -> None:
        self.changes.append(change)
        self._more.set()

    @property
    def said(self) -> list[str]:
        return [f"{change.kind} {change.path}" for change in self.changes]

    async def until(self, true: Callable[[], bool]) -> None:
        """Wait until something is true of what was reported."""
        async with asyncio.timeout(PATIENCE):
            while not true():
                self._more.clear()
                await self._more.wait()

    async def settled(self) -> list[str]:
        """Take what was reported of all that was done so far."""
        await self.watcher.settle(PATIENCE)
        said = self.said
        self.changes.clear()
        return said


@asynccontextmanager
async def watching(
    root: Path,
    *patterns: str,
    ours: Sequence[Path] = (),
    known: Mapping[str, str] | None = None,
) -> AsyncIterator[Seen]:
    seen = Seen()
    watcher = seen.watcher = FileWatcher(
        root, patterns or ("**",), seen.add, ours=ours, known=known
    )
    seen.at_start = await watcher.start()
    task = asyncio.create_task(watcher.run())
    try:
        yield seen
    finally:
        await watcher.close()
        await asyncio.wait_for(task, PATIENCE)


def write(path: Path, text: str = "text") -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def stamps(root: Path) -> dict[str, str]:
    """Return what a watcher of everything below `root` should know."""
    found = {}
    for folder, _, names in os.walk(root):
        for path in (Path(folder, name) for name in names):
            status = path.lstat()
            if stat.S_ISREG(status.st_mode):
                stamp = f"{status.st_mtime_ns}:{status.st_size}:{status.st_ino}"
                found[path.relative_to(root).as_posix()] = stamp
    return found


def events_kept() -> int:
    return int(Path("/proc/sys/fs/inotify/max_queued_events").read_text())


async def test_a_file_comes_changes_and_goes(tmp_path: Path) -> None:
    write(tmp_path / "old.txt")
    async with watching(tmp_path, "*.txt") as seen:
        assert seen.at_start == stamps(tmp_path)
        file = tmp_path / "new.txt"
        file.write_text("a")
        (tmp_path / "other.md").write_text("a")
        await seen.until(lambda: seen.said == ["created new.txt"])
        assert seen.changes[-1].stamp == stamps(tmp_path)["new.txt"]
        file.write_text("ab")
        await seen.until(lambda: seen.said[1:] == ["modified new.txt"])
        assert seen.changes[-1].stamp == stamps(tmp_path)["new.txt"]
        file.unlink()
        await seen.until(lambda: seen.said[2:] == ["deleted new.txt"])
        assert seen.changes[-1].stamp == ""


async def test_an_atomic_save_is_a_modification(tmp_path: Path) -> None:
    write(tmp_path / "a.yaml")
    async with watching(tmp_path, "*.yaml") as seen:
        for number in range(3):
            (tmp_path / ".a.yaml.tmp").write_text("x" * number)
            (tmp_path / ".a.yaml.tmp").replace(tmp_path / "a.yaml")
            assert await seen.settled() == ["modified a.yaml"]


async def test_a_file_that_an_editor_moves_away_and_writes_anew_is_modified(
    tmp_path: Path,
) -> None:
    file, backup = tmp_path / "a.yaml", tmp_path / "a.yaml~"
    write(file)
    async with watching(tmp_path, "*.yaml", "*.swp") as seen:
        for number in range(3):
            (tmp_path / ".a.yaml.swp").write_text("swap")
            file.rename(backup)
            await asyncio.sleep(0)
            file.write_text("x" * number)
            backup.unlink()
            (tmp_path / ".a.yaml.swp").unlink()
            await seen.until(lambda: "modified a.yaml" in seen.said)
            said = await seen.settled()
            assert [one for one in said if "swp" not in one] == ["modified a.yaml"]


async def test_a_file_written_in_many_parts_is_reported_few_times_and_right(
    tmp_path: Path,
) -> None:
    async with watching(tmp_path) as seen:
        with (tmp_path / "log").open("w") as file:
            for number in range(2_000):
                file.write(f"{number}\n")
                file.flush()
                if number % 100 == 0:
                    await asyncio.sleep(0)
        await seen.until(lambda: bool(seen.changes))
        await seen.watcher.settle(PATIENCE)
        assert seen.said[0] == "created log"
        assert set(seen.said[1:]) <= {"modified log"}
        assert len(seen.said) < 100
        assert seen.changes[-1].stamp == stamps(tmp_path)["log"]


async def test_a_file_appended_to_again_and_again_is_reported_few_times(tmp_path: Path) -> None:
    async with watching(tmp_path) as seen:
        for number in range(500):
            with (tmp_path / "log").open("a") as file:
                file.write(f"{number}\n")
            await asyncio.sleep(0)
        await seen.watcher.settle(PATIENCE)
        assert len(seen.said) < 100
        assert seen.changes[-1].stamp == stamps(tmp_path)["log"]


async def test_files_in_folders_that_are_just_made_are_all_seen_once(tmp_path: Path) -> None:
    def make() -> None:
        for number in range(500):
            write(tmp_path / f"a{number % 7}" / f"b{number}" / "c" / "file.txt")

    async with watching(tmp_path, "**/*.txt") as seen:
        await asyncio.to_thread(make)
        await seen.watcher.settle(PATIENCE)
        created = Counter(change.path for change in seen.changes if change.kind == "created")
        assert created == dict.fromkeys(stamps(tmp_path), 1)
        assert seen.watcher.stamps == stamps(tmp_path)


async def test_ten_thousand_files_of_another_process_are_all_seen_once(tmp_path: Path) -> None:
    script = "for n in range(10_000): open(f'{n}.txt', 'w').write('text')"
    async with watching(tmp_path, "*.txt") as seen:
        process = await asyncio.create_subprocess_exec(sys.executable, "-c", script, cwd=tmp_path)
        await process.wait()
        await seen.watcher.settle(PATIENCE)
        created = Counter(change.path for change in seen.changes if change.kind == "created")
        assert created == {f"{number}.txt": 1 for number in range(10_000)}
        assert seen.watcher.stamps == stamps(tmp_path)


async def test_what_the_kernel_could_not_keep_is_found_by_a_scan(tmp_path: Path) -> None:
    limit = events_kept()
    for name in ("a", "b", "goes", "changes"):
        write(tmp_path / name)
    async with watching(tmp_path) as seen:
        for number in range(limit + 10):  # two in turn, for the same one twice makes one event
            os.utime(tmp_path / "ab"[number % 2])
        write(tmp_path / "comes/with/folders")
        (tmp_path / "goes").unlink()
        write(tmp_path / "changes", "longer text")
        expected = {"created comes/with/folders", "deleted goes", "modified changes"}
        await seen.until(lambda: expected <= set(seen.said))
        await seen.settled()
        assert seen.watcher.stamps == stamps(tmp_path)
        write(tmp_path / "comes/with/more")
        assert await seen.settled() == ["created comes/with/more"]


async def test_folders_that_are_moved_in_out_and_within(tmp_path: Path) -> None:
    root, elsewhere = tmp_path / "root", tmp_path / "elsewhere"
    for name in ("x/1", "x/y/2"):
        write(elsewhere / name)
    root.mkdir()
    async with watching(root) as seen:
        (elsewhere / "x").rename(root / "x")
        assert sorted(await seen.settled()) == ["created x/1", "created x/y/2"]
        (root / "x").rename(root / "z")
        assert sorted(await seen.settled()) == [
            "created z/1",
            "created z/y/2",
            "deleted x/1",
            "deleted x/y/2",
        ]
        write(root / "z/y/2", "longer text")
        write(root / "z/y/3")
        assert sorted(await seen.settled()) == ["created z/y/3", "modified z/y/2"]
        (root / "z").rename(elsewhere / "z")
        assert sorted(await seen.settled()) == ["deleted z/1", "deleted z/y/2", "deleted z/y/3"]
        write(elsewhere / "z/1", "another text")
        write(root / "z/1")
        assert await seen.settled() == ["created z/1"]


async def test_a_file_and_a_folder_deleted_and_made_again(tmp_path: Path) -> None:
    async with watching(tmp_path) as seen:
        for number in range(5):
            write(tmp_path / "folder/file", "x" * number)
            assert await seen.settled() == ["created folder/file"]
            shutil.rmtree(tmp_path / "folder")
            assert await seen.settled() == ["deleted folder/file"]
        write(tmp_path / "folder/file")
        await seen.settled()
        shutil.rmtree(tmp_path / "folder")
        write(tmp_path / "folder/file", "other")
        write(tmp_path / "folder/more")
        assert sorted(await seen.settled()) == ["created folder/more", "modified folder/file"]


async def test_a_folder_that_somebody_still_stands_in_is_made_again(tmp_path: Path) -> None:
    write(tmp_path / "folder/file")
    async with watching(tmp_path) as seen:
        inside = os.open(tmp_path / "folder", os.O_RDONLY)
        try:
            shutil.rmtree(tmp_path / "folder")
            write(tmp_path / "folder/new")
            assert sorted(await seen.settled()) == ["created folder/new", "deleted folder/file"]
        finally:
            os.close(inside)
        write(tmp_path / "folder/newer")
        assert await seen.settled() == ["created folder/newer"]


async def test_a_root_that_does_not_exist_yet(tmp_path: Path) -> None:
    root = tmp_path / "a/b/root"
    async with watching(root, "*.txt") as seen:
        assert seen.at_start == {}
        assert "does not exist" in seen.watcher.trouble
        write(root / "x.txt")
        await seen.until(lambda: seen.said == ["created x.txt"])
        assert seen.watcher.trouble == ""
        write(root / "y.txt")
        assert await seen.settled() == ["created x.txt", "created y.txt"]


async def test_a_root_that_vanishes_returns_and_is_replaced(tmp_path: Path) -> None:
    root = tmp_path / "a/root"
    write(root / "x/1")
    async with watching(root) as seen:
        shutil.rmtree(tmp_path / "a")
        await seen.until(lambda: seen.said == ["deleted x/1"])
        write(root / "x/1")
        await seen.until(lambda: seen.said[1:] == ["created x/1"])
        await seen.settled()

        (tmp_path / "a").rename(tmp_path / "b")  # says nothing to who watches the root
        assert await seen.settled() == ["deleted x/1"]
        (tmp_path / "b").rename(tmp_path / "a")
        assert await seen.settled() == ["created x/1"]

        write(tmp_path / "other/2")
        root.rename(tmp_path / "old")
        (tmp_path / "other").rename(root)
        assert sorted(await seen.settled()) == ["created 2", "deleted x/1"]
        write(tmp_path / "old/3")
        write(root / "4")
        assert await seen.settled() == ["created 4"]
        shutil.rmtree(root)
        root.write_text("a file")
        assert sorted(await seen.settled()) == ["deleted 2", "deleted 4"]
        root.unlink()
        write(root / "5")
        assert await seen.settled() == ["created 5"]


async def test_a_root_that_is_a_link(tmp_path: Path) -> None:
    write(tmp_path / "one/a")
    write(tmp_path / "two/b")
    root = tmp_path / "root"
    root.symlink_to("one")
    async with watching(root) as seen:
        assert list(seen.at_start) == ["a"]
        write(root / "x/c")
        write(tmp_path / "one/d")
        assert sorted(await seen.settled()) == ["created d", "created x/c"]
        (tmp_path / "link").symlink_to("two")
        (tmp_path / "link").replace(root)
        assert sorted(await seen.settled()) == [
            "created b",
            "deleted a",
            "deleted d",
            "deleted x/c",
        ]
        write(root / "e")
        assert await seen.settled() == ["created e"]


async def test_links_are_passed_over(tmp_path: Path) -> None:
    root, outside = tmp_path / "root", tmp_path / "outside"
    write(outside / "secret")
    write(root / "real/file")
    (root / "real/loop").symlink_to(root)
    async with watching(root) as seen:
        assert list(seen.at_start) == ["real/file"]
        (root / "to-file").symlink_to("real/file")
        (root / "to-outside").symlink_to(outside / "secret")
        (root / "folder").symlink_to(outside)
        (root / "nowhere").symlink_to("nothing")
        write(root / "real/more")
        assert await seen.settled() == ["created real/more"]
        write(outside / "more")
        write(root / "folder/even more")
        assert await seen.settled() == []
        # A folder and a file become links to others of the same name.
        write(outside / "file")
        (root / "real").rename(outside / "real")
        (root / "real").symlink_to(outside)
        assert sorted(await seen.settled()) == ["deleted real/file", "deleted real/more"]
        write(root / "real/file", "longer text")
        write(root / "x")
        (root / "x").unlink()
        (root / "x").symlink_to(outside / "secret")
        assert "created x" not in await seen.settled()
        assert seen.watcher.stamps == stamps(root) == {}


async def test_each_name_of_a_file_is_a_file(tmp_path: Path) -> None:
    write(tmp_path / "a")
    async with watching(tmp_path) as seen:
        (tmp_path / "b").hardlink_to(tmp_path / "a")
        assert await seen.settled() == ["created b"]
        write(tmp_path / "b", "longer text")
        assert sorted(await seen.settled()) == ["modified a", "modified b"]
        (tmp_path / "a").unlink()
        assert await seen.settled() == ["deleted a"]


async def test_what_is_no_file_is_not_reported(tmp_path: Path) -> None:
    async with watching(tmp_path) as seen:
        (tmp_path / "folder").mkdir()
        os.mkfifo(tmp_path / "pipe")
        write(tmp_path / "file")
        assert await seen.settled() == ["created file"]


@contextmanager
def as_nobody() -> Iterator[Path]:
    """Have no privileges for a while, and a folder of one's own."""
    folder = Path(tempfile.mkdtemp())
    privileged = os.geteuid() == 0
    if privileged:
        os.chown(folder, NOBODY, NOBODY)
        os.seteuid(NOBODY)
    try:
        yield folder
    finally:
        if privileged:
            os.seteuid(0)
        for path, _, _ in os.walk(folder):
            Path(path).chmod(0o700)
        shutil.rmtree(folder)


async def test_folders_that_nobody_may_read_are_named_and_read_once_they_can_be() -> None:
    with as_nobody() as root:
        write(root / "closed/a")
        write(root / "known/b")
        (root / "closed").chmod(0)
        async with watching(root) as seen:
            assert list(seen.at_start) == ["known/b"]
            assert seen.watcher.trouble == "cannot read the folder closed (permission denied)"
            (root / "known").chmod(0)
            write(root / "c")
            assert await seen.settled() == ["created c"]  # b is there, for all that is known
            (root / "closed").chmod(0o700)
            await seen.until(lambda: seen.said == ["created closed/a"])
            await seen.settled()
            write(root / "closed/d")
            assert await seen.settled() == ["created closed/d"]
            assert seen.watcher.trouble == "cannot read the folder known (permission denied)"
            (root / "known").chmod(0o700)
            await seen.settled()
            assert seen.watcher.trouble == ""


async def test_folders_too_deep_to_be_named_do_no_harm(tmp_path: Path) -> None:
    script = "import os\nfor _ in range(30): os.mkdir('d' * 200); os.chdir('d' * 200)"
    async with watching(tmp_path) as seen:
        process = await asyncio.create_subprocess_exec(sys.executable, "-c", script, cwd=tmp_path)
        await process.wait()
        write(tmp_path / "a")
        assert await seen.settled() == ["created a"]
        assert "file name too long" in seen.watcher.trouble
    await (await asyncio.create_subprocess_exec("rm", "-rf", tmp_path / ("d" * 200))).wait()


async def test_any_name_that_can_be_told_is_reported(tmp_path: Path) -> None:
    names = ["a b", "a\nb", "'\"$(x)", "\u00e9\u4e2d\U0001f600", "-x", ".hidden", "x" * 255]
    async with watching(tmp_path) as seen:
        for name in names:
            write(tmp_path / name)
        (tmp_path / os.fsdecode(b"caf\xe9")).write_text("text")
        (tmp_path / os.fsdecode(b"\xff")).mkdir()
        write(tmp_path / os.fsdecode(b"\xff") / "inside")
        write(tmp_path / "last")
        assert sorted(await seen.settled()) == sorted(
            f"created {name}" for name in [*names, "last"]
        )
        said = "passes over caf\\xe9 and 1 more, for names that are not UTF-8"
        assert seen.watcher.trouble.endswith(said)


async def test_hidden_folders_are_like_others(tmp_path: Path) -> None:
    write(tmp_path / ".git/config")
    async with watching(tmp_path, ".github/**", ".git/config") as seen:
        assert list(seen.at_start) == [".git/config"]
        write(tmp_path / ".github/workflows/ci.yml")
        write(tmp_path / ".git/config", "longer text")
        assert sorted(await seen.settled()) == [
            "created .github/workflows/ci.yml",
            "modified .git/config",
        ]


async def test_files_and_folders_of_ours_are_never_reported(tmp_path: Path) -> None:
    ours = [tmp_path / "session.jsonl", tmp_path / ".logs", tmp_path / "sub/lock"]
    known = {".logs/a": "1:1:1", "session.jsonl": "1:1:1"}
    for earlier in (None, known):
        write(tmp_path / ".logs/a")
        async with watching(tmp_path, ours=ours, known=earlier) as seen:
            for path in (ours[0], ours[1] / "a", ours[1] / "deep/b", ours[2]):
                write(path)
                write(path, "longer text")
            write(tmp_path / "sub/other")
            assert await seen.settled() == ["created sub/other"]
        shutil.rmtree(tmp_path / "sub")
        shutil.rmtree(tmp_path / ".logs")


async def test_modifications_within_a_second_are_all_seen(tmp_path: Path) -> None:
    write(tmp_path / "a")
    async with watching(tmp_path) as seen:
        for number in range(20):
            write(tmp_path / "a", "x" * number)
            assert await seen.settled() == ["modified a"]
        os.utime(tmp_path / "a", (1, 1))
        assert await seen.settled() == ["modified a"]
        (tmp_path / "a").chmod(0o600)
        assert await seen.settled() == []


async def test_what_comes_and_goes_at_once_is_never_half_reported(tmp_path: Path) -> None:
    def churn() -> None:
        for number in range(1_000):
            write(tmp_path / f"{number % 3}/file")
            shutil.rmtree(tmp_path / f"{number % 3}")

    async with watching(tmp_path) as seen:
        await asyncio.to_thread(churn)
        await seen.watcher.settle(PATIENCE)
        there: set[str] = set()
        for change in seen.changes:
            assert (change.path in there) == (change.kind != "created")
            (there.discard if change.kind == "deleted" else there.add)(change.path)
        assert not there
        write(tmp_path / "0/file")
        assert (await seen.settled())[-1] == "created 0/file"


async def test_a_file_system_of_another_kind_does_no_harm() -> None:
    async with watching(Path("/proc/self"), "**/stat*", "fd/*") as seen:
        assert "status" in seen.at_start
        await seen.settled()


async def test_a_name_that_is_no_text_ends_the_watch_but_not_the_seeing(tmp_path: Path) -> None:
    root = tmp_path / "root"
    async with watching(root) as seen:
        write(root / "a")
        await seen.until(lambda: seen.said == ["created a"])
        assert seen.watcher.trouble == ""
        write(root / "b/c/d")
        await seen.until(lambda: seen.said[1:] == ["created b/c/d"])
        write(root / "a", "longer text")
        assert (await seen.settled())[2:] == ["modified a"]
        (root / "b").rename(root / "e")
        assert sorted(await seen.settled()) == ["created e/c/d", "deleted b/c/d"]
        # A name that is not UTF-8 ends the watch; then scans find what there is.
        write(root / os.fsdecode(b"\xff"))
        write(root / "f")
        await seen.until(lambda: seen.said == ["created f"])
        assert "passes over \\xff" in seen.watcher.trouble


async def test_what_differs_from_what_was_known_is_reported_first(tmp_path: Path) -> None:
    for name in ("same", "changes", "goes", "folder/goes"):
        write(tmp_path / name)
    async with watching(tmp_path) as seen:
        known = dict(seen.at_start)
    write(tmp_path / "changes", "longer text")
    (tmp_path / "goes").unlink()
    shutil.rmtree(tmp_path / "folder")
    write(tmp_path / "new/file")
    async with watching(tmp_path, "**", known={**known, "../escaped": "1:1:1"}) as seen:
        assert seen.at_start == stamps(tmp_path)
        assert sorted(seen.said) == [
            "created new/file",
            "deleted folder/goes",
            "deleted goes",
            "modified changes",
        ]
        assert (await seen.settled())[4:] == []


async def test_settling_ends_when_patience_does_and_nothing_is_lost(tmp_path: Path) -> None:
    async with watching(tmp_path) as seen:
        for number in range(3_000):
            write(tmp_path / str(number))
        await seen.watcher.settle(0)
        assert len(seen.said) < 3_000
        await seen.until(lambda: len(seen.said) == 3_000)


async def test_the_loop_gets_its_turn_while_many_files_are_reported(tmp_path: Path) -> None:
    async with watching(tmp_path) as seen:
        for number in range(3_000):
            write(tmp_path / str(number))
        turns: list[int] = []
        settling = asyncio.create_task(seen.watcher.settle(PATIENCE))
        while not settling.done():
            turns.append(len(seen.said))
            await asyncio.sleep(0.0005)
        steps = [after - before for before, after in pairwise(turns)]
        assert max(steps) <= 400
        assert len(seen.said) == 3_000


async def test_what_the_sink_raises_ends_the_watch(tmp_path: Path) -> None:
    def sink(change: Change) -> None:
        raise ValueError(change.path)

    watcher = FileWatcher(tmp_path, ["*"], sink)
    await watcher.start()
    task = asyncio.create_task(watcher.run())
    write(tmp_path / "a")
    with pytest.raises(ValueError, match="a"):
        await asyncio.wait_for(task, PATIENCE)
    await watcher.close()


class Chaos:
    """Does anything to a tree of files, but nothing outside of it."""

    def __init__(self, seed: int, root: Path, outside: Path) -> None:
        self._random = random.Random(seed)
        self._root = root
        self._outside = outside

    def _path(self) -> Path:
        depth = self._random.randint(1, 3)
        return self._root.joinpath(*(self._random.choice("abc") for _ in range(depth)))

    def act(self) -> None:
        path, other = self._path(), self._path()
        try:
            match self._random.randrange(9):
                case 0 | 1 | 2:
                    write(path, "x" * self._random.randrange(100))
                case 3:
                    path.mkdir(parents=True, exist_ok=True)
                case 4 | 5:
                    path.rename(other)
                case 6 if path.is_dir() and not path.is_symlink():
                    shutil.rmtree(path)
                case 6:
                    path.unlink()
                case 7:
                    path.symlink_to(self._random.choice([self._root, self._outside]))
                case 8:
                    path.hardlink_to(other)
        except (OSError, shutil.Error):
            pass  # what cannot be done is not done


@pytest.mark.parametrize("seed", range(4))
async def test_whatever_happens_the_reports_add_up_to_what_is_there(
    seed: int, tmp_path: Path
) -> None:
    root, outside = tmp_path / "root", tmp_path / "outside"
    root.mkdir()
    outside.mkdir()
    chaos = Chaos(seed, root, outside)
    there: dict[str, str] = {}
    async with watching(root) as seen:
        for round_ in range(60):
            for _ in range(1 + round_ % 8):
                chaos.act()
                if round_ % 3 == 0:
                    await asyncio.sleep(0)
            await seen.watcher.settle(PATIENCE)
            for change in seen.changes:
                assert (change.path in there) == (change.kind != "created")
                if change.kind == "deleted":
                    del there[change.path]
                else:
                    assert there.get(change.path) != change.stamp
                    there[change.path] = change.stamp
            seen.changes.clear()
            # A hard link is modified by its other name, of which its own folder says nothing.
            expected = stamps(root)
            assert there.keys() == expected.keys()
            assert seen.watcher.stamps == there
            inodes = Counter(stamp.rpartition(":")[2] for stamp in expected.values())
            for path, stamp in expected.items():
                assert there[path] == stamp or inodes[stamp.rpartition(":")[2]] > 1
