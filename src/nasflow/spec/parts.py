"""What stands in the places of a host: one cell everywhere, and by name what a place has of its own."""

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import Field, field_serializer, field_validator, model_serializer, model_validator
from pydantic_core.core_schema import SerializerFunctionWrapHandler

from nasflow.base.document import Frozen, is_off
from nasflow.base.plugins import OpenUnion
from nasflow.spec.tree import START_CELL, Tree, TreeText

Kernel = Literal[1, 3, 5, 7]
"""Height and width of a convolution."""


class Part(Frozen):
    """What can stand in a place; `kind` is also the kind of the places that take it."""

    kind: str

    is_of_host: ClassVar[bool] = False
    """Whether the host's own builder reads it; what is not is done to the network that it has built."""


class CellPart(Part):
    """A tree-structured cell in the place of a convolution."""

    is_of_host: ClassVar[bool] = True

    kind: Literal["cell"] = "cell"
    tree: TreeText

    def __str__(self) -> str:
        return str(self.tree)


class Width(Part):
    """How many channels a group has. Its place bears the name of the first layer that writes them."""

    kind: Literal["width"] = "width"
    channels: int = Field(ge=1, le=10_000_000)

    def __str__(self) -> str:
        return str(self.channels)


class Deep(Part):
    """Layers before a layer, as wide as what it reads: convolution, BatchNorm, ReLU."""

    kind: Literal["depth"] = "depth"
    kernels: tuple[Kernel, ...] = Field(min_length=1, max_length=100)
    """The size of each convolution, the first one first."""

    def __str__(self) -> str:
        return " ".join(f"{kernel}x{kernel}" for kernel in self.kernels)


class Gone(Part):
    """A layer or a branch that is left out: what it reads is passed on."""

    kind: Literal["layer"] = "layer"

    def __str__(self) -> str:
        return "gone"


class WrittenLayer(Part):
    """A layer that says what it is: a convolution, BatchNorm, ReLU."""

    is_of_host: ClassVar[bool] = True

    kind: Literal["written"] = "written"
    height: Kernel = 3
    """Of its kernel."""
    width: Kernel = 3
    stride: int = Field(default=1, ge=1, le=4)
    filters: int = Field(ge=1, le=10_000_000)
    reads: tuple[Annotated[int, Field(ge=0)], ...] = ()
    """Numbers of the layers whose outputs it reads, one behind the other; none: the images."""

    @field_validator("reads")
    @classmethod
    def _each_once(cls, reads: tuple[int, ...]) -> tuple[int, ...]:
        return tuple(sorted(set(reads)))

    def __str__(self) -> str:
        stride = f"/{self.stride}" if self.stride > 1 else ""
        reads = ",".join(map(str, self.reads)) or "images"
        return f"{self.height}x{self.width}{stride} {self.filters} of {reads}"


AnyPart = Annotated[Part, OpenUnion("nasflow.parts", (CellPart, Width, Deep, Gone, WrittenLayer))]
Own = tuple[tuple[str, AnyPart], ...]


class Parts(Frozen):
    """All that is done to a host. As text, and in JSON, where nothing is a place's own: the cell alone."""

    cell: TreeText = START_CELL
    """In each place for a cell that has none of its own."""
    own: Own = Field(default=(), exclude_if=is_off)
    """Places by name, in the order of their names, each with its part."""

    @model_validator(mode="before")
    @classmethod
    def _from_cell(cls, given: Any) -> Any:
        return {"cell": given} if isinstance(given, str | Tree) else given

    @field_validator("own", mode="before")
    @classmethod
    def _from_mapping(cls, given: Any) -> Any:
        return tuple(given.items()) if isinstance(given, Mapping) else given

    @field_validator("own")
    @classmethod
    def _in_order(cls, own: Own) -> Own:
        return tuple(sorted(dict(own).items()))

    @field_serializer("own", mode="wrap")
    def _as_mapping(self, own: Any, serialise: SerializerFunctionWrapHandler) -> Any:
        return dict(serialise(own))

    @model_serializer(mode="wrap")
    def _as_text(self, serialise: SerializerFunctionWrapHandler) -> Any:
        return serialise(self) if self.own else str(self.cell)

    def at(self, place: str) -> Part | None:
        """What the place has of its own; None: nothing."""
        return dict(self.own).get(place)

    @property
    def widths(self) -> dict[str, int]:
        """Channels by place, where they are other than the host's."""
        return {place: part.channels for place, part in self.own if isinstance(part, Width)}

    def skeleton(self) -> Self:
        """What changes which layers there are and how they hang together: neither widths nor cells do."""
        kept = tuple(each for each in self.own if not isinstance(each[1], Width | CellPart))
        return self.model_copy(update={"cell": START_CELL, "own": kept})

    def of_host(self) -> Self:
        """What the host's own builder reads."""
        return self.model_copy(update={"own": tuple(each for each in self.own if each[1].is_of_host)})

    def cell_at(self, place: str) -> Tree:
        """The cell in a place for one: its own, or the one that stands everywhere."""
        own = self.at(place)
        return own.tree if isinstance(own, CellPart) else self.cell

    def put(self, place: str, part: Part) -> Self:
        """The same parts with another one in `place`."""
        return self.model_copy(update={"own": tuple(sorted((dict(self.own) | {place: part}).items()))})

    def without(self, layer: str) -> Self:
        """The same parts without those in a layer, inside it, and before it."""
        own = tuple(each for each in self.own if each[0] != layer and not each[0].startswith(f"{layer}."))
        return self.model_copy(update={"own": own})

    def with_cell(self, cell: Tree) -> Self:
        """The same parts with another cell everywhere."""
        return self.model_copy(update={"cell": cell})

    def canonical(self) -> Self:
        """The same parts, each cell in canonical order and only where it is not what stands there anyway."""
        cell = self.cell.canonical()
        own = tuple(
            (place, CellPart(tree=part.tree.canonical()) if isinstance(part, CellPart) else part)
            for place, part in self.own
        )
        other = tuple((place, part) for place, part in own if part != CellPart(tree=cell))
        return self.model_copy(update={"cell": cell, "own": other})

    def __str__(self) -> str:
        own = [f"{place}: {part}" for place, part in self.own]
        shown = [] if own and self.cell == START_CELL else [str(self.cell)]
        return "; ".join(shown + own)
