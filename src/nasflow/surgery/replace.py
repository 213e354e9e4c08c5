"""A new operation in the place of a trained network's identity (Cai et al., ICML 2018, section 3.2)."""

from collections.abc import Iterable, Sequence

import torch
from torch import nn

from nasflow.networks.build import he_deviation
from nasflow.networks.cell import Cell, branch_name
from nasflow.networks.operations import Convolution, Separable
from nasflow.search.record import Birth
from nasflow.spec.edits import Replace
from nasflow.spec.tree import Operation
from nasflow.surgery.cells import Weights, change_cells
from nasflow.surgery.operated import Operated

BIRTH_NOISE = 0.1
"""Noise on the identity kernel of a new operation, in He deviations: it tells equal siblings apart."""


def replace_identity(operated: Operated, edit: Replace, generator: torch.Generator) -> Operated:
    """The new operation starts near the identity, behind a gate (`nasflow.surgery.gates`)."""

    def inherit(cell: Cell, changed: Cell) -> Weights:
        return cell.state_dict() | _near_identity(changed, edit, generator)

    def reborn(births: Sequence[Birth]) -> Iterable[Birth]:
        is_new = edit.operation is not Operation.IDENTITY
        return (*births, *[Birth(path=edit.path, place=edit.place)] * is_new)

    return change_cells(operated, edit, inherit, reborn)


def _near_identity(changed: Cell, edit: Replace, generator: torch.Generator) -> Weights:
    """The weights of a new operation that passes its (positive) input on, but for a little noise."""
    name = branch_name(edit.path) + ".operation"
    operation = changed.get_submodule(name)
    if isinstance(operation, Separable):
        _near_dirac(operation.depthwise, generator)
    if isinstance(operation, Separable | Convolution):
        _near_dirac(operation.weight, generator)
    return {f"{name}.{part}": tensor for part, tensor in operation.state_dict().items()}


def _near_dirac(convolution: nn.Conv2d, generator: torch.Generator) -> None:
    weight = convolution.weight.data
    noise = torch.randn(weight.shape, generator=generator).to(weight)
    nn.init.dirac_(weight, convolution.groups)
    weight += noise * BIRTH_NOISE * he_deviation(weight, convolution.groups)
