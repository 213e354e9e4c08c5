"""The networks that a cell is embedded in: what is round it, and how wide it is in each place."""

from typing import Annotated, Any, Literal, Self

from pydantic import BeforeValidator, Field, model_validator

from nasflow.spec.channels import check_channels
from nasflow.spec.document import Frozen
from nasflow.spec.tree import Tree


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

    @property
    def widths(self) -> tuple[int, ...]:
        """Output channels of each cell, from the first to the last."""
        return (self.growth,) * (self.stages * self.blocks)


class PyramidNet(Frozen):
    """The PyramidNet host with bottlenecks (Han et al., CVPR 2017; as used by Cai et al., section 4.2).

    Each block is BatchNorm, a 1x1 convolution to the block's width, the cell, a 1x1 convolution to 4 x that
    width and a BatchNorm, beside a shortcut that is padded with zeros. The width grows from block to block.
    """

    kind: Literal["pyramidnet"] = "pyramidnet"
    widening: int = Field(ge=1)
    """By how many channels the width has grown at the last block (the paper's alpha)."""
    blocks: int = Field(ge=1)
    """Blocks a stage (the paper's N)."""
    groups: int = Field(default=1, ge=1)
    """Groups of the cell's 3x3 convolutions (the paper's G)."""
    stages: int = Field(default=3, ge=1, le=16)
    """The first block of each but the first halves the image."""
    start: int = Field(default=16, ge=1)
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


def _name_kind(given: Any) -> Any:
    """DenseNet was the only host once: a configuration of that time does not say so."""
    return {"kind": "densenet", **given} if isinstance(given, dict) else given


Host = Annotated[DenseNet | PyramidNet, Field(discriminator="kind"), BeforeValidator(_name_kind)]


def check_cell(cell: Tree, host: DenseNet | PyramidNet) -> None:
    """Raise InvalidSpec, naming the node, if the cell does not fit one of its places in the host."""
    for width in sorted(set(host.widths)):
        check_channels(cell, width, host.groups)
