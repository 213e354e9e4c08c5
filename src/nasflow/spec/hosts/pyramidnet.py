"""The PyramidNet host."""

from typing import ClassVar, Literal, Self

from pydantic import Field, model_validator

from nasflow.spec.hosts.host import Channels, Host, Layers
from nasflow.spec.places import Place


class PyramidNet(Host):
    """The PyramidNet host with bottlenecks (Han et al., CVPR 2017; as used by Cai et al., section 4.2).

    Each block is BatchNorm, a 1x1 convolution to the block's width, the cell, a 1x1 convolution to 4 x that
    width and a BatchNorm, beside a shortcut that is padded with zeros. The width grows from block to block.
    """

    BUILDER: ClassVar[str] = "nasflow.networks.pyramidnet:PyramidNetwork"

    kind: Literal["pyramidnet"] = "pyramidnet"
    widening: Channels
    """By how many channels the width has grown at the last block (the paper's alpha)."""
    blocks: Layers
    """Blocks a stage (the paper's N)."""
    groups: Channels = 1
    """Groups of the cell's 3x3 convolutions (the paper's G)."""
    stages: int = Field(default=3, ge=1, le=16)
    """The first block of each but the first halves the image."""
    start: Channels = 16
    """Channels after the first convolution, and the width from which the widths grow."""

    @model_validator(mode="after")
    def _check(self) -> Self:
        if self.widths[0] < 1:
            raise ValueError(f"start {self.start} is too narrow for groups {self.groups}")
        return self

    @property
    def widths(self) -> tuple[int, ...]:
        """Output channels of each cell, from the first to the last: multiples of the groups."""
        count = self.stages * self.blocks
        grown = (round(self.start + self.widening * number / count) for number in range(1, count + 1))
        return tuple(width - width % self.groups for width in grown)

    @property
    def places(self) -> tuple[Place, ...]:
        """The 3x3 convolution of each block, from the first to the last."""
        return tuple(
            Place(f"blocks.{number}.cell", "cell", width, self.groups)
            for number, width in enumerate(self.widths)
        )

    def wider(self, steps: int) -> Self:
        """A step is a channel more at the last block."""
        return self.model_copy(update={"widening": self.widening + steps})

    @property
    def least_size(self) -> int:
        """The smallest image that is not pooled away, in pixels."""
        return int(2 ** (self.stages - 1))
