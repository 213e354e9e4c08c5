"""What a ledger says: pure functions, no pictures."""

import math
import warnings
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import fmean

from nasflow.report.yardstick import Yardstick
from nasflow.search.ledger import Ledger
from nasflow.search.measures import find_measure
from nasflow.search.record import ChildRecord
from nasflow.search.resolved import ResolvedConfig
from nasflow.search.rounds import Arm


@dataclass(frozen=True)
class Lift:
    """The controller's children against the random arm's, by the objective's measure and in its unit."""

    controller_mean: float
    random_mean: float
    controller_children: int
    random_children: int
    interval: tuple[float, float] | None
    """95 % interval of the difference of the means (Welch); None if no value varies in either arm."""

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
    """The children of one arm in one round that may win: trained, and within the limits."""

    round: int
    arm: Arm
    values: tuple[float, ...]
    """Of the objective's measure."""

    @property
    def mean(self) -> float | None:
        """Their mean; None if there is none."""
        return fmean(self.values) if self.values else None


def arm_lift(ledger: Ledger) -> Lift | None:
    """What the controller gained over the random arm; None if an arm has fewer than two children to
    compare.
    """
    controller, random = (_arm_values(ledger, arm) for arm in (Arm.CONTROLLER, Arm.RANDOM))
    if min(len(controller), len(random)) < 2:
        return None
    return Lift(
        controller_mean=fmean(controller),
        random_mean=fmean(random),
        controller_children=len(controller),
        random_children=len(random),
        interval=_welch_interval(controller, random),
    )


def cost_names(config: ResolvedConfig) -> tuple[str, ...]:
    """What a network costs: its size, and the costs that objective and limits name."""
    named = (*config.objective.costs, *config.limits)
    costly = ("parameters", "mult_adds", *(name for name in named if not find_measure(name).higher_is_better))
    return tuple(name for name in dict.fromkeys(costly) if name != config.objective.measure)


def pareto(yardstick: Yardstick, records: Iterable[ChildRecord], cost: str) -> tuple[ChildRecord, ...]:
    """The records that may win and that no other such one beats in both the figure and `cost`, cheapest
    first.
    """
    worths = [
        (each.measures[cost].value, -yardstick.sign * value, each)
        for each in records
        if (value := yardstick.candidate(each)) is not None and cost in each.measures
    ]
    front: list[ChildRecord] = []
    least = math.inf
    for _, worth, record in sorted(worths, key=lambda each: each[:2]):
        if worth < least:
            front.append(record)
            least = worth
    return tuple(front)


def values_over_rounds(ledger: Ledger) -> tuple[ArmRound, ...]:
    """Each round's values by arm, the controller first; an arm without a proposal is left out.

    Where rounds are halved, at the first rung: there all children of a round were measured alike.
    """
    yardstick = Yardstick.of(ledger.config)
    return tuple(
        ArmRound(
            round=each.proposal.round,
            arm=arm,
            values=tuple(
                value
                for episode, record in zip(each.proposal.episodes, each.lessons, strict=True)
                if episode.arm is arm and (value := yardstick.at_rung(record)) is not None
            ),
        )
        for each in ledger.rounds
        for arm in Arm
        if any(episode.arm is arm for episode in each.proposal.episodes)
    )


def values_by_round(ledger: Ledger) -> tuple[tuple[float, ...], ...]:
    """The same of all arms together, an empty one for a round of which none may win."""
    found = dict[int, tuple[float, ...]]()
    for each in values_over_rounds(ledger):
        found[each.round] = (*found.get(each.round, ()), *each.values)
    return tuple(found.values())


def _arm_values(ledger: Ledger, arm: Arm) -> list[float]:
    return [value for each in values_over_rounds(ledger) if each.arm is arm for value in each.values]


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
