"""How a search ended, whoever ran it."""

from nasflow.base.errors import SearchFailed
from nasflow.search.ledger import Ledger
from nasflow.search.record import TrainedRecord
from nasflow.search.rounds import SearchStop
from nasflow.steps.archive import Archive
from nasflow.steps.ledger import read_ledger


def outcome(archive: Archive, search: str) -> SearchStop:
    """Why a search that is over stopped; raise SearchFailed if it has chosen nothing."""
    ledger = read_ledger(archive, search)
    stop = ledger.stop
    if stop is None or stop.best is None:
        why = stop.detail if stop else "nothing was to be done"
        said = f"{why}{_no_candidate(ledger)}{_way_on(archive, search, stop)}"
        raise SearchFailed(f"search {search!r} stopped without a network: {said}")
    return stop


def _way_on(archive: Archive, search: str, stop: SearchStop | None) -> str:
    """What can be done about it."""
    match stop.reason if stop else None:
        case "failures":
            return "; nothing goes on with it: mend the cause, and give the search another name"
        case "budget":
            return f"; {archive.command('resume', search)} with a larger budget goes on"
    return ""


def _no_candidate(ledger: Ledger) -> str:
    """That every child which was trained breaks a limit, where that is so."""
    judge = ledger.config.judge
    trained = [record for record in ledger.children if isinstance(record, TrainedRecord)]
    broken = [judge.breach(record.measures) for record in trained]
    if not broken or None in broken:
        return ""
    return f"; none of {len(broken)} trained children keeps the limits, the last one: {broken[-1]}"
