"""What a measure reads of a child that was trained."""

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from nasflow.search.record import Epoch
from nasflow.spec.child import ChildSpec

if TYPE_CHECKING:
    # Not at once: whoever only reads records needs no torch.
    import torch
    from torch import nn

    from nasflow.training.datasets.data import TrainingData
    from nasflow.training.evaluate import Evaluation


@dataclass(frozen=True, eq=False)
class Subject:
    """A trained network with all that is known of it. A measure may move it to the device, nothing else."""

    child: ChildSpec
    network: "nn.Module"
    """With the trained weights, in the form of the spec, and in the memory layout of the recipe."""
    data: "TrainingData"
    history: tuple[Epoch, ...]
    device: "torch.device"

    @cached_property
    def held_out(self) -> "Evaluation":
        """What the network says of the held-out images: they are shown once, however many measures ask."""
        from nasflow.training.evaluate import evaluate_network

        return evaluate_network(self.network, self.data.held_out, self.data.facts, device=self.device)
