"""The documents of searches and children in a store: where each lives, typed, written once.

searches/<search>/config.json                 SearchConfig, as first given
searches/<search>/budget.json                 Budget, replaced when a search is extended
searches/<search>/start.json                  ChildSpec of the start network
searches/<search>/rounds/<n>/proposal.json    Proposal
searches/<search>/rounds/<n>/update.json      ControllerUpdate
searches/<search>/finishes/<n>/stop.json      SearchStop after n rounds
searches/<search>/finishes/<n>/finish.json    FinishRecord
searches/<search>/submission.json             Submission, replaced when it is submitted, stopped, resumed
searches/<search>/runs/<n>.json               Run of Kubeflow, replaced once it has its id
searches/<search>/troubles/<n>.json           Trouble: why a step of a pod ended with an error
children/<child>/spec.json                    ChildSpec
children/<child>/birth.json                   BirthRecord
children/<child>/checkpoint.json              Checkpoint, replaced after each epoch, gone at the end
children/<child>/training.json                TrainingRecord
children/<child>/record.json                  ChildRecord: with it the child is done, in every search
children/<child>/attempts/<n>.json            Attempt, replaced as it goes on
datasets/<fingerprint>.json                   DataSetRecord: the files themselves, for pods without a volume
blobs/...                                     weights and controller states, by digest
"""

from dataclasses import dataclass, field
from typing import TypeVar

from nasflow.base.document import Document
from nasflow.base.errors import NotFound
from nasflow.store import Store, blob_key

Kind = TypeVar("Kind", bound=Document)


def search_key(search: str, name: str) -> str:
    """The key of a search's document."""
    return f"searches/{search}/{name}.json"


def round_key(search: str, number: int, name: str) -> str:
    """The key of a round's document; rounds count from 1."""
    return f"searches/{search}/rounds/{number:04}/{name}.json"


def finish_key(search: str, rounds: int, name: str) -> str:
    """The key of a document of the finish after `rounds` rounds: an extended search finishes again."""
    return f"searches/{search}/finishes/{rounds:04}/{name}.json"


def run_key(search: str, number: int) -> str:
    """The key of a Kubeflow run's record; runs count from 1."""
    return f"searches/{search}/runs/{number:04}.json"


def trouble_key(search: str, number: int) -> str:
    """The key of a step's error; they count from 1."""
    return f"searches/{search}/troubles/{number:06}.json"


def child_key(child: str, name: str) -> str:
    """The key of a child's document."""
    return f"children/{child}/{name}.json"


def data_set_key(fingerprint: str) -> str:
    """The key of a data set's record."""
    return f"datasets/{fingerprint}.json"


@dataclass(frozen=True)
class Archive:
    """A store seen as documents. What is written once is remembered: it cannot change."""

    store: Store
    _known: dict[str, Document] = field(default_factory=dict)

    def read(self, key: str, kind: type[Kind]) -> Kind:
        """A document that must be there; raise NotFound, or InvalidSpec if it is broken or newer."""
        known = self._known.get(key)
        if not isinstance(known, kind):
            known = kind.from_json(self.store.read(key), f"{self.store.url}/{key}")
            self._known[key] = known
        return known

    def find(self, key: str, kind: type[Kind]) -> Kind | None:
        """A document that may be there."""
        try:
            return self.read(key, kind)
        except NotFound:
            return None

    def create(self, key: str, document: Kind) -> Kind:
        """Write once: the first writer wins, and everybody gets the winner's document."""
        if self.store.create(key, document.to_bytes()):
            self._known[key] = document
        return self.read(key, type(document))

    def find_changing(self, key: str, kind: type[Kind]) -> tuple[Kind | None, str | None]:
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
