from typing import Any

from nasflow.search.config import SearchConfig
from nasflow.search.ledger import Ledger, LedgerRound
from nasflow.search.record import ChildRecord
from nasflow.search.rounds import Arm, ControllerUpdate, Episode, Proposal
from nasflow.spec.tree import START_CELL

UPDATE = ControllerUpdate(round=1, controller=None, metrics={})


def record(child: str) -> ChildRecord:
    """A child's result."""
    return ChildRecord(
        child=child, cell=START_CELL, status="trained", accuracy=0.9, parameters=1, mult_adds=1
    )


def proposal(number: int, *children: str) -> Proposal:
    """A round that proposed `children`."""
    episodes = tuple(Episode(arm=Arm.RANDOM, cell=START_CELL, decisions=(), tries=1) for _ in children)
    return Proposal(round=number, controller=None, seed=0, episodes=episodes, children=children)


def test_round_is_complete() -> None:
    """A round is complete with every child's record and the controller's update, not before."""
    asked = proposal(1, "a", "b")
    full = (record("a"), record("b"))
    assert LedgerRound(proposal=asked, records=full, update=UPDATE).is_complete
    assert not LedgerRound(proposal=asked, records=full).is_complete
    assert not LedgerRound(proposal=asked, records=(record("a"), None), update=UPDATE).is_complete


def test_children(search: dict[str, Any]) -> None:
    """A search's children are those that have finished, in the order of their proposals."""
    first = LedgerRound(proposal=proposal(1, "a", "b"), records=(record("a"), None))
    second = LedgerRound(proposal=proposal(2, "c"), records=(record("c"),))
    config = SearchConfig.from_data(search, "here")
    ledger = Ledger(config=config, rounds=(first, second))
    assert [each.child for each in ledger.children] == ["a", "c"]
    assert Ledger(config=config).children == ()


def test_records_are_read_back() -> None:
    """Proposals and results come back from the store as they were."""
    for document in (proposal(1, "a"), record("a"), UPDATE):
        assert type(document).from_json(document.to_bytes(), "store") == document
