from collections.abc import Callable
from dataclasses import replace

import pytest
import torch
from safetensors.torch import save
from tests.training.states import every_look, every_state
from torch import nn

from nasflow.base.errors import InvalidSpec
from nasflow.training.loop import train_network
from nasflow.training.session import Training
from nasflow.training.state import TrainingState
from nasflow.training.tensors import from_bytes, to_bytes
from nasflow.training.weights import weights_to_bytes

NewTraining = Callable[[int], Training]


@pytest.fixture
def states(training: Training) -> list[TrainingState]:
    """The state after each of three epochs."""
    return every_state(training)


@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
@pytest.mark.parametrize("channels_last", [False, True])
def test_going_on_from_any_epoch_changes_no_bit(
    new_training: NewTraining, precision: str, channels_last: bool
) -> None:
    """From the bytes after any epoch, another network ends where the uninterrupted one ended."""

    def training(seed: int) -> Training:
        plain, changes = new_training(seed), {"precision": precision, "channels_last": channels_last}
        return replace(plain, recipe=plain.recipe.model_copy(update=changes))

    states = every_state(training(0))
    for state in states:
        again = train_network(training(9), TrainingState.from_bytes(state.to_bytes(), "checkpoint"))
        assert again.history == states[-1].history
        assert again.to_bytes() == states[-1].to_bytes()


def test_going_on_from_any_step_changes_no_bit(
    new_training: NewTraining, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same from the bytes in the middle of an epoch, which hold the figures of its steps so far."""
    whole = train_network(new_training(0))
    states = every_look(new_training(0), monkeypatch)
    assert [state.reached for state in states[:4]] == [(0, 2), (0, 4), (0, 6), (1, 0)]
    for state in states:
        again = train_network(new_training(9), TrainingState.from_bytes(state.to_bytes(), "checkpoint"))
        assert again.history == whole.history
        assert again.to_bytes() == whole.to_bytes()


def test_steps_that_do_not_fit_are_refused(
    new_training: NewTraining, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A state whose next epoch is not whole, or is of another length, is refused in one line."""
    state = every_look(new_training(0), monkeypatch)[1]
    assert state.begun
    tensors, header = from_bytes(state.to_bytes(), "x")
    cases: list[tuple[dict[str, torch.Tensor | None], str]] = [
        ({"begun/losses": None}, "are not whole"),
        ({"begun/losses": torch.zeros(3)}, "do not fit step 4"),
        ({"begun/correct": torch.zeros(4)}, "do not fit step 4"),
    ]
    for changes, message in cases:
        changed = {name: tensor for name, tensor in (tensors | changes).items() if tensor is not None}
        with pytest.raises(InvalidSpec, match=message):
            TrainingState.from_bytes(to_bytes(changed, header), "checkpoint")


def test_a_parameter_without_gradient_needs_no_momentum(new_training: NewTraining) -> None:
    """A frozen parameter has no momentum, and its network goes on all the same."""

    def frozen() -> Training:
        training = new_training(0)
        training.network.get_parameter("0.weight").requires_grad_(False)
        return training

    states = every_state(frozen())
    assert "0.weight" not in states[-1].momentum
    assert train_network(frozen(), states[0]).to_bytes() == states[-1].to_bytes()


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
    states: list[TrainingState], new_training: NewTraining
) -> None:
    """Momentum that no parameter has is named."""
    strange = TrainingState(1, states[0].network, {"other.weight": torch.zeros(1)}, states[0].history)
    with pytest.raises(InvalidSpec, match=r"'other.weight' is not in the network"):
        train_network(new_training(0), strange)
