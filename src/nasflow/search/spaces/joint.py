"""The joint space: a network's layers, widths and cells in one episode.

What the paper names as the full reach of network transformation (Cai et al., ICML 2018, section 5), and with
it the other way: grow where it helps, shrink where it does not.
"""

from collections.abc import Mapping
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from nasflow.search.spaces.layered import (
    DEEPEN,
    REMOVE,
    RESIZE,
    LayerQuestions,
    ask_new_layers,
    ask_removals,
    ask_widths,
    layer_edits,
)
from nasflow.search.spaces.path import PathSpace
from nasflow.search.spaces.protocol import Asking, Space
from nasflow.spec.edits import Edit
from nasflow.spec.network import NetworkSpec
from nasflow.spec.parts import Kernel


class JointSpace(Space):
    """Layers that go, new layers, channel groups that are narrower or wider, then the cell."""

    transfers: ClassVar[bool] = False

    kind: Literal["joint"] = "joint"
    removals: int = Field(default=2, ge=0, le=1000)
    """At most so many layers and branches go."""
    kernels: tuple[Kernel, ...] = Field(default=(1, 3, 5), max_length=4)
    """Of new layers."""
    new_layers: int = Field(default=2, ge=0, le=100)
    """At most so many."""
    widths: tuple[Annotated[float, Field(gt=0, le=100)], ...] = Field(
        default=(0.25, 0.5, 0.75, 1.5, 2.0), min_length=1, max_length=20
    )
    """Factors, besides 1."""
    cells: PathSpace | None = PathSpace(max_depth=2)
    """What can become of the cell; null: nothing."""

    def heads(self) -> Mapping[str, int]:
        """See Space."""
        layers = {REMOVE: 2, DEEPEN: 1 + len(self.kernels), RESIZE: 1 + len(self.widths)}
        return {**layers, **(self.cells.heads() if self.cells else {})}

    def episode(self, start: NetworkSpec) -> Asking:
        """See Space."""
        questions = LayerQuestions(start)
        network = yield from ask_removals(questions, start, self.removals)
        network = yield from ask_new_layers(questions, network, self.kernels, self.new_layers)
        network = yield from ask_widths(questions, start, network, (1.0, *self.widths))
        if self.cells and start.host.takes_cells:
            network = yield from self.cells.episode(network)
        return network

    def edits(self, parent: NetworkSpec, network: NetworkSpec) -> tuple[Edit, ...] | None:
        """See Space; a cell grows last: what it writes has a fixed width from then on."""
        layers = layer_edits(parent, network)
        if layers is None:
            return None
        if parent.parts.cell == network.parts.cell:
            growths: tuple[Edit, ...] | None = ()
        elif self.cells:
            with_layers = parent.with_parts(network.parts.with_cell(parent.parts.cell))
            growths = self.cells.edits(with_layers, network)
        else:
            growths = None
        grown = parent.parts.cell != parent.parts.skeleton().cell
        return None if growths is None or (layers and grown) else (*layers, *growths)
