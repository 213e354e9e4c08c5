"""What memory the training of a network takes at least: nothing is trained to know it, and nothing computed.

The forward pass is done on the meta device, as in `counts`, and what it keeps for the backward pass is added
up. The backward pass and the kernels of a device take more than that.
"""

from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.autograd.graph import saved_tensors_hooks

from nasflow.measure.counts import norms_replaced, on_any_device
from nasflow.spec.network import NetworkSpec
from nasflow.spec.recipe import Recipe

_IMAGES = 2
"""A BatchNorm is not trained by a single value, which one image may come to."""


class TrainingMemory(NamedTuple):
    """Bytes, in float32."""

    weights: int
    """Parameters, and what else belongs to the network's state."""
    trained: int
    """Those of the parameters that are trained."""
    image: int
    """What the forward pass of one image keeps for the backward pass."""

    def without_images(self, recipe: Recipe) -> int:
        """Weights, gradients and momentum: a training has them all at once, whatever it is shown."""
        return self.weights + self.trained * (2 if recipe.momentum else 1)

    def with_images(self, recipe: Recipe, images: int) -> int:
        """The same at the end of a forward pass of so many images."""
        return self.without_images(recipe) + int(images * self.of_image(recipe))

    def of_image(self, recipe: Recipe) -> float:
        """Of one image, in the recipe's precision: in bfloat16 half, if all of it were so."""
        return self.image / (2 if recipe.precision == "bfloat16" else 1)


def training_memory(
    spec: NetworkSpec, make: Callable[[NetworkSpec], nn.Module] | None = None
) -> TrainingMemory:
    """Of the network of a spec, or of the form that `make` gives it; raise as `on_any_device`."""
    return on_any_device(spec, _memory, make)


def weight_bytes(spec: NetworkSpec) -> int:
    """Of the file of a network's weights; raise InvalidSpec if it cannot be built."""
    return on_any_device(spec, lambda network, _: _size(network))


def _memory(network: nn.Module, image: Tensor) -> TrainingMemory:
    trained = sum(each.nbytes for each in network.parameters() if each.requires_grad)
    return TrainingMemory(_size(network), trained, _kept(network, image) // _IMAGES)


def _size(network: nn.Module) -> int:
    return sum(each.nbytes for each in network.state_dict().values())


def _kept(network: nn.Module, image: Tensor) -> int:
    """Of a batch of `_IMAGES`, without the network's weights. A tensor that is kept twice is there once."""
    # By identity, which stays while somebody holds them: on the meta device they have no addresses.
    own = [each.untyped_storage() for each in network.state_dict(keep_vars=True).values()]
    kept: dict[int, torch.UntypedStorage] = {}

    def keep(tensor: Tensor) -> Tensor:
        storage = tensor.untyped_storage()
        kept[id(storage)] = storage
        return tensor

    with norms_replaced(network, image, _Norm.apply), saved_tensors_hooks(keep, lambda tensor: tensor):
        network.train()(image.repeat(_IMAGES, 1, 1, 1))
    return sum(kept[number].nbytes() for number in kept.keys() - set(map(id, own)))


class _Norm(torch.autograd.Function):
    """A BatchNorm's part in this: it keeps what it reads."""

    @staticmethod
    def forward(context: torch.autograd.function.FunctionCtx, images: Tensor) -> Tensor:
        context.save_for_backward(images)
        return torch.empty_like(images)
