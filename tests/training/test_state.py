from collections.abc import Callable

import pytest
import torch
from safetensors.torch import save
from torch import nn

from nasflow.base.errors import InvalidSpec
from nasflow.spec.recipe import Recipe
from nasflow.training.datasets.data import TrainingData
from nasflow.training.loop import train
from nasflow.training.state import TrainingState
from nasflow.training.weights import weights_to_bytes

NewNetwork = Callable[[int], nn.Sequential]


@pytest.fixture
def states(new_network: NewNetwork, data: TrainingData, recipe: Recipe) -> list[TrainingState]:
    """The state after each of three epochs."""
    states = list[TrainingState]()
    train(new_network(0), data, recipe, seed=5, after_epoch=states.append)
    return states


@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
@pytest.mark.parametrize("channels_last", [False, True])
def test_going_on_from_any_epoch_changes_no_bit(
    new_network: NewNetwork, data: TrainingData, recipe: Recipe, precision: str, channels_last: bool
) -> None:
    """From the bytes after any epoch, another network ends where the uninterrupted one ended."""
    way = recipe.model_copy(update={"precision": precision, "channels_last": channels_last})
    states = list[TrainingState]()
    last = train(new_network(0), data, way, seed=5, after_epoch=states.append)
    for state in states:
        resume = TrainingState.from_bytes(state.to_bytes(), "checkpoint")
        again = train(new_network(9), data, way, seed=5, resume=resume)
        assert again.history == last.history
        assert again.to_bytes() == last.to_bytes()


def test_a_parameter_without_gradient_needs_no_momentum(
    new_network: NewNetwork, data: TrainingData, recipe: Recipe
) -> None:
    """A frozen parameter has no momentum, and its network goes on all the same."""

    def frozen(seed: int) -> nn.Sequential:
        network = new_network(seed)
        network[0].weight.requires_grad_(False)
        return network

    states = list[TrainingState]()
    last = train(frozen(0), data, recipe, seed=5, after_epoch=states.append)
    assert "0.weight" not in last.momentum
    assert train(frozen(0), data, recipe, seed=5, resume=states[0]).to_bytes() == last.to_bytes()


def test_bytes_hold_everything(states: list[TrainingState]) -> None:
    """What is read back is what was written: epoch, history, network, momentum; and again the same bytes."""
    state = TrainingState.from_bytes(states[1].to_bytes(), "checkpoint")
    assert (state.epoch, state.history) == (2, states[1].history)
    for mine, theirs in ((state.network, states[1].network), (state.momentum, states[1].momentum)):
        assert mine.keys() == theirs.keys()
        assert all(torch.equal(mine[name], theirs[name]) for name in mine)
    assert state.to_bytes() == states[1].to_bytes()


def test_a_cut_off_state_is_refused(states: list[TrainingState]) -> None:
    """Wherever the bytes end too early or too late, one line says so and names where they came from."""
    data = states[0].to_bytes()
    for broken in (b"", data[:4], data[:100], data[: len(data) // 2], data[:-1], data + b"\0"):
        with pytest.raises(InvalidSpec, match="broken or cut off") as caught:
            TrainingState.from_bytes(broken, "checkpoints/1")
        assert str(caught.value).startswith("checkpoints/1: ")
        assert "\n" not in str(caught.value)


def test_what_is_no_state_is_refused(states: list[TrainingState], network: nn.Sequential) -> None:
    """Plain weights, strange tensors and a header that contradicts itself are refused in one line."""
    tensors = {"network/a": torch.zeros(1)}
    for data, message in [
        (weights_to_bytes(network.state_dict()), "weights without the state of a training"),
        (save(tensors, {"nasflow": "{"}), "not JSON"),
        (save(tensors, {"nasflow": '{"epoch":3,"history":[]}'}), "does not fit a history of 0 epochs"),
        (save(tensors, {"nasflow": '{"schema_version":2}'}), "upgrade nasflow"),
        (
            states[0].to_bytes().replace(b"momentum/0.weight", b"momentum|0.weight"),
            "is no part of a training state",
        ),
    ]:
        with pytest.raises(InvalidSpec, match=message) as caught:
            TrainingState.from_bytes(data, "checkpoint")
        assert "\n" not in str(caught.value)


def test_momentum_of_another_network_is_refused(
    states: list[TrainingState], new_network: NewNetwork, data: TrainingData, recipe: Recipe
) -> None:
    """Momentum that no parameter has is named."""
    strange = TrainingState(1, states[0].network, {"other.weight": torch.zeros(1)}, states[0].history)
    with pytest.raises(InvalidSpec, match=r"'other.weight' is not in the network"):
        train(new_network(0), data, recipe, seed=5, resume=strange)
