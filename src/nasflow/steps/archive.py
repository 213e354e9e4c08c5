"""The documents of searches and children in a store: typed, written once. `keys` says where each lives."""

from dataclasses import dataclass, field
from typing import TypeVar

from nasflow.base.document import Document
from nasflow.base.errors import NotFound
from nasflow.store import Store, blob_key, command_on

_Document = TypeVar("_Document", bound=Document)


@dataclass(frozen=True)
class Archive:
    """A store seen as documents. What is written once is remembered: it cannot change."""

    store: Store
    _known: dict[str, Document] = field(default_factory=dict)

    def command(self, verb: str, search: str) -> str:
        """A command of nasflow on a search of this store, as it is typed here."""
        return command_on(self.store.url, verb, search)

    def read(self, key: str, kind: type[_Document]) -> _Document:
        """A document that must be there; raise NotFound, or InvalidSpec if it is broken or newer."""
        known = self._known.get(key)
        if not isinstance(known, kind):
            known = kind.from_json(self.store.read(key), f"{self.store.url}/{key}")
            self._known[key] = known
        return known

    def find(self, key: str, kind: type[_Document]) -> _Document | None:
        """A document that may be there."""
        try:
            return self.read(key, kind)
        except NotFound:
            return None

    def create(self, key: str, document: _Document) -> _Document:
        """Write once: the first writer wins, and everybody gets the winner's document."""
        if self.store.create(key, document.to_bytes()):
            self._known[key] = document
        return self.read(key, type(document))

    def find_changing(self, key: str, kind: type[_Document]) -> tuple[_Document | None, str | None]:
        """A document that may be there and may change, with the version for `replace`."""
        try:
            data, version = self.store.read_versioned(key)
        except NotFound:
            return None, None
        return kind.from_json(data, f"{self.store.url}/{key}"), version

    def holds(self, digest: str | None) -> bool:
        """Whether the blob that a document names is there; a damaged one may have been deleted."""
        return digest is None or self.store.exists(blob_key(digest))

    def require(self, digest: str | None, what: str) -> None:
        """Raise NotFound if a blob is gone for good: made again, on another device, it had other bits."""
        if not self.holds(digest):
            raise NotFound(
                f"store {self.store.url} has lost the blob {digest}, {what}, and it came out different when "
                "made again: put the file back, or give the search another name and another seed"
            )

    def replace(self, key: str, document: Document, version: str | None) -> str | None:
        """Compare and swap: the new version, or None if somebody else was first."""
        return self.store.replace(key, document.to_bytes(), version)
