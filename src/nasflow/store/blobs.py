"""Content-addressed bytes in any store: a blob's name is the sha256 of what it holds.

A blob never changes, so writing it twice is writing it once; and it is checked whenever it is read.
"""

import hashlib
import re

from nasflow.base.errors import BlobDamaged, InvalidSpec
from nasflow.store.protocol import Store

_DIGEST = re.compile(r"[0-9a-f]{64}")


def blob_key(digest: str) -> str:
    """Where the blob is; raises InvalidSpec unless `digest` is a sha256 in lower-case hexadecimal."""
    if not _DIGEST.fullmatch(digest):
        raise InvalidSpec(f"blob {digest[:80]!r}: a digest is 64 hexadecimal digits (sha256)")
    return f"blobs/{digest[:2]}/{digest}"


def is_blob(key: str) -> bool:
    """Whether a blob is at this key, or should be."""
    folder, _, digest = key.rpartition("/")
    return bool(_DIGEST.fullmatch(digest)) and folder == f"blobs/{digest[:2]}"


def digest_of(data: bytes) -> str:
    """The name of a blob: its sha256 in hexadecimal."""
    return hashlib.sha256(data).hexdigest()


def put_blob(store: Store, data: bytes) -> str:
    """Store `data` if it is not there yet; returns its sha256 in hexadecimal."""
    digest = digest_of(data)
    key = blob_key(digest)
    # Asked first, because S3 takes all bytes of an upload before it says that it has them.
    if not store.exists(key):
        store.create(key, data)
    return digest


def get_blob(store: Store, digest: str) -> bytes:
    """The bytes with this sha256; raises NotFound, or BlobDamaged if what is there is something else."""
    key = blob_key(digest)
    data = store.read(key)
    found = digest_of(data)
    if found != digest:
        raise BlobDamaged(
            f"{store.url}/{key}: damaged, its {len(data)} bytes have sha256 {found} instead of {digest}: "
            "delete it and go on with the search: `nasflow resume ID`"
        )
    return data
