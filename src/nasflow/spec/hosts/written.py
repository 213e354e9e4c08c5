"""The written host: layers that each say what they are and which of the others they read."""

from typing import ClassVar, Literal, Self

from pydantic import Field

from nasflow.spec.hosts.host import Channels, Host
from nasflow.spec.parts import WrittenLayer
from nasflow.spec.places import Place


class Written(Host):
    """A network of the form of Zoph and Le (ICLR 2017): each layer is a convolution, BatchNorm and ReLU and
    reads some of those before it; then the mean over the image and a classifier.
    """

    BUILDER: ClassVar[str] = "nasflow.networks.written:WrittenNetwork"

    kind: Literal["written"] = "written"
    layers: int = Field(ge=1, le=100)
    """How many it has."""
    filters: Channels = 24
    """Of each layer of which nothing else is written."""

    @property
    def places(self) -> tuple[Place, ...]:
        """Each layer, from the first to the last."""
        return tuple(Place(f"layers.{number}", "written", self.filters) for number in range(self.layers))

    @property
    def plain(self) -> tuple[WrittenLayer, ...]:
        """What stands in each place where nothing is written: 3x3, one after the other, halving the image at
        each third layer.
        """
        return tuple(
            WrittenLayer(
                filters=self.filters,
                stride=2 if number % 3 == 2 else 1,
                reads=(number - 1,) if number else (),
            )
            for number in range(self.layers)
        )

    def wider(self, steps: int) -> Self:
        """A step is a filter more in each layer of which nothing else is written."""
        return self.model_copy(update={"filters": self.filters + steps})
