"""From a spec to a network, and its first weights."""

import math

import torch
from torch import Tensor, nn

from nasflow.networks.adopted import adopted_places, build_adopted
from nasflow.networks.condensenet import CondenseNetwork
from nasflow.networks.densenet import DenseNetwork
from nasflow.networks.pyramidnet import PyramidNetwork
from nasflow.spec.host import Adopted, AnyHost, CondenseNet, DenseNet, NasNet, PyramidNet, check_cell, places
from nasflow.spec.network import NetworkSpec
from nasflow.spec.tree import Tree
from nasflow.studies.nasnet import NasNetwork


def build(spec: NetworkSpec) -> nn.Module:
    """The network of a spec. Its weights are torch's defaults: load some or `initialise` it."""
    match spec.host:
        case DenseNet() as host:
            return DenseNetwork(spec, host)
        case PyramidNet() as host:
            return PyramidNetwork(spec, host)
        case CondenseNet() as host:
            return CondenseNetwork(spec, host)
        case NasNet() as host:
            return NasNetwork(spec, host)
        case Adopted() as host:
            check_fit(spec.cell, host)
            return build_adopted(spec, host)


def check_fit(cell: Tree, host: AnyHost) -> None:
    """Raise InvalidSpec, naming the node, if the cell does not fit one of its places in the host."""
    check_cell(cell, all_places(host))


def all_places(host: AnyHost) -> tuple[tuple[int, int], ...]:
    """Output channels and groups of each place for a cell, in a network that somebody else wrote too."""
    return adopted_places(host) if isinstance(host, Adopted) else places(host)


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
