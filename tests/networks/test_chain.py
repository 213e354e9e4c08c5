import pytest
import torch
from pydantic import ValidationError
from torch import nn
from torch.nn import functional as F

from nasflow.networks import build, initialise
from nasflow.networks.chain import ChainNetwork
from nasflow.spec.hosts import Chain
from nasflow.spec.network import NetworkSpec
from nasflow.spec.parts import Parts, Width

NORM = ("running_mean", "running_var", "weight", "bias")


def spec(parts: Parts | None = None, pools: tuple[int, ...] = (1, 3)) -> NetworkSpec:
    """Three layers of 4, 6 and 8 channels."""
    host = Chain(widths=(4, 6, 8), pools=pools)
    return NetworkSpec(host=host, parts=parts or Parts(), channels=2, size=9, classes=5)


def test_a_chain_is_its_layers() -> None:
    """Layer after layer: a 3x3 convolution without bias, BatchNorm, ReLU; a max pool where there is one."""
    network = build(spec()).eval()
    initialise(network, 1)
    assert isinstance(network, ChainNetwork)
    for module in network.modules():
        if isinstance(module, nn.BatchNorm2d):
            assert module.running_mean is not None
            module.running_mean.normal_(generator=torch.Generator().manual_seed(2))
    images = torch.randn(3, 2, 9, 9)
    state = network.state_dict()
    x = images
    for number in range(3):
        x = F.conv2d(x, state[f"layers.{number}.weight.weight"], padding=1)
        norm = [state[f"layers.{number}.norm.{part}"] for part in NORM]
        x = F.relu(F.batch_norm(x, *norm))
        x = x if number == 1 else F.max_pool2d(x, 2)
    assert x.shape == (3, 8, 2, 2)
    expected = F.linear(x.mean(dim=(2, 3)), state["classifier.weight"], state["classifier.bias"])
    torch.testing.assert_close(network(images), expected)
    assert not any(name.startswith("layers") and name.endswith("weight.bias") for name in state)


def test_a_width_of_its_own() -> None:
    """A layer as wide as its part says, and the next one reads that many channels."""
    widths = {"layers.1.weight": Width(channels=11), "layers.2.weight": Width(channels=3)}
    network = build(spec(Parts(own=widths)))
    shapes = [tuple(each.weight.shape[:2]) for each in network.modules() if isinstance(each, nn.Conv2d)]
    assert shapes == [(4, 2), (11, 4), (3, 11)]
    assert network(torch.randn(2, 2, 9, 9)).shape == (2, 5)


@pytest.mark.parametrize("pools", [(0,), (4,), (1, 1)])
def test_pools_that_cannot_be(pools: tuple[int, ...]) -> None:
    """A pool stands behind one of the layers, and each at most once."""
    with pytest.raises(ValidationError, match="name some of the layers 1 to 3, each once"):
        spec(pools=pools)
