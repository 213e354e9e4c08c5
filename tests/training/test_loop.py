from collections.abc import Callable
from dataclasses import replace

import pytest
import torch
from torch import Tensor, nn

from nasflow.base.errors import ChildFailed, InvalidSpec
from nasflow.spec.recipe import Recipe
from nasflow.training.datasets.data import TrainingData
from nasflow.training.datasets.images import MemoryImages
from nasflow.training.evaluate import evaluate
from nasflow.training.loop import train
from nasflow.training.state import TrainingState

NewNetwork = Callable[[int], nn.Sequential]


class RecordedGates:
    """Gates that write down how far they were told to open."""

    def __init__(self) -> None:
        self.shares: list[float] = []

    def open(self, share: float) -> None:
        """Write down `share`."""
        self.shares.append(share)


class Gated(nn.Module):
    """x + g (f(x) - x), until f stands alone."""

    def __init__(self, inside: nn.Module) -> None:
        super().__init__()
        self.inside = inside
        self.share = 0.0

    def forward(self, x: Tensor) -> Tensor:
        """[batch, channels, height, width] to the same."""
        after: Tensor = self.inside(x)
        return x + self.share * (after - x)


class RealGates:
    """One gate in a sequence, taken out when it is open."""

    def __init__(self, network: nn.Sequential, position: int) -> None:
        self.network, self.position = network, position
        self.gate = Gated(network[position])
        network[position] = self.gate

    def open(self, share: float) -> None:
        """Open by `share`."""
        self.gate.share = share
        if share == 1:
            self.network[self.position] = self.gate.inside


def test_a_network_learns(network: nn.Sequential, data: TrainingData, recipe: Recipe) -> None:
    """After ten epochs the held-out images, which it never saw, are nearly all told right."""
    longer = recipe.model_copy(update={"epochs": 10, "augmentation": "none"})
    state = train(network, data, longer, seed=0)
    assert state.history[-1].held_out_accuracy > 0.9
    assert state.history[-1].train_loss < state.history[0].train_loss
    assert not network.training


def test_the_history_is_what_evaluation_says(
    network: nn.Sequential, data: TrainingData, recipe: Recipe
) -> None:
    """Each epoch has its figures: the last held-out ones are those of the network that is left."""
    state = train(network, data, recipe, seed=0)
    result = evaluate(network, data.held_out, data.facts, device="cpu")
    assert [each.epoch for each in state.history] == [1, 2, 3]
    assert (state.history[-1].held_out_loss, state.history[-1].held_out_accuracy) == (
        result.loss,
        result.accuracy,
    )
    assert state.history[-1].learning_rate == pytest.approx(0)
    assert state.history[0].learning_rate == pytest.approx(0.05 * 0.75)


def test_the_seed_decides_everything(new_network: NewNetwork, data: TrainingData, recipe: Recipe) -> None:
    """The same seed gives the same bits, whatever the global generator; another seed gives others."""
    results = []
    for seed in (0, 0, 1):
        torch.rand(7)
        results.append(train(new_network(0), data, recipe, seed).to_bytes())
    assert results[0] == results[1]
    assert results[0] != results[2]


def test_no_global_random_number_is_drawn(network: nn.Sequential, data: TrainingData, recipe: Recipe) -> None:
    """Training leaves the global generator where it was."""
    before = torch.get_rng_state()
    train(network, data, recipe, seed=0)
    assert torch.equal(before, torch.get_rng_state())


def test_dropout_is_drawn_again(new_network: NewNetwork, data: TrainingData, recipe: Recipe) -> None:
    """Dropout of an adopted network: a training that goes on ends with the bits of one that never stopped."""

    def network() -> nn.Sequential:
        return nn.Sequential(*new_network(0), nn.Dropout(0.3))

    states: list[TrainingState] = []
    whole = train(network(), data, recipe, 7, after_epoch=states.append)
    torch.manual_seed(1)
    resumed = train(network(), data, recipe, 7, resume=states[0])
    assert whole.to_bytes() == resumed.to_bytes()


def test_switches_of_torch_are_put_back(network: nn.Sequential, data: TrainingData, recipe: Recipe) -> None:
    """Algorithms are deterministic while training, and as before after it, even after a failure."""
    seen = []

    def fail(epoch: int, batch: int, batches: int) -> None:
        seen.append(torch.are_deterministic_algorithms_enabled())
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train(network, data, recipe, seed=0, beat=fail)
    assert seen == [True]
    assert not torch.are_deterministic_algorithms_enabled()


