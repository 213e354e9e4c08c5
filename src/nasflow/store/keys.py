"""What a key may look like, checked here for every store.

A key is a relative path such as `searches/digits/round-3.json`. A segment never starts with a dot:
that refuses `..`, and leaves names such as `.temporary` to the stores themselves.
"""

import re

from nasflow.base.errors import InvalidSpec

LONGEST_KEY = 512
"""Characters: S3 takes 1024 bytes, and a store's own prefix comes before the key."""

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


def _refused(what: str, text: str) -> InvalidSpec:
    shown = text if len(text) <= 80 else text[:77] + "..."
    return InvalidSpec(
        f"{what} {shown!r}: use a relative path of letters, digits and . _ -, no name starting with a dot, "
        f"at most 200 characters a name and {LONGEST_KEY} in all"
    )
