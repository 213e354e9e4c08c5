"""Whose weights are needed by networks that have no result yet."""

from collections.abc import Iterator

from nasflow.search.ledger import Ledger
from nasflow.search.record import TrainedRecord

Lines = tuple[tuple[TrainedRecord, ...], ...]
"""Of records: one, then its parent, that one's parent, and so on."""


def heirs(ledger: Ledger) -> dict[str, Lines]:
    """The children that are to be trained, and the networks at full size, by id: each with the lines of
    trained records that it needs, that of its parent and those of its teachers.
    """
    parents = {child: episode.parent for child, episode in ledger.episodes.items()}
    wanted: dict[str, tuple[str | None, ...]] = {
        child: (parents[child],) for each in ledger.rounds for child in each.unfinished
    }
    wanted |= {each.spec.id: (each.spec.parent, *each.spec.teachers) for each in ledger.at_full_size}
    trained = {
        each.child: each for each in (ledger.start, *ledger.children) if isinstance(each, TrainedRecord)
    }

    def line(parent: str | None) -> Iterator[TrainedRecord]:
        while parent and parent in trained:
            yield trained[parent]
            parent = parents.get(parent)

    return {child: tuple(tuple(line(root)) for root in roots) for child, roots in wanted.items()}
