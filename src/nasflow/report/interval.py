"""How far a mean over a few seeds can be trusted."""

import math
from collections.abc import Sequence
from statistics import fmean, stdev


def half_width(values: Sequence[float]) -> float:
    """Half of the 95 % interval of the mean (Student's t); 0 where fewer than two values say nothing."""
    if len(values) < 2:
        return 0.0
    from scipy.stats import t

    count = len(values)
    return float(t.ppf(0.975, count - 1)) * stdev(values) / math.sqrt(count)


def interval(values: Sequence[float]) -> tuple[float, float] | None:
    """95 % interval of the mean; None for one value, or where all are equal."""
    if len(values) < 2 or len(set(values)) == 1:
        return None
    mean, half = fmean(values), half_width(values)
    return mean - half, mean + half
