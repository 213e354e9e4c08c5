"""What the edges of a cell compute, in the order BatchNorm - ReLU - weight.

Each operation maps `[batch, in_channels, height, width]` to `[batch, out_channels, height, width]`
(the host's convolution may stride).
"""

from torch import Tensor, nn
from torch.nn import functional as F

from nasflow.spec.tree import Operation


class Convolution(nn.Module):
    """BatchNorm, ReLU, convolution."""

    def __init__(
        self, in_channels: int, out_channels: int, kernel: int, groups: int = 1, stride: int = 1
    ) -> None:
        super().__init__()
        self.norm = nn.BatchNorm2d(in_channels)
        self.weight = nn.Conv2d(
            in_channels, out_channels, kernel, stride, kernel // 2, groups=groups, bias=False
        )

    def forward(self, x: Tensor) -> Tensor:
        """[batch, in_channels, height, width] -> [batch, out_channels, height / stride, width / stride]."""
        out: Tensor = self.weight(F.relu(self.norm(x)))
        return out


class Separable(nn.Module):
    """BatchNorm, ReLU, depthwise convolution, pointwise convolution: one activation before both."""

    def __init__(self, in_channels: int, out_channels: int, kernel: int) -> None:
        super().__init__()
        self.norm = nn.BatchNorm2d(in_channels)
        self.depthwise = nn.Conv2d(
            in_channels, in_channels, kernel, padding=kernel // 2, groups=in_channels, bias=False
        )
        self.weight = nn.Conv2d(in_channels, out_channels, 1, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        """[batch, in_channels, height, width] -> [batch, out_channels, height, width]."""
        out: Tensor = self.weight(self.depthwise(F.relu(self.norm(x))))
        return out


def operation(kind: Operation, in_channels: int, out_channels: int) -> nn.Module:
    """The module of one of the cell's own operations (the host's convolution is the host's to build)."""
    match kind:
        case Operation.IDENTITY:
            return nn.Identity()
        case Operation.CONV1:
            return Convolution(in_channels, out_channels, 1)
        case Operation.DS3 | Operation.DS5 | Operation.DS7:
            return Separable(in_channels, out_channels, int(kind.value[-1]))
        case Operation.AVG3:
            return nn.AvgPool2d(3, stride=1, padding=1, count_include_pad=False)
        case Operation.MAX3:
            return nn.MaxPool2d(3, stride=1, padding=1)
        case Operation.HOST:
            raise ValueError("3x3G belongs to the root of a cell")
