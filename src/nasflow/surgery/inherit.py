"""What the weights of a cell become under one transform: pure functions on named tensors.

The tree of the new cell comes from `nasflow.spec.growth`, its modules from `nasflow.networks`; here
each new tensor gets its value from an old one, so a grown cell is by construction what its spec says.

- Replicate-Add: every branch is a copy; `add` takes the mean. The paper's noise on copies is left out:
  it would not preserve the function, and what grows below the copies tells them apart.
- Split-Concat: the last weight is cut along its output channels, group by group.
- Insert: an identity; at the root a BatchNorm with weight zero.
- Replace: the new operation starts near the identity, behind a gate (`nasflow.surgery.gates`).
"""

import torch
from torch import Tensor, nn

from nasflow.networks.build import he_deviation
from nasflow.networks.cell import Cell, branch_name
from nasflow.networks.operations import Convolution, Separable
from nasflow.spec.channels import shares
from nasflow.spec.growth import Insert, Replace, Replicate, Split, Transform, apply
from nasflow.spec.tree import Path

Weights = dict[str, Tensor]

BIRTH_NOISE = 0.1
"""Noise on the identity kernel of a new operation, in He deviations: it tells equal siblings apart."""


def inherit(cell: Cell, transform: Transform, generator: torch.Generator) -> Cell:
    """A new cell, grown by `transform`, that computes what `cell` computes (a replaced edge shut)."""
    grown = cell.with_tree(apply(cell.tree, transform))
    grown.to(next(cell.parameters())).train(cell.training)
    weights = {name: tensor.clone() for name, tensor in cell.state_dict().items()}
    match transform:
        case Replicate(path=path, count=count):
            weights = _replicated(weights, path, count)
        case Split(path=path, count=count):
            weights = _split(weights, cell, path, count)
        case Insert(path=path):
            weights |= _silent_norm(grown, path)
        case Replace(path=path):
            weights |= _near_identity(grown, path, generator)
    grown.load_state_dict(weights)
    return grown


def _replicated(weights: Weights, path: Path, count: int) -> Weights:
    source = branch_name((*path, 0)) + "."
    copies = dict(weights)
    for number in range(count):
        target = branch_name((*path, number)) + "."
        for name, tensor in _below(weights, source).items():
            copies[target + name.removeprefix(source)] = tensor.clone()
    return copies


def _split(weights: Weights, cell: Cell, path: Path, count: int) -> Weights:
    source = branch_name((*path, 0)) + "."
    # The last convolution's, and its bias where an adopted one has it.
    last = {source + "operation.weight.weight", source + "operation.weight.bias"}
    groups = 1 if path else cell.groups
    parts = {name: cut(weights[name], count, groups) for name in last & weights.keys()}
    copies = dict(weights)
    for number in range(count):
        target = branch_name((*path, number)) + "."
        for name, tensor in _below(weights, source).items():
            part = parts[name][number] if name in parts else tensor.clone()
            copies[target + name.removeprefix(source)] = part
    return copies


def cut(weight: Tensor, count: int, groups: int) -> list[Tensor]:
    """Cut a weight [out, ...] along its output channels, evenly from each group."""
    widths = [width // groups for width in shares(weight.shape[0], count, groups)]
    parts = torch.split(torch.unflatten(weight, 0, (groups, -1)), widths, dim=1)
    return [part.flatten(0, 1).clone() for part in parts]


def _silent_norm(grown: Cell, path: Path) -> Weights:
    """A root branch's BatchNorm that gives zero whatever it reads; nothing for an inner node."""
    if len(path) > 1:
        return {}
    prefix = branch_name(path) + "."
    norm = grown.get_submodule(prefix + "norm")
    state = {f"{prefix}norm.{name}": tensor.clone() for name, tensor in norm.state_dict().items()}
    state[prefix + "norm.weight"].zero_()
    return state


def _near_identity(grown: Cell, path: Path, generator: torch.Generator) -> Weights:
    """The weights of a new operation that passes its (positive) input on, but for a little noise."""
    prefix = branch_name(path) + ".operation"
    operation = grown.get_submodule(prefix)
    if isinstance(operation, Separable):
        _near_dirac(operation.depthwise, generator)
    if isinstance(operation, Separable | Convolution):
        _near_dirac(operation.weight, generator)
    return {f"{prefix}.{name}": tensor for name, tensor in operation.state_dict().items()}


def _near_dirac(convolution: nn.Conv2d, generator: torch.Generator) -> None:
    weight = convolution.weight.data
    noise = torch.randn(weight.shape, generator=generator).to(weight)
    nn.init.dirac_(weight, convolution.groups)
    weight += noise * BIRTH_NOISE * he_deviation(weight, convolution.groups)


def _below(weights: Weights, prefix: str) -> Weights:
    return {name: tensor for name, tensor in weights.items() if name.startswith(prefix)}
