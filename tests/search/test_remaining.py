from typing import Any

import pytest
from tests.search.samples import (
    HOST,
    attempt,
    concluded,
    ledger,
    ledger_round,
    round_of,
    trained,
    with_finals,
)

from nasflow.search.ledger import Ledger, LedgerRound
from nasflow.search.outlook import counted_children
from nasflow.search.record import Attempt
from nasflow.search.remaining import Remaining, remaining

FINISH = {"host": dict(HOST), "recipe": {"epochs": 5}, "controls": ["start"]}
TWO = [trained("10", epochs=2), trained("11", epochs=2)]


def state_of(*rounds: LedgerRound, attempts: tuple[Attempt, ...] = (), **changes: Any) -> Ledger:
    """A search for four children, after these rounds and attempts."""
    settings = {"budget": {"children": 4}, "finish": FINISH} | changes
    return ledger(*rounds, known={"attempts": attempts}, **settings)


def test_before_anything_is_trained() -> None:
    """Nobody can tell how long the rounds take, and nothing is said."""
    known = remaining(state_of().model_copy(update={"start": None}))
    assert known.rounds is None
    assert known.text(1) == ""


@pytest.mark.parametrize(("epoch", "child"), [(10, None), (30, 90)])
def test_before_the_first_child(epoch: float, child: float | None) -> None:
    """A child is expected to take what its epochs took the start network; of short ones nobody can tell."""
    state = state_of(child={"epochs": 3})
    start = trained(state.start_spec.id, epochs=2)
    spent = (attempt(2 * epoch, child=start.child, outcome="useful"),)
    state = state.model_copy(update={"start": start, "attempts": spent})
    assert remaining(state).rounds == (None if child is None else 4 * child)


def test_within_a_round() -> None:
    """The children to come take what those that are done took, less what was done of those that are begun."""
    open_round = ledger_round(2, missing=["20", "21"])
    attempts = (attempt(10, child="10"), attempt(30, child="11"), attempt(15, child="20"))
    state = state_of(ledger_round(1, *TWO), open_round, attempts=attempts)
    known = remaining(state)
    assert known.rounds == (20 - 15) + 20
    # The host is the same at full size: an epoch there takes what a child's does.
    assert (known.networks, known.finish) == (2, 2 * 5 * 10)
    assert known.text(5) == "about 25 s left"


def test_another_host_at_full_size() -> None:
    """Until a network is trained there, its time is left open, and that is said."""
    finish = FINISH | {"host": HOST | {"growth": 24}}
    state = state_of(ledger_round(1, *TWO), attempts=(attempt(60, child="10"),), finish=finish)
    assert remaining(state).finish is None
    assert remaining(state).text(1) == "about 2 min of rounds left, then 2 to be trained at full size"


def test_a_budget_of_time() -> None:
    """What is left of it is what the rounds take, even if nothing else is known."""
    state = state_of(round_of(1, 0.5), attempts=(attempt(40, child="10"),), budget={"seconds": 100})
    assert remaining(state).rounds == 60
    assert counted_children(state.config) is None


@pytest.mark.parametrize("child", ["0", "b"])
def test_at_full_size(child: str) -> None:
    """Once a network is trained there, it tells what the others take; a failed search trains none."""
    state = concluded(finish=FINISH)
    found, start = state.finals
    done = with_finals(state, trained(found.spec.id, epochs=5), None)
    spent = (attempt(50, child=found.spec.id), attempt(20, child=start.spec.id), attempt(7, child=child))
    known = remaining(done.model_copy(update={"attempts": spent}))
    assert known == Remaining(rounds=0, finish=30, networks=1)
    assert state.stop
    failed = state.model_copy(update={"stop": state.stop.model_copy(update={"best": None})})
    assert remaining(failed) == Remaining(rounds=0, finish=0, networks=0)
    assert remaining(failed).text(1) == ""
