"""Where state lives: a directory or S3, behind one contract (`protocol.Store`)."""

from nasflow.store.blobs import blob_key, digest_of, get_blob, is_blob, put_blob
from nasflow.store.check import check_writable, free_bytes, is_probe
from nasflow.store.open import open_existing_store, open_store
from nasflow.store.protocol import Store

__all__ = [
    "Store",
    "blob_key",
    "check_writable",
    "digest_of",
    "free_bytes",
    "get_blob",
    "is_blob",
    "is_probe",
    "open_existing_store",
    "open_store",
    "put_blob",
]
