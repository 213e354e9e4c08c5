"""Learned group convolutions (Huang et al., CVPR 2018): a training in which weights are given up by groups.

In the first half of a training each group of a 1x1 convolution's outputs gives up inputs, in as many steps as
the condense factor has less one, until it reads its share; the second half trains what is left. A group lasso
makes whole groups of weights small before they go.
"""

import torch
from torch import Tensor, nn

from nasflow.networks.condensenet import Learned
from nasflow.spec.recipe import Recipe

FEWEST_STEPS = 2
"""Steps of a training that has a first half, in which inputs are given up, and a second."""


class Condensation:
    """The learned layers of a network; a network without any has nothing to give up."""

    def __init__(self, network: nn.Module, recipe: Recipe) -> None:
        self._layers = [module for module in network.modules() if isinstance(module, Learned)]
        self._left: list[int] = []
        self._weight = recipe.group_lasso

    def advance(self, step: int, steps: int) -> None:
        """Give up what is due before step `step`, from 0, of `steps`: nothing where it is gone already."""
        if not self._left:
            # Read once, because each look makes a GPU wait; and not before a checkpoint has been restored.
            self._left = [int(layer.mask[0].count_nonzero()) for layer in self._layers]
        for number, layer in enumerate(self._layers):
            left = inputs_left(layer, step, steps)
            if left < self._left[number]:
                layer.prune(left)
                self._left[number] = left

    def penalty(self) -> Tensor | float:
        """The group lasso, to be added to the loss: the norms of the weights between a group and an input."""
        if not self._weight or not self._layers:
            return 0.0
        squares = [layer.by_group().square().sum(1) for layer in self._layers]
        # The root has no derivative at 0, where a weight that is given up stays.
        return self._weight * torch.stack([each.clamp(min=1e-12).sqrt().sum() for each in squares]).sum()


def inputs_left(layer: Learned, step: int, steps: int) -> int:
    """How many inputs each group may read in step `step`, from 0, of `steps`."""
    inputs = layer.mask.shape[1]
    factor = round(inputs / layer.kept)
    # Stage k of factor - 1, each of an even part of the first half, ends with k / factor of the inputs gone.
    stages = min(factor - 1, 2 * step * (factor - 1) // steps)
    return inputs - stages * (inputs - layer.kept) // (factor - 1) if factor > 1 else inputs
