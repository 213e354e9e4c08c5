"""A network as a line of layers: what a policy may read of it."""

from dataclasses import dataclass
from typing import Literal, NamedTuple

LayerType = Literal["convolution", "depthwise", "cell", "linear", "pool", "other"]


class LayerFigures(NamedTuple):
    """One layer."""

    type: LayerType
    kernel: int
    """Height and width; 1 where it has none."""
    stride: int
    reads: int
    """Channels."""
    writes: int
    size: int
    """Height and width of what it writes, in pixels."""


@dataclass(frozen=True)
class LayerLine:
    """Layers in the order in which they are called."""

    places: tuple[str, ...]
    """Of each, the name of its place."""
    layers: tuple[LayerFigures, ...]

    def find(self, place: str) -> int | None:
        """The number of the layer that stands at a place, or before which it is, or that is the last one
        inside; None: there is none.
        """
        for outer in (place, place.rpartition(".")[0]):
            inside = [number for number, name in enumerate(self.places) if f"{name}.".startswith(f"{outer}.")]
            if inside:
                return inside[-1]
        return None


@dataclass(frozen=True, slots=True)
class LineSight:
    """What a policy may read of a question about a line."""

    line: LayerLine | None = None
    """Of the network that the episode began with."""
    layer: int | None = None
    """The number of the layer that the question is about."""
    anchor: int | None = None
    """The number, from 1, of an earlier decision of the same episode that the question points back to."""
