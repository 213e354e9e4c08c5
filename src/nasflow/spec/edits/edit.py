"""What an edit is: one change of a network, as data; its maths on trained tensors is a surgeon's."""

from collections.abc import Iterable
from typing import ClassVar

from pydantic import Field

from nasflow.base.document import Frozen
from nasflow.spec.network import NetworkSpec
from nasflow.spec.parts import CellPart, Width
from nasflow.spec.places import check_parts
from nasflow.spec.tree import Path, Tree, show_path


class Edit(Frozen):
    """One change of a network. A new kind is a class like this and the surgeon that `SURGEON` names."""

    SURGEON: ClassVar[str]
    """Address of its surgeon: called with an `Operated` of nasflow.surgery, whose network is its own to
    change (that of a CellEdit: by `change_cells` alone), the edit and a torch.Generator, it gives the
    Operated after the edit.
    """
    preserves: ClassVar[bool] = True
    """Whether the function of the network stays what it was; if not, the receipt says by how much it
    differs.
    """

    kind: str

    def apply(self, network: NetworkSpec) -> NetworkSpec:
        """The network after the edit; raise InvalidSpec if the edit does not fit it."""
        raise NotImplementedError


class CellEdit(Edit):
    """An edit of a tree-structured cell: of all that share one, or of one place's own."""

    path: Path
    """Of the node or the edge in the tree that changes."""
    place: str | None = None
    """None: the cell that stands in each place without one of its own."""

    def change(self, tree: Tree) -> Tree:
        """The cell after the edit; raise InvalidSpec if the edit does not fit it."""
        raise NotImplementedError

    def apply(self, network: NetworkSpec) -> NetworkSpec:
        """See Edit."""
        parts = network.parts
        if self.place is None:
            changed = parts.with_cell(self.change(parts.cell))
        else:
            changed = parts.put(self.place, CellPart(tree=self.change(parts.cell_at(self.place))))
        if network.host.places is not None:
            check_parts(changed, network.host.places)
        return network.with_parts(changed)

    @property
    def where(self) -> str:
        """The path for people, with the place where there is one."""
        return show_path(self.path) + (f" in {self.place}" if self.place else "")


class WidthEdit(Edit):
    """An edit of a channel group: how many channels it has from then on."""

    place: str
    """The group's."""
    channels: int = Field(ge=1, le=10_000_000)

    def apply(self, network: NetworkSpec) -> NetworkSpec:
        """See Edit; which groups there are, only the network that is built can say."""
        return network.with_parts(network.parts.put(self.place, Width(channels=self.channels)))


def apply_all(edits: Iterable[Edit], network: NetworkSpec) -> NetworkSpec:
    """The network after one edit after the other; raise InvalidSpec if one does not fit."""
    for edit in edits:
        network = edit.apply(network)
    return network