def test_held_out_images_teach_nothing(new_network: NewNetwork, data: TrainingData, recipe: Recipe) -> None:
    """Other held-out images leave every weight and every BatchNorm statistic as it was."""
    black = MemoryImages(torch.zeros_like(data.held_out.batch(torch.arange(20))), data.held_out.labels, 4)
    states = [train(new_network(0), each, recipe, 0) for each in (data, replace(data, held_out=black))]
    assert states[0].history[-1].held_out_loss != states[1].history[-1].held_out_loss
    for name, tensor in states[0].network.items():
        assert torch.equal(tensor, states[1].network[name]), name


def test_every_step_is_heard_and_every_epoch_kept(
    network: nn.Sequential, data: TrainingData, recipe: Recipe
) -> None:
    """`beat` comes after each of the 7 steps of an epoch, `after_epoch` once each with its state."""
    beats, states = list[tuple[int, int, int]](), list[TrainingState]()
    last = train(
        network,
        data,
        recipe,
        seed=0,
        after_epoch=states.append,
        beat=lambda *place: beats.append(place),
    )
    assert beats == [(epoch, batch, 7) for epoch in (1, 2, 3) for batch in range(1, 8)]
    assert [state.epoch for state in states] == [1, 2, 3]
    assert states[-1] is last
    assert not torch.equal(states[0].network["0.weight"], states[1].network["0.weight"])


@pytest.mark.parametrize("share", [0.01, 0.1, 1.0])
def test_gates_open_within_the_first_epoch(
    network: nn.Sequential, data: TrainingData, recipe: Recipe, share: float
) -> None:
    """Gates start shut, never close, are told 1 once, and that before the first checkpoint."""
    gates, at_checkpoint = RecordedGates(), list[list[float]]()
    slow = recipe.model_copy(update={"gate_share": share})
    train(
        network, data, slow, 0, gates=gates, after_epoch=lambda state: at_checkpoint.append([*gates.shares])
    )
    assert gates.shares[0] == 0
    assert gates.shares == sorted(set(gates.shares))
    assert gates.shares[-1] == 1
    assert at_checkpoint == [gates.shares] * 3


def test_a_network_with_gates_goes_on_without_them(
    new_network: NewNetwork, data: TrainingData, recipe: Recipe
) -> None:
    """A checkpoint holds the names of the plain network, and with it a plain network ends the same."""
    first, states = new_network(0), list[TrainingState]()
    last = train(first, data, recipe, 0, gates=RealGates(first, 4), after_epoch=states.append)
    assert states[0].network.keys() == new_network(0).state_dict().keys()
    assert train(new_network(1), data, recipe, 0, resume=states[0]).to_bytes() == last.to_bytes()
    gated = new_network(1)
    again = train(gated, data, recipe, 0, gates=RealGates(gated, 4), resume=states[0])
    assert again.to_bytes() == last.to_bytes()


def test_gates_must_keep_the_parameters(network: nn.Sequential, data: TrainingData, recipe: Recipe) -> None:
    """Gates that leave new parameter objects behind, which nothing would train, are a bug and named."""

    class Careless:
        def open(self, share: float) -> None:
            network[4] = nn.Conv2d(8, 8, 3, padding=1, bias=False)

    with pytest.raises(RuntimeError, match=r"'4\.weight'"):
        train(network, data, recipe, 0, gates=Careless())


@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
@pytest.mark.parametrize("channels_last", [False, True])
def test_every_way_to_compute_learns(
    network: nn.Sequential, data: TrainingData, recipe: Recipe, precision: str, channels_last: bool
) -> None:
    """With bfloat16, with channels last, or both, a network learns, and its weights stay float32."""
    fast = recipe.model_copy(
        update={"precision": precision, "channels_last": channels_last, "augmentation": "none", "epochs": 8}
    )
    state = train(network, data, fast, seed=0)
    assert state.history[-1].held_out_accuracy > 0.8
    assert network.get_parameter("4.weight").is_contiguous(memory_format=torch.channels_last) == channels_last
    assert network.get_parameter("4.weight").dtype == torch.float32


def test_bfloat16_is_used(new_network: NewNetwork, data: TrainingData, recipe: Recipe) -> None:
    """The convolutions of a bfloat16 recipe compute in bfloat16, and give other weights."""
    seen = list[torch.dtype]()
    network = new_network(0)
    network[4].register_forward_hook(
        lambda module, inputs, output: seen.append(output.dtype) if module.training else None
    )
    train(network, data, recipe.model_copy(update={"precision": "bfloat16"}), seed=0)
    assert set(seen) == {torch.bfloat16}


