"""Net2Wider (Chen et al., ICLR 2016): a group of channels becomes more, some of them twice."""

from typing import ClassVar, Literal

from pydantic import Field

from nasflow.spec.edits.edit import Edit
from nasflow.spec.network import NetworkSpec
from nasflow.spec.parts import Width


class Widen(Edit):
    """The channels of a group are `channels`, more than before; what they come to is what it was."""

    SURGEON: ClassVar[str] = "nasflow.surgery.widen:widen"

    kind: Literal["widen"] = "widen"
    place: str
    channels: int = Field(ge=2, le=10_000_000)

    def apply(self, network: NetworkSpec) -> NetworkSpec:
        """See Edit."""
        return network.with_parts(network.parts.put(self.place, Width(channels=self.channels)))

    def __str__(self) -> str:
        return f"widen {self.place} to {self.channels}"
