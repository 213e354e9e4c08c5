"""Networks as users write them: named by tests as `tests.networks.strangers:...`."""

from threading import Lock

import torch
from torch import Tensor, nn


class PostActivation(nn.Module):
    """Convolution - BatchNorm - ReLU, with stride, groups, dilation, bias, shortcut; reads three channels."""

    dropped = 0.2

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Sequential(nn.Conv2d(3, 8, 3, padding=1, bias=False), nn.BatchNorm2d(8), nn.ReLU())
        self.grouped = nn.Conv2d(8, 12, 3, stride=2, padding=1, groups=2)
        self.grouped_norm = nn.BatchNorm2d(12)
        self.depthwise = nn.Conv2d(12, 12, 3, padding=1, groups=12, bias=False)
        self.dilated = nn.Conv2d(12, 12, 3, padding="same", dilation=2, padding_mode="reflect")
        self.dilated_norm = nn.BatchNorm2d(12)
        self.dropout = nn.Dropout(self.dropped)
        self.classifier = nn.Linear(12, 10, bias=False)

    def forward(self, images: Tensor) -> Tensor:
        """Images [batch, 3, height, width] -> logits [batch, 10]."""
        x = torch.relu(self.grouped_norm(self.grouped(self.stem(images))))
        x = torch.relu(x + self.dilated_norm(self.dilated(self.depthwise(x))))
        logits: Tensor = self.classifier(self.dropout(x.mean(dim=(2, 3))))
        return logits


class WithoutDropout(PostActivation):
    """The same in training mode, as often as it is asked."""

    dropped = 0.0


class Cancelling(WithoutDropout):
    """Its logits are small differences of large numbers, of which float32 keeps a few digits."""

    def forward(self, images: Tensor) -> Tensor:
        """Images [batch, 3, height, width] -> logits [batch, 10]."""
        logits = super().forward(images)
        return (logits + 1000) - 1000


class OfSinglePrecision(WithoutDropout):
    """Multiplies by a tensor that is float32 whatever the network is."""

    def forward(self, images: Tensor) -> Tensor:
        """Images [batch, 3, height, width] -> logits [batch, 10]."""
        return super().forward(images) @ torch.eye(10, dtype=torch.float32, device=images.device)


class Frozen(WithoutDropout):
    """What a part of is not to be trained: a convolution, a BatchNorm, and a constant of its own."""

    def __init__(self) -> None:
        super().__init__()
        self.grouped.requires_grad_(False)
        self.grouped_norm.requires_grad_(False)
        self.scale = nn.Parameter(torch.ones(()), requires_grad=False)

    def forward(self, images: Tensor) -> Tensor:
        """Images [batch, 3, height, width] -> logits [batch, 10]."""
        return super().forward(images * self.scale)


class AllFrozen(WithoutDropout):
    """Nothing of which is to be trained."""

    def __init__(self) -> None:
        super().__init__()
        self.requires_grad_(False)


class Masked(nn.Module):
    """No BatchNorm, and a tensor that is no number."""

    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            nn.Conv2d(3, 4, 3), nn.GroupNorm(2, 4), nn.LeakyReLU(0.2), nn.Conv2d(4, 5, 3)
        )
        self.register_buffer("mask", torch.arange(5) % 2 == 0)

    def forward(self, images: Tensor) -> Tensor:
        """Images [batch, 3, height, width] -> logits [batch, 5]."""
        logits: Tensor = torch.where(self.get_buffer("mask"), self.layers(images).mean(dim=(2, 3)), 0.0)
        return logits


class Deciding(WithoutDropout):
    """What looks at its values: it can be neither traced nor counted without computing."""

    def forward(self, images: Tensor) -> Tensor:
        """Images [batch, 3, height, width] -> logits [batch, 10]."""
        return super().forward(images if images.mean() < 1e6 else images * 2)


class Colliding(nn.Module):
    """Two layers whose names differ in their dots alone."""

    def __init__(self) -> None:
        super().__init__()
        self.a, self.a_b = nn.Module(), nn.Module()
        self.a.b_c, self.a_b.c = nn.Conv2d(3, 5, 3), nn.Conv2d(5, 5, 3)

    def forward(self, images: Tensor) -> Tensor:
        """Images [batch, 3, height, width] -> logits [batch, 5]."""
        layers = (self.a.get_submodule("b_c"), self.a_b.get_submodule("c"))
        logits: Tensor = layers[1](layers[0](images)).mean(dim=(2, 3))
        return logits


def twice() -> nn.Module:
    """A layer under two names."""
    network = PostActivation()
    network.again = network.dilated
    return network


def two_outputs() -> nn.Module:
    """What gives something else than logits."""

    class Two(PostActivation):
        def forward(self, images: Tensor) -> Tensor:
            return (super().forward(images),) * 2  # type: ignore[return-value]

    return Two()


def locked() -> nn.Module:
    """What cannot be copied."""
    network = PostActivation()
    network.lock = Lock()  # type: ignore[assignment]
    return network


def broken() -> nn.Module:
    """What cannot be made."""
    raise RuntimeError("no licence for this network")


def no_network() -> dict[str, int]:
    """What is no network."""
    return {}
