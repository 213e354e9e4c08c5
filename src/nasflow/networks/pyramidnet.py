"""The PyramidNet host (Han et al., CVPR 2017) with a tree-structured cell for the 3x3 convolution."""

from torch import Tensor, nn
from torch.nn import functional as F

from nasflow.networks.cell import Cell
from nasflow.networks.operations import Convolution
from nasflow.spec.hosts import PyramidNet
from nasflow.spec.network import NetworkSpec
from nasflow.spec.tree import Tree

EXPANSION = 4
"""Channels that a block puts out, a channel of its width."""


class PyramidBlock(nn.Module):
    """BatchNorm, 1x1 to `width` without a ReLU, the cell, 1x1 to 4 x `width`, BatchNorm; and a shortcut."""

    def __init__(self, tree: Tree, in_channels: int, width: int, groups: int, stride: int) -> None:
        super().__init__()
        self.stride = stride
        self.norm = nn.BatchNorm2d(in_channels)
        self.bottleneck = nn.Conv2d(in_channels, width, 1, bias=False)
        self.cell = Cell(tree, width, width, groups, stride)
        self.expansion = Convolution(width, EXPANSION * width, 1)
        self.last_norm = nn.BatchNorm2d(EXPANSION * width)

    def forward(self, x: Tensor) -> Tensor:
        """[batch, in_channels, height, width] -> [batch, 4 x width, height / stride, width / stride]."""
        out: Tensor = self.last_norm(self.expansion(self.cell(self.bottleneck(self.norm(x)))))
        # The shortcut has no weights: pooled where the cell strides, and zeros for the channels it lacks.
        shortcut = F.avg_pool2d(x, 2, ceil_mode=True) if self.stride > 1 else x
        return out + F.pad(shortcut, (0, 0, 0, 0, 0, out.shape[1] - x.shape[1]))


class PyramidNetwork(nn.Module):
    """First convolution and BatchNorm, stages of ever wider blocks, BatchNorm - ReLU - mean, classifier."""

    def __init__(self, spec: NetworkSpec, host: PyramidNet) -> None:
        super().__init__()
        self.first = nn.Conv2d(spec.channels, host.start, 3, padding=1, bias=False)
        self.first_norm = nn.BatchNorm2d(host.start)
        channels = host.start
        blocks = []
        for number, width in enumerate(host.widths):
            stride = 2 if number and number % host.blocks == 0 else 1
            tree = spec.parts.cell_at(f"blocks.{number}.cell")
            blocks.append(PyramidBlock(tree, channels, width, host.groups, stride))
            channels = EXPANSION * width
        self.blocks = nn.Sequential(*blocks)
        self.norm = nn.BatchNorm2d(channels)
        self.classifier = nn.Linear(channels, spec.classes)

    def forward(self, images: Tensor) -> Tensor:
        """Images [batch, channels, size, size] -> logits [batch, classes]."""
        features = F.relu(self.norm(self.blocks(self.first_norm(self.first(images)))))
        logits: Tensor = self.classifier(features.mean(dim=(2, 3)))
        return logits
