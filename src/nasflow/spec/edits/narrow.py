"""Layer shrinkage (Ashok et al., ICLR 2018): the channels of a group that matter least go."""

from typing import ClassVar, Literal

from pydantic import Field

from nasflow.spec.edits.edit import Edit
from nasflow.spec.network import NetworkSpec
from nasflow.spec.parts import Width


class Narrow(Edit):
    """The channels of a group are `channels`, fewer than before."""

    SURGEON: ClassVar[str] = "nasflow.surgery.narrow:narrow"
    preserves: ClassVar[bool] = False

    kind: Literal["narrow"] = "narrow"
    place: str
    channels: int = Field(ge=1, le=10_000_000)

    def apply(self, network: NetworkSpec) -> NetworkSpec:
        """See Edit."""
        return network.with_parts(network.parts.put(self.place, Width(channels=self.channels)))

    def __str__(self) -> str:
        return f"narrow {self.place} to {self.channels}"
