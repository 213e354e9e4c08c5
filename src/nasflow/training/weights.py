"""A network's weights as bytes: what the store holds of a trained network."""

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from nasflow.networks.state import load_state
from nasflow.training.tensors import check_like, from_bytes, is_counter, to_bytes


def weights_to_bytes(state: Mapping[str, Tensor]) -> bytes:
    """A safetensors file of `network.state_dict()`; the same weights give the same bytes."""
    return to_bytes(state)


def load_weights(network: nn.Module, data: bytes, where: str) -> None:
    """Put the weights from `where` into `network`, on the device and in the memory format it has.

    Raise InvalidSpec unless names, shapes and types are exactly those of the network. A BatchNorm's
    `num_batches_tracked` alone may be missing, and is then 0: surgery has no use for it.
    """
    tensors, _ = from_bytes(data, where)
    wanted = network.state_dict()
    for name, tensor in wanted.items():
        if is_counter(name, tensor):
            tensors.setdefault(name, torch.zeros_like(tensor, device="cpu"))
    check_like(tensors, wanted, where)
    load_state(network, tensors)
