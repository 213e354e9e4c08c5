"""What a key may look like, checked here for every store.

A key is a relative path such as `searches/digits/round-3.json`. A segment never starts with a dot:
that refuses `..`, and leaves names such as `.temporary` to the stores themselves. What comes before keys in a
bucket is the user's own to name, and may be more.
"""

import re

from nasflow.base.errors import InvalidSpec

LONGEST_KEY = 512
"""Characters: S3 takes 1024 bytes, and a store's own prefix comes before the key."""

_LONGEST_FOLDER = 1024 - 1 - LONGEST_KEY
_NOWHERE = frozenset({"", ".", ".."})

_SEGMENT = r"[A-Za-z0-9_-][A-Za-z0-9._-]{0,199}"
_KEY = re.compile(rf"{_SEGMENT}(?:/{_SEGMENT})*")
_PREFIX = re.compile(rf"(?:{_SEGMENT}/)*(?:{_SEGMENT})?")


def is_key(text: str) -> bool:
    """Whether `text` can name a value."""
    return len(text) <= LONGEST_KEY and _KEY.fullmatch(text) is not None


def check_key(key: str) -> str:
    """`key` itself; raises InvalidSpec if it cannot name a value."""
    if not is_key(key):
        raise _refused("key", key)
    return key


def check_prefix(prefix: str) -> str:
    """`prefix` itself; raises InvalidSpec if no key can start with it."""
    if len(prefix) > LONGEST_KEY or not _PREFIX.fullmatch(prefix):
        raise _refused("key prefix", prefix)
    return prefix


def check_place(folder: str) -> str:
    """`folder` itself, a store's place in a bucket; raises InvalidSpec if it cannot be one.

    Any letter will do: S3's names are text. Not what a client or a server on a file system takes for another
    folder (`.`, `..`, nothing between two slashes, a backslash), and nothing that XML cannot carry.
    """
    fits = folder.isprintable() and len(folder.encode()) <= _LONGEST_FOLDER
    if not fits or "\\" in folder or (folder and _NOWHERE.intersection(folder.split("/"))):
        raise InvalidSpec(
            f"store: the prefix {folder[:80]!r} after the bucket: use names between single slashes, none of "
            f"them . or .., no backslashes or control characters, at most {_LONGEST_FOLDER} bytes in all"
        )
    return folder


def _refused(what: str, text: str) -> InvalidSpec:
    shown = text if len(text) <= 80 else text[:77] + "..."
    return InvalidSpec(
        f"{what} {shown!r}: use a relative path of letters, digits and . _ -, no name starting with a dot, "
        f"at most 200 characters a name and {LONGEST_KEY} in all"
    )
