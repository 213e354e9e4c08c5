"""A new operation in the place of a trained network's identity (Cai et al., ICML 2018, section 3.2)."""

from collections.abc import Iterable, Sequence

import torch
from torch import nn

from nasflow.networks.build import he_deviation
from nasflow.networks.cell import branch_name
from nasflow.networks.operations import Convolution, Separable, operation
from nasflow.search.record import Birth
from nasflow.spec.edits import Replace
from nasflow.spec.tree import Operation
from nasflow.surgery.cells import change_cells
from nasflow.surgery.operated import CellState, Operated, Weights

BIRTH_NOISE = 0.1
"""Noise on the identity kernel of a new operation, in He deviations: it tells equal siblings apart."""


def replace_identity(operated: Operated, edit: Replace, generator: torch.Generator) -> Operated:
    """The new operation starts near the identity, behind a gate (`nasflow.surgery.gates`)."""

    def inherit(cell: CellState) -> Weights:
        return cell.weights | _near_identity(cell, edit, generator)

    def reborn(births: Sequence[Birth]) -> Iterable[Birth]:
        is_new = edit.operation is not Operation.IDENTITY
        return (*births, *[Birth(path=edit.path, place=edit.place)] * is_new)

    return change_cells(operated, edit, inherit, reborn)


def _near_identity(cell: CellState, edit: Replace, generator: torch.Generator) -> Weights:
    """The weights of a new operation that passes its (positive) input on, but for a little noise."""
    new = cell.like(operation(edit.operation, *cell.edge_widths(edit.path)))
    if isinstance(new, Separable):
        _near_dirac(new.depthwise, generator)
    if isinstance(new, Separable | Convolution):
        _near_dirac(new.weight, generator)
    return new.state_dict(prefix=branch_name(edit.path) + ".operation.")


def _near_dirac(convolution: nn.Conv2d, generator: torch.Generator) -> None:
    weight = convolution.weight.data
    noise = torch.randn(weight.shape, generator=generator).to(weight)
    nn.init.dirac_(weight, convolution.groups)
    weight += noise * BIRTH_NOISE * he_deviation(weight, convolution.groups)
