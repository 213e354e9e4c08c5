"""Layer removal (Ashok et al., ICLR 2018): a layer or a residual branch goes."""

from typing import ClassVar, Literal

from nasflow.spec.edits.edit import Edit
from nasflow.spec.network import NetworkSpec
from nasflow.spec.parts import Gone


class Remove(Edit):
    """A layer that writes what it reads in the same shape is left out, with all that is inside it."""

    SURGEON: ClassVar[str] = "nasflow.surgery.remove:remove"
    preserves: ClassVar[bool] = False

    kind: Literal["remove"] = "remove"
    place: str

    def apply(self, network: NetworkSpec) -> NetworkSpec:
        """See Edit."""
        return network.with_parts(network.parts.without(self.place).put(self.place, Gone()))

    def __str__(self) -> str:
        return f"remove {self.place}"
