"""What a training can die of, turned into a child's failure that names the place and the remedy."""

import math
from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import Tensor

from nasflow.base.errors import ChildFailed

_ALLOCATOR_SIGNS = ("can't allocate memory", "not enough memory", "out of memory", "Cannot allocate memory")
"""The CPU's allocator raises a plain RuntimeError, known by its words only."""


_LONELY = "Expected more than 1 value per channel"
"""What a BatchNorm says that is to learn from one number."""


@contextmanager
def watched(place: str) -> Iterator[None]:
    """Raise ChildFailed if, at `place`, the memory of the CPU or the GPU runs out or a batch is too small."""
    try:
        yield
    except (MemoryError, RuntimeError, ValueError) as error:
        reason = _reason(error)
        if reason is None:
            raise
        raise ChildFailed(reason.format(place=place)) from error


def _reason(error: Exception) -> str | None:
    """What is known of an error; None: it is none of a training's own."""
    if isinstance(error, ValueError):
        is_lonely = _LONELY in str(error)
        return "one image is too few {place} for a BatchNorm: a larger batch size fits" if is_lonely else None
    is_out = isinstance(error, MemoryError | torch.OutOfMemoryError)
    if is_out or any(sign in str(error) for sign in _ALLOCATOR_SIGNS):
        return "out of memory {place}: a smaller batch size or a smaller network fits"
    return None


def check_losses(losses: Tensor, first_step: int, epoch: int) -> None:
    """Raise ChildFailed at the first of `losses`, [steps] from `first_step` on, that is not finite."""
    broken = (~losses.isfinite()).nonzero()
    if len(broken):
        step = int(broken[0])
        raise diverged(f"loss is {losses[step].item()} at epoch {epoch}, step {first_step + step}")


def check_held_out(loss: float, epoch: int) -> None:
    """Raise ChildFailed if the held-out loss after an epoch is no number: the last steps made the weights
    useless.
    """
    if not math.isfinite(loss):
        raise diverged(f"held-out loss is {loss} after epoch {epoch}")


def diverged(what: str) -> ChildFailed:
    """The failure of weights that grew beyond measure."""
    return ChildFailed(f"{what}: a lower learning rate may help")
