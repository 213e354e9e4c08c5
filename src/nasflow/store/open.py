"""From the text in a configuration to a store."""

import re
from urllib.parse import unquote

from nasflow.base.errors import InvalidSpec
from nasflow.store.directory import DirectoryStore
from nasflow.store.keys import check_folder
from nasflow.store.protocol import Store

_BUCKET = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{1,62}")


def open_store(url: str, proven: bool = False) -> Store:
    """The store at `url`: a folder, `file:///folder`, or `s3://bucket/prefix`.

    `proven`: another process has used it under this very name, as the opener of a lane or a pod has. Then it
    is waited for from the first request on, and not only once it has answered.

    S3's endpoint and credentials come from the ordinary AWS environment (AWS_ENDPOINT_URL_S3,
    AWS_ACCESS_KEY_ID, ...), never from the URL. Nothing is written, and S3 is not asked yet: see
    `check_writable`. Raises InvalidSpec for another scheme and StoreError for a folder that is a file.
    """
    scheme, separator, rest = url.partition("://")
    if not separator:
        return _open_directory(url)
    if scheme == "file":
        return _open_directory(_local_path(rest))
    if scheme == "s3":
        return _open_s3(rest, proven)
    raise InvalidSpec(
        f"store: unknown scheme {scheme[:20]!r}: give a folder, file:///folder or s3://bucket/prefix"
    )


def _open_directory(path: str) -> Store:
    if not path.strip() or "\0" in path:
        raise InvalidSpec("store: the folder's name is empty or broken: give a folder or s3://bucket/prefix")
    return DirectoryStore(path)


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
            "store: no bucket's name after s3://: give s3://bucket/prefix, credentials by AWS_*"
        )
    check_folder(prefix.strip("/"))
    from nasflow.store.s3 import open_bucket

    return open_bucket(bucket, prefix, proven)
