"""What a network costs: parameters, and multiply-adds for one image; counted from the built modules.

On the meta device: nothing is computed, whatever the size, and no weight takes any memory.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import lru_cache
from typing import NamedTuple, TypeVar

import torch
from torch import Tensor, nn
from torch.utils.flop_counter import FlopCounterMode

from nasflow.base.errors import InvalidSpec
from nasflow.networks import build
from nasflow.search.measures import Measured
from nasflow.spec.network import NetworkSpec

_Counted = TypeVar("_Counted")


def parameters(spec: NetworkSpec) -> Measured:
    """The numbers that training can change, those that are frozen included."""
    return Measured(value=_parameters(spec), unit="parameters")


def mult_adds(spec: NetworkSpec) -> Measured:
    """Multiplications with an addition for one image: of convolutions and the classifier."""
    return Measured(value=_mult_adds(spec), unit="mult-adds")


def layers(spec: NetworkSpec) -> int:
    """Modules that have none inside: each is some kernels, which take their time however small they are."""
    return on_any_device(spec, lambda network, _: sum(not any(each.children()) for each in network.modules()))


class Cost(NamedTuple):
    """Counted from the built modules."""

    parameters: int
    mult_adds: int
    """For one image."""


def cost_of(network: nn.Module, image: Tensor) -> Cost:
    """Of any network, shown `image` [1, channels, height, width]; both may be on the meta device."""
    counter = FlopCounterMode(display=False)
    with norms_replaced(network, image, _handed_on), counter, torch.no_grad():
        network.eval()(image)
    return Cost(_size(network), counter.get_total_flops() // 2)


@contextmanager
def norms_replaced(network: nn.Module, image: Tensor, by: Callable[[Tensor], Tensor]) -> Iterator[None]:
    """Where nothing is computed, BatchNorms give what `by` does of what they read: they change no shape, and
    following each through its meta kernel takes two thirds of the time.
    """
    norms = [each for each in network.modules() if image.is_meta and type(each) is nn.BatchNorm2d]
    for each in norms:
        each.forward = by  # type: ignore[assignment, method-assign]
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
    return on_any_device(spec, lambda network, _: _size(network))


@lru_cache(maxsize=1024)
def _mult_adds(spec: NetworkSpec) -> int:
    return on_any_device(spec, lambda network, image: cost_of(network, image).mult_adds)


def _size(network: nn.Module) -> int:
    return sum(parameter.numel() for parameter in network.parameters())


def on_any_device(
    spec: NetworkSpec,
    count: Callable[[nn.Module, Tensor], _Counted],
    make: Callable[[NetworkSpec], nn.Module] | None = None,
) -> _Counted:
    """What `count` says of the network and of an image [1, channels, height, width]; `make` gives the network
    another form than `build`.

    On the meta device; where somebody else's network cannot be there, on the CPU. Raise what `make` and
    `count` raise.
    """
    try:
        return count(*_on("meta", spec, make or build))
    except (RuntimeError, NotImplementedError, InvalidSpec):
        if spec.host.places is not None:
            raise
        # Somebody else's network may decide by what it computes: it is counted for a black image.
        return count(*_on("cpu", spec, make or build))


def _on(device: str, spec: NetworkSpec, make: Callable[[NetworkSpec], nn.Module]) -> tuple[nn.Module, Tensor]:
    with torch.device(device):
        return make(spec), torch.zeros(1, spec.channels, spec.size, spec.size)
