from collections.abc import Sequence

import pytest
from scipy.stats import ttest_ind

from nasflow.report.analysis import accuracy_over_rounds, arm_lift, best, chosen, pareto
from nasflow.search.config import SearchConfig
from nasflow.search.costs import Spent, costs
from nasflow.search.ledger import Ledger, LedgerRound
from nasflow.search.record import Attempt, ChildRecord
from nasflow.search.rounds import Arm, Episode, Proposal, SearchStop
from nasflow.spec.tree import START_CELL


def record(child: str, accuracy: float | None, parameters: int = 100, mult_adds: int = 100) -> ChildRecord:
    """A result with the start cell; without an accuracy a failed one."""
    return ChildRecord(
        child=child,
        cell=START_CELL,
        status="failed" if accuracy is None else "trained",
        accuracy=accuracy,
        parameters=parameters,
        mult_adds=mult_adds,
    )


def one_round(
    number: int,
    controller: Sequence[float | None],
    random: Sequence[float | None],
    banked: Sequence[str] = (),
) -> LedgerRound:
    """A round whose children are named c1, c2, ... and r1, r2, ... after the round's number."""
    names = [f"{number}c{place}" for place in range(1, len(controller) + 1)]
    names += [f"{number}r{place}" for place in range(1, len(random) + 1)]
    arms = [Arm.CONTROLLER] * len(controller) + [Arm.RANDOM] * len(random)
    return LedgerRound(
        proposal=Proposal(
            round=number,
            controller=None,
            seed=0,
            episodes=tuple(Episode(arm=arm, cell=START_CELL, decisions=(), tries=1) for arm in arms),
            children=tuple(names),
            banked=tuple(banked),
        ),
        records=tuple(
            record(name, accuracy) for name, accuracy in zip(names, [*controller, *random], strict=True)
        ),
    )


def attempt(
    child: str, number: int, outcome: str | None, seconds: float, kept: float, device: str = "cpu"
) -> Attempt:
    """One process's work, in seconds."""
    return Attempt.model_validate(
        {
            "child": child,
            "number": number,
            "device": device,
            "seconds": seconds,
            "kept_seconds": kept,
            "outcome": outcome,
        }
    )


def test_best_breaks_ties_by_size_and_order() -> None:
    """The most accurate wins, then the smallest, then the first; failed ones never do."""
    records = [
        record("failed", None, 1),
        record("large", 0.9, 300),
        record("first", 0.9, 200),
        record("second", 0.9, 200),
        record("weak", 0.8, 1),
    ]
    found = best(records)
    assert found is not None
    assert found.child == "first"
    assert best([record("failed", None)]) is None


def test_chosen_is_what_the_search_chose(config: SearchConfig) -> None:
    """The search's own choice counts where it has one, else the best so far."""
    ledger = Ledger(config=config, rounds=(one_round(1, [0.9, 0.8], []),))
    stop = SearchStop(reason="budget", detail="", rounds=1, best="1c2")
    stopped = ledger.model_copy(update={"stop": stop})
    for given, expected in ((ledger, "1c1"), (stopped, "1c2")):
        found = chosen(given)
        assert found is not None
        assert found.child == expected


def test_lift_is_welch(config: SearchConfig) -> None:
    """Difference, counts and interval are those of Welch's test over all rounds, failed children left out."""
    ledger = Ledger(
        config=config,
        rounds=(one_round(1, [0.90, 0.92], [0.88, None]), one_round(2, [0.94, None], [0.86])),
    )
    lift = arm_lift(ledger)
    expected = ttest_ind([0.90, 0.92, 0.94], [0.88, 0.86], equal_var=False).confidence_interval(0.95)
    assert lift is not None
    assert lift.difference == pytest.approx(0.92 - 0.87)
    assert (lift.controller_children, lift.random_children) == (3, 2)
    assert lift.interval == pytest.approx((expected.low, expected.high))
    # By hand: s1^2/3 = 4e-4/3, s2^2/2 = 1e-4, standard error 0.015275, 2.882 degrees of freedom, t 3.2576.
    assert lift.interval == pytest.approx((0.05 - 0.04976, 0.05 + 0.04976), abs=2e-4)


