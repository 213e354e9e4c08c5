"""A space that nasflow does not know: how wide each layer of a chain is.

As somebody else would add it, from outside: a space, its edit and the edit's surgeon, by entry points alone.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING, ClassVar, Literal

from pydantic import Field

from nasflow.search.spaces import Asking, Question, Space
from nasflow.spec.edits import Edit
from nasflow.spec.network import NetworkSpec
from nasflow.spec.parts import Width
from nasflow.spec.places import Place, check_parts

if TYPE_CHECKING:
    import torch

    from nasflow.surgery import Operated


class Resize(Edit):
    """A layer gets another width."""

    SURGEON: ClassVar[str] = "widths:resize"
    preserves: ClassVar[bool] = False

    kind: Literal["resize"] = "resize"
    place: str
    channels: int = Field(ge=1)

    def apply(self, network: NetworkSpec) -> NetworkSpec:
        """See Edit."""
        parts = network.parts.put(self.place, Width(channels=self.channels))
        check_parts(parts, network.host.places or ())
        return network.with_parts(parts)

    def __str__(self) -> str:
        return f"make {self.place} {self.channels} channels wide"


class WidthSpace(Space):
    """Some widths, of which each layer has one."""

    changes: ClassVar[str | None] = "width"

    kind: Literal["widths"] = "widths"
    widths: tuple[int, ...] = Field(min_length=1)

    def heads(self) -> Mapping[str, int]:
        """See Space."""
        return {"width": len(self.widths)}

    def episode(self, start: NetworkSpec) -> Asking:
        """See Space; from the first layer to the last."""
        network = start
        for place in _layers(start):
            choice = yield Question("width", place.name, (True,) * len(self.widths))
            network = Resize(place=place.name, channels=self.widths[choice]).apply(network)
        return network

    def edits(self, parent: NetworkSpec, network: NetworkSpec) -> tuple[Edit, ...] | None:
        """See Space; every layer can get every width."""
        pairs = [(place.name, _width(place, parent), _width(place, network)) for place in _layers(parent)]
        return tuple(Resize(place=name, channels=new) for name, old, new in pairs if new != old)


def _layers(network: NetworkSpec) -> list[Place]:
    return [place for place in network.host.places or () if place.kind == "width"]


def _width(place: Place, network: NetworkSpec) -> int:
    own = network.parts.at(place.name)
    return own.channels if isinstance(own, Width) else place.channels


def resize(operated: "Operated", edit: Resize, generator: "torch.Generator") -> "Operated":
    """The surgeon: channels that were there keep their weights, new ones are drawn, others are dropped."""
    import torch

    from nasflow.networks import build, initialise
    from nasflow.surgery import Operated

    spec = edit.apply(operated.spec)
    network, before = build(spec), operated.network.state_dict()
    initialise(network, int(torch.randint(2**62, (1,), generator=generator)))
    for name, tensor in network.state_dict().items():
        both = tuple(slice(min(sizes)) for sizes in zip(tensor.shape, before[name].shape, strict=True))
        tensor[both] = before[name][both]
    return Operated(spec, network, operated.births)
