"""What each stage of a search has taken: to be held against its forecast."""

from collections.abc import Sequence

from nasflow.search.forecast import StageWork
from nasflow.search.ledger import Ledger
from nasflow.search.outlook import Stage
from nasflow.search.record import RoundRecord


def spent_by_stage(ledger: Ledger) -> tuple[StageWork, ...]:
    """What each stage has come to by now: a network that is in two belongs to the first."""
    seconds: dict[str, float] = {}
    for attempt in ledger.attempts:
        seconds[attempt.child] = seconds.get(attempt.child, 0.0) + attempt.seconds
    known, found = set[str](), list[StageWork]()
    for stage, records in _records(ledger):
        own = {each.child: each for each in records if each and each.child not in known}
        known |= own.keys()
        work = StageWork(
            stage=stage,
            networks=len(own),
            epochs=sum(len(each.history) for each in own.values()),
            seconds=sum(seconds.get(child, 0.0) for child in own),
        )
        found += [work] if own else []
    return tuple(found)


def _records(ledger: Ledger) -> tuple[tuple[Stage, Sequence[RoundRecord | None]], ...]:
    return (
        ("start", [ledger.start]),
        ("children", ledger.children),
        ("shortlist", [each.record for each in ledger.shortlist]),
        ("finish", [each.record for each in ledger.finals]),
    )
