"""A child's network from its spec and a blob of weights."""

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from nasflow.base.errors import ChildFailed
from nasflow.base.quantity import in_bytes
from nasflow.networks import build, thaw
from nasflow.networks.condensenet import CondenseNetwork, condensed
from nasflow.spec.child import ChildSpec
from nasflow.spec.hosts import Adopted, CondenseNet
from nasflow.spec.network import NetworkSpec
from nasflow.spec.origin import Scratch
from nasflow.spec.recipe import Recipe
from nasflow.steps.archive import Archive
from nasflow.store import get_blob
from nasflow.training.memory import room_here
from nasflow.training.weights import load_weights

_TRAINED_BYTES = 12
"""A parameter, its gradient and its momentum in float32."""


def build_for_training(spec: ChildSpec) -> nn.Module:
    """The network in the form that is trained: another one than that of its spec while its groups are
    learned."""
    _check_memory(spec.network)
    network = trained_form(spec.network, spec.recipe)
    if isinstance(spec.origin, Scratch):
        thaw(network)
    return network


def trained_form(network: NetworkSpec, recipe: Recipe) -> nn.Module:
    """The network as a recipe trains it, with torch's own weights; raise as `build`."""
    if recipe.condense and isinstance(network.host, CondenseNet):
        return CondenseNetwork(network, network.host, is_learned=True)
    return build(network)


def _check_memory(spec: NetworkSpec) -> None:
    """Raise ChildFailed where training cannot fit: the system would end the process, and say nothing."""
    if isinstance(spec.host, Adopted):
        return  # It has been made already, when the search began.
    with torch.device("meta"):
        parameters = sum(each.numel() for each in build(spec).parameters())
    needed, room = _TRAINED_BYTES * parameters, room_here()
    if needed > room.bytes:
        raise ChildFailed(
            f"out of memory: training its {parameters:,} parameters takes {in_bytes(needed)}, and "
            f"{room.owner} has {in_bytes(room.bytes)}: a smaller network fits"
        )


def as_specified(network: nn.Module, state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The weights of a network that was trained, as the network of its spec has them."""
    if isinstance(network, CondenseNetwork) and network.is_learned:
        return condensed(dict(state), network)
    return dict(state)


def load_network(archive: Archive, spec: ChildSpec, weights: str) -> nn.Module:
    """Build from the spec alone, load the blob; raise BlobDamaged or InvalidSpec if it does not fit."""
    network = build(spec.network)
    load_weights(network, get_blob(archive.store, weights), f"blob {weights}")
    return network


def arrange(network: nn.Module, recipe: Recipe) -> nn.Module:
    """Bring the weights into the memory layout of the recipe; return the same network."""
    if recipe.channels_last:
        network.to(memory_format=torch.channels_last)
    return network
