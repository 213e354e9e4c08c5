"""From the text in a configuration to a store."""

import re
from contextlib import suppress
from urllib.parse import unquote

from nasflow.base.credentials import masked
from nasflow.base.errors import InvalidSpec, NasflowError, NotFound
from nasflow.base.lines import written_out
from nasflow.base.settings import DEFAULT_STORE, STORE
from nasflow.store.directory import DirectoryStore
from nasflow.store.keys import check_place
from nasflow.store.protocol import Store

_BUCKET = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{1,62}")


_PASTED = re.compile(r":[^/]*@")
"""A key and its secret, as people write them before a host."""

_LONGEST_FOLDER = 500
"""Characters."""

_EXAMPLES = {"s3": "s3://bucket/prefix", "file": "file:///folder"}


def open_existing_store(url: str) -> Store:
    """The store at `url`, for who only reads; raise as `open_store` does, and NotFound for no folder."""
    store = open_store(url)
    # A bucket says itself that it is not there.
    if isinstance(store, DirectoryStore) and not store.is_there():
        raise NotFound(
            f"store {store.url}: there is no such folder: --store or {STORE} says where the store is"
        )
    return store


def open_store(url: str, proven: bool = False) -> Store:
    """The store at `url`: a folder, `file:///folder`, or `s3://bucket/prefix`.

    `proven`: another process has used it under this very name, as the opener of a lane or a pod has. Then it
    is waited for from the first request on, and not only once it has answered.

    S3's endpoint and credentials come from the ordinary AWS environment (AWS_ENDPOINT_URL_S3,
    AWS_ACCESS_KEY_ID, ...), never from the URL. Nothing is written, and S3 is not asked yet: see
    `check_writable`. Raises InvalidSpec for another scheme and StoreError for a folder that is a file.
    """
    scheme, separator, rest = url.partition("://")
    scheme = scheme.lower()
    if not separator:
        # The text is not repeated here either.
        for known, example in _EXAMPLES.items():
            if scheme.startswith(f"{known}:"):
                raise InvalidSpec(f"store: two slashes come after {known}:, as in {example}")
        return _open_directory(url)
    if scheme == "file":
        return _open_directory(_local_path(rest))
    if scheme == "s3":
        return _open_s3(rest, proven)
    raise InvalidSpec(
        f"store: unknown scheme {scheme[:20]!r}: give a folder, file:///folder or s3://bucket/prefix"
    )


def command_on(url: str, verb: str, search: str, options: str = "") -> str:
    """A command of nasflow on a search of the store at `url`, as it is typed here: a remedy that works."""
    return f"`nasflow {verb} {search}{options}{store_option(url)}`"


def store_option(url: str) -> str:
    """What a command needs so that it finds the store at `url`; empty: it finds it by itself."""
    usual = None
    with suppress(NasflowError):
        usual = open_store(STORE.get() or DEFAULT_STORE).url
    return "" if url == usual else f" --store {url}"


def _open_directory(path: str) -> Store:
    # It is written down, in MLflow's addresses and in records: bytes that are no text cannot be.
    if not path.strip() or not path.isprintable() or len(path) > _LONGEST_FOLDER:
        raise InvalidSpec(
            f"store: '{written_out(path, 80)}' is no folder's name in UTF-8: give a folder or s3://bucket/prefix"
        )
    try:
        return DirectoryStore(path)
    except RuntimeError:
        raise InvalidSpec(f"store: {path.partition('/')[0]} is no user with a home: give a folder") from None


def _local_path(rest: str) -> str:
    path = rest.removeprefix("localhost")
    if not path.startswith("/"):
        raise InvalidSpec(
            "store: file:// takes an absolute folder of this machine, as in file:///data/nasflow"
        )
    return unquote(path)


def _open_s3(rest: str, proven: bool) -> Store:
    bucket, _, prefix = rest.partition("/")
    # The text is not repeated: people paste `key:secret@bucket`.
    if not _BUCKET.fullmatch(bucket):
        raise InvalidSpec(
            "store: no bucket's name, of 3 characters or more, after s3://: give s3://bucket/prefix, "
            "credentials by AWS_*"
        )
    if _PASTED.search(prefix) or masked(f"s3://{rest}") != f"s3://{rest}":
        raise InvalidSpec("store: the address holds what looks like a secret: give credentials by AWS_*")
    check_place(prefix.strip("/"))
    from nasflow.store.s3 import open_bucket

    return open_bucket(bucket, prefix, proven)
