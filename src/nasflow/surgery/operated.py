"""What surgery works on."""

from dataclasses import dataclass

from torch import nn

from nasflow.base.errors import InvalidSpec
from nasflow.networks import Cell, cells
from nasflow.search.record import Birth
from nasflow.spec.network import NetworkSpec
from nasflow.spec.tree import Tree


@dataclass(frozen=True)
class Operated:
    """A network with its spec, and those of its operations whose gates are shut."""

    spec: NetworkSpec
    network: nn.Module
    """What is built of the spec, with any weights."""
    births: tuple[Birth, ...] = ()

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

    def tree(self, place: str | None) -> Tree:
        """That of these cells."""
        parts = self.spec.parts
        return parts.cell if place is None else parts.cell_at(place)
