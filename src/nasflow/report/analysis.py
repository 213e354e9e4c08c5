"""What a ledger says: pure functions, no pictures."""

import math
import warnings
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import Literal

from nasflow.search.costs import Costs, Spent, costs
from nasflow.search.ledger import Ledger
from nasflow.search.record import Arm, ChildRecord

__all__ = [
    "ArmRound",
    "Cost",
    "Costs",
    "Lift",
    "Spent",
    "accuracy_over_rounds",
    "arm_lift",
    "best",
    "chosen",
    "costs",
    "pareto",
]

Cost = Literal["parameters", "mult_adds"]


@dataclass(frozen=True)
class Lift:
    """The controller's children against the random arm's: held-out accuracies, 0 to 1."""

    controller_mean: float
    random_mean: float
    controller_children: int
    random_children: int
    interval: tuple[float, float] | None
    """95 % interval of the difference of the means (Welch); None if no accuracy varies in either arm."""

    @property
    def difference(self) -> float:
        """Controller minus random."""
        return self.controller_mean - self.random_mean

    @property
    def is_shown(self) -> bool:
        """Whether the interval leaves out 0."""
        return self.interval is not None and not self.interval[0] <= 0 <= self.interval[1]


@dataclass(frozen=True)
class ArmRound:
    """The finished children of one arm in one round."""

    round: int
    arm: Arm
    accuracies: tuple[float, ...]

    @property
    def mean(self) -> float | None:
        """Mean held-out accuracy; None if no child has one."""
        return fmean(self.accuracies) if self.accuracies else None


def best(records: Iterable[ChildRecord]) -> ChildRecord | None:
    """Highest held-out accuracy; among equals fewer parameters, then the first of `records`."""
    return min(_trained(records), key=lambda record: (-_accuracy(record), record.parameters), default=None)


def chosen(ledger: Ledger) -> ChildRecord | None:
    """The child that the search has chosen; while it runs, the best so far."""
    names = [ledger.finish and ledger.finish.child, ledger.stop and ledger.stop.best]
    # A search without children chooses its start network.
    by_name = {record.child: record for record in (ledger.start, *ledger.children) if record}
    return next((by_name[name] for name in names if name in by_name), None) or best(ledger.children)


def arm_lift(ledger: Ledger) -> Lift | None:
    """What the controller gained over the random arm; None if an arm has fewer than two finished children."""
    controller, random = (_arm_accuracies(ledger, arm) for arm in (Arm.CONTROLLER, Arm.RANDOM))
    if min(len(controller), len(random)) < 2:
        return None
    return Lift(
        controller_mean=fmean(controller),
        random_mean=fmean(random),
        controller_children=len(controller),
        random_children=len(random),
        interval=_welch_interval(controller, random),
    )


def pareto(records: Iterable[ChildRecord], cost: Cost) -> tuple[ChildRecord, ...]:
    """The trained records that no other one beats in both accuracy and `cost`, cheapest first."""
    front: list[ChildRecord] = []
    for record in sorted(_trained(records), key=lambda each: (getattr(each, cost), -_accuracy(each))):
        if not front or _accuracy(record) > _accuracy(front[-1]):
            front.append(record)
    return tuple(front)


def accuracy_over_rounds(ledger: Ledger) -> tuple[ArmRound, ...]:
    """Each round's accuracies by arm, the controller first; an arm without a proposal is left out."""
    return tuple(
        ArmRound(
            round=each.proposal.round,
            arm=arm,
            accuracies=tuple(
                _accuracy(record)
                for episode, record in zip(each.proposal.episodes, each.records, strict=True)
                if episode.arm is arm and record and record.accuracy is not None
            ),
        )
        for each in ledger.rounds
        for arm in Arm
        if any(episode.arm is arm for episode in each.proposal.episodes)
    )


def _trained(records: Iterable[ChildRecord]) -> list[ChildRecord]:
    return [record for record in records if record.accuracy is not None]


def _accuracy(record: ChildRecord) -> float:
    assert record.accuracy is not None
    return record.accuracy


def _arm_accuracies(ledger: Ledger, arm: Arm) -> list[float]:
    rounds = accuracy_over_rounds(ledger)
    return [accuracy for each in rounds if each.arm is arm for accuracy in each.accuracies]


def _welch_interval(first: Sequence[float], second: Sequence[float]) -> tuple[float, float] | None:
    """95 % interval of mean(first) - mean(second), for variances that may differ."""
    if len(set(first)) == len(set(second)) == 1:
        return None
    from scipy.stats import ttest_ind

    with warnings.catch_warnings():
        # One arm without any variance is in order: scipy suspects lost digits.
        warnings.simplefilter("ignore", RuntimeWarning)
        interval = ttest_ind(first, second, equal_var=False).confidence_interval(0.95)
    low, high = float(interval.low), float(interval.high)
    return (low, high) if math.isfinite(low) and math.isfinite(high) else None
