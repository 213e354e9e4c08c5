"""An edit of somebody else's, which does not preserve: named by its SURGEON as `tests.surgery.forget:...`."""

from typing import ClassVar, Literal

import torch

from nasflow.networks import Cell
from nasflow.spec.edits import CellEdit
from nasflow.spec.tree import Tree
from nasflow.surgery.cells import Weights, change_cells
from nasflow.surgery.operated import Operated


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

    def inherit(cell: Cell, changed: Cell) -> Weights:
        return {name: torch.zeros_like(tensor) for name, tensor in cell.state_dict().items()}

    return change_cells(operated, edit, inherit)
