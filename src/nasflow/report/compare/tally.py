"""What the searches of a comparison came to: figures from ledgers alone."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean

from nasflow.report.analysis import values_by_round
from nasflow.report.yardstick import Yardstick
from nasflow.search.controls import Control
from nasflow.search.costs import Costs, costs
from nasflow.search.ledger import Ledger

Ledgers = Mapping[tuple[int, str], Ledger]
"""By seed and contender."""


@dataclass(frozen=True)
class Tally:
    """Of one search; what it has not come to is None."""

    parents: str
    """What children begin with: where it is another, how trainings went does not say who is better."""
    children: int
    """That may win."""
    mean: float | None
    """Of all children, by the measure of the objective; of halved rounds at the first rung, where all were
    measured alike.
    """
    late: float | None
    """Of the last quarter of them: who learns should be better than at the beginning."""
    best: float | None
    """Of the chosen one."""
    test: float | None
    """Share of the test images that its network tells right at full size, the mean over the trainings."""
    against: Mapping[Control, float]
    """The same of each control that was trained."""
    parameters: int | None
    """Of the found network at full size."""
    mult_adds: int | None
    hours: float
    """Of training, in all: failed and preempted work too, and what another search had done already."""


def tallies(ledgers: Ledgers) -> dict[tuple[int, str], Tally]:
    """By seed and contender."""
    return {key: _tally(ledger) for key, ledger in ledgers.items()}


def _tally(ledger: Ledger) -> Tally:
    yardstick, finish = Yardstick.of(ledger.config), ledger.finish
    able = [value for each in ledger.children if (value := yardstick.candidate(each)) is not None]
    known = [value for values in values_by_round(ledger) for value in values]
    tests = {control: finish.accuracy(control) for control in Control} if finish else {}
    return Tally(
        parents=ledger.config.parents,
        children=len(able),
        mean=_mean(known),
        late=_mean(known[-max(1, len(known) // 4) :]),
        best=yardstick.candidate(ledger.chosen),
        test=finish.accuracy(None) if finish else None,
        against={control: value for control, value in tests.items() if value is not None},
        parameters=ledger.final.parameters if ledger.final else None,
        mult_adds=ledger.final.mult_adds if ledger.final else None,
        hours=_hours(costs(ledger)),
    )


def _hours(cost: Costs) -> float:
    return sum(each.total + each.reused for each in (cost.cpu, cost.gpu)) / 3600


def _mean(values: Sequence[float]) -> float | None:
    return fmean(values) if values else None
