"""How far two networks are apart, and how far they may be."""

import torch
from torch import Tensor

TOLERANCE = 1e-6
"""Largest relative difference between parent and child in float32 evaluation mode (DESIGN, section 5)."""


def relative_difference(before: Tensor, after: Tensor) -> float:
    """Largest |after - before| over largest |before|; logits [images, classes].

    Infinite if a logit is not finite.
    """
    difference = (after.double() - before.double()).abs().max()
    scale = before.double().abs().max()
    relative = difference / scale if scale > 0 else difference
    return float(relative) if torch.isfinite(relative) else float("inf")
