"""Which of two networks is better: the one place where that is decided, ties included."""

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from nasflow.search.front import Standing, crowding, from_ideal, front_numbers
from nasflow.search.measures import Measured
from nasflow.search.objective import Objective
from nasflow.search.record import ChildRecord, RungRecord, TrainedRecord


@dataclass(frozen=True)
class Judge:
    """The one place where it is decided which of two networks is better, ties included."""

    objective: Objective
    limits: Mapping[str, float]

    def excess(self, measures: Mapping[str, Measured]) -> float:
        """By how much limits are broken, all together; 0.0: none is, as far as these measures tell."""
        return sum(self._overs(measures).values(), 0.0)

    def broken(self, measures: Mapping[str, Measured]) -> str | None:
        """The name of the first limit that is broken; None: all are kept, as far as these measures tell."""
        return next(iter(self._overs(measures)), None)

    def breach(self, measures: Mapping[str, Measured]) -> str | None:
        """The limit that is broken, in words; None: all are kept, as far as these measures tell."""
        name = self.broken(measures)
        return name and f"{name} {measures[name].value:.6g} is over the limit of {self.limits[name]:.6g}"

    def _overs(self, measures: Mapping[str, Measured]) -> dict[str, float]:
        """Of each limit that is broken, as far as these measures tell: log(value / limit)."""
        return {
            name: math.log(measures[name].value / limit)
            for name, limit in self.limits.items()
            if name in measures and measures[name].value > limit
        }

    def score(self, record: ChildRecord) -> float | None:
        """What a network is worth, the higher the better; None: it failed, breaks a limit, or was never
        measured by what is judged by (the training loss of a start that came trained).
        """
        return self.objective.score(record.measures) if self.is_able(record) else None

    def worths(self, records: Sequence[ChildRecord], at_rung: bool = False) -> list[float | None]:
        """What each is worth beside the others, the higher the better; None as `score`.

        Where there are several measures: the share of the others that come after it, by fronts, and in a
        front those in an empty part of it first.
        """
        able = {number: each for number, each in enumerate(records) if self.is_able(each, at_rung)}
        points = {number: self.objective.point(each.measures) for number, each in able.items()}
        if not self.objective.pareto:
            return [points[number][0] if number in points else None for number in range(len(records))]
        order = dict(zip(points, _sparse_first(list(points.values())), strict=True))
        return [1 - order[number] / len(order) if number in order else None for number in range(len(records))]

    def rewards(
        self, records: Sequence[ChildRecord], before: Sequence[ChildRecord], images: int
    ) -> list[float | None]:
        """What a controller learns from records, whose held-out images are so many, each beside all those
        before; None as `score`.
        """
        if self.objective.pareto:
            return self.worths((*before, *records), at_rung=True)[len(before) :]
        return [
            self.objective.reward(each.measures, images) if self.is_able(each, at_rung=True) else None
            for each in records
        ]

    def is_able(self, record: ChildRecord, at_rung: bool = False) -> bool:
        """Whether it may win: trained, measured, within the limits; or, at a rung, beside others there."""
        has_all = all(name in record.measures for name in self.objective.measures)
        kinds = (TrainedRecord, RungRecord) if at_rung else TrainedRecord
        return isinstance(record, kinds) and has_all and self.breach(record.measures) is None

    def ranked(self, records: Iterable[ChildRecord]) -> tuple[TrainedRecord, ...]:
        """Those that may win, the best first: by score, or by fronts, in a front the nearest to its knee;
        among equals fewer parameters, then the order given.
        """
        able = [each for each in records if isinstance(each, TrainedRecord) and self.is_able(each)]
        points = [self.objective.point(each.measures) for each in able]
        places = (
            _by_fronts(points, from_ideal) if self.objective.pareto else [(-each[0], 0.0) for each in points]
        )
        ranked = sorted(zip(places, able, strict=True), key=lambda pair: (pair[0], pair[1].parameters))
        return tuple(each for _, each in ranked)

    def ends(self, records: Iterable[ChildRecord]) -> tuple[TrainedRecord, ...]:
        """Of several measures: the network of the front that is best by each; none where there is one."""
        able = self.ranked(records) if self.objective.pareto else ()
        points = [self.objective.point(each.measures) for each in able]
        # Among those that are equal in one figure, the better in the others.
        best = (
            max(range(len(able)), key=lambda each: (points[each][figure], points[each]))
            for figure in range(len(self.objective.pareto) if able else 0)
        )
        return tuple(able[each] for each in best)

    def best(self, records: Iterable[ChildRecord]) -> TrainedRecord | None:
        """The one that wins; None: none may."""
        return next(iter(self.ranked(records)), None)


def _sparse_first(points: Sequence[Standing]) -> list[int]:
    """The place of each: front by front, the least crowded first."""
    keys = _by_fronts(points, lambda front: [-each for each in crowding(front)])
    places = [0] * len(points)
    for place, each in enumerate(sorted(range(len(points)), key=lambda each: (keys[each], each))):
        places[each] = place
    return places


def _by_fronts(
    points: Sequence[Standing], within: Callable[[Sequence[Standing]], Sequence[float]]
) -> list[tuple[float, float]]:
    """What to sort by: the front of each, and what it is in that front."""
    numbers = front_numbers(points)
    found: dict[int, tuple[float, float]] = {}
    for number in set(numbers):
        front = [each for each, own in enumerate(numbers) if own == number]
        values = within([points[each] for each in front])
        found |= {each: (number, value) for each, value in zip(front, values, strict=True)}
    return [found[each] for each in range(len(points))]
