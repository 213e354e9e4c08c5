"""NASNet-A (Zoph et al., CVPR 2018): the hand-over from an earlier search that the paper compares with.

It has no place for a cell of ours. Every cell reads the outputs of the two cells before it.
"""

from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn import functional as F

STEM_CHANNELS = 32
"""Of the first convolution for large images."""


@dataclass(frozen=True)
class NasNet:
    """One size of NASNet-A, for colour images."""

    cells: int
    """Normal cells a stack (their N)."""
    channels: int
    """Of a cell's operations in the first stack; doubled in each of the two others."""
    size: int
    """Height and width of an image, in pixels."""
    classes: int
    stem: Literal["small", "large"] = "small"
    """For small images a 3x3 convolution; for large ones it strides, and two reduction cells follow."""


class SeparablePair(nn.Module):
    """Twice: ReLU, depthwise, pointwise, BatchNorm; the first of them strides and changes the channels."""

    def __init__(self, in_channels: int, channels: int, kernel: int, stride: int = 1) -> None:
        super().__init__()
        self.first = _half(in_channels, channels, kernel, stride)
        self.second = _half(channels, channels, kernel, 1)

    def forward(self, x: Tensor) -> Tensor:
        """[batch, in_channels, height, width] -> [batch, channels, height / stride, width / stride]."""
        out: Tensor = self.second(self.first(x))
        return out


def _half(in_channels: int, channels: int, kernel: int, stride: int) -> nn.Sequential:
    depthwise = nn.Conv2d(
        in_channels, in_channels, kernel, stride, kernel // 2, groups=in_channels, bias=False
    )
    pointwise = nn.Conv2d(in_channels, channels, 1, bias=False)
    return nn.Sequential(nn.ReLU(), depthwise, pointwise, nn.BatchNorm2d(channels))


class Squeeze(nn.Module):
    """ReLU, 1x1, BatchNorm: any number of channels to a cell's own."""

    def __init__(self, in_channels: int, channels: int) -> None:
        super().__init__()
        self.weight = nn.Conv2d(in_channels, channels, 1, bias=False)
        self.norm = nn.BatchNorm2d(channels)

    def forward(self, x: Tensor) -> Tensor:
        """[batch, in_channels, height, width] -> [batch, channels, height, width]."""
        out: Tensor = self.norm(self.weight(F.relu(x)))
        return out


