"""Where state lives: a directory or S3, behind one contract (`protocol.Store`)."""

from nasflow.store.blobs import blob_key, digest_of, get_blob, is_blob, put_blob
from nasflow.store.check import check_writable, free_bytes, is_probe
from nasflow.store.open import command_on, open_existing_store, open_store, store_option
from nasflow.store.protocol import Store

__all__ = [
    "Store",
    "blob_key",
    "check_writable",
    "command_on",
    "digest_of",
    "free_bytes",
    "get_blob",
    "is_blob",
    "is_probe",
    "open_existing_store",
    "open_store",
    "put_blob",
    "store_option",
]
