"""A store in a folder: one file a key, atomic and durable, for one machine or a shared file system.

A value is written to a temporary file first and takes its name in one step, so a half-written file never
has a key. Folders `a` and files `a/b` cannot share a name: see `protocol.Store`.
"""

import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from errno import EACCES, EDQUOT, EEXIST, EISDIR, ENOENT, ENOSPC, ENOTDIR, ENOTSUP, EPERM, EROFS
from pathlib import Path

from nasflow.base.durable import (
    link_if_absent,
    locked,
    make_folder,
    move_over,
    sweep,
    sync_folder,
    temporary_file,
)
from nasflow.base.errors import NotFound, StoreError
from nasflow.store.keys import check_key, check_prefix, is_key
from nasflow.store.protocol import Keys

_ABSENT = (FileNotFoundError, NotADirectoryError, IsADirectoryError)


class DirectoryStore:
    """`protocol.Store` in the folder `path`, which the first write makes if it is not there.

    The file system must know hard links and flock (any local Linux one, NFS 4).
    """

    def __init__(self, path: str | Path) -> None:
        self._root = _absolute(Path(path).expanduser())
        self._temporary = self._root / ".temporary"
        self._lock = self._root / ".lock"
        with self._explained():
            if self._root.is_file():
                raise NotADirectoryError(ENOTDIR, os.strerror(ENOTDIR))
        self._is_begun = os.path.isdir(self._temporary)
        sweep(self._temporary)

    @property
    def url(self) -> str:
        """The absolute path of the folder."""
        return str(self._root)

    def is_there(self) -> bool:
        """Whether there is such a folder; raise StoreError if this user may not know."""
        with self._explained():
            return self._root.is_dir()

    def create(self, key: str, data: bytes) -> bool:
        """See `protocol.Store`."""
        path = self._path(key)
        with self._explained():
            if path.is_file():
                return False
            with self._written(data) as whole:
                make_folder(path.parent)
                return link_if_absent(whole, path)

    def read(self, key: str) -> bytes:
        """See `protocol.Store`."""
        with self._explained():
            try:
                return self._path(key).read_bytes()
            except _ABSENT:
                raise NotFound(f"store {self.url} has no {key}: check the store and the name") from None

    def read_versioned(self, key: str) -> tuple[bytes, str]:
        """See `protocol.Store`."""
        data = self.read(key)
        return data, _version(data)

    def replace(self, key: str, data: bytes, version: str | None) -> str | None:
        """See `protocol.Store`."""
        if version is None:
            return _version(data) if self.create(key, data) else None
        path = self._path(key)
        with self._explained(), self._written(data) as whole, locked(self._lock):
            if self._version_at(key) != version:
                return None
            move_over(whole, path)
        return _version(data)

    def exists(self, key: str) -> bool:
        """See `protocol.Store`."""
        with self._explained():
            return self._path(key).is_file()

    def list(self, prefix: str) -> Keys:
        """See `protocol.Store`; walks no folder in which nothing can start with `prefix`."""
        check_prefix(prefix)
        folder = prefix[: prefix.rfind("/") + 1]
        with self._explained():
            return sorted(self._walk(folder, prefix))

    def delete(self, key: str) -> None:
        """See `protocol.Store`."""
        path = self._path(key)
        with self._explained():
            if not path.is_file():
                return
            with locked(self._lock):
                path.unlink(missing_ok=True)
                sync_folder(path.parent)

    @contextmanager
    def _written(self, data: bytes) -> Iterator[Path]:
        """A temporary file in the folder, which is made once only.

        What vanishes with all that was written, or is unmounted, would come back as a store with holes.
        """
        if self._is_begun and not self._temporary.is_dir():
            raise StoreError(f"store {self.url}: what was written there is gone: {_GONE}")
        with temporary_file(self._temporary, data) as whole:
            self._is_begun = True
            yield whole

    def _path(self, key: str) -> Path:
        return self._root / check_key(key)

    def _version_at(self, key: str) -> str | None:
        try:
            return self.read_versioned(key)[1]
        except NotFound:
            return None

    def _walk(self, folder: str, prefix: str) -> Iterator[str]:
        """Keys that start with `prefix` below `folder`, which is "" or ends in a slash."""
        for entry in _entries(self._root / folder):
            key = folder + entry.name
            if not (is_key(entry.name) and key.startswith(prefix)):
                continue
            if entry.is_dir():
                yield from self._walk(key + "/", prefix)
            else:
                yield key

    @contextmanager
    def _explained(self) -> Iterator[None]:
        """Say what the operating system refused, where, and what to do about it."""
        try:
            yield
        except OSError as error:
            where = f" ({error.filename})" if error.filename else ""
            remedy = _REMEDIES.get(error.errno or 0, "check the disk it is on")
            raise StoreError(f"store {self.url}: {error.strerror}{where}: {remedy}") from error


def _absolute(path: Path) -> Path:
    try:
        return Path(os.path.abspath(path))
    except FileNotFoundError:
        raise StoreError(f"store {path}: this folder is gone: go to another, or give a whole path") from None


def _version(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _entries(folder: Path) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as entries:
            return list(entries)
    except _ABSENT:
        return []


_FULL = "free space there, or choose another store"
_GONE = "its folder was moved, deleted or unmounted: bring it back, and the same command goes on"
_CLOSED = "let this user read and write there, or choose another store"
_TAKEN = "a file is where a folder must be, or the reverse: move it away, or choose another store"
_REMEDIES = {
    ENOSPC: _FULL,
    EDQUOT: _FULL,
    EACCES: _CLOSED,
    EROFS: _CLOSED,
    ENOENT: _GONE,
    EPERM: "choose a store on a file system with hard links, which this user may write to",
    ENOTSUP: "choose a store on a file system with hard links",
    ENOTDIR: _TAKEN,
    EISDIR: _TAKEN,
    EEXIST: _TAKEN,
}
