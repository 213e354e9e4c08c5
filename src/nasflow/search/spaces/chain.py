"""The chain space (Zoph and Le, ICLR 2017): a network that is written from nothing, token by token."""

from collections.abc import Generator, Mapping
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from nasflow.search.spaces.line import LineSight
from nasflow.search.spaces.protocol import Asking, Question, Space
from nasflow.spec.edits import Edit
from nasflow.spec.hosts import Written
from nasflow.spec.network import NetworkSpec
from nasflow.spec.parts import Kernel, WrittenLayer

_HEIGHT, _WIDTH, _STRIDE, _FILTERS, _SKIP = "height", "width", "stride", "filters", "skip"
"""The decisions. Of a layer: one of the sizes. Of a layer and one before it: it does not read it (0), or it
does (1).
"""

Stride = Annotated[int, Field(ge=1, le=4)]
Filters = Annotated[int, Field(ge=1, le=100_000)]


class ChainSpace(Space):
    """Each layer's height, width, stride and filters, and which layers it reads."""

    changes: ClassVar[str | None] = "written"
    inherits: ClassVar[bool] = False
    transfers: ClassVar[bool] = False

    kind: Literal["chain"] = "chain"
    kernels: tuple[Kernel, ...] = Field(default=(1, 3, 5, 7), min_length=1, max_length=4)
    """Heights and widths."""
    strides: tuple[Stride, ...] = Field(default=(1, 2), min_length=1, max_length=4)
    """Of a layer."""
    filters: tuple[Filters, ...] = Field(default=(24, 36, 48, 64), min_length=1, max_length=20)
    """Of a layer."""

    def heads(self) -> Mapping[str, int]:
        """See Space."""
        kernels, strides, filters = len(self.kernels), len(self.strides), len(self.filters)
        return {_HEIGHT: kernels, _WIDTH: kernels, _STRIDE: strides, _FILTERS: filters, _SKIP: 2}

    def episode(self, start: NetworkSpec) -> Asking:
        """See Space: layer by layer; a policy may look back at what it had in mind at a layer that is asked
        about again (its anchor).
        """
        assert isinstance(start.host, Written)
        parts, decisions, anchors = start.parts, 0, list[int]()
        for number, (place, plain) in enumerate(zip(start.host.places, start.host.plain, strict=True)):
            layer = yield from self._layer(place.name)
            decisions += 4
            reads = yield from _reads(place.name, anchors)
            anchors.append(decisions)
            decisions += number
            written = layer.model_copy(update={"reads": reads})
            parts = parts.without(place.name)
            if written != plain:
                parts = parts.put(place.name, written)
        return start.with_parts(parts)

    def _layer(self, place: str) -> Generator[Question, int, WrittenLayer]:
        sizes = {_HEIGHT: self.kernels, _WIDTH: self.kernels, _STRIDE: self.strides, _FILTERS: self.filters}
        chosen = {}
        for head, values in sizes.items():
            answer = yield Question(head, place, (True,) * len(values), LineSight())
            chosen[head] = values[answer]
        return WrittenLayer.model_validate(chosen)

    def edits(self, parent: NetworkSpec, network: NetworkSpec) -> tuple[Edit, ...] | None:
        """See Space: nothing is made of anything else."""
        return () if parent.parts == network.parts else None


def _reads(place: str, anchors: list[int]) -> Generator[Question, int, tuple[int, ...]]:
    """Which of the layers before it a layer reads."""
    found = []
    for number, anchor in enumerate(anchors):
        if (yield Question(_SKIP, (place, number), (True, True), LineSight(anchor=anchor))):
            found.append(number)
    return tuple(found)
