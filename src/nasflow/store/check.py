"""Before a search starts: whether a store can be written to, and means it (it is tried), and its room."""

import shutil
from pathlib import Path
from uuid import uuid4

from nasflow.base.errors import StoreError
from nasflow.store.directory import DirectoryStore
from nasflow.store.protocol import Store

_PROBES = "probe/"


def is_probe(key: str) -> bool:
    """Whether it is one that `check_writable` tries a store with; left behind by one that was killed."""
    return key.startswith(_PROBES)


def check_writable(store: Store) -> None:
    """Try both conditional writes, held and refused, reading and listing, with a key that is then deleted.

    Raises StoreError with the remedy. A server that takes a conditional write and ignores the condition
    is refused too: with it, two pods would overwrite each other's results without a word.
    """
    key = f"{_PROBES}{uuid4().hex}"
    _require(store, store.create(key, b"1"), "refused to create a new key")
    try:
        _check_conditions(store, key)
    finally:
        store.delete(key)


def free_bytes(store: Store) -> int | None:
    """What the disk of a directory can still take; None: nobody knows, as of a bucket."""
    if not isinstance(store, DirectoryStore):
        return None
    folder = Path(store.url)
    try:
        there = next(each for each in (folder, *folder.parents) if each.exists())
        return shutil.disk_usage(there).free
    except OSError:
        return None


def _check_conditions(store: Store, key: str) -> None:
    _require(store, not store.create(key, b"2"), "ignored create-if-absent (If-None-Match)")
    _, first = store.read_versioned(key)
    second = store.replace(key, b"3", first)
    _require(store, second is not None, "refused a compare-and-swap that was right (If-Match)")
    _require(store, store.replace(key, b"4", first) is None, "ignored compare-and-swap (If-Match)")
    _require(store, store.read_versioned(key) == (b"3", second), "did not return what was written")
    _require(store, store.list(key) == [key], "did not list what was written")


def _require(store: Store, held: bool, complaint: str) -> None:
    if not held:
        raise StoreError(
            f"store {store.url} {complaint}: use a directory, or an S3 server with conditional writes "
            "(AWS S3, SeaweedFS, MinIO of 2025)"
        )
