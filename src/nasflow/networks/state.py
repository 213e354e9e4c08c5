"""Tensors into a network."""

from collections import OrderedDict
from collections.abc import Mapping
from typing import Any

from torch import Tensor, nn


def load_state(network: nn.Module, tensors: Mapping[str, Tensor]) -> None:
    """torch's `load_state_dict`, all names or none, of tensors that have lost their modules' versions.

    A module may read an older version in another way, and take tensors without one for the oldest, or refuse
    them (torchvision's MNASNet does). These are of the network as it is.
    """
    state: Any = OrderedDict(tensors)
    state._metadata = getattr(network.state_dict(), "_metadata", {})
    network.load_state_dict(state)
