"""What each network of a search is there for, in a few words."""

from collections.abc import Iterator

from nasflow.report.controls import control_title
from nasflow.report.verdict import noun
from nasflow.search.ledger import Ledger


def roles(ledger: Ledger) -> dict[str, str]:
    """By id: `start network`, `child 3.7` (the seventh of round 3), `candidate 2 of 3, child 3.7 at full
    size`, `found cell at full size, seed 2`, `start cell trained longer at full size, seed 2`.

    A network that is several things is what it was first.
    """
    found: dict[str, str] = {}
    for child, role in _all(ledger):
        found.setdefault(child, role)
    return found


def _all(ledger: Ledger) -> Iterator[tuple[str, str]]:
    yield ledger.start_spec.id, "start network"
    labels: dict[str, str] = {}
    for each in ledger.rounds:
        for place, child in enumerate(each.proposal.children, 1):
            labels.setdefault(child, f"child {each.proposal.round}.{place}")
    yield from labels.items()
    for place, candidate in enumerate(ledger.shortlist, 1):
        of = f"candidate {place} of {len(ledger.shortlist)}"
        yield candidate.spec.id, f"{of}, {labels.get(candidate.child, candidate.child)} at full size"
    name = noun(ledger)
    for final in ledger.finals:
        title = control_title(final.finalist.control, name)
        yield final.spec.id, f"{title} at full size, seed {final.finalist.seed}"
