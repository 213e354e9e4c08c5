"""The DenseNet host."""

from typing import ClassVar, Literal, Self

from pydantic import Field, model_validator

from nasflow.spec.hosts.host import Channels, Host, Layers
from nasflow.spec.places import Place


class DenseNet(Host):
    """The DenseNet host (Huang et al., CVPR 2017; as used by Cai et al., ICML 2018, section 4.2).

    Each layer is a 1x1 bottleneck to 4 x `growth` channels and the cell, 4 x growth -> growth.
    """

    BUILDER: ClassVar[str] = "nasflow.networks.densenet:DenseNetwork"

    kind: Literal["densenet"] = "densenet"
    growth: Channels
    """Channels that each layer adds (the paper's k)."""
    blocks: Layers
    """Layers a stage (the paper's N)."""
    groups: Channels = 1
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

    @property
    def places(self) -> tuple[Place, ...]:
        """The 3x3 convolution of each layer, from the first to the last."""
        stride = self.blocks + 1  # A transition stands before each stage but the first.
        return tuple(
            Place(f"stages.{stage * stride + layer}.cell", "cell", self.growth, self.groups)
            for stage in range(self.stages)
            for layer in range(self.blocks)
        )

    def wider(self, steps: int) -> Self:
        """A step is a channel a group more growth."""
        return self.model_copy(update={"growth": self.growth + steps * self.groups})

    @property
    def least_size(self) -> int:
        """The smallest image that is not pooled away, in pixels."""
        return int(2 ** (self.stages - 1))
