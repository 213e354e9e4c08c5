from typing import Any

import pytest
from tests.search.samples import HOST, failed, ledger, ledger_round, trained

from nasflow.search.finalists import finalists, full_size
from nasflow.search.ledger import Ledger
from nasflow.search.rounds import SearchStop
from nasflow.spec.hosts import DenseNet
from nasflow.spec.origin import Grown, Scratch
from nasflow.spec.parts import Parts

FOUND = "( 3x3G -> ( max3 ) )"


def ended(best: str | None, finish: dict[str, Any] | None = None, **changes: Any) -> Ledger:
    """A search that has chosen `best`: `a` is as the start network, `b` another one."""
    rounds = ledger_round(1, trained("a", 0.5), trained("b", 0.6, parts=FOUND), failed("c"))
    settings = {"host": dict(HOST), "recipe": {"epochs": 5}} | (finish or {})
    state = ledger(rounds, finish=settings, **changes)
    chosen = state.start_spec.id if best == "start" else best
    stop = SearchStop(reason="budget", detail="", rounds=1, best=chosen)
    return state.model_copy(update={"stop": stop})


def test_the_winner_and_the_start() -> None:
    """Both are trained from scratch in the last host, by the last recipe, on the search's images."""
    large = {"growth": 24, "blocks": 2}
    state = ended("b", {"host": large}, seed=7)
    last = finalists(state)
    assert last
    assert last.start
    assert last.chosen == "b"
    assert last.specs == (last.winner, last.start)
    assert (str(last.winner.network.parts), str(last.start.network.parts)) == (FOUND, "( 3x3G )")
    for spec in last.specs:
        assert spec.network.host == DenseNet.model_validate(large)
        assert (spec.origin, spec.data, spec.seed) == (Scratch(), state.start_spec.data, 7)
        assert spec.recipe == state.config.finish.recipe


def test_nothing_to_compare() -> None:
    """Without a comparison, or where the winner is as the start network, one is trained alone."""
    alone = finalists(ended("b", {"compare": False}))
    assert alone
    assert alone.start is None
    assert alone.specs == (alone.winner,)
    same = finalists(ended("a"))
    assert same
    assert same.winner == same.start
    assert len(same.specs) == 1
    transfer = finalists(ended("start"))
    assert transfer
    assert len(transfer.specs) == 1


def test_inheritance() -> None:
    """Where the finish inherits, each goes on from the weights of the network that it is."""
    last = finalists(ended("b", {"inherit": True}))
    assert last
    assert last.start
    assert last.winner.origin == Grown(parent="b")
    assert last.start.origin == Grown(parent=ended("b").start_spec.id)
    assert last.winner.id != last.start.id


@pytest.mark.parametrize("best", [None, "gone"])
def test_nothing_was_chosen(best: str | None) -> None:
    """Without a choice, or without its record, there are no finalists."""
    assert finalists(ended(best)) is None
    assert finalists(ledger()) is None


def test_any_parts_at_full_size() -> None:
    """Parts are asked for at full size before anything is chosen: it is the same network."""
    state = ended("b")
    last = finalists(state)
    assert last
    assert full_size(state, Parts.model_validate(FOUND)) == last.winner


def test_what_is_measured() -> None:
    """What is measured only because somebody asks is measured of the finalists too."""
    last = finalists(ended("b", limits={"latency": "4ms"}))
    assert last
    assert {spec.measures for spec in last.specs} == {("latency",)}


def test_the_order_of_branches() -> None:
    """From scratch the branches of a sum stand in their one order; inherited weights keep theirs."""
    parts = Parts.model_validate("add( 3x3G -> ( max3 ), 3x3G )")
    scratch = full_size(ended("b"), parts, "b")
    assert str(scratch.network.parts) == "add( 3x3G, 3x3G -> ( max3 ) )"
    inherited = full_size(ended("b", {"inherit": True}), parts, "b")
    assert inherited.network.parts == parts
