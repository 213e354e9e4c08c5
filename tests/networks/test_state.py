from collections import OrderedDict
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from nasflow.networks.state import load_state


class Versioned(nn.Linear):
    """Takes no tensors of an unknown version, as torchvision's MNASNet does not."""

    _version = 2

    def _load_from_state_dict(
        self, state: dict[str, Tensor], prefix: str, metadata: dict[str, Any], *rest: Any
    ) -> None:
        if metadata.get("version") != self._version:
            raise ValueError(f"version {metadata.get('version')}")
        super()._load_from_state_dict(state, prefix, metadata, *rest)


@pytest.mark.parametrize("kind", [dict, OrderedDict])
def test_versions_are_the_networks(kind: type[dict[str, Tensor]]) -> None:
    """Tensors that were stored as they are, without versions, are of the network's own."""
    network = nn.Sequential(Versioned(2, 2))
    wanted = kind({name: torch.full_like(tensor, 3.0) for name, tensor in network.state_dict().items()})
    load_state(network, wanted)
    assert all(torch.equal(tensor, wanted[name]) for name, tensor in network.state_dict().items())
    with pytest.raises(ValueError, match="version None"):
        network.load_state_dict(wanted)


def test_all_names_or_none() -> None:
    """As torch's own."""
    with pytest.raises(RuntimeError, match="Missing key"):
        load_state(nn.Linear(2, 2), {"weight": torch.zeros(2, 2)})
