"""The written host: each layer reads what it says (Zoph and Le, ICLR 2017)."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from nasflow.base.errors import InvalidSpec
from nasflow.spec.hosts import Written
from nasflow.spec.network import NetworkSpec
from nasflow.spec.parts import WrittenLayer


class WrittenModule(nn.Module):
    """A convolution, BatchNorm, ReLU."""

    def __init__(self, layer: WrittenLayer, channels: int) -> None:
        super().__init__()
        kernel = (layer.height, layer.width)
        padding = (layer.height // 2, layer.width // 2)
        self.weight = nn.Conv2d(channels, layer.filters, kernel, layer.stride, padding, bias=False)
        self.norm = nn.BatchNorm2d(layer.filters)

    def forward(self, x: Tensor) -> Tensor:
        """[batch, channels, height, width] -> [batch, filters, height / stride, width / stride]."""
        return F.relu(self.norm(self.weight(x)))


class WrittenNetwork(nn.Module):
    """Layers; what nobody reads goes into the mean and the classifier."""

    def __init__(self, spec: NetworkSpec, host: Written) -> None:
        super().__init__()
        written = [
            _layer(spec, place.name, plain) for place, plain in zip(host.places, host.plain, strict=True)
        ]
        self.reads = tuple(layer.reads for layer in written)
        self.layers = nn.ModuleList()
        self.sizes: list[int] = []
        """Height and width of what each layer writes."""
        for number, layer in enumerate(written):
            if any(other >= number for other in layer.reads):
                raise InvalidSpec(f"layers.{number} reads {max(layer.reads)}: a layer reads those before it")
            channels = sum(written[other].filters for other in layer.reads) or spec.channels
            self.layers.append(WrittenModule(layer, channels))
            size = max((self.sizes[other] for other in layer.reads), default=spec.size)
            self.sizes.append(-(-size // layer.stride))
        read = {other for reads in self.reads for other in reads}
        self.last = tuple(number for number in range(host.layers) if number not in read)
        self.classifier = nn.Linear(sum(written[number].filters for number in self.last), spec.classes)

    def forward(self, images: Tensor) -> Tensor:
        """Images [batch, channels, size, size] -> logits [batch, classes]."""
        said: list[Tensor] = []
        for layer, reads in zip(self.layers, self.reads, strict=True):
            said.append(layer(self._together(said, reads) if reads else images))
        # The mean over each image by itself: filled with zeros to one size, small ones would count for less.
        means = [said[number].mean(dim=(2, 3)) for number in self.last]
        logits: Tensor = self.classifier(torch.cat(means, dim=1))
        return logits

    def _together(self, said: Sequence[Tensor], reads: Sequence[int]) -> Tensor:
        """What some layers wrote, one behind the other, smaller images filled with zeros on the right and
        below.
        """
        largest = max(self.sizes[number] for number in reads)
        filled = [F.pad(said[number], (0, largest - self.sizes[number]) * 2) for number in reads]
        return torch.cat(filled, dim=1)


def _layer(spec: NetworkSpec, place: str, plain: WrittenLayer) -> WrittenLayer:
    own = spec.parts.at(place)
    return own if isinstance(own, WrittenLayer) else plain
