"""Split-Concat on trained weights (Cai et al., ICML 2018, section 3.1)."""

from collections.abc import Iterable, Sequence

import torch
from torch import Tensor

from nasflow.networks.cell import branch_name
from nasflow.search.record import Birth
from nasflow.spec.channels import shares
from nasflow.spec.edits import Split
from nasflow.surgery.cells import change_cells, copied_births, copied_weights
from nasflow.surgery.operated import CellState, Operated, Weights

_LAST = ("operation.weight.weight", "operation.weight.bias")
"""Of a branch: its last convolution, and that one's bias where an adopted one has it."""


def split_branch(operated: Operated, edit: Split, generator: torch.Generator) -> Operated:
    """The last weight of the branch is cut along its output channels, group by group; all else is copied."""

    def inherit(cell: CellState) -> Weights:
        return _parts(cell, edit)

    def reborn(births: Sequence[Birth]) -> Iterable[Birth]:
        copies = copied_births(births, edit.path, edit.count)
        operation = operated.tree(edit.place).branch((*edit.path, 0)).operation
        return (_shared(birth, edit) for birth in copies) if operation.mixes_channels else copies

    return change_cells(operated, edit, inherit, reborn)


def _parts(cell: CellState, edit: Split) -> Weights:
    weights = copied_weights(cell, edit.path, edit.count)
    branches = [branch_name((*edit.path, number)) for number in range(edit.count)]
    groups = 1 if edit.path else cell.module.groups
    for last in _LAST:
        if f"{branches[0]}.{last}" in weights:
            cuts = cut(weights[f"{branches[0]}.{last}"], edit.count, groups)
            weights |= {f"{branch}.{last}": part for branch, part in zip(branches, cuts, strict=True)}
    return weights


def cut(weight: Tensor, count: int, groups: int) -> list[Tensor]:
    """Cut a weight [out, ...] along its output channels, evenly from each group."""
    widths = [width // groups for width in shares(weight.shape[0], count, groups)]
    parts = torch.split(torch.unflatten(weight, 0, (groups, -1)), widths, dim=1)
    return [part.flatten(0, 1).clone() for part in parts]


def _shared(birth: Birth, edit: Split) -> Birth:
    """A part of a shut operation that was cut: it reads everything, but passes on a share."""
    is_part = birth.path[:-1] == edit.path
    return birth.model_copy(update={"share": (birth.path[-1], edit.count)}) if is_part else birth
