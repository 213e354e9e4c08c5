"""Files that are whole and on the disk before anybody can see them."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from errno import EISDIR
from pathlib import Path
from typing import BinaryIO
from uuid import uuid4


def make_folder(folder: Path) -> None:
    """Make `folder` and the parents it lacks, on the disk too."""
    if folder.is_dir():
        return
    make_folder(folder.parent)
    folder.mkdir(exist_ok=True)
    sync_folder(folder.parent)


def sync_folder(folder: Path) -> None:
    """Put the names in `folder` on the disk: a file's own fsync does not."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def temporary_file(folder: Path, data: bytes) -> Iterator[Path]:
    """A new file in `folder` with `data` in it, on the disk; gone at the end unless it was moved."""
    make_folder(folder)
    with _held_file(folder) as (path, file):
        try:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
            yield path
        finally:
            with suppress(OSError):
                path.unlink()


@contextmanager
def _held_file(folder: Path) -> Iterator[tuple[Path, BinaryIO]]:
    """A new file that this process holds, so that `sweep` leaves it; the kernel lets go when it dies."""
    while True:
        path = folder / uuid4().hex
        # Not tempfile's: that is readable by its owner only, whatever the umask, and keeps so when linked.
        with path.open("xb") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            # Swept in the moment before it was held.
            if os.fstat(file.fileno()).st_nlink:
                yield path, file
                return


def link_if_absent(whole: Path, path: Path) -> bool:
    """Give `whole` the second name `path` unless that is taken; whether it was free."""
    try:
        os.link(whole, path)
    except FileExistsError:
        if path.is_dir():
            raise IsADirectoryError(EISDIR, os.strerror(EISDIR), str(path)) from None
        return False
    sync_folder(path.parent)
    return True


def move_over(whole: Path, path: Path) -> None:
    """Let `whole` take the place of `path` in one step."""
    os.replace(whole, path)
    sync_folder(path.parent)


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Keep every other thread and process out; the kernel lets go when the holder dies.

    flock and not lockf: POSIX locks do not keep the threads of one process apart.
    """
    with path.open("ab") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def sweep(folder: Path) -> None:
    """Remove the temporary files in `folder` whose writers are dead, as far as that is possible.

    By no clock: another machine's may be days ahead.
    """
    with suppress(OSError):
        # What is no file, such as a pipe, is nobody's here, and may be waited for without end.
        for path in filter(Path.is_file, folder.iterdir()):
            with suppress(OSError), path.open("rb") as file:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                path.unlink()
