from collections.abc import Sequence

import pytest
from scipy.stats import ttest_ind

from nasflow.report.analysis import arm_lift, cost_names, pareto, values_over_rounds
from nasflow.report.yardstick import Yardstick
from nasflow.search.costs import Spent, costs
from nasflow.search.ledger import LedgerRound
from nasflow.search.record import AnyRecord, FailedRecord, TrainedRecord
from nasflow.search.resolved import ResolvedConfig
from nasflow.search.rounds import Arm, Episode, Proposal
from nasflow.spec.parts import Parts
from nasflow.spec.tree import START_CELL

from .synthetic import attempt, empty_ledger, measures, synthetic_config


def record(child: str, accuracy: float | None, parameters: int = 100, mult_adds: int = 100) -> AnyRecord:
    """A result with the start cell; without an accuracy a failed one."""
    figures = measures(accuracy, parameters, mult_adds)
    if accuracy is None:
        return FailedRecord(child=child, parts=Parts(), measures=figures, failure="it broke")
    return TrainedRecord(child=child, parts=Parts(), measures=figures, weights="d" * 64)


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
            episodes=tuple(Episode(arm=arm, parts=START_CELL, decisions=(), tries=1) for arm in arms),
            children=tuple(names),
            banked=tuple(banked),
        ),
        records=tuple(
            record(name, accuracy) for name, accuracy in zip(names, [*controller, *random], strict=True)
        ),
    )


def test_lift_is_welch(config: ResolvedConfig) -> None:
    """Difference, counts and interval are those of Welch's test over all rounds, failed children left out."""
    ledger = empty_ledger(
        config,
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


def test_lift_needs_two_of_each(config: ResolvedConfig) -> None:
    """With fewer than two finished children in an arm there is no lift."""
    assert arm_lift(empty_ledger(config)) is None
    assert arm_lift(empty_ledger(config, rounds=(one_round(1, [0.9, 0.8, 0.7], [0.9, None]),))) is None


def test_lift_without_variation_has_no_interval(config: ResolvedConfig) -> None:
    """Where no accuracy varies, nothing is claimed."""
    lift = arm_lift(empty_ledger(config, rounds=(one_round(1, [0.9, 0.9], [0.8, 0.8]),)))
    assert lift is not None
    assert lift.interval is None
    assert not lift.is_shown


def test_pareto_by_hand(config: ResolvedConfig) -> None:
    """The front holds who is beaten by nobody, cheapest first, one of equals."""
    yardstick = Yardstick.of(config)
    records = [
        record("a", 0.80, 10, 99),
        record("b", 0.85, 20, 98),
        record("beaten", 0.84, 21, 98),
        record("equal", 0.85, 20, 98),
        record("c", 0.90, 50, 1),
        record("failed", None, 1, 1),
    ]
    assert [each.child for each in pareto(yardstick, records, "parameters")] == ["a", "b", "c"]
    assert [each.child for each in pareto(yardstick, records, "mult_adds")] == ["c"]
    assert pareto(yardstick, [], "parameters") == ()


def test_costs_by_hand(config: ResolvedConfig) -> None:
    """Each second is counted once, by what it was good for and on what it ran."""
    ledger = empty_ledger(
        config,
        start=record("start", 0.8),
        rounds=(one_round(1, [0.9, None, 0.7, 0.6], [0.8], banked=["1c3", "1r1"]),),
        attempts=(
            attempt("start", 1, "useful", 100, 100),
            attempt("1c1", 1, None, 50, 30),  # killed: a later attempt exists
            attempt("1c1", 2, "useful", 40, 40, "NVIDIA L4"),
            attempt("1c2", 1, "failed", 7, 0, "NVIDIA L4"),
            attempt("1c3", 1, "useful", 500, 500),  # of another search: reused
            attempt("1c4", 1, None, 9, 4),  # killed: its record came from elsewhere
            attempt("halted", 1, "stopped", 6, 2),
            attempt("halted", 2, "lost", 3, 0),
            attempt("unfinished", 1, None, 11, 5),
        ),
    )
    found = costs(ledger)
    assert found.cpu == Spent(useful=136, preempted=29, lost=3, running=11, reused=500)
    assert found.gpu == Spent(useful=40, failed=7)
    assert (found.banked, found.banked_unpriced) == (2, 1)
    assert found.cpu.total == 176


def test_a_child_paid_for_here_is_not_reused(config: ResolvedConfig) -> None:
    """A child that this search trained, and later met again in the bank, stays paid for."""
    first = one_round(1, [0.9], [])
    again = LedgerRound(
        proposal=first.proposal.model_copy(update={"round": 2, "banked": ("1c1",)}), records=first.records
    )
    ledger = empty_ledger(config, rounds=(first, again), attempts=(attempt("1c1", 1, "useful", 60, 60),))
    assert costs(ledger).cpu == Spent(useful=60)
    assert costs(ledger).banked == 0


def test_less_is_better_where_it_is_minimised() -> None:
    """The front of a loss goes down, and what breaks a limit is not on it."""
    yardstick = Yardstick.of(synthetic_config(objective="held_out_loss", limits={"mult_adds": 200}))
    records = [
        record("a", 0.8, 10),
        record("over", 0.99, 5, 300),
        record("worse", 0.7, 20),
        record("b", 0.9, 30),
    ]
    assert [each.child for each in pareto(yardstick, records, "parameters")] == ["a", "b"]


def test_costs_that_are_named_are_drawn() -> None:
    """Size always; besides it what objective and limits name, but never what is minimised itself."""
    config = synthetic_config(objective="parameters", limits={"latency": "4ms", "held_out_loss": 1})
    assert cost_names(config) == ("mult_adds", "latency", "held_out_loss")


def test_values_over_rounds_by_hand() -> None:
    """Each round has its arms, the controller first, with those children only that may win."""
    config = synthetic_config(limits={"parameters": 200})
    first = one_round(1, [0.9, 0.8, 0.99], [None])
    heavy = first.records[2]
    assert heavy
    over = heavy.model_copy(update={"measures": measures(0.99, 300, 100)})
    first = first.model_copy(update={"records": (*first.records[:2], over, *first.records[3:])})
    ledger = empty_ledger(config, rounds=(first, one_round(2, [0.7], [])))
    found = [(each.round, each.arm, each.values) for each in values_over_rounds(ledger)]
    assert found == [
        (1, Arm.CONTROLLER, (0.9, 0.8)),
        (1, Arm.RANDOM, ()),
        (2, Arm.CONTROLLER, (0.7,)),
    ]
    assert values_over_rounds(ledger)[0].mean == pytest.approx(0.85)
    assert values_over_rounds(ledger)[1].mean is None
