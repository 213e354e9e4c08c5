"""How well two orders agree: Kendall's tau, what is left of it given a third, and how sure that is."""

from collections.abc import Sequence
from typing import Any

import numpy as np

Array = np.ndarray[Any, np.dtype[np.float64]]
Interval = tuple[float, float]

RESAMPLES = 1000


def agreement(pairs: Sequence[tuple[Array, Array]], given: Array | None = None) -> tuple[float, Interval]:
    """Kendall's tau-b of two figures of the same things, -1 to 1, with its 95 % interval.

    Over several pairs of figures, their mean. With a third figure `given`, the partial tau: what is not
    explained by how both agree with that one (Kendall, 1942). The interval is that of the percentiles over
    things drawn with replacement; the same draws for each call with as many things. NaN where all are equal
    in a figure; resamples in which they are, are left out.
    """
    weights = _weights(len(pairs[0][0]))
    found = np.mean([_one(*pair, given, weights) for pair in pairs], axis=0)
    low, high = np.nanpercentile(found[1:], (2.5, 97.5))
    return float(found[0]), (float(low), float(high))


def _weights(count: int) -> Array:
    """How often each thing was drawn: once each in the first row, then a resample a row."""
    drawn = np.random.default_rng(0).multinomial(count, np.full(count, 1 / count), size=RESAMPLES)
    return np.vstack([np.ones(count), drawn])


def _one(first: Array, second: Array, given: Array | None, weights: Array) -> Array:
    both = _tau(first, second, weights)
    if given is None:
        return both
    one, other = _tau(first, given, weights), _tau(second, given, weights)
    with np.errstate(divide="ignore", invalid="ignore"):
        return (both - one * other) / np.sqrt((1 - one**2) * (1 - other**2))


def _tau(first: Array, second: Array, weights: Array) -> Array:
    """Tau-b for each row of weights: concordant pairs of things less discordant ones, over those not tied."""
    one, other = _signs(first), _signs(second)
    untied = np.sqrt(_sum(one**2, weights) * _sum(other**2, weights))
    with np.errstate(invalid="ignore"):
        return np.divide(_sum(one * other, weights), untied)


def _signs(values: Array) -> Array:
    return np.sign(np.subtract.outer(values, values))


def _sum(matrix: Array, weights: Array) -> Array:
    """Over all pairs of things, each as often as both were drawn."""
    return np.asarray(((weights @ matrix) * weights).sum(axis=1))
