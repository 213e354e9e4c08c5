"""The CondenseNet host (Huang et al., CVPR 2018) in its condensed form, with cells in its last layers.

Here the 1x1 convolutions are ordinary group convolutions, what a trained CondenseNet is converted to.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from nasflow.networks.cell import Cell
from nasflow.networks.operations import Convolution
from nasflow.spec.host import CondenseNet
from nasflow.spec.network import NetworkSpec
from nasflow.spec.tree import Tree


class CondenseLayer(nn.Module):
    """A grouped 1x1 bottleneck to 4 x growth channels, a cell or a plain 3x3, and its channels appended."""

    def __init__(self, in_channels: int, growth: int, tree: Tree | None, host: CondenseNet) -> None:
        super().__init__()
        width = 4 * growth
        # Which input each group reads: learned in training, then fixed. In order until something is loaded.
        self.register_buffer("order", torch.arange(in_channels))
        self.bottleneck = Convolution(in_channels, width, 1, host.condense)
        self.cell = (
            Cell(tree, width, growth, host.groups) if tree else Convolution(width, growth, 3, host.groups)
        )

    def forward(self, x: Tensor) -> Tensor:
        """[batch, channels, height, width] -> [batch, channels + growth, height, width]."""
        chosen = x.index_select(1, self.order)  # type: ignore[arg-type]
        return torch.cat([x, self.cell(self.bottleneck(chosen))], dim=1)


class CondenseNetwork(nn.Module):
    """First convolution, dense stages that are pooled between, BatchNorm - ReLU - mean, half a classifier."""

    def __init__(self, spec: NetworkSpec, host: CondenseNet) -> None:
        super().__init__()
        channels = 2 * host.growth[0]
        self.first = nn.Conv2d(spec.channels, channels, 3, host.first_stride, 1, bias=False)
        stages = []
        for layers, growth, cells in zip(host.layers, host.growth, host.cells, strict=True):
            stage = []
            for number in range(layers):
                tree = spec.cell if number >= layers - cells else None
                stage.append(CondenseLayer(channels, growth, tree, host))
                channels += growth
            stages.append(nn.Sequential(*stage))
        self.stages = nn.ModuleList(stages)
        self.norm = nn.BatchNorm2d(channels)
        self.register_buffer("order", torch.arange(channels // 2))
        self.classifier = nn.Linear(channels // 2, spec.classes)

    def forward(self, images: Tensor) -> Tensor:
        """Images [batch, channels, size, size] -> logits [batch, classes]."""
        x = self.first(images)
        for number, stage in enumerate(self.stages):
            x = stage(F.avg_pool2d(x, 2) if number else x)
        features = F.relu(self.norm(x)).mean(dim=(2, 3))
        logits: Tensor = self.classifier(features.index_select(1, self.order))  # type: ignore[arg-type]
        return logits
