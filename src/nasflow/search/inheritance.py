"""Whose weights are needed by networks that have no result yet."""

from collections.abc import Iterator

from nasflow.search.ledger import Ledger
from nasflow.search.record import TrainedRecord


def heirs(ledger: Ledger) -> dict[str, tuple[TrainedRecord, ...]]:
    """The children that are to be trained, and the networks at full size, by id: each with the trained
    records that it grows from, its parent first, then that one's parent, and so on.
    """
    parents = {child: episode.parent for child, episode in ledger.episodes.items()}
    wanted = {child: parents[child] for each in ledger.rounds for child in each.unfinished}
    wanted |= {each.spec.id: each.spec.parent for each in ledger.finals}
    trained = {
        each.child: each for each in (ledger.start, *ledger.children) if isinstance(each, TrainedRecord)
    }

    def line(parent: str | None) -> Iterator[TrainedRecord]:
        while parent and parent in trained:
            yield trained[parent]
            parent = parents.get(parent)

    return {child: tuple(line(parent)) for child, parent in wanted.items()}
