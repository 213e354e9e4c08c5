"""A node below a trained edge (Cai et al., ICML 2018, section 3.2)."""

import torch
from torch import nn

from nasflow.networks.cell import Cell, branch_name
from nasflow.spec.edits import Insert
from nasflow.surgery.cells import Weights, change_cells
from nasflow.surgery.operated import Operated


def insert_node(operated: Operated, edit: Insert, generator: torch.Generator) -> Operated:
    """An identity; below the root a BatchNorm with weight zero comes with it, so that it is not heard."""

    def inherit(cell: Cell, changed: Cell) -> Weights:
        return cell.state_dict() | (_silent_norm(changed, edit) if len(edit.path) == 1 else {})

    return change_cells(operated, edit, inherit)


def _silent_norm(changed: Cell, edit: Insert) -> Weights:
    """The BatchNorm of a root branch, giving zero whatever it reads."""
    name = branch_name(edit.path) + ".norm"
    norm = changed.get_submodule(name)
    assert isinstance(norm, nn.BatchNorm2d)
    nn.init.zeros_(norm.weight)
    return {f"{name}.{part}": tensor for part, tensor in norm.state_dict().items()}
