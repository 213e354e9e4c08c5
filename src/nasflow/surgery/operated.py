"""What surgery works on: a network, and the cells of it that are being edited."""

from collections.abc import Mapping
from copy import deepcopy
from dataclasses import dataclass, field, replace

from torch import Tensor, nn

from nasflow.base.errors import InvalidSpec
from nasflow.networks import Cell, cells
from nasflow.search.record import Birth
from nasflow.spec.channels import edge_widths
from nasflow.spec.network import NetworkSpec
from nasflow.spec.tree import Path, Tree

Weights = dict[str, Tensor]
"""Tensors of a cell by their names in it."""


@dataclass(frozen=True)
class CellState:
    """A cell between two edits: a tree and its tensors, which nobody may change in place.

    Modules after each edit would cost more than all the rest of a birth.
    """

    tree: Tree
    weights: Weights
    """All of the cell's; several names may stand for one tensor."""
    module: Cell
    """What stands in the network so far."""

    @classmethod
    def of(cls, cell: Cell) -> "CellState":
        """A cell as it stands in a network."""
        return cls(cell.tree, cell.state_dict(), cell)

    def edge_widths(self, path: Path) -> tuple[int, int]:
        """The channels that an edge below the root reads and writes; of one of the root the second alone."""
        return edge_widths(self.tree, path, self.module.out_channels, self.module.groups)

    def like(self, layer: nn.Module) -> nn.Module:
        """The layer, on the device of the cell and in its precision."""
        return layer.to(next(self.module.parameters()))

    def built(self) -> Cell:
        """The module of its tree, with tensors of its own, in the mode of what stands in the network."""
        built = self.module.with_tree(self.tree)
        self.like(built).train(self.module.training)
        built.load_state_dict(self.weights)
        return built


@dataclass(frozen=True)
class Operated:
    """A network with its spec, and those of its operations whose gates are shut."""

    spec: NetworkSpec
    network: nn.Module
    """What is built of the spec, with any weights."""
    births: tuple[Birth, ...] = ()
    fresh: tuple[str, ...] = ()
    """Names of BatchNorms that stand open and have seen nothing yet."""
    edited: Mapping[str, CellState] = field(default_factory=dict)
    """Only between two edits: by place, what is to take the place of the network's cell there."""

    def cells(self, place: str | None) -> tuple[tuple[str, Cell], ...]:
        """The cell of a place with the place's name; of None all that have none of their own.

        Raise InvalidSpec if there is no such place.
        """
        found = dict(cells(self.network))
        if place is None:
            return tuple((name, cell) for name, cell in found.items() if self.spec.parts.at(name) is None)
        if place not in found:
            raise InvalidSpec(f"there is no place {place!r}: known are {', '.join(found) or 'none'}")
        return ((place, found[place]),)

    def states(self, place: str | None) -> dict[str, CellState]:
        """What edits have made of these cells so far, by place; raise InvalidSpec as `cells` does."""
        return {name: self.edited.get(name) or CellState.of(cell) for name, cell in self.cells(place)}

    def tree(self, place: str | None) -> Tree:
        """That of these cells."""
        parts = self.spec.parts
        return parts.cell if place is None else parts.cell_at(place)

    def built(self) -> "Operated":
        """The same with a network of its own: a copy that has the edited cells in their places."""
        grown = {id(state.module): state.built() for state in self.edited.values()}
        return replace(self, network=deepcopy(self.network, grown), edited={})
