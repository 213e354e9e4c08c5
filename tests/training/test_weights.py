from collections.abc import Callable

import pytest
import torch
from safetensors.torch import save
from torch import nn

from nasflow.base.errors import InvalidSpec
from nasflow.training.weights import load_weights, weights_to_bytes

NewNetwork = Callable[[int], nn.Sequential]


def test_weights_come_back_to_the_last_bit(new_network: NewNetwork) -> None:
    """What was written is what is read, in whatever memory format either network is."""
    source, target = new_network(0), new_network(1).to(memory_format=torch.channels_last)
    source(torch.randn(4, 1, 8, 8, generator=torch.Generator().manual_seed(0)))
    load_weights(target, weights_to_bytes(source.state_dict()), "weights")
    for name, tensor in source.state_dict().items():
        assert torch.equal(tensor, target.state_dict()[name]), name
    assert target.get_parameter("4.weight").is_contiguous(memory_format=torch.channels_last)


def test_the_same_weights_give_the_same_bytes(new_network: NewNetwork) -> None:
    """Bytes depend on names and values alone, so that a digest names the weights."""
    state = new_network(0).state_dict()
    backwards = dict(reversed(state.items()))
    assert weights_to_bytes(state) == weights_to_bytes(backwards)
    assert weights_to_bytes(state) != weights_to_bytes(new_network(1).state_dict())


def test_counters_may_be_missing(network: nn.Sequential) -> None:
    """Without num_batches_tracked the weights are read, and the counters are 0."""
    network(torch.zeros(4, 1, 8, 8))
    state = {name: each for name, each in network.state_dict().items() if "num_batches" not in name}
    load_weights(network, weights_to_bytes(state), "weights")
    assert network.state_dict()["1.num_batches_tracked"] == 0


def test_other_weights_are_refused_and_change_nothing(network: nn.Sequential) -> None:
    """A missing, unknown, misshapen or mistyped tensor, or a broken file, is named in one line."""
    state = network.state_dict()
    before = weights_to_bytes(state)
    few = {name: each for name, each in state.items() if name != "8.bias"}
    for data, message in [
        (save(few), "'8.bias' is missing"),
        (save(state | {"9.bias": torch.zeros(2)}), "'9.bias' is not in the network"),
        (save(state | {"8.bias": torch.zeros(5)}), r"'8.bias' is float32 \[5\], .* float32 \[4\]"),
        (save(state | {"8.bias": torch.zeros(4).half()}), r"'8.bias' is float16 \[4\]"),
        (before[:-1], "broken or cut off"),
        (before[:20], "broken or cut off"),
        (b"", "broken or cut off"),
        (b"\x80\x04 a pickle", "no safetensors file"),
    ]:
        with pytest.raises(InvalidSpec, match=message) as caught:
            load_weights(network, data, "blob 12")
        assert str(caught.value).startswith("blob 12: ")
        assert "\n" not in str(caught.value)
    assert weights_to_bytes(network.state_dict()) == before
