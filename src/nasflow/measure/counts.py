"""What a network costs: parameters, and multiply-adds for one image; counted from the built modules.

On the meta device: nothing is computed, whatever the size, and no weight takes any memory.
"""

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
    return Measured(value=_cost(spec).parameters, unit="parameters")


def mult_adds(spec: NetworkSpec) -> Measured:
    """Multiplications with an addition for one image: of convolutions and the classifier."""
    return Measured(value=_cost(spec).mult_adds, unit="mult-adds")


class Cost(NamedTuple):
    """Counted from the built modules."""

    parameters: int
    mult_adds: int
    """For one image."""


def cost_of(network: nn.Module, image: Tensor) -> Cost:
    """Of any network, shown `image` [1, channels, height, width]; both may be on the meta device."""
    counter = FlopCounterMode(display=False)
    with counter, torch.no_grad():
        network.eval()(image)
    parameters = sum(parameter.numel() for parameter in network.parameters())
    return Cost(parameters, counter.get_total_flops() // 2)


@lru_cache(maxsize=1024)
def _cost(spec: NetworkSpec) -> Cost:
    try:
        return _count(spec, "meta")
    except (RuntimeError, NotImplementedError, InvalidSpec):
        if spec.host.places is not None:
            raise
        # Somebody else's network may decide by what it computes: it is counted for a black image.
        return _count(spec, "cpu")


def _count(spec: NetworkSpec, device: str) -> Cost:
    with torch.device(device):
        network = build(spec)
        image = torch.zeros(1, spec.channels, spec.size, spec.size)
    return cost_of(network, image)
