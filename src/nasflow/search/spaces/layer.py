"""The layer space (Cai et al., AAAI 2018): the start network, wider and deeper."""

from collections.abc import Mapping
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from nasflow.search.spaces.layered import (
    DEEPEN,
    RESIZE,
    LayerQuestions,
    ask_new_layers,
    ask_widths,
    layer_edits,
)
from nasflow.search.spaces.protocol import Asking, Space
from nasflow.spec.edits import Edit
from nasflow.spec.network import NetworkSpec
from nasflow.spec.parts import Kernel


class LayerSpace(Space):
    """Each channel group as wide as at the start, or wider; new layers where one can be the identity."""

    only_grows: ClassVar[bool] = True
    transfers: ClassVar[bool] = False
    controller: ClassVar[str] = "eas"

    kind: Literal["layer"] = "layer"
    widen: tuple[Annotated[float, Field(gt=1, le=100)], ...] = Field(
        default=(1.5, 2.0), min_length=1, max_length=20
    )
    """Factors, besides 1."""
    kernels: tuple[Kernel, ...] = Field(default=(1, 3, 5), max_length=4)
    """Of new layers."""
    new_layers: int = Field(default=4, ge=0, le=100)
    """At most so many."""

    def heads(self) -> Mapping[str, int]:
        """See Space."""
        return {DEEPEN: 1 + len(self.kernels), RESIZE: 1 + len(self.widen)}

    def episode(self, start: NetworkSpec) -> Asking:
        """See Space; new layers first, then widths."""
        questions = LayerQuestions(start)
        deeper = yield from ask_new_layers(questions, start, self.kernels, self.new_layers)
        return (yield from ask_widths(questions, start, deeper, (1.0, *self.widen)))

    def edits(self, parent: NetworkSpec, network: NetworkSpec) -> tuple[Edit, ...] | None:
        """See Space."""
        if parent.parts.cell != network.parts.cell:
            return None
        found = layer_edits(parent, network)
        return found if found is None or all(each.preserves for each in found) else None
