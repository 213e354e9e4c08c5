"""From a spec to a network, and its first weights."""

import math
from collections.abc import Mapping
from functools import lru_cache

import torch
from torch import Tensor, nn

from nasflow.base.errors import InvalidSpec
from nasflow.base.plugins import load
from nasflow.networks.cell import Cell
from nasflow.networks.groups import find_layout
from nasflow.networks.layers import cells, change_layers, place_names
from nasflow.networks.layout import ChannelLayout
from nasflow.networks.resize import resize
from nasflow.spec.channels import check_channels
from nasflow.spec.hosts import Host
from nasflow.spec.network import NetworkSpec
from nasflow.spec.parts import Parts
from nasflow.spec.places import Place, check_parts
from nasflow.spec.tree import Tree


def build(spec: NetworkSpec) -> nn.Module:
    """The network of a spec. Its weights are torch's defaults: load some or `initialise` it.

    Raise InvalidSpec if the host's network is somebody else's and cannot be made, or has no such places.
    """
    if all(part.is_of_host for _, part in spec.parts.own):
        return _made(spec)
    network, widths = _changed(_skeleton(spec)), spec.parts.widths
    if widths:
        layout = layout_of(spec)
        _check_widths(widths, layout)
        resize(network, layout, widths)
    for name, place in place_names(network).items():
        cell = network.get_submodule(name)
        if isinstance(cell, Cell):
            network.set_submodule(name, _planted(cell, spec.parts.cell_at(place)), strict=True)
    return network


def layout_of(spec: NetworkSpec) -> ChannelLayout:
    """The channel groups of a network, which its cells and widths do not change; raise as `find_layout`."""
    return _layout(_skeleton(spec))


# Whoever asks first, and in whatever mode: the graph is found by a backward pass.
@lru_cache(maxsize=32)
@torch.inference_mode(mode=False)
def _layout(skeleton: NetworkSpec) -> ChannelLayout:
    return find_layout(_changed(skeleton), skeleton.channels, skeleton.size)


def _skeleton(spec: NetworkSpec) -> NetworkSpec:
    return spec.with_parts(spec.parts.skeleton())


def _changed(skeleton: NetworkSpec) -> nn.Module:
    """The host's network without the layers that are gone and with those that are new."""
    network = _made(skeleton.with_parts(skeleton.parts.of_host()))
    change_layers(network, skeleton.parts)
    return network


def _planted(cell: Cell, tree: Tree) -> Cell:
    """The cell in a place that may have become wider."""
    planted = cell.resized(tree)
    check_channels(tree, planted.out_channels, planted.groups)
    return planted.train(cell.training)


def _made(spec: NetworkSpec) -> nn.Module:
    network: nn.Module = load(spec.host.BUILDER)(spec, spec.host)
    return network


def _check_widths(widths: Mapping[str, int], layout: ChannelLayout) -> None:
    for name, width in widths.items():
        blocks = layout.group(name).blocks
        if width % blocks:
            raise InvalidSpec(f"{name}: its width is a multiple of {blocks}, and {width} is not")


def check_fit(parts: Parts, host: Host) -> None:
    """Raise InvalidSpec, naming the place or the node, if the parts do not fit into the host."""
    check_parts(parts, all_places(host))


def check_network(spec: NetworkSpec) -> None:
    """Raise InvalidSpec if the network cannot be built; where only cells change, without building it."""
    check_fit(spec.parts, spec.host)
    if spec.parts.widths or spec.parts.skeleton() != Parts():
        build(spec)


def all_places(host: Host) -> tuple[Place, ...]:
    """Where parts can stand in the host, in a network that somebody else wrote too."""
    return _built_places(host) if host.places is None else host.places


@lru_cache(maxsize=8)
def _built_places(host: Host) -> tuple[Place, ...]:
    """The cells of a network that has nothing done to it, which are the same for any images and classes."""
    network = build(NetworkSpec(host=host, channels=3, size=host.least_size, classes=2))
    return tuple(Place(name, "cell", cell.out_channels, cell.groups) for name, cell in cells(network))


def initialise(network: nn.Module, seed: int) -> None:
    """Draw all weights, He fan-out for convolutions (He et al., ICCV 2015): the same for the same seed."""
    generator = torch.Generator().manual_seed(seed)
    for module in network.modules():
        initialise_module(module, generator)


_DRAWN = (nn.Conv2d, nn.BatchNorm2d, nn.Linear)
"""Layers that `initialise` draws by rules of its own."""


def thaw(network: nn.Module) -> None:
    """Let all layers be trained that `initialise` draws: without the weights that they were frozen for, it
    makes no sense to keep them so."""
    for module in network.modules():
        if isinstance(module, _DRAWN) or callable(getattr(module, "reset_parameters", None)):
            for parameter in module.parameters(recurse=False):
                parameter.requires_grad_(True)


def initialise_module(module: nn.Module, generator: torch.Generator) -> None:
    """One module's own weights; modules inside it are left alone."""
    if isinstance(module, nn.Conv2d):
        module.weight.data.normal_(0.0, he_deviation(module.weight, module.groups), generator=generator)
        if module.bias is not None:
            nn.init.zeros_(module.bias)
    elif isinstance(module, nn.BatchNorm2d):
        module.reset_parameters()
    elif isinstance(module, nn.Linear):
        nn.init.kaiming_uniform_(module.weight, nonlinearity="linear", generator=generator)
        if module.bias is not None:  # torch says that it cannot be None: an adopted network's can
            nn.init.zeros_(module.bias)
    elif callable(reset := getattr(module, "reset_parameters", None)):
        # Of an adopted network: as its authors draw it, which is by torch's own generator.
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(int(torch.randint(2**62, (1,), generator=generator)))
            reset()


def he_deviation(weight: Tensor, groups: int) -> float:
    """Standard deviation for weights [out, in / groups, height, width] that keeps the gradients' scale."""
    fan_out = weight.shape[0] // groups * weight[0, 0].numel()
    return math.sqrt(2 / fan_out)
