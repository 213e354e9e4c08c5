"""The contract of every store: keys to bytes, with two conditional writes and nothing unconditional.

There is no plain overwrite, because two pods may run the same step: whoever writes says what must
hold for the write to count, and learns whether it did.
"""

from typing import Protocol

Keys = list[str]
"""Inside a class with a method `list`, the type `list` can no longer be written."""


class Store(Protocol):
    """Keys (see `keys`) to bytes, linearizable key by key; safe to share between threads.

    Every method raises InvalidSpec for a key that cannot be one, and StoreError, in one line with the
    remedy, when the store cannot be reached, read or written. A write that returned is durable.

    No key may be the folder of another (`a` beside `a/b`): a directory cannot hold both.
    """

    @property
    def url(self) -> str:
        """What `open_store` takes to find this store again, from any working directory; no secrets."""
        ...

    def create(self, key: str, data: bytes) -> bool:
        """Write `data` if nothing is at `key`; False, and nothing written, if anything is there."""
        ...

    def read(self, key: str) -> bytes:
        """All bytes at `key`; raises NotFound."""
        ...

    def read_versioned(self, key: str) -> tuple[bytes, str]:
        """All bytes at `key` and their version, for `replace`; raises NotFound.

        The version is a function of the bytes: who writes the old bytes back brings the old version
        back. A counter or an id in the bytes keeps every state apart.
        """
        ...

    def replace(self, key: str, data: bytes, version: str | None) -> str | None:
        """Write `data` if `key` still has `version` (None: if nothing is there).

        Returns the new version, or None, and nothing written, if somebody else was first.
        """
        ...

    def exists(self, key: str) -> bool:
        """Whether something is at `key`."""
        ...

    def list(self, prefix: str) -> Keys:
        """All keys that start with `prefix` ("" for every key), at any depth, sorted."""
        ...

    def delete(self, key: str) -> None:
        """Remove `key`; nothing happens if it is not there."""
        ...
