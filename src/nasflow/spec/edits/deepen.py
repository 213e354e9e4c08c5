"""Net2Deeper (Chen et al., ICLR 2016): a layer that does nothing yet."""

from typing import ClassVar, Literal

from nasflow.spec.edits.edit import Edit
from nasflow.spec.network import NetworkSpec
from nasflow.spec.parts import Deep, Kernel


class Deepen(Edit):
    """Another layer right before a layer that reads what a ReLU writes: convolution, BatchNorm, ReLU."""

    SURGEON: ClassVar[str] = "nasflow.surgery.deepen:deepen"

    kind: Literal["deepen"] = "deepen"
    place: str
    """The layer's name and `.before`."""
    kernel: Kernel

    def apply(self, network: NetworkSpec) -> NetworkSpec:
        """See Edit."""
        own = network.parts.at(self.place)
        known = own.kernels if isinstance(own, Deep) else ()
        return network.with_parts(network.parts.put(self.place, Deep(kernels=(*known, self.kernel))))

    def __str__(self) -> str:
        return f"insert {self.kernel}x{self.kernel} in {self.place}"
