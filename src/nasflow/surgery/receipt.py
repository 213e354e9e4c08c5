"""How far two networks are apart, and how far they may be."""

from collections.abc import Iterable

import torch
from torch import Tensor

from nasflow.spec.edits import Edit

TOLERANCE = 1e-6
"""Largest relative difference between parent and child in float32 evaluation mode, where it is not measured
that the parent itself is less exact.
"""

_ROUNDINGS = 4.0
"""So many times what the parent is off by itself a child may differ, which adds in another order."""


def most_allowed(rounding: float) -> float:
    """The most that a child may differ from a parent whose float32 logits are off by `rounding`, relative."""
    return max(TOLERANCE, _ROUNDINGS * rounding)


def tolerance_of(edits: Iterable[Edit]) -> float | None:
    """The most that a child of these edits may differ from its parent; None where one does not preserve."""
    return TOLERANCE if all(edit.preserves for edit in edits) else None


def relative_difference(before: Tensor, after: Tensor) -> float:
    """Largest |after - before| over largest |before|; logits [images, classes].

    Infinite if a logit is not finite.
    """
    difference = (after.double() - before.double()).abs().max()
    scale = before.double().abs().max()
    relative = difference / scale if scale > 0 else difference
    return float(relative) if torch.isfinite(relative) else float("inf")
