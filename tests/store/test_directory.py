"""What a folder adds to the contract: whole files whatever is killed, and a disk's own failures."""

import fcntl
import hashlib
import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from nasflow.base.durable import temporary_file
from nasflow.base.errors import StoreError
from nasflow.store import check_writable, put_blob
from nasflow.store.directory import DirectoryStore


def is_whole(value: bytes) -> bool:
    """Whether `value` is one that programs/write_forever.py sealed, all of it."""
    return len(value) == 500_032 and hashlib.sha256(value[32:]).digest() == value[:32]


def test_a_killed_writer_leaves_no_part_of_a_value(
    tmp_path: Path, start: Callable[..., subprocess.Popen[str]]
) -> None:
    """After SIGKILL in the middle of writing, again and again, every key is whole and no lock is held."""
    store = DirectoryStore(tmp_path)
    for lines in range(1, 9):
        writer = start("write_forever.py", str(tmp_path))
        assert writer.stdout is not None
        for _ in range(lines):
            assert writer.stdout.readline() == "written\n"
        writer.kill()
        writer.wait()
    keys = store.list("")
    assert len(keys) > 8
    assert all(key.startswith("values/") and is_whole(store.read(key)) for key in keys)
    check_writable(store)


def test_what_killed_writers_left_is_swept(tmp_path: Path) -> None:
    """Opening a store removes temporary files of the dead, and leaves those of the living, by no clock."""
    DirectoryStore(tmp_path).create("key", b"1")
    old = tmp_path / ".temporary" / "old"
    old.write_bytes(b"half")
    with temporary_file(tmp_path / ".temporary", b"half") as new:
        os.utime(new, (0, 0))
        store = DirectoryStore(tmp_path)
        assert not old.exists()
        assert new.exists()
    assert store.list("") == ["key"]


