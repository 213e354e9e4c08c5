"""What nobody needs any more: found by what the documents name, and removed.

Whatever a document names by its digest stays, whichever document and for whatever reason: so a document of
a later kind is safe too. Two looks some time apart must agree, and nobody may be at work meanwhile, because
bytes are stored a moment before the document that names them.
"""

import re
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from nasflow.base.errors import Conflict, NotFound
from nasflow.search.ledger import Ledger
from nasflow.search.record import Attempt, TrainedRecord
from nasflow.steps.archive import Archive
from nasflow.steps.attempts import BEAT_SECONDS
from nasflow.steps.execute import tasks_of
from nasflow.steps.keys import (
    CHILDREN,
    attempts_among,
    checkpoint_key,
    checkpoints_among,
    child_among,
    searches_among,
)
from nasflow.steps.ledger import read_ledger
from nasflow.steps.records import find_record
from nasflow.steps.worker import is_dead
from nasflow.store import blob_key, is_blob, is_probe

SECONDS = 1.5 * BEAT_SECONDS
"""Between two looks: who is at work gives signs of life meanwhile."""

_AT_ONCE = 16
"""Documents that are read at the same time: an S3 server answers each in tens of milliseconds."""

_DIGEST = re.compile(rb'"([0-9a-f]{64})"')


@dataclass(frozen=True)
class Leftovers:
    """Keys that may go."""

    checkpoints: frozenset[str] = frozenset()
    """Of children that are done."""
    blobs: frozenset[str] = frozenset()
    """That no document names, but for the checkpoints above."""
    weights: frozenset[str] = frozenset()
    """Of children that have lost: their own documents name them, and stay, and no others do."""
    probes: frozenset[str] = frozenset()
    """Of tries whether the store can be written."""

    @property
    def keys(self) -> list[str]:
        """All of them; checkpoints first, so that none is left without its blob."""
        kinds = (self.checkpoints, self.blobs, self.weights, self.probes)
        return [key for kind in kinds for key in sorted(kind)]

    def __and__(self, other: "Leftovers") -> "Leftovers":
        return Leftovers(
            self.checkpoints & other.checkpoints,
            self.blobs & other.blobs,
            self.weights & other.weights,
            self.probes & other.probes,
        )


def find_leftovers(archive: Archive, losers: bool = False) -> Leftovers:
    """What may go as the store is now; with `losers`, the weights of finished searches' losers too.

    Who extends such a search, or searches on from one of its children, has those trained again that it needs.
    """
    keys = archive.store.list("")
    checkpoints = frozenset(_spent(archive, keys))
    blobs = frozenset(key for key in keys if is_blob(key))
    documents = [key for key in keys if key.endswith(".json") and key not in checkpoints]
    lost = frozenset(_losers(archive, keys)) if losers else frozenset()
    by_losers = _named(archive, (key for key in documents if child_among(key, lost)))
    by_others = _named(archive, (key for key in documents if not child_among(key, lost)))
    return Leftovers(
        checkpoints=checkpoints,
        blobs=blobs - by_losers - by_others,
        weights=(by_losers & blobs) - by_others,
        probes=frozenset(key for key in keys if is_probe(key)),
    )


def remove_leftovers(
    archive: Archive, losers: bool = False, wait: Callable[[float], None] = time.sleep
) -> Leftovers:
    """Remove what may go; return it. Raise Conflict, and remove nothing, if somebody is at work."""
    signs = _signs_of_life(archive)
    first = find_leftovers(archive, losers)
    if not first.keys:
        return first
    wait(SECONDS)
    for key, (child, version) in _signs_of_life(archive).items():
        if signs.get(key) != (child, version):
            raise Conflict(
                f"store {archive.store.url}: child {child} is being trained: stop what is at work there first"
            )
    both = first & find_leftovers(archive, losers)
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        for kind in (both.checkpoints, both.blobs | both.weights | both.probes):
            list(pool.map(archive.store.delete, sorted(kind)))
    return both


def _named(archive: Archive, documents: Iterable[str]) -> frozenset[str]:
    """The blobs that these documents name, anywhere in them."""

    def digests(key: str) -> list[bytes]:
        try:
            return _DIGEST.findall(archive.store.read(key))
        except NotFound:
            return []

    with ThreadPoolExecutor(_AT_ONCE) as pool:
        found = pool.map(digests, documents)
        return frozenset(blob_key(digest.decode()) for each in found for digest in each)


def _spent(archive: Archive, keys: Iterable[str]) -> Iterator[str]:
    """Checkpoints of children that are done, with their weights: of one killed just before it removed it."""
    for child in checkpoints_among(keys):
        record = find_record(archive, child)
        if record and (not isinstance(record, TrainedRecord) or archive.holds(record.weights)):
            yield checkpoint_key(child)


def _signs_of_life(archive: Archive) -> dict[str, tuple[str, str | None]]:
    """Of each attempt that has no end, and whose process is not known to be gone: its child, its version."""
    keys = attempts_among(archive.store.list(CHILDREN))
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        found = pool.map(lambda key: archive.find_changing(key, Attempt), keys)
        return {
            key: (attempt.child, version)
            for key, (attempt, version) in zip(keys, found, strict=True)
            if attempt and attempt.outcome is None and not is_dead(attempt.worker)
        }


def _losers(archive: Archive, keys: Iterable[str]) -> set[str]:
    """The networks that have lost in every search that they are in, all of them finished."""
    ledgers = [read_ledger(archive, search) for search in searches_among(keys)]
    kept = {child for ledger in ledgers for child in _needed(archive, ledger)}
    return {record.child for ledger in ledgers for record in ledger.networks} - kept


def _needed(archive: Archive, ledger: Ledger) -> Iterator[str]:
    """The children whose weights a search must keep: all of one that goes on."""
    if ledger.finish is None or tasks_of(archive, ledger.config.name):
        yield from (record.child for record in ledger.networks)
        return
    yield ledger.start_spec.id
    yield from (each.spec.id for each in ledger.finals)
    yield from (each.spec.parent for each in ledger.finals if each.spec.parent)
    if ledger.chosen:
        yield ledger.chosen.child
