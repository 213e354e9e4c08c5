"""The CondenseNet host."""

import math
from typing import ClassVar, Literal, Self

from pydantic import Field, model_validator

from nasflow.spec.hosts.host import Channels, Host, Layers
from nasflow.spec.places import Place


class CondenseNet(Host):
    """The CondenseNet host (Huang et al., CVPR 2018; as used by Cai et al., section 4.3), condensed.

    Each layer is a grouped 1x1 bottleneck to 4 x growth channels and the cell; in all but the last layers of
    a stage a plain 3x3 convolution stands for it. The defaults are the paper's, for ImageNet.
    """

    BUILDER: ClassVar[str] = "nasflow.networks.condensenet:CondenseNetwork"

    kind: Literal["condensenet"] = "condensenet"
    layers: tuple[Layers, ...] = (4, 6, 8, 10, 8)
    """Of each stage; between stages a 2x2 average pool."""
    growth: tuple[Channels, ...] = (8, 16, 32, 64, 128)
    """Channels that each layer of a stage adds."""
    cells: tuple[int, ...] = (0, 0, 6, 7, 6)
    """Last layers of each stage that hold the cell."""
    groups: Channels = 8
    """Groups of the cell's 3x3 convolutions."""
    condense: Channels = 4
    """Groups of the bottleneck; as many times fewer weights are kept of it (the condense factor)."""
    first_stride: int = Field(default=2, ge=1, le=2)
    """Of the first convolution."""

    @model_validator(mode="after")
    def _check(self) -> Self:
        if not len(self.layers) == len(self.growth) == len(self.cells) > 0:
            raise ValueError("layers, growth and cells have one number a stage")
        channels = 2 * self.growth[0]
        for layers, growth, cells in zip(self.layers, self.growth, self.cells, strict=True):
            if not 0 <= cells <= layers:
                raise ValueError(f"a stage of {layers} layers cannot hold {cells} cells of growth {growth}")
            if growth % self.groups:
                raise ValueError(f"growth {growth} is not a multiple of groups {self.groups}")
            if channels % self.condense or growth % self.condense:
                raise ValueError(
                    f"growth {growth} after {channels} channels is not a multiple of condense {self.condense}"
                )
            channels += layers * growth
        return self

    @property
    def places(self) -> tuple[Place, ...]:
        """The 3x3 convolutions that are cells, from the first to the last."""
        return tuple(
            Place(f"stages.{stage}.{number}.cell", "cell", growth, self.groups)
            for stage, (layers, growth, cells) in enumerate(
                zip(self.layers, self.growth, self.cells, strict=True)
            )
            for number in range(layers - cells, layers)
        )

    def wider(self, steps: int) -> Self:
        """A step is an eighth of the given growth more in each stage, rounded to what the groups allow."""
        unit = math.lcm(self.groups, self.condense)
        growth = (round(each * (1 + steps / 8) / unit) * unit for each in self.growth)
        return self.model_copy(update={"growth": tuple(growth)})

    @property
    def least_size(self) -> int:
        """The smallest image that is not pooled away, in pixels."""
        return int(self.first_stride * 2 ** (len(self.layers) - 1))
