from tests.search.samples import failed, finished, ledger, ledger_round, proposal, round_of, trained

from nasflow.base.document import Document
from nasflow.search.ledger import LedgerRound
from nasflow.search.record import ChildRecord
from nasflow.search.rounds import Arm, ControllerUpdate, Episode, SearchStop
from nasflow.spec.edits import Insert
from nasflow.spec.parts import Parts

UPDATE = ControllerUpdate(round=1, controller=None, metrics={})


def test_round_is_complete() -> None:
    """A round is complete with every child's record and the controller's update, not before."""
    wanted = proposal(1, "a", "b")
    full = (trained("a"), failed("b"))
    assert LedgerRound(proposal=wanted, records=full, update=UPDATE).is_complete
    assert not LedgerRound(proposal=wanted, records=full).is_complete
    half = LedgerRound(proposal=wanted, records=(trained("a"), None), update=UPDATE)
    assert not half.is_complete
    assert half.unfinished == ("b",)


def test_children() -> None:
    """A search's children are those that have finished, in the order of their proposals."""
    search = ledger(ledger_round(1, trained("a"), missing=["b"]), ledger_round(2, failed("c")))
    assert [each.child for each in search.children] == ["a", "c"]
    assert ledger().children == ()


def test_episodes() -> None:
    """How a child came about is told of the first time that it was proposed."""
    again = ledger_round(2, trained("a"), trained("c"), arm=Arm.CONTROLLER)
    search = ledger(ledger_round(1, trained("a"), missing=["b"]), again)
    assert {child: each.arm.value for child, each in search.episodes.items()} == {
        "a": "random",
        "b": "random",
        "c": "controller",
    }


def test_what_is_chosen() -> None:
    """The child that the finish names, or the stop, or the best one so far; a transfer's is its start."""
    rounds = (round_of(1, 0.5, 0.7), round_of(2, None, 0.6))
    running = ledger(*rounds)
    assert running.chosen == trained("11", 0.7)
    stop = SearchStop(reason="budget", detail="", rounds=2, best="21")
    assert ledger(*rounds, known={"stop": stop}).chosen == trained("21", 0.6)
    assert ledger(*rounds, known={"stop": stop, "finish": finished("10")}).chosen == trained("10", 0.5)
    assert ledger(round_of(1, None)).chosen is None
    alone = ledger(budget={"children": 0})
    assert alone.is_transfer
    assert alone.start
    stop = SearchStop(reason="budget", detail="", rounds=0, best=alone.start.child)
    assert alone.model_copy(update={"stop": stop}).chosen == alone.start


def test_documents_are_read_back() -> None:
    """Proposals and results come back from the store as they were."""
    episode = Episode(
        arm=Arm.RANDOM,
        decisions=(1, 0),
        tries=2,
        parts=Parts.model_validate({"own": {"a": {"kind": "width", "channels": 3}}}),
        parent="b" * 16,
        edits=(Insert(path=(0,)),),
    )
    grown = proposal(1).model_copy(update={"episodes": (episode,), "children": ("a",)})
    documents: tuple[Document, ...] = (grown, proposal(2, "a"), trained("a", epochs=2), failed("a"), UPDATE)
    for document in documents:
        assert type(document).from_json(document.to_bytes(), "store") == document
    for record in (trained("a"), failed("a")):
        assert ChildRecord.from_json(record.to_bytes(), "store") == record
