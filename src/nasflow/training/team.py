"""Several processes that train one network: torchrun's, each with its share of every batch.

A batch is as large as the recipe says, whatever the number of processes, and BatchNorm sees the whole of it:
the same training as in one process, but for the order in which floats are added. (Dropout, which only an
adopted network can have, is drawn by each process for itself.)
"""

import warnings
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any

import torch
from torch import Tensor, distributed, nn
from torch.autograd import Function
from torch.nn.modules.batchnorm import _BatchNorm
from torch.nn.parallel import DistributedDataParallel


@dataclass(frozen=True)
class Share:
    """What one process has of a batch."""

    images: int
    """Of the whole batch."""
    rows: slice
    """This process's own."""

    @property
    def part(self) -> float:
        """Own images in all images."""
        return float((self.rows.stop - self.rows.start) / self.images)

    @classmethod
    def whole(cls, images: int) -> "Share":
        """All of a batch."""
        return cls(images, slice(0, images))


@dataclass(frozen=True)
class Team:
    """This process among those that train together."""

    rank: int = 0
    size: int = 1

    def share(self, images: int) -> Share:
        """This process's part of a batch, as even as can be."""
        bounds = [images * number // self.size for number in (self.rank, self.rank + 1)]
        return Share(images, slice(*bounds))

    def add_up(self, tensor: Tensor) -> None:
        """Replace `tensor`, in place, by its sum over all processes."""
        if self.size > 1:
            distributed.all_reduce(tensor)

    @contextmanager
    def training(self, network: nn.Module) -> Iterator[nn.Module]:
        """What to call instead of `network`, so that all processes make the same step."""
        if self.size == 1:
            yield network
            return
        with ExitStack() as stack:
            for module in network.modules():
                if isinstance(module, _BatchNorm):
                    stack.enter_context(_over_all(module))
            # Behind a shut gate an operation gets no gradient; statistics are the same everywhere already.
            stack.enter_context(warnings.catch_warnings())
            warnings.simplefilter("ignore")
            yield DistributedDataParallel(network, broadcast_buffers=False, find_unused_parameters=True)


ALONE = Team()
"""One process."""


def this_team() -> Team:
    """The team of this process: itself alone, unless `nasflow.steps.together` has joined it to others."""
    if not distributed.is_available() or not distributed.is_initialized():
        return ALONE
    return Team(distributed.get_rank(), distributed.get_world_size())


class _Sum(Function):
    """The sum of a tensor over all processes; so is its gradient."""

    @staticmethod
    def forward(context: Any, tensor: Tensor) -> Tensor:
        total = tensor.clone()
        distributed.all_reduce(total)
        return total

    @staticmethod
    def backward(context: Any, gradient: Tensor) -> Tensor:
        total = gradient.clone()
        distributed.all_reduce(total)
        return total


@contextmanager
def _over_all(norm: _BatchNorm) -> Iterator[None]:
    """BatchNorm over the images of all processes; torch's own SyncBatchNorm knows GPUs only."""
    norm.forward = partial(_normalise, norm)  # type: ignore[method-assign]
    try:
        yield
    finally:
        del norm.forward


def _normalise(norm: _BatchNorm, x: Tensor) -> Tensor:
    """As torch does it: [batch, channels, ...] by the mean and the variance of each channel, float32."""
    if not norm.training and norm.track_running_stats:
        return type(norm).forward(norm, x)
    values = x.float()
    channels = values.transpose(0, 1).flatten(1)
    count = torch.tensor([float(channels.shape[1])], device=x.device)
    total = _sum(torch.cat([channels.sum(1), count]))
    count, mean = total[-1].detach(), total[:-1] / total[-1]
    variance = _sum((channels - mean[:, None]).square().sum(1)) / count
    if norm.training and norm.track_running_stats:
        with torch.no_grad():
            _remember(norm, mean, variance * count / (count - 1))
    shape = [1, -1] + [1] * (x.dim() - 2)
    scale = torch.rsqrt(variance + norm.eps) * (norm.weight if norm.affine else 1.0)
    out = (values - mean.view(shape)) * scale.view(shape)
    return (out + norm.bias.view(shape) if norm.affine else out).to(x.dtype)


def _sum(tensor: Tensor) -> Tensor:
    total: Tensor = _Sum.apply(tensor)
    return total


def _remember(norm: _BatchNorm, mean: Tensor, variance: Tensor) -> None:
    assert norm.running_mean is not None
    assert norm.running_var is not None
    assert norm.num_batches_tracked is not None
    norm.num_batches_tracked.add_(1)
    weight = 1 / float(norm.num_batches_tracked) if norm.momentum is None else norm.momentum
    norm.running_mean.lerp_(mean, weight)
    norm.running_var.lerp_(variance, weight)
