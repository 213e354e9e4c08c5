"""What a network says about images: evaluation mode, float32, and nothing of it stays behind."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from nasflow.spec.data import DataFacts
from nasflow.training.batches import in_batches, read_ahead
from nasflow.training.datasets.images import Images
from nasflow.training.determinism import exact_float32


@dataclass(frozen=True)
class Evaluation:
    """A network's mean cross-entropy and accuracy (0..1) over some images."""

    loss: float
    accuracy: float
    images: int


def evaluate_network(
    network: nn.Module, images: Images, facts: DataFacts, *, device: torch.device | str, batch_size: int = 500
) -> Evaluation:
    """Judge `network`, which is moved to `device`, by `images`; its modes are as before afterwards."""
    loss, correct = 0.0, 0
    order = in_batches(torch.arange(len(images)), batch_size)
    with evaluation(network, device):
        for batch in read_ahead(images, order):
            outputs = network(normalise(batch.pixels, facts, device)).double()
            labels = batch.labels.to(device)
            loss += F.cross_entropy(outputs, labels, reduction="sum").item()
            correct += int((outputs.argmax(1) == labels).sum())
    return Evaluation(loss / len(images), correct / len(images), len(images))


def logits(
    network: nn.Module,
    images: Images,
    facts: DataFacts,
    indices: Tensor | None = None,
    *,
    device: torch.device | str,
    batch_size: int = 500,
    dtype: torch.dtype = torch.float32,
) -> Tensor:
    """What `network` gives for the images at `indices` (or all): [images, classes], on the CPU.

    It is shown images of `dtype`, which has to be its own.
    """
    chosen = torch.arange(len(images)) if indices is None else indices
    with evaluation(network, device):
        batches = read_ahead(images, in_batches(chosen, batch_size))
        shown = (normalise(each.pixels, facts, device).to(dtype) for each in batches)
        return torch.cat([network(each).cpu() for each in shown])


def are_right(network: nn.Module, images: Images, facts: DataFacts, *, device: torch.device | str) -> Tensor:
    """Which of the images `network` tells right: bool [images], on the CPU."""
    return logits(network, images, facts, device=device).argmax(1) == images.labels


def normalise(batch: Tensor, facts: DataFacts, device: torch.device | str) -> Tensor:
    """What a network reads, (pixel / 255 - mean) / std: uint8 to float32 [batch, channels, height, width]."""
    mean, std = (torch.tensor(values, device=device)[:, None, None] for values in (facts.mean, facts.std))
    return (batch.to(device).float() / 255 - mean) / std


@contextmanager
def evaluation(network: nn.Module, device: torch.device | str) -> Iterator[None]:
    """Evaluation mode on `device` without gradients, in float32; each module's own mode comes back after."""
    modes = {module: module.training for module in network.modules()}
    place = torch.device(device)
    network.to(place).eval()
    try:
        with torch.no_grad(), exact_float32(), torch.autocast(place.type, enabled=False):
            yield
    finally:
        for module, training in modes.items():
            module.training = training
