"""Edits of somebody else's, which do not preserve: named by their SURGEON as `tests.surgery.forget:...`."""

from typing import ClassVar, Literal

import torch

from nasflow.spec.edits import CellEdit, Edit
from nasflow.spec.network import NetworkSpec
from nasflow.spec.tree import Tree
from nasflow.surgery.cells import change_cells
from nasflow.surgery.operated import CellState, Operated, Weights


class Forget(CellEdit):
    """The cell loses all that it has learned, and keeps its tree."""

    SURGEON: ClassVar[str] = "tests.surgery.forget:forget"
    preserves: ClassVar[bool] = False

    kind: Literal["forget"] = "forget"
    path: tuple[int, ...] = ()

    def change(self, tree: Tree) -> Tree:
        """See CellEdit."""
        return tree

    def __str__(self) -> str:
        return "forget everything"


def forget(operated: Operated, edit: Forget, generator: torch.Generator) -> Operated:
    """See Forget."""

    def inherit(cell: CellState) -> Weights:
        return {name: torch.zeros_like(tensor) for name, tensor in cell.weights.items()}

    return change_cells(operated, edit, inherit)


class Noise(Edit):
    """The weights of the whole network get some noise."""

    SURGEON: ClassVar[str] = "tests.surgery.forget:add_noise"
    preserves: ClassVar[bool] = False

    kind: Literal["noise"] = "noise"

    def apply(self, network: NetworkSpec) -> NetworkSpec:
        """See Edit."""
        return network

    def __str__(self) -> str:
        return "add noise"


def add_noise(operated: Operated, edit: Noise, generator: torch.Generator) -> Operated:
    """See Noise; it changes in place what it is given."""
    for parameter in operated.network.parameters():
        parameter.data += torch.randn(parameter.shape, generator=generator)
    return operated
