"""How a search ended, whoever ran it."""

from nasflow.base.errors import SearchFailed
from nasflow.search.rounds import SearchStop
from nasflow.steps.archive import Archive
from nasflow.steps.ledger import read_ledger


def outcome(archive: Archive, search: str) -> SearchStop:
    """Why a search that is over stopped; raise SearchFailed if it has chosen nothing."""
    stop = read_ledger(archive, search).stop
    if stop is None or stop.best is None:
        why = stop.detail if stop else "nothing was to be done"
        raise SearchFailed(f"search {search!r} stopped without a network: {why}")
    return stop
