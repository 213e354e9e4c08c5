"""The removal space (Ashok et al., ICLR 2018): the start network, with fewer layers, then narrower."""

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field

from nasflow.search.spaces.layered import (
    REMOVE,
    RESIZE,
    LayerQuestions,
    ask_removals,
    ask_widths,
    layer_edits,
)
from nasflow.search.spaces.protocol import Asking, Space
from nasflow.spec.edits import Edit
from nasflow.spec.network import NetworkSpec


class RemovalSpace(Space):
    """Layers and branches that may go; then each channel group as wide as at the start, or narrower."""

    transfers: ClassVar[bool] = False
    controller: ClassVar[str] = "n2n"
    objective: ClassVar[Mapping[str, Any] | None] = {
        "maximise": "held_out_accuracy",
        "compress": {"parameters": "start"},
    }

    kind: Literal["removal"] = "removal"
    narrow: tuple[Annotated[float, Field(gt=0, lt=1)], ...] = Field(
        default=(0.75, 0.5, 0.25), min_length=1, max_length=20
    )
    """Factors, besides 1."""
    removals: int = Field(default=4, ge=0, le=1000)
    """At most so many layers and branches."""

    def heads(self) -> Mapping[str, int]:
        """See Space."""
        return {REMOVE: 2, RESIZE: 1 + len(self.narrow)}

    def episode(self, start: NetworkSpec) -> Asking:
        """See Space; layers first, then widths."""
        questions = LayerQuestions(start)
        fewer = yield from ask_removals(questions, start, self.removals)
        return (yield from ask_widths(questions, start, fewer, (1.0, *self.narrow)))

    def edits(self, parent: NetworkSpec, network: NetworkSpec) -> tuple[Edit, ...] | None:
        """See Space."""
        return layer_edits(parent, network) if parent.parts.cell == network.parts.cell else None
