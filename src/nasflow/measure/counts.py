"""What a network costs: parameters, and multiply-adds for one image; counted from the built modules.

On the meta device: nothing is computed, whatever the size, and no weight takes any memory.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import lru_cache
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.utils.flop_counter import FlopCounterMode

from nasflow.base.errors import InvalidSpec
from nasflow.networks import build
from nasflow.search.measures import Measured
from nasflow.spec.network import NetworkSpec


def parameters(spec: NetworkSpec) -> Measured:
    """The numbers that training can change, those that are frozen included."""
    return Measured(value=_parameters(spec), unit="parameters")


def mult_adds(spec: NetworkSpec) -> Measured:
    """Multiplications with an addition for one image: of convolutions and the classifier."""
    return Measured(value=_mult_adds(spec), unit="mult-adds")


class Cost(NamedTuple):
    """Counted from the built modules."""

    parameters: int
    mult_adds: int
    """For one image."""


def cost_of(network: nn.Module, image: Tensor) -> Cost:
    """Of any network, shown `image` [1, channels, height, width]; both may be on the meta device."""
    counter = FlopCounterMode(display=False)
    with _norms_left_out(network, image), counter, torch.no_grad():
        network.eval()(image)
    return Cost(_size(network), counter.get_total_flops() // 2)


@contextmanager
def _norms_left_out(network: nn.Module, image: Tensor) -> Iterator[None]:
    """Where nothing is computed, BatchNorms hand on what they read: they count nothing and change no shape,
    and following each through its meta kernel takes two thirds of the time.
    """
    norms = [each for each in network.modules() if image.is_meta and type(each) is nn.BatchNorm2d]
    for each in norms:
        each.forward = _handed_on  # type: ignore[method-assign]
    try:
        yield
    finally:
        for each in norms:
            del each.forward


def _handed_on(input: Tensor) -> Tensor:
    return input


# Apart from each other: a limit may ask for the size of many networks, and running one takes far longer than
# building it.
@lru_cache(maxsize=1024)
def _parameters(spec: NetworkSpec) -> int:
    return _counted_on_any(spec, lambda network, _: _size(network))


@lru_cache(maxsize=1024)
def _mult_adds(spec: NetworkSpec) -> int:
    return _counted_on_any(spec, lambda network, image: cost_of(network, image).mult_adds)


def _size(network: nn.Module) -> int:
    return sum(parameter.numel() for parameter in network.parameters())


def _counted_on_any(spec: NetworkSpec, count: Callable[[nn.Module, Tensor], int]) -> int:
    try:
        return _counted_on("meta", spec, count)
    except (RuntimeError, NotImplementedError, InvalidSpec):
        if spec.host.places is not None:
            raise
        # Somebody else's network may decide by what it computes: it is counted for a black image.
        return _counted_on("cpu", spec, count)


def _counted_on(device: str, spec: NetworkSpec, count: Callable[[nn.Module, Tensor], int]) -> int:
    with torch.device(device):
        network = build(spec)
        image = torch.zeros(1, spec.channels, spec.size, spec.size)
    return count(network, image)