def test_weight_decay_reaches_every_parameter(
    network: nn.Sequential, data: TrainingData, recipe: Recipe
) -> None:
    """A parameter whose gradient is 0 shrinks: BatchNorm and bias are decayed too."""
    network.append(nn.Linear(4, 4))
    with torch.no_grad():
        network.get_parameter("9.weight").zero_()
    before = network.get_parameter("1.weight").detach().clone()
    train(network, data, recipe.model_copy(update={"weight_decay": 0.5, "epochs": 1}), seed=0)
    assert (network.get_parameter("1.weight").abs() < before.abs()).all()


def test_a_loss_that_is_not_finite_is_a_failure(
    network: nn.Sequential, data: TrainingData, recipe: Recipe
) -> None:
    """The child fails with epoch and step of the first loss that is not finite, and a remedy."""

    def poison(epoch: int, batch: int, batches: int) -> None:
        if (epoch, batch) == (2, 3):
            with torch.no_grad():
                network.get_parameter("8.bias").fill_(float("nan"))

    with pytest.raises(ChildFailed, match=r"loss is nan at epoch 2, step 4: a lower learning rate"):
        train(network, data, recipe, seed=0, beat=poison)


def test_weights_that_blow_up_are_a_failure(
    network: nn.Sequential, data: TrainingData, recipe: Recipe
) -> None:
    """A learning rate beyond reason ends in a failure in one line, not in a traceback of pydantic."""
    with pytest.raises(ChildFailed, match=r"loss is (nan|inf)"):
        train(network, data, recipe.model_copy(update={"learning_rate": 1e30}), seed=0)


def test_a_broken_last_step_is_a_failure(network: nn.Sequential, data: TrainingData, recipe: Recipe) -> None:
    """Weights that break in an epoch's last step are found by the held-out images."""

    def poison(epoch: int, batch: int, batches: int) -> None:
        if batch == batches:
            network.get_parameter("8.bias").data.fill_(float("inf"))

    with pytest.raises(ChildFailed, match="held-out loss is nan after epoch 1"):
        train(network, data, recipe, seed=0, beat=poison)


def test_a_checkpoint_must_fit(new_network: NewNetwork, data: TrainingData, recipe: Recipe) -> None:
    """A checkpoint of another network, or of more epochs than the recipe has, is refused in one line."""
    state = train(new_network(0), data, recipe, seed=0)
    with pytest.raises(InvalidSpec, match="of epoch 3, and the recipe has 2"):
        train(new_network(0), data, recipe.model_copy(update={"epochs": 2}), 0, resume=state)
    other = new_network(0).append(nn.Linear(4, 4))
    with pytest.raises(InvalidSpec, match=r"after epoch 3: '9.bias' is missing"):
        train(other, data, recipe, seed=0, resume=state)


def test_a_finished_training_is_only_restored(
    new_network: NewNetwork, data: TrainingData, recipe: Recipe
) -> None:
    """Going on after the last epoch trains nothing and puts the weights back."""
    state, network = train(new_network(0), data, recipe, seed=0), new_network(1)
    assert train(network, data, recipe, 0, resume=state) is state
    assert torch.equal(network.get_parameter("0.weight"), state.network["0.weight"])


def test_a_single_image_makes_no_batch(network: nn.Sequential, data: TrainingData, recipe: Recipe) -> None:
    """One training image is refused in one line: BatchNorm has no statistics of it."""
    one = replace(data, train=MemoryImages(torch.zeros(1, 1, 8, 8).byte(), torch.zeros(1).long(), 4))
    with pytest.raises(InvalidSpec, match="1 training images make no batch"):
        train(network, one, recipe, seed=0)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
def test_the_gpu_goes_on_to_the_same_bits(
    new_network: NewNetwork, data: TrainingData, recipe: Recipe
) -> None:
    """On a GPU, in bfloat16 and channels last, a network learns, and goes on from a checkpoint."""
    fast = recipe.model_copy(update={"precision": "bfloat16", "channels_last": True, "epochs": 8})
    states = list[TrainingState]()
    last = train(new_network(0), data, fast, 0, device="cuda", after_epoch=states.append)
    assert last.history[-1].held_out_accuracy > 0.7
    again = train(new_network(1), data, fast, 0, device="cuda", resume=states[2])
    assert again.to_bytes() == last.to_bytes()
