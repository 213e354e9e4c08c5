"""A node below a trained edge (Cai et al., ICML 2018, section 3.2)."""

import torch
from torch import nn

from nasflow.networks.cell import branch_name
from nasflow.spec.edits import Insert
from nasflow.surgery.cells import change_cells
from nasflow.surgery.operated import CellState, Operated, Weights


def insert_node(operated: Operated, edit: Insert, generator: torch.Generator) -> Operated:
    """An identity; below the root a BatchNorm with weight zero comes with it, so that it is not heard."""

    def inherit(cell: CellState) -> Weights:
        return cell.weights | (_silent_norm(cell, edit) if len(edit.path) == 1 else {})

    return change_cells(operated, edit, inherit)


def _silent_norm(cell: CellState, edit: Insert) -> Weights:
    """The BatchNorm of a root branch, giving zero whatever it reads."""
    norm = nn.BatchNorm2d(cell.edge_widths(edit.path)[1])
    nn.init.zeros_(norm.weight)
    return cell.like(norm).state_dict(prefix=branch_name(edit.path) + ".norm.")
