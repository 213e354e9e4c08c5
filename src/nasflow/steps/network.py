"""A child's network from its spec and a blob of weights."""

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from nasflow.networks import build, thaw
from nasflow.networks.condensenet import CondenseNetwork, condensed
from nasflow.spec.child import ChildSpec
from nasflow.spec.host import CondenseNet
from nasflow.spec.recipe import Recipe
from nasflow.steps.archive import Archive
from nasflow.store import get_blob
from nasflow.training.weights import load_weights


def build_for_training(spec: ChildSpec) -> nn.Module:
    """The network in the form that is trained: another one than that of its spec while its groups are
    learned."""
    if spec.recipe.condense:
        assert isinstance(spec.network.host, CondenseNet)
        return CondenseNetwork(spec.network, spec.network.host, is_learned=True)
    network = build(spec.network)
    if spec.parent is None and spec.weights is None:
        thaw(network)
    return network


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
