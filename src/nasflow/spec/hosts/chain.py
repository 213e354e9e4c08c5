"""The chain host: plain layers one after the other, each with a width of its own."""

from typing import ClassVar, Literal, Self

from pydantic import Field, model_validator

from nasflow.spec.hosts.host import Channels, Host
from nasflow.spec.places import Place


class Chain(Host):
    """Layers of a 3x3 convolution, BatchNorm and ReLU, then the mean over the image and a classifier."""

    BUILDER: ClassVar[str] = "nasflow.networks.chain:ChainNetwork"

    kind: Literal["chain"] = "chain"
    widths: tuple[Channels, ...] = Field(min_length=1, max_length=1000)
    """Output channels of each layer."""
    pools: tuple[int, ...] = ()
    """Numbers of the layers, from 1, after which a 2x2 max pool stands."""

    @model_validator(mode="after")
    def _check(self) -> Self:
        layers = range(1, len(self.widths) + 1)
        if len(set(self.pools)) < len(self.pools) or not set(self.pools) <= set(layers):
            raise ValueError(f"pools {self.pools}: name some of the layers 1 to {layers[-1]}, each once")
        return self

    @property
    def places(self) -> tuple[Place, ...]:
        """The convolution of each layer, from the first to the last."""
        widths = enumerate(self.widths)
        return tuple(Place(f"layers.{number}.weight", "width", width) for number, width in widths)

    def wider(self, steps: int) -> Self:
        """A step is a tenth of the given width more for each layer, rounded."""
        return self.model_copy(
            update={"widths": tuple(round(each * (1 + steps / 10)) for each in self.widths)}
        )

    @property
    def least_size(self) -> int:
        """The smallest image that is not pooled away, in pixels."""
        return int(2 ** len(self.pools))