def test_lift_needs_two_of_each(config: SearchConfig) -> None:
    """With fewer than two finished children in an arm there is no lift."""
    assert arm_lift(Ledger(config=config)) is None
    assert arm_lift(Ledger(config=config, rounds=(one_round(1, [0.9, 0.8, 0.7], [0.9, None]),))) is None


def test_lift_without_variation_has_no_interval(config: SearchConfig) -> None:
    """Where no accuracy varies, nothing is claimed."""
    lift = arm_lift(Ledger(config=config, rounds=(one_round(1, [0.9, 0.9], [0.8, 0.8]),)))
    assert lift is not None
    assert lift.interval is None
    assert not lift.is_shown


def test_pareto_by_hand() -> None:
    """The front holds who is beaten by nobody, cheapest first, one of equals."""
    records = [
        record("a", 0.80, 10, 99),
        record("b", 0.85, 20, 98),
        record("beaten", 0.84, 21, 98),
        record("equal", 0.85, 20, 98),
        record("c", 0.90, 50, 1),
        record("failed", None, 1, 1),
    ]
    assert [each.child for each in pareto(records, "parameters")] == ["a", "b", "c"]
    assert [each.child for each in pareto(records, "mult_adds")] == ["c"]
    assert pareto([], "parameters") == ()


def test_costs_by_hand(config: SearchConfig) -> None:
    """Each second is counted once, by what it was good for and on what it ran."""
    ledger = Ledger(
        config=config,
        start=record("start", 0.8),
        rounds=(one_round(1, [0.9, None, 0.7, 0.6], [0.8], banked=["1c3", "1r1"]),),
        attempts=(
            attempt("start", 1, "useful", 100, 100),
            attempt("1c1", 1, None, 50, 30),  # killed: a later attempt exists
            attempt("1c1", 2, "useful", 40, 40, "NVIDIA L4"),
            attempt("1c2", 1, "failed", 7, 0, "NVIDIA L4"),
            attempt("1c3", 1, "useful", 500, 500),  # of another search: reused
            attempt("1c4", 1, None, 9, 4),  # killed: its record came from elsewhere
            attempt("unfinished", 1, None, 11, 5),
        ),
    )
    found = costs(ledger)
    assert found.cpu == Spent(useful=134, preempted=25, running=11, reused=500)
    assert found.gpu == Spent(useful=40, failed=7)
    assert (found.banked, found.banked_unpriced) == (2, 1)
    assert found.cpu.total == 170


def test_a_child_paid_for_here_is_not_reused(config: SearchConfig) -> None:
    """A child that this search trained, and later met again in the bank, stays paid for."""
    first = one_round(1, [0.9], [])
    again = LedgerRound(
        proposal=first.proposal.model_copy(update={"round": 2, "banked": ("1c1",)}), records=first.records
    )
    ledger = Ledger(config=config, rounds=(first, again), attempts=(attempt("1c1", 1, "useful", 60, 60),))
    assert costs(ledger).cpu == Spent(useful=60)
    assert costs(ledger).banked == 0


def test_accuracy_over_rounds_by_hand(config: SearchConfig) -> None:
    """Each round has its arms, the controller first, with finished children only."""
    ledger = Ledger(config=config, rounds=(one_round(1, [0.9, 0.8], [None]), one_round(2, [0.7], [])))
    found = [(each.round, each.arm, each.accuracies) for each in accuracy_over_rounds(ledger)]
    assert found == [
        (1, Arm.CONTROLLER, (0.9, 0.8)),
        (1, Arm.RANDOM, ()),
        (2, Arm.CONTROLLER, (0.7,)),
    ]
    assert accuracy_over_rounds(ledger)[0].mean == pytest.approx(0.85)
    assert accuracy_over_rounds(ledger)[1].mean is None
