"""How speed is measured: sides take turns, the best run of each counts, and figures are made of these.

Others use the machine too. So what one process does is measured in seconds of the processor, which go on only
while it works; on an idle machine they are those of the clock. Caches and memory are shared all the same: a
side's best of several runs is what is left when others are quiet for a moment, and taking turns gives every
side the same chance of such a moment.
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

REPEATS = 3

Side = Callable[[], float]
"""Does its work once and says how many seconds of it count."""

Seconds = Mapping[str, float]
"""The best of each side."""


@dataclass(frozen=True)
class Figure:
    """What is made of the seconds of a race's sides."""

    name: str
    baseline: str
    """What it is measured against."""
    unit: str
    of: Callable[[Seconds], float]
    bar: float | None = None
    more_is_better: bool = True

    def result(self, seconds: Seconds) -> dict[str, object]:
        """What is written down of it."""
        value = self.of(seconds)
        found: dict[str, object] = {
            "value": float(f"{value:.4g}"),
            "baseline": self.baseline,
            "unit": self.unit,
        }
        if self.bar is not None:
            met = value >= self.bar if self.more_is_better else value <= self.bar
            found |= {"bar": f"{'>=' if self.more_is_better else '<='} {self.bar:g}", "met": met}
        return found


@dataclass(frozen=True)
class Race:
    """Sides that do comparable work."""

    sides: Mapping[str, Side]
    figures: tuple[Figure, ...]

    def run(self) -> dict[str, dict[str, object]]:
        """Its figures by name."""
        best = dict.fromkeys(self.sides, float("inf"))
        for _ in range(REPEATS):
            for name, side in self.sides.items():
                best[name] = min(best[name], side())
        return {figure.name: figure.result(best) for figure in self.figures}


def timed(work: Callable[[], object]) -> Side:
    """All seconds of the processor that a work takes in this process."""

    def side() -> float:
        begun = time.process_time()
        work()
        return time.process_time() - begun

    return side
