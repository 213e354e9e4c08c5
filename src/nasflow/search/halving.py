"""Successive halving: at some epochs a round is looked at, and only its better children are trained on.

Pure functions of records: who goes on is written down nowhere, because it follows. So it is the same on
every backend, in any number of lanes, and after any kill. (The asynchronous form promotes by who happens to
come first, which no seed repeats.)
"""

import math
from collections.abc import Mapping, Sequence
from typing import Annotated, Self

from pydantic import Field, model_validator

from nasflow.base.document import Frozen
from nasflow.search.judge import Judge
from nasflow.search.record import FailedRecord, RoundRecord, RungRecord


class Halving(Frozen):
    """Jamieson and Talwalkar, AISTATS 2016, within each round; the objective says who is better."""

    rungs: tuple[Annotated[int, Field(ge=1)], ...] = Field(min_length=1, max_length=8)
    """Epochs of a child after which its round is looked at, rising, each before the last one."""
    keep: float = Field(default=0.5, gt=0, lt=1)
    """Share of those that have not failed that goes on, one at the least; those over a limit come last."""

    @model_validator(mode="after")
    def _check(self) -> Self:
        if list(self.rungs) != sorted(set(self.rungs)):
            raise ValueError("rungs are epochs that rise, such as [2, 4]")
        return self

    def kept(self, count: int) -> int:
        """How many of so many go on."""
        # 0.07 x 100 is 7, whatever floating point makes of it.
        return math.ceil(round(self.keep * count, 9))


Rungs = Mapping[int, Sequence[RungRecord | FailedRecord | None]]
"""By epoch: what is known of each child of a round there."""


def halved(
    halving: Halving, judge: Judge, found: Sequence[RoundRecord | None], rungs: Rungs
) -> tuple[tuple[RoundRecord | None, ...], int | None]:
    """What became of the children of a round, whose own records are `found`; and the epoch of the rung at
    which the round is, None for its end.

    One that was stopped has the record of its last rung, whatever another search has made of it since.
    """
    alive, ends = list(range(len(found))), dict[int, RoundRecord | None]()
    for epoch in halving.rungs:
        known = {child: rungs[epoch][child] for child in alive}
        if None in known.values():
            return _in_order(ends, len(found)), epoch
        alive = _better(halving, judge, {child: each for child, each in known.items() if each})
        ends |= {child: each for child, each in known.items() if child not in alive}
    return _in_order(ends | {child: found[child] for child in alive}, len(found)), None


def _better(halving: Halving, judge: Judge, known: Mapping[int, RoundRecord]) -> list[int]:
    """The children that go on, in their order."""
    able = {child: each for child, each in known.items() if isinstance(each, RungRecord)}
    worths = dict(zip(able, judge.worths(list(able.values()), at_rung=True), strict=True))

    def place(child: int) -> tuple[float, int, int]:
        worth = worths[child]
        return math.inf if worth is None else -worth, able[child].parameters, child

    ranked = sorted(able, key=place)
    return sorted(ranked[: halving.kept(len(ranked))])


def _in_order(ends: Mapping[int, RoundRecord | None], count: int) -> tuple[RoundRecord | None, ...]:
    return tuple(ends.get(child) for child in range(count))
