"""What a network costs: parameters, and multiply-adds for one image."""

from typing import NamedTuple

import torch
from torch.utils.flop_counter import FlopCounterMode

from nasflow.base.errors import InvalidSpec
from nasflow.networks.build import build
from nasflow.spec.host import Adopted
from nasflow.spec.network import NetworkSpec


class Cost(NamedTuple):
    """Counted from the built modules."""

    parameters: int
    mult_adds: int
    """For one image: of convolutions and the classifier."""


def measure(spec: NetworkSpec) -> Cost:
    """Count on the meta device: nothing is computed, whatever the size.

    A network of somebody else's may decide by what it computes; it is counted for a black image.
    """
    try:
        return _count(spec, "meta")
    except (RuntimeError, NotImplementedError, InvalidSpec):
        if not isinstance(spec.host, Adopted):
            raise
        return _count(spec, "cpu")


def _count(spec: NetworkSpec, device: str) -> Cost:
    with torch.device(device):
        network = build(spec).eval()
        image = torch.zeros(1, spec.channels, spec.size, spec.size)
    counter = FlopCounterMode(display=False)
    with counter, torch.no_grad():
        network(image)
    parameters = sum(parameter.numel() for parameter in network.parameters())
    return Cost(parameters, counter.get_total_flops() // 2)
