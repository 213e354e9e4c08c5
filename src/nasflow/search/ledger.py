"""A whole search as its documents tell it: what reports, trackers and decisions are made from."""

from nasflow.base.document import Frozen
from nasflow.search.config import SearchConfig
from nasflow.search.record import (
    Attempt,
    ChildRecord,
    ControllerUpdate,
    FinishRecord,
    Proposal,
    SearchStop,
)
from nasflow.spec.child import ChildSpec


class LedgerRound(Frozen):
    """One round: what was proposed, what came of it, what the controller learned."""

    proposal: Proposal
    records: tuple[ChildRecord | None, ...]
    """One a proposed child, in order; None: not finished yet."""
    update: ControllerUpdate | None = None

    @property
    def is_complete(self) -> bool:
        """Whether every child has its record and the controller its update."""
        return self.update is not None and None not in self.records


class Ledger(Frozen):
    """The state of a search at one moment, read from the store."""

    config: SearchConfig
    start_spec: ChildSpec | None = None
    start: ChildRecord | None = None
    """The start network; None: not trained yet."""
    rounds: tuple[LedgerRound, ...] = ()
    stop: SearchStop | None = None
    final: ChildRecord | None = None
    """The winner retrained at full size."""
    final_start: ChildRecord | None = None
    """The start cell retrained in the same way, if the configuration compares."""
    finish: FinishRecord | None = None
    attempts: tuple[Attempt, ...] = ()
    """Of all children, the start and the final networks; a banked child's were paid by another search."""

    @property
    def is_transfer(self) -> bool:
        """Whether there are no children to look for: one cell is trained and tested (`nasflow transfer`)."""
        return self.config.budget.children == 0 and not self.rounds

    @property
    def children(self) -> tuple[ChildRecord, ...]:
        """The finished children, in the order of their proposals."""
        return tuple(record for each in self.rounds for record in each.records if record)
