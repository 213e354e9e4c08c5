"""The best children at full size, of which one was chosen: the rows of a table."""

from dataclasses import dataclass

from nasflow.report.table import RowRounds
from nasflow.search.ledger import Candidate, Ledger
from nasflow.search.record import FailedRecord, TrainedRecord
from nasflow.search.shortlist import best_of
from nasflow.search.words import figure_text
from nasflow.spec.parts import Parts


@dataclass(frozen=True)
class CandidateRow:
    """One of the best children."""

    label: str
    """Of its row in the table of the children."""
    value: float | None
    """By which it came onto the list."""
    reached: str
    """At full size, on the held-out images; why it failed; empty: it is not trained yet."""
    is_chosen: bool
    parts: Parts
    """What stands in its places."""


def candidate_rows(ledger: Ledger, rounds: RowRounds) -> tuple[CandidateRow, ...]:
    """In the order of the list, the best child first."""
    rows = {row.child: row for each in reversed(rounds) for row in reversed(each)}
    is_over = all(each.record for each in ledger.shortlist)
    chosen = best_of(ledger.shortlist) if is_over else None
    return tuple(
        CandidateRow(
            rows[each.child].label,
            rows[each.child].value,
            _reached(each),
            each == chosen,
            rows[each.child].parts,
        )
        for each in ledger.shortlist
    )


def _reached(candidate: Candidate) -> str:
    record = candidate.record
    if isinstance(record, FailedRecord):
        return record.failure
    if not isinstance(record, TrainedRecord):
        return ""
    measured = record.measures
    names = (name for name in ("held_out_loss", "held_out_accuracy") if name in measured)
    return ", ".join(figure_text(name, measured[name].value) for name in names)
