"""A store that takes conditional writes without minding the condition, as some S3 servers do."""

import shutil
from pathlib import Path

import pytest

from nasflow.base.errors import StoreError
from nasflow.store import check_writable, free_bytes, open_store
from nasflow.store.directory import DirectoryStore


class OverwritingStore(DirectoryStore):
    """A server that has never heard of If-None-Match."""

    def create(self, key: str, data: bytes) -> bool:
        """Write, whatever is there."""
        self.delete(key)
        return super().create(key, data)


class ForgetfulStore(DirectoryStore):
    """A server that has never heard of If-Match."""

    def replace(self, key: str, data: bytes, version: str | None) -> str | None:
        """Write, whatever is there."""
        return super().replace(key, data, self.read_versioned(key)[1])


@pytest.mark.parametrize("kind", [OverwritingStore, ForgetfulStore])
def test_ignored_conditions_are_found_out(kind: type[DirectoryStore], tmp_path: object) -> None:
    """A store on which two pods would overwrite each other is refused, and the probe removed."""
    store = kind(str(tmp_path))
    with pytest.raises(StoreError, match=r"ignored .*use a directory, or an S3 server"):
        check_writable(store)
    assert store.list("") == []


def test_what_is_free(tmp_path: Path, s3_url: str) -> None:
    """Of the disk that a folder is on, or will be; of a bucket nobody knows."""
    there = free_bytes(open_store(str(tmp_path)))
    assert there is not None
    assert there == pytest.approx(shutil.disk_usage(tmp_path).free, rel=0.5)
    assert free_bytes(open_store(str(tmp_path / "not/yet"))) == pytest.approx(there, rel=0.5)
    assert free_bytes(open_store(s3_url)) is None
