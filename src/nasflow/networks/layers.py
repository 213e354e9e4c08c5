"""Other layers: some of a host's are left out, some have new ones before them."""

from collections.abc import Iterable, Iterator

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from nasflow.base.errors import InvalidSpec
from nasflow.networks.cell import Cell
from nasflow.spec.parts import Deep, Gone, Parts

BEFORE = ".before"
"""How the name of a place for new layers ends: before it stands that of the layer that reads them."""


class NewLayer(nn.Module):
    """A convolution, BatchNorm and ReLU, of as many channels as it reads."""

    def __init__(self, channels: int, kernel: int) -> None:
        super().__init__()
        self.weight = nn.Conv2d(channels, channels, kernel, padding=kernel // 2, bias=False)
        self.norm = nn.BatchNorm2d(channels)

    def forward(self, x: Tensor) -> Tensor:
        """[batch, channels, height, width] -> the same shape."""
        return F.relu(self.norm(self.weight(x)))

    @torch.no_grad()
    def be_identity(self) -> None:
        """Pass on what is not negative as it is, while BatchNorm has seen nothing."""
        nn.init.dirac_(self.weight.weight)
        nn.init.constant_(self.norm.weight, (1 + self.norm.eps) ** 0.5)


class Deepened(nn.Module):
    """A layer with new ones before it."""

    def __init__(self, layer: nn.Module, channels: int, kernels: Iterable[int]) -> None:
        super().__init__()
        self.before = nn.Sequential(*(NewLayer(channels, kernel) for kernel in kernels))
        self.layer = layer

    def forward(self, x: Tensor) -> Tensor:
        """As the layer itself."""
        out: Tensor = self.layer(self.before(x))
        return out


def change_layers(network: nn.Module, parts: Parts) -> None:
    """Leave out and insert layers, in place; raise InvalidSpec if there is no such layer."""
    for place, part in parts.own:
        if isinstance(part, Gone):
            network.set_submodule(place, _passing(_layer(network, place)), strict=True)
    for place, part in parts.own:
        if isinstance(part, Deep):
            name = place.removesuffix(BEFORE)
            layer = _layer(network, name)
            if not isinstance(layer, nn.Conv2d | Cell) or not place.endswith(BEFORE):
                raise InvalidSpec(f"{place}: new layers stand before a convolution or a cell")
            deepened = Deepened(layer, layer.in_channels, part.kernels)
            network.set_submodule(name, deepened.train(layer.training), strict=True)


def _passing(layer: nn.Module) -> nn.Module:
    return nn.Identity().train(layer.training)


def _layer(network: nn.Module, name: str) -> nn.Module:
    try:
        return network.get_submodule(name)
    except AttributeError:
        raise InvalidSpec(f"there is no layer {name!r}") from None


def cells(network: nn.Module) -> Iterator[tuple[str, Cell]]:
    """Each cell of a network with the name of its place."""
    for name, place in place_names(network).items():
        module = network.get_submodule(name)
        if isinstance(module, Cell):
            yield place, module


def place_names(network: nn.Module) -> dict[str, str]:
    """The name that each layer has as a place, by the one that it has in the network.

    A layer that others were put before is one level further down than its place says.
    """
    inside = [name for name, module in network.named_modules() if isinstance(module, Deepened)]

    def place(name: str) -> str:
        for outer in inside:
            layer = f"{outer}.layer"
            if name == layer or name.startswith(f"{layer}."):
                name = outer + name.removeprefix(layer)
        return name

    # A wrapper comes before what it wraps, and is none itself.
    return {name: place(name) for name, _ in network.named_modules() if name not in inside}
