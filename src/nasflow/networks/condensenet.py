"""The CondenseNet host (Huang et al., CVPR 2018) with cells in its last layers, in two forms.

Condensed, the 1x1 convolutions are ordinary group convolutions that read chosen channels: what is counted,
grown and served. To be trained from scratch it has its learned form: dense 1x1 convolutions, each group of
whose outputs gives up inputs in the course of the training (`nasflow.training.condense`) until as many are
left as a group of the condensed form reads. `condensed` turns one into the other; they compute the same.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from nasflow.networks.cell import Cell
from nasflow.networks.operations import Convolution
from nasflow.spec.hosts import CondenseNet
from nasflow.spec.network import NetworkSpec
from nasflow.spec.tree import Tree


class Learned(nn.Module):
    """Weights [out, in, ...] whose outputs form groups, each with a mask over the inputs that it reads."""

    mask: Tensor

    def __init__(self, weight: nn.Conv2d | nn.Linear, groups: int, kept: int) -> None:
        super().__init__()
        self.weight = weight
        self.groups, self.kept = groups, kept
        self.register_buffer("mask", torch.ones(groups, weight.weight.shape[1]))

    def by_group(self) -> Tensor:
        """The weights that count: [groups, out / groups, in]."""
        weight = self.weight.weight.flatten(1)
        return torch.unflatten(weight, 0, (self.groups, -1)) * self.mask[:, None]

    def masked(self) -> Tensor:
        """The same in the shape of the layer's own."""
        return self.by_group().view_as(self.weight.weight)

    @torch.no_grad()
    def prune(self, left: int) -> None:
        """Keep the `left` inputs of each group whose weights have the largest absolute sum."""
        importance = self.by_group().abs().sum(1)
        kept = importance.argsort(dim=1, descending=True, stable=True)[:, :left]
        self.mask.zero_().scatter_(1, kept, 1.0)


class LearnedConvolution(Learned):
    """BatchNorm, ReLU, dense 1x1 convolution with groups that are still being learned."""

    def __init__(self, in_channels: int, out_channels: int, groups: int) -> None:
        super().__init__(nn.Conv2d(in_channels, out_channels, 1, bias=False), groups, in_channels // groups)
        self.norm = nn.BatchNorm2d(in_channels)

    def forward(self, x: Tensor) -> Tensor:
        """[batch, in_channels, height, width] -> [batch, out_channels, height, width]."""
        return F.conv2d(F.relu(self.norm(x)), self.masked())


class LearnedClassifier(Learned):
    """A classifier that gives up half of its inputs."""

    def __init__(self, in_channels: int, classes: int) -> None:
        super().__init__(nn.Linear(in_channels, classes), 1, in_channels // 2)

    def forward(self, x: Tensor) -> Tensor:
        """[batch, in_channels] -> [batch, classes]."""
        return F.linear(x, self.masked(), self.weight.bias)


class CondenseLayer(nn.Module):
    """A grouped 1x1 bottleneck to 4 x growth channels, a cell or a plain 3x3, and its channels appended."""

    def __init__(
        self, in_channels: int, growth: int, tree: Tree | None, host: CondenseNet, is_learned: bool
    ) -> None:
        super().__init__()
        width = 4 * growth
        self.condense, self.is_learned = host.condense, is_learned
        if is_learned:
            self.bottleneck: nn.Module = LearnedConvolution(in_channels, width, host.condense)
        else:
            # Which inputs each group reads, group by group. In order until something is loaded.
            self.register_buffer("order", torch.arange(in_channels))
            self.bottleneck = Convolution(in_channels, width, 1, host.condense)
        self.cell = (
            Cell(tree, width, growth, host.groups) if tree else Convolution(width, growth, 3, host.groups)
        )

    def forward(self, x: Tensor) -> Tensor:
        """[batch, channels, height, width] -> [batch, channels + growth, height, width]."""
        chosen = x if self.is_learned else x.index_select(1, self.order)  # type: ignore[arg-type]
        # Each group of the 3x3 convolution shall see something of each group of the 1x1.
        mixed = torch.unflatten(self.bottleneck(chosen), 1, (self.condense, -1)).transpose(1, 2).flatten(1, 2)
        return torch.cat([x, self.cell(mixed)], dim=1)


class CondenseNetwork(nn.Module):
    """First convolution, dense stages that are pooled between, BatchNorm - ReLU - mean, half a classifier."""

    def __init__(self, spec: NetworkSpec, host: CondenseNet, is_learned: bool = False) -> None:
        super().__init__()
        channels = 2 * host.growth[0]
        self.first = nn.Conv2d(spec.channels, channels, 3, host.first_stride, 1, bias=False)
        stages: list[nn.Module] = []
        for layers, growth, cells in zip(host.layers, host.growth, host.cells, strict=True):
            stage = []
            for number in range(layers):
                is_cell = number >= layers - cells
                tree = spec.parts.cell_at(f"stages.{len(stages)}.{number}.cell") if is_cell else None
                stage.append(CondenseLayer(channels, growth, tree, host, is_learned))
                channels += growth
            stages.append(nn.Sequential(*stage))
        self.stages = nn.ModuleList(stages)
        self.norm = nn.BatchNorm2d(channels)
        self.is_learned = is_learned
        if is_learned:
            self.classifier: nn.Module = LearnedClassifier(channels, spec.classes)
        else:
            self.register_buffer("order", torch.arange(channels // 2))
            self.classifier = nn.Linear(channels // 2, spec.classes)

    def forward(self, images: Tensor) -> Tensor:
        """Images [batch, channels, size, size] -> logits [batch, classes]."""
        x = self.first(images)
        for number, stage in enumerate(self.stages):
            x = stage(F.avg_pool2d(x, 2) if number else x)
        features = F.relu(self.norm(x)).mean(dim=(2, 3))
        read = features if self.is_learned else features.index_select(1, self.order)  # type: ignore[arg-type]
        logits: Tensor = self.classifier(read)
        return logits


def condensed(state: dict[str, Tensor], learned: CondenseNetwork) -> dict[str, Tensor]:
    """The state dict of the condensed form, from that of a `learned` network that has given up enough.

    Raise ValueError if a group still reads more inputs than it may.
    """
    state = dict(state)
    for name, layer in learned.named_modules():
        if isinstance(layer, Learned):
            _condense(state, name, layer)
    return state


def _condense(state: dict[str, Tensor], name: str, layer: Learned) -> None:
    mask, weight = state.pop(f"{name}.mask"), state[f"{name}.weight.weight"]
    inputs = torch.stack([group.nonzero().flatten() for group in mask])
    if inputs.shape[1] != layer.kept:
        raise ValueError(f"{name}: a group reads {inputs.shape[1]} inputs, and {layer.kept} are to be left")
    by_group = torch.unflatten(weight, 0, (layer.groups, -1))
    kept = torch.cat([each[:, own] for each, own in zip(by_group, inputs, strict=True)])
    order = inputs.flatten()
    if isinstance(layer, LearnedClassifier):
        state |= {"order": order, f"{name}.weight": kept, f"{name}.bias": state.pop(f"{name}.weight.bias")}
        del state[f"{name}.weight.weight"]
        return
    state |= {f"{name.removesuffix('.bottleneck')}.order": order, f"{name}.weight.weight": kept}
    for part in ("weight", "bias", "running_mean", "running_var"):
        state[f"{name}.norm.{part}"] = state[f"{name}.norm.{part}"][order]
