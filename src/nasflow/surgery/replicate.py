"""Replicate-Add on trained weights (Cai et al., ICML 2018, section 3.1)."""

import torch

from nasflow.spec.edits import Replicate
from nasflow.surgery.cells import change_cells, copied_births, copied_weights
from nasflow.surgery.operated import CellState, Operated, Weights


def replicate_branch(operated: Operated, edit: Replicate, generator: torch.Generator) -> Operated:
    """Every branch is a copy, and `add` takes the mean: the same to the bit.

    The paper's noise on copies is left out: it would not preserve the function, and what grows below the
    copies tells them apart.
    """

    def inherit(cell: CellState) -> Weights:
        return copied_weights(cell, edit.path, edit.count)

    return change_cells(operated, edit, inherit, lambda births: copied_births(births, edit.path, edit.count))