def test_swept_in_the_moment_before_it_is_held(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A writer whose file goes before it holds it writes another one."""
    real, taken = fcntl.flock, list[str]()

    def too_late(file: Any, how: int) -> None:
        if not taken:
            taken.append(file.name)
            Path(file.name).unlink()
        real(file, how)

    monkeypatch.setattr(fcntl, "flock", too_late)
    with temporary_file(tmp_path, b"whole") as path:
        assert path.read_bytes() == b"whole"
    assert len(taken) == 1


def test_writing_leaves_no_temporary_file(tmp_path: Path) -> None:
    """Won or lost, a write removes the file it started with."""
    store = DirectoryStore(tmp_path)
    store.create("key", b"1")
    store.create("key", b"2")
    store.replace("key", b"3", "not the version")
    store.replace("key", b"4", store.read_versioned("key")[1])
    assert list((tmp_path / ".temporary").iterdir()) == []


def test_foreign_files_are_not_listed(tmp_path: Path) -> None:
    """What cannot be a key (an editor's or a desktop's file) is not one."""
    store = DirectoryStore(tmp_path)
    store.create("a/key", b"1")
    for name in (".DS_Store", "a/.key.swp", "a/notes (copy).txt"):
        (tmp_path / name).touch()
    assert store.list("") == ["a/key"]


def test_values_have_the_mode_that_the_umask_asks_for(tmp_path: Path) -> None:
    """A colleague in the group can read what the umask lets the group read."""
    before = os.umask(0o027)
    try:
        DirectoryStore(tmp_path).create("key", b"1")
    finally:
        os.umask(before)
    assert (tmp_path / "key").stat().st_mode & 0o777 == 0o640


def test_listing_does_not_walk_the_blobs(tmp_path: Path) -> None:
    """A prefix is looked for in its own folders only, as a loop of links among the blobs shows."""
    store = DirectoryStore(tmp_path)
    store.create("records/1", b"1")
    (tmp_path / "blobs").mkdir()
    (tmp_path / "blobs" / "loop").symlink_to(tmp_path / "blobs" / "loop")
    assert store.list("records/") == store.list("rec") == ["records/1"]


def test_a_full_disk_is_explained(small_disk: Path) -> None:
    """No space: one line with the folder, the cause and the remedy; nothing half-written is left."""
    store = DirectoryStore(small_disk / "store")
    with pytest.raises(StoreError) as caught:
        put_blob(store, bytes(5_000_000))
    assert str(caught.value) == (
        f"store {store.url}: No space left on device: free space there, or choose another store"
    )
    assert store.list("") == []
    assert list((small_disk / "store" / ".temporary").iterdir()) == []
    assert store.create("small", b"1")


def test_a_read_only_disk_is_explained(small_disk: Path) -> None:
    """Read-only: reading goes on, and every write is refused with the folder and the remedy."""
    store = DirectoryStore(small_disk)
    store.create("key", b"1")
    _, version = store.read_versioned("key")
    subprocess.run(["mount", "-o", "remount,ro", str(small_disk)], check=True)
    writes: list[Callable[[], object]] = [
        lambda: store.create("new", b"1"),
        lambda: store.replace("key", b"2", version),
        lambda: store.delete("key"),
        lambda: check_writable(store),
    ]
    for write in writes:
        with pytest.raises(StoreError, match=r"Read-only file system.*let this user read and write there"):
            write()
    assert store.read("key") == b"1"
    assert DirectoryStore(small_disk).list("") == ["key"]


def test_a_file_in_the_place_of_the_folder_is_explained(tmp_path: Path) -> None:
    """A store's path that is a file is refused at once, and one below a file when it is written to."""
    (tmp_path / "file").touch()
    with pytest.raises(StoreError, match="Not a directory"):
        DirectoryStore(tmp_path / "file")
    with pytest.raises(StoreError, match="a file is where a folder must be"):
        DirectoryStore(tmp_path / "file" / "store").create("key", b"1")


def test_a_key_cannot_be_the_folder_of_another(tmp_path: Path) -> None:
    """Beside `a/b`, `a` is refused with the remedy, and the reverse: neither is taken for "already there"."""
    store = DirectoryStore(tmp_path)
    store.create("a/b", b"1")
    for key in ("a", "a/b/c"):
        with pytest.raises(StoreError, match="a file is where a folder must be, or the reverse"):
            store.create(key, b"1")


@pytest.mark.parametrize("is_unmounted", [False, True])
def test_a_folder_that_vanishes_is_not_made_again(is_unmounted: bool, tmp_path: Path) -> None:
    """Moved away, or with an empty one in its place: what comes after would be a store with holes."""
    store = DirectoryStore(tmp_path / "store")
    assert store.create("first", b"1")
    _, version = store.read_versioned("first")
    (tmp_path / "store").rename(tmp_path / "elsewhere")
    if is_unmounted:
        (tmp_path / "store").mkdir()
    for write in (lambda: store.create("second", b"2"), lambda: store.replace("first", b"2", version)):
        with pytest.raises(
            StoreError, match="gone: its folder was moved, deleted or unmounted: bring it back"
        ):
            write()
    assert not list(tmp_path.glob("store/*"))
    shutil.rmtree(tmp_path / "store", ignore_errors=True)
    (tmp_path / "elsewhere").rename(tmp_path / "store")
    assert store.create("second", b"2")
    assert DirectoryStore(tmp_path / "store").list("") == ["first", "second"]


def test_what_is_no_temporary_file_is_not_waited_for(tmp_path: Path) -> None:
    """A pipe among them; and a folder that cannot be read, as links in a circle cannot."""
    DirectoryStore(tmp_path).create("key", b"1")
    os.mkfifo(tmp_path / ".temporary" / "pipe")
    assert DirectoryStore(tmp_path).list("") == ["key"]
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    with pytest.raises(StoreError, match="Too many levels of symbolic links"):
        DirectoryStore(tmp_path / "loop").read("key")


def test_a_working_directory_that_is_gone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A relative store is nowhere then, and that is said."""
    gone = tmp_path / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    gone.rmdir()
    with pytest.raises(StoreError, match="this folder is gone"):
        DirectoryStore("store")
    assert DirectoryStore(tmp_path / "store").url == str(tmp_path / "store")
