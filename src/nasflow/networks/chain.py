"""The chain host: plain layers one after the other."""

from torch import Tensor, nn
from torch.nn import functional as F

from nasflow.spec.hosts import Chain
from nasflow.spec.network import NetworkSpec


class ChainLayer(nn.Module):
    """A 3x3 convolution, BatchNorm, ReLU."""

    def __init__(self, in_channels: int, out_channels: int) -> None:
        super().__init__()
        self.weight = nn.Conv2d(in_channels, out_channels, 3, padding=1, bias=False)
        self.norm = nn.BatchNorm2d(out_channels)

    def forward(self, x: Tensor) -> Tensor:
        """[batch, in_channels, height, width] -> [batch, out_channels, height, width]."""
        return F.relu(self.norm(self.weight(x)))


class ChainNetwork(nn.Module):
    """Layer after layer, some of them with a 2x2 max pool behind them; mean, classifier."""

    def __init__(self, spec: NetworkSpec, host: Chain) -> None:
        super().__init__()
        self.pools = frozenset(host.pools)
        self.layers = nn.ModuleList()
        channels = spec.channels
        for width in host.widths:
            self.layers.append(ChainLayer(channels, width))
            channels = width
        self.classifier = nn.Linear(channels, spec.classes)

    def forward(self, images: Tensor) -> Tensor:
        """Images [batch, channels, size, size] -> logits [batch, classes]."""
        x = images
        for number, layer in enumerate(self.layers, start=1):
            x = layer(x)
            if number in self.pools:
                x = F.max_pool2d(x, 2)
        logits: Tensor = self.classifier(x.mean(dim=(2, 3)))
        return logits