class Halve(nn.Module):
    """As Squeeze, at half the size: half of the channels from even pixels, half from odd ones."""

    def __init__(self, in_channels: int, channels: int) -> None:
        super().__init__()
        self.even = nn.Conv2d(in_channels, channels // 2, 1, 2, bias=False)
        self.odd = nn.Conv2d(in_channels, channels - channels // 2, 1, 2, bias=False)
        self.norm = nn.BatchNorm2d(channels)

    def forward(self, x: Tensor) -> Tensor:
        """[batch, in_channels, height, width] -> [batch, channels, ceil(height / 2), ceil(width / 2)]."""
        x = F.relu(x)
        shifted = F.pad(x, (0, 1, 0, 1))[:, :, 1:, 1:]
        out: Tensor = self.norm(torch.cat([self.even(x), self.odd(shifted)], dim=1))
        return out


class NormalCell(nn.Module):
    """Five sums of two operations each, concatenated with the older input: 6 x `channels`."""

    def __init__(self, older: nn.Module, in_channels: int, channels: int) -> None:
        super().__init__()
        self.older, self.newer = older, Squeeze(in_channels, channels)
        self.newer3, self.newer5 = SeparablePair(channels, channels, 3), SeparablePair(channels, channels, 5)
        self.older3, self.older5 = SeparablePair(channels, channels, 3), SeparablePair(channels, channels, 5)
        self.last3 = SeparablePair(channels, channels, 3)

    def forward(self, older: Tensor, newer: Tensor) -> Tensor:
        """Two inputs [batch, any, height, width] -> [batch, 6 x channels, height, width]."""
        old, new = self.older(older), self.newer(newer)
        sums = [
            self.newer3(new) + new,
            self.older3(old) + self.newer5(new),
            _average(new) + old,
            2 * _average(old),
            self.older5(old) + self.last3(old),
        ]
        return torch.cat([old, *sums], dim=1)


class ReductionCell(nn.Module):
    """Halves the size; four of its sums are concatenated: 4 x `channels`."""

    def __init__(self, older: nn.Module, older_channels: int, in_channels: int, channels: int) -> None:
        super().__init__()
        self.older, self.newer = older, Squeeze(in_channels, channels)
        self.older7 = SeparablePair(older_channels, channels, 7, 2)
        self.newer5 = SeparablePair(channels, channels, 5, 2)
        self.second7 = SeparablePair(older_channels, channels, 7, 2)
        self.older5 = SeparablePair(older_channels, channels, 5, 2)
        self.last3 = SeparablePair(channels, channels, 3)

    def forward(self, older: Tensor, newer: Tensor) -> Tensor:
        """Two inputs [batch, any, height, width] -> [batch, 4 x channels, height / 2, width / 2]."""
        old, new = self.older(older), self.newer(newer)
        first = self.older7(old) + self.newer5(new)
        second = _largest(new) + self.second7(old)
        third = _average(new, 2) + self.older5(old)
        fourth = _largest(new) + self.last3(first)
        return torch.cat([second, third, fourth, _average(first) + second], dim=1)


class NasNetwork(nn.Module):
    """A stem, three stacks of normal cells with reduction cells between them, ReLU - mean, classifier."""

    def __init__(self, spec: NasNet) -> None:
        super().__init__()
        self.cells = nn.ModuleList()
        if spec.stem == "large":
            self.first = nn.Conv2d(3, STEM_CHANNELS, 3, 2, bias=False)
            self.first_norm = nn.BatchNorm2d(STEM_CHANNELS)
            self._seen = [STEM_CHANNELS, STEM_CHANNELS]
            # The very first cell reads the stem as it is, for want of an older cell.
            self._reduce(spec.channels // 4, nn.Identity(), STEM_CHANNELS)
            self._reduce(spec.channels // 2)
        else:
            channels = 3 * spec.channels
            self.first = nn.Conv2d(3, channels, 3, padding=1, bias=False)
            self.first_norm = nn.BatchNorm2d(channels)
            self._seen = [channels, channels]
        for stack in range(3):
            channels = 2**stack * spec.channels
            if stack:
                self._reduce(channels)
            for _ in range(spec.cells):
                self._add(NormalCell(self._older(channels), self._seen[-1], channels), 6 * channels)
        self.classifier = nn.Linear(self._seen[-1], spec.classes)

    def _reduce(
        self, channels: int, older: nn.Module | None = None, older_channels: int | None = None
    ) -> None:
        older = older or self._older(channels)
        self._add(ReductionCell(older, older_channels or channels, self._seen[-1], channels), 4 * channels)

    def _older(self, channels: int) -> nn.Module:
        """What brings the older input to the size and the channels of the newer one."""
        is_larger = bool(self.cells) and isinstance(self.cells[-1], ReductionCell)
        return Halve(self._seen[-2], channels) if is_larger else Squeeze(self._seen[-2], channels)

    def _add(self, cell: nn.Module, channels: int) -> None:
        self.cells.append(cell)
        self._seen.append(channels)

    def forward(self, images: Tensor) -> Tensor:
        """Images [batch, 3, size, size] -> logits [batch, classes]."""
        older = newer = self.first_norm(self.first(images))
        for cell in self.cells:
            older, newer = newer, cell(older, newer)
        logits: Tensor = self.classifier(F.relu(newer).mean(dim=(2, 3)))
        return logits


def _average(x: Tensor, stride: int = 1) -> Tensor:
    return F.avg_pool2d(x, 3, stride, 1, count_include_pad=False)


def _largest(x: Tensor) -> Tensor:
    return F.max_pool2d(x, 3, 2, 1)
