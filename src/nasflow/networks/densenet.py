"""The DenseNet host (Huang et al., CVPR 2017) with a tree-structured cell for the 3x3 convolution."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from nasflow.networks.cell import Cell
from nasflow.networks.operations import Convolution
from nasflow.spec.hosts import DenseNet
from nasflow.spec.network import NetworkSpec
from nasflow.spec.tree import Tree


class DenseLayer(nn.Module):
    """A 1x1 bottleneck to 4 x growth channels, the cell, and its growth channels appended to the input."""

    def __init__(self, tree: Tree, in_channels: int, host: DenseNet) -> None:
        super().__init__()
        width = 4 * host.growth
        self.bottleneck = Convolution(in_channels, width, 1)
        self.cell = Cell(tree, width, host.growth, host.groups)

    def forward(self, x: Tensor) -> Tensor:
        """[batch, channels, height, width] -> [batch, channels + growth, height, width]."""
        return torch.cat([x, self.cell(self.bottleneck(x))], dim=1)


class Transition(nn.Module):
    """A 1x1 convolution and a 2x2 average pool between two stages."""

    def __init__(self, in_channels: int, out_channels: int) -> None:
        super().__init__()
        self.convolution = Convolution(in_channels, out_channels, 1)

    def forward(self, x: Tensor) -> Tensor:
        """[batch, in_channels, height, width] -> [batch, out_channels, height // 2, width // 2]."""
        return F.avg_pool2d(self.convolution(x), 2)


class DenseNetwork(nn.Module):
    """First convolution, dense stages with transitions between them, BatchNorm - ReLU - mean, classifier."""

    def __init__(self, spec: NetworkSpec, host: DenseNet) -> None:
        super().__init__()
        channels = 2 * host.growth
        self.first = nn.Conv2d(spec.channels, channels, 3, padding=1, bias=False)
        stages: list[nn.Module] = []
        for stage in range(host.stages):
            if stage:
                reduced = int(channels * host.reduction)
                stages.append(Transition(channels, reduced))
                channels = reduced
            for _ in range(host.blocks):
                tree = spec.parts.cell_at(f"stages.{len(stages)}.cell")
                stages.append(DenseLayer(tree, channels, host))
                channels += host.growth
        self.stages = nn.Sequential(*stages)
        self.norm = nn.BatchNorm2d(channels)
        self.classifier = nn.Linear(channels, spec.classes)

    def forward(self, images: Tensor) -> Tensor:
        """Images [batch, channels, size, size] -> logits [batch, classes]."""
        features = F.relu(self.norm(self.stages(self.first(images))))
        logits: Tensor = self.classifier(features.mean(dim=(2, 3)))
        return logits
