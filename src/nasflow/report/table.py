"""Every proposed child as a reader meets it: one row, finished or not."""

from dataclasses import dataclass
from enum import StrEnum

from nasflow.search.ledger import Ledger, LedgerRound
from nasflow.search.record import Arm, ChildRecord, Receipt
from nasflow.spec.tree import Tree


class Status(StrEnum):
    """Where a child stands."""

    TRAINED = "trained"
    FAILED = "failed"
    RUNNING = "running"
    WAITING = "waiting"
    ABANDONED = "abandoned"
    """Without a result when the search stopped."""


@dataclass(frozen=True)
class Row:
    """One proposed child."""

    round: int
    place: int
    """From 1, within the round."""
    child: str
    arm: Arm
    cell: Tree
    status: Status
    is_banked: bool
    tries: int
    record: ChildRecord | None

    @property
    def label(self) -> str:
        """`3.7`: child 7 of round 3."""
        return f"{self.round}.{self.place}"

    @property
    def accuracy(self) -> float | None:
        """On the held-out images."""
        return self.record.accuracy if self.record else None

    @property
    def receipt(self) -> Receipt | None:
        """The proof of its birth."""
        return self.record.receipt if self.record else None

    @property
    def summary(self) -> str:
        """How many transforms of each kind: `2 replicate, 3 replace`."""
        if self.receipt is None:
            return ""
        kinds = [each.transform.kind for each in self.receipt.transforms]
        return ", ".join(f"{kinds.count(kind)} {kind}" for kind in dict.fromkeys(kinds))


def rows(ledger: Ledger) -> tuple[tuple[Row, ...], ...]:
    """The rows of each round, in the order of the proposals."""
    begun = {attempt.child for attempt in ledger.attempts}
    return tuple(_of_round(each, begun, is_over=ledger.stop is not None) for each in ledger.rounds)


def _of_round(each: LedgerRound, begun: set[str], is_over: bool) -> tuple[Row, ...]:
    proposal = each.proposal
    proposed = zip(proposal.episodes, proposal.children, each.records, strict=True)
    return tuple(
        Row(
            round=proposal.round,
            place=place,
            child=child,
            arm=episode.arm,
            cell=record.cell if record else episode.cell,
            status=_status(record, child in begun, is_over),
            is_banked=child in proposal.banked,
            tries=episode.tries,
            record=record,
        )
        for place, (episode, child, record) in enumerate(proposed, 1)
    )


def _status(record: ChildRecord | None, has_begun: bool, is_over: bool) -> Status:
    if record:
        return Status(record.status)
    if is_over:
        return Status.ABANDONED
    return Status.RUNNING if has_begun else Status.WAITING
