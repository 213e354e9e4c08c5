"""Content-addressed bytes, in every store."""

import hashlib
import os

import pytest

from nasflow.base.errors import BlobDamaged, InvalidSpec, NotFound
from nasflow.store import Store, blob_key, get_blob, put_blob


@pytest.mark.parametrize("size", [0, 5_000_000])
def test_a_blob_is_read_back_by_its_digest(store: Store, size: int) -> None:
    """Bytes of any size come back, under the sha256 of what they are."""
    data = os.urandom(size)
    digest = put_blob(store, data)
    assert digest == hashlib.sha256(data).hexdigest()
    assert get_blob(store, digest) == data
    assert store.list("") == [f"blobs/{digest[:2]}/{digest}"]


def test_a_blob_is_stored_once(store: Store) -> None:
    """Storing the same bytes again gives the same digest and no second key."""
    assert put_blob(store, b"weights") == put_blob(store, b"weights")
    assert len(store.list("blobs/")) == 1


def test_a_damaged_blob_is_not_returned(store: Store) -> None:
    """Other bytes under a blob's name are refused with one line: where, what was found, what to do."""
    digest = hashlib.sha256(b"weights").hexdigest()
    store.create(blob_key(digest), b"weigh")
    with pytest.raises(BlobDamaged) as caught:
        get_blob(store, digest)
    found = hashlib.sha256(b"weigh").hexdigest()
    for part in (f"{store.url}/{blob_key(digest)}", "5 bytes", found, digest, "nasflow resume"):
        assert part in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_missing_blob_is_not_found(store: Store) -> None:
    """A digest that nobody stored raises NotFound."""
    with pytest.raises(NotFound):
        get_blob(store, "0" * 64)


@pytest.mark.parametrize("digest", ["", "../../etc/passwd", "A" * 64, "0" * 63])
def test_a_broken_digest_is_refused(digest: str) -> None:
    """Only a sha256 in lower-case hexadecimal names a blob."""
    with pytest.raises(InvalidSpec, match="64 hexadecimal digits"):
        blob_key(digest)
