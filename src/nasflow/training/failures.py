"""What a training can die of, turned into a child's failure that names the place and the remedy."""

import math
from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import Tensor

from nasflow.base.errors import ChildFailed

_ALLOCATOR_SIGNS = ("can't allocate memory", "not enough memory", "out of memory", "Cannot allocate memory")
"""The CPU's allocator raises a plain RuntimeError, known by its words only."""


@contextmanager
def memory_watched(place: str) -> Iterator[None]:
    """Raise ChildFailed if the memory of the CPU or the GPU runs out at `place`."""
    try:
        yield
    except (MemoryError, RuntimeError) as error:
        if not _is_out_of_memory(error):
            raise
        raise ChildFailed(f"out of memory {place}: a smaller batch size or a smaller network fits") from error


def _is_out_of_memory(error: Exception) -> bool:
    if isinstance(error, MemoryError | torch.OutOfMemoryError):
        return True
    return any(sign in str(error) for sign in _ALLOCATOR_SIGNS)


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
