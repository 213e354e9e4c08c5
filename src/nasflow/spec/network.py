"""What a whole network is: a host, the cell embedded in each of its layers, and its input and output."""

from typing import Literal, Self

from pydantic import Field, model_validator

from nasflow.errors import InvalidSpec
from nasflow.spec.channels import check_channels
from nasflow.spec.document import Document, Frozen
from nasflow.spec.tree import START_CELL, TreeText


class DenseNet(Frozen):
    """The DenseNet host (Huang et al., CVPR 2017; as used by Cai et al., ICML 2018, section 4.2).

    Each layer is a 1x1 bottleneck to 4 x `growth` channels and the cell, 4 x growth -> growth.
    """

    kind: Literal["densenet"] = "densenet"
    growth: int = Field(ge=1)
    """Channels that each layer adds (the paper's k)."""
    blocks: int = Field(ge=1)
    """Layers a stage (the paper's N)."""
    groups: int = Field(default=1, ge=1)
    """Groups of the cell's 3x3 convolutions (the paper's G)."""
    stages: int = Field(default=3, ge=1, le=16)
    """Between stages a 1x1 convolution and a 2x2 average pool."""
    reduction: float = Field(default=0.5, gt=0, le=1)
    """Channels after a transition per channel before it."""

    @model_validator(mode="after")
    def _check(self) -> Self:
        if self.growth % self.groups:
            raise ValueError(f"growth {self.growth} is not a multiple of groups {self.groups}")
        channels = 2 * self.growth
        for _ in range(1, self.stages):
            channels = int((channels + self.blocks * self.growth) * self.reduction)
            if not channels:
                raise ValueError(f"reduction {self.reduction} leaves no channel after a transition")
        return self


class NetworkSpec(Document):
    """Everything needed to build a network: nothing about its weights."""

    host: DenseNet
    cell: TreeText = START_CELL
    channels: int = Field(ge=1)
    """Channels of an image."""
    size: int = Field(ge=1)
    """Height and width of an image, in pixels."""
    classes: int = Field(ge=2)

    @model_validator(mode="after")
    def _check(self) -> Self:
        try:
            check_channels(self.cell, self.host.growth, self.host.groups)
        except InvalidSpec as error:
            raise ValueError(str(error)) from None
        smallest = 2 ** (self.host.stages - 1)
        if self.size < smallest:
            raise ValueError(f"{self.host.stages} stages need images of {smallest} pixels at least")
        return self
