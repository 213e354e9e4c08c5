"""The networks that a cell is embedded in: what is round it, and how wide it is in each place."""

from collections.abc import Iterable
from typing import Annotated, Any, Literal, Self

from pydantic import BeforeValidator, Field, model_validator

from nasflow.base.document import Frozen, is_off
from nasflow.spec.channels import check_channels
from nasflow.spec.tree import Tree

Channels = Annotated[int, Field(ge=1, le=10_000_000)]
Layers = Annotated[int, Field(ge=1, le=1000)]


class DenseNet(Frozen):
    """The DenseNet host (Huang et al., CVPR 2017; as used by Cai et al., ICML 2018, section 4.2).

    Each layer is a 1x1 bottleneck to 4 x `growth` channels and the cell, 4 x growth -> growth.
    """

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
    def widths(self) -> tuple[int, ...]:
        """Output channels of each cell, from the first to the last."""
        return (self.growth,) * (self.stages * self.blocks)

    @property
    def least_size(self) -> int:
        """The smallest image that is not pooled away, in pixels."""
        return int(2 ** (self.stages - 1))


class PyramidNet(Frozen):
    """The PyramidNet host with bottlenecks (Han et al., CVPR 2017; as used by Cai et al., section 4.2).

    Each block is BatchNorm, a 1x1 convolution to the block's width, the cell, a 1x1 convolution to 4 x that
    width and a BatchNorm, beside a shortcut that is padded with zeros. The width grows from block to block.
    """

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
    def least_size(self) -> int:
        """The smallest image that is not pooled away, in pixels."""
        return int(2 ** (self.stages - 1))


class CondenseNet(Frozen):
    """The CondenseNet host (Huang et al., CVPR 2018; as used by Cai et al., section 4.3), condensed.

    Each layer is a grouped 1x1 bottleneck to 4 x growth channels and the cell; in all but the last layers of
    a stage a plain 3x3 convolution stands for it. The defaults are the paper's, for ImageNet.
    """

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
    def widths(self) -> tuple[int, ...]:
        """Output channels of each cell, from the first to the last."""
        return tuple(
            growth for growth, cells in zip(self.growth, self.cells, strict=True) for _ in range(cells)
        )

    @property
    def least_size(self) -> int:
        """The smallest image that is not pooled away, in pixels."""
        return int(self.first_stride * 2 ** (len(self.layers) - 1))


class NasNet(Frozen):
    """NASNet-A (Zoph et al., CVPR 2018), a baseline: it has cells of its own, and no place for another."""

    kind: Literal["nasnet"] = "nasnet"
    cells: Layers
    """Normal cells a stack (their N)."""
    channels: int = Field(ge=4, le=100_000)
    """Of a cell's operations in the first stack; doubled in each of the two others."""
    stem: Literal["small", "large"] = "small"
    """For small images a 3x3 convolution; for large ones it strides, and two reduction cells follow."""

    @property
    def groups(self) -> int:
        """There is no cell whose convolutions could have some."""
        return 1

    @property
    def widths(self) -> tuple[int, ...]:
        """None: no place for a cell."""
        return ()

    @property
    def least_size(self) -> int:
        """The smallest image that is not pooled away, in pixels."""
        return 4 if self.stem == "small" else 32


class Adopted(Frozen):
    """A network that somebody else wrote, some of whose convolutions are places for a cell."""

    kind: Literal["adopted"] = "adopted"
    network: str = Field(pattern=r"^torchvision:\w+$|^[A-Za-z_][\w.]*:[A-Za-z_][\w.]*$")
    """`torchvision:NAME`, or `module:factory`: called without arguments, it gives an `nn.Module` that maps
    images [batch, channels, height, width] to logits [batch, classes]."""
    cells: str | None = None
    """Which convolutions: a shell pattern for their names in the network (`layer[34].*.conv?`); all the
    3x3 ones, but for depthwise ones, if absent."""
    code: str | None = Field(default=None, pattern=r"^[0-9a-f]{16}$", exclude_if=is_off)
    """Digest of the source that the network was made by when its search began; None: torchvision's."""

    @property
    def least_size(self) -> int:
        """Unknown: what is too small shows when the network is built."""
        return 1


AnyHost = DenseNet | PyramidNet | CondenseNet | NasNet | Adopted


def _name_kind(given: Any) -> Any:
    """DenseNet was the only host once: a configuration of that time does not say so."""
    return {"kind": "densenet", **given} if isinstance(given, dict) else given


Host = Annotated[AnyHost, Field(discriminator="kind"), BeforeValidator(_name_kind)]


def places(host: AnyHost) -> tuple[tuple[int, int], ...]:
    """Output channels and groups of each place for a cell; none for one that is adopted.

    Only the network itself knows an adopted one's: `nasflow.networks.check_cell`.
    """
    if isinstance(host, Adopted):
        return ()
    return tuple((width, host.groups) for width in host.widths)


def check_cell(cell: Tree, places: Iterable[tuple[int, int]]) -> None:
    """Raise InvalidSpec, naming the node, if the cell does not fit one of the places."""
    for width, groups in sorted(set(places)):
        check_channels(cell, width, groups)
