"""From numbers to positions: a linear axis with round ticks."""

import math
from collections.abc import Iterable
from dataclasses import dataclass

_STEPS = (1, 2, 2.5, 5, 10)


@dataclass(frozen=True)
class Scale:
    """An axis from `low` to `high`, drawn from pixel `start` to pixel `end`."""

    low: float
    high: float
    start: float
    end: float
    step: float
    """Between two ticks."""

    def __call__(self, value: float) -> float:
        """The pixel of `value`; what lies outside stands at the axis's end."""
        share = (min(max(value, self.low), self.high) - self.low) / (self.high - self.low)
        return round(self.start + share * (self.end - self.start), 1)

    @property
    def ticks(self) -> tuple[float, ...]:
        """Multiples of `step` within the axis."""
        first, last = math.ceil(self.low / self.step - 1e-9), math.floor(self.high / self.step + 1e-9)
        return tuple(number * self.step for number in range(first, last + 1))


def fit(values: Iterable[float], start: float, end: float, ticks: int = 5) -> Scale:
    """An axis that holds all values with a margin, and about `ticks` ticks."""
    known = list(values)
    low, high = min(known, default=0.0), max(known, default=1.0)
    margin = 0.06 * (high - low)
    if margin < 1e-9 * max(abs(low), abs(high)) or margin == 0:
        margin = 0.05 * abs(high) or 0.5
    low, high = low - margin, high + margin
    return Scale(low, high, start, end, _step((high - low) / ticks))


def fence(values: Iterable[float]) -> float:
    """Below this a value is so far from the others (3 interquartile ranges) that it would squash an axis."""
    known = sorted(values)
    if not known:
        return -math.inf
    low, high = known[len(known) // 4], known[(3 * len(known)) // 4]
    return low - 3 * (high - low) if high > low else -math.inf


def _step(least: float) -> float:
    """The smallest round number that is not below `least`."""
    power = 10.0 ** math.floor(math.log10(least))
    return float(next(step for step in _STEPS if step * power >= least * 0.999) * power)
