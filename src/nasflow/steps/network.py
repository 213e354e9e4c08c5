"""A child's network from its spec and a blob of weights."""

import torch
from torch import nn

from nasflow.networks import build
from nasflow.spec.child import ChildSpec
from nasflow.spec.recipe import Recipe
from nasflow.steps.archive import Archive
from nasflow.store import get_blob
from nasflow.training.weights import load_weights


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
