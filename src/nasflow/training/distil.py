"""Distillation: a student learns what its teachers say of the very images that it is shown."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from nasflow.spec.recipe import Distil


class Teachers:
    """Trained networks in evaluation mode, on the device of the training; they are not trained on."""

    def __init__(self, networks: Sequence[nn.Module], distil: Distil) -> None:
        self._networks = [network.eval() for network in networks]
        self._distil = distil

    def teach(self, outputs: Tensor, loss: Tensor, images: Tensor) -> Tensor:
        """The loss that the student follows: `loss`, its labels' own, and how far it is from its teachers.

        `outputs` are its logits [batch, classes] for `images`. The distance is Kullback and Leibler's between
        softened probabilities, times the square of the temperature, so that its gradients stay as large.
        """
        heat, weight = self._distil.temperature, self._distil.weight
        said = F.log_softmax(outputs.float() / heat, dim=1)
        apart = F.kl_div(said, self._said(images), reduction="batchmean") * heat**2
        return (1 - weight) * loss + weight * apart

    @torch.no_grad()
    def _said(self, images: Tensor) -> Tensor:
        """The mean of what the teachers say: probabilities [batch, classes]."""
        heat = self._distil.temperature
        told = [F.softmax(network(images).float() / heat, dim=1) for network in self._networks]
        return torch.stack(told).mean(dim=0)
