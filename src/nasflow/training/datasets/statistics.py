"""Mean and standard deviation of the training images, a channel each."""

import math

import torch
from torch import Tensor

from nasflow.training.batches import in_batches
from nasflow.training.datasets.images import Images

_BATCH = 256

UNSCALED = 1.0
"""The standard deviation that is said of a channel of one value only; all others are 0.5 at most."""


def mean_and_std(images: Images) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Mean and standard deviation per channel, pixels scaled to 0..1.

    They are worked out from counts of the 256 values: integers, so that the result is the same to
    the last bit whatever the order and the machine (a child's identity rests on it).
    """
    moments = [_moments(counts.tolist()) for counts in _histogram(images)]
    return tuple(mean for mean, _ in moments), tuple(std for _, std in moments)


def _histogram(images: Images) -> Tensor:
    """How often each channel has each value: int64 [channels, 256]."""
    batches = in_batches(torch.arange(len(images)), _BATCH)
    return torch.stack([_count(images.batch(indices)) for indices in batches]).sum(0)


def _count(batch: Tensor) -> Tensor:
    return torch.stack([channel.flatten().bincount(minlength=256) for channel in batch.unbind(1)])


def _moments(counts: list[int]) -> tuple[float, float]:
    number = sum(counts)
    total = sum(value * count for value, count in enumerate(counts))
    squares = sum(value * value * count for value, count in enumerate(counts))
    # A channel of one value only is left unscaled: dividing by 0 would make every image NaN.
    variance = (squares * number - total * total) / number**2
    return total / number / 255, math.sqrt(variance) / 255 or UNSCALED
