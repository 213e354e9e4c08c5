from collections.abc import Callable
from dataclasses import replace

import pytest
import torch
from tests.training.states import every_state
from torch import nn

from nasflow.base.errors import InvalidSpec
from nasflow.training.datasets.images import MemoryImages
from nasflow.training.evaluate import evaluate_network
from nasflow.training.loop import train_network
from nasflow.training.session import Training, Watch
from nasflow.training.state import TrainingState

NewTraining = Callable[[int], Training]


def longer(training: Training, epochs: int) -> Training:
    """So many epochs without augmentation."""
    recipe = training.recipe.model_copy(update={"epochs": epochs, "augmentation": "none"})
    return replace(training, recipe=recipe)


def test_a_network_learns(training: Training) -> None:
    """After ten epochs the held-out images, which it never saw, are nearly all told right."""
    state = train_network(longer(training, 10))
    assert (state.history[-1].held_out_accuracy or 0) > 0.9
    assert state.history[-1].train_loss < state.history[0].train_loss
    assert not training.network.training


def test_the_history_is_what_evaluation_says(training: Training) -> None:
    """Each epoch has its figures: the last held-out ones are those of the network that is left."""
    state, data = train_network(training), training.data
    result = evaluate_network(training.network, data.held_out, data.facts, device="cpu")
    assert [each.epoch for each in state.history] == [1, 2, 3]
    assert (state.history[-1].held_out_loss, state.history[-1].held_out_accuracy) == (
        result.loss,
        result.accuracy,
    )
    assert state.history[-1].learning_rate == pytest.approx(0)
    assert state.history[0].learning_rate == pytest.approx(0.05 * 0.75)


def test_the_seed_decides_everything(new_training: NewTraining) -> None:
    """The same seed gives the same bits, whatever the global generator; another seed gives others."""
    results = []
    for seed in (0, 0, 1):
        torch.rand(7)
        results.append(train_network(replace(new_training(0), seed=seed)).to_bytes())
    assert results[0] == results[1]
    assert results[0] != results[2]


def test_no_global_random_number_is_drawn(training: Training) -> None:
    """Training leaves the global generator where it was."""
    before = torch.get_rng_state()
    train_network(training)
    assert torch.equal(before, torch.get_rng_state())


def test_switches_of_torch_are_put_back(training: Training) -> None:
    """Algorithms are deterministic while training, and as before after it, even after a failure."""
    seen = []

    def fail(epoch: int, batch: int, batches: int) -> None:
        seen.append(torch.are_deterministic_algorithms_enabled())
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train_network(replace(training, watch=Watch(beat=fail)))
    assert seen == [True]
    assert not torch.are_deterministic_algorithms_enabled()


def test_held_out_images_teach_nothing(new_training: NewTraining) -> None:
    """Other held-out images leave every weight and every BatchNorm statistic as it was."""
    plain, other = new_training(0), new_training(0)
    images = plain.data.held_out
    black = MemoryImages(torch.zeros_like(images.batch(torch.arange(20))), images.labels, 4)
    dark = replace(other, data=replace(other.data, held_out=black))
    states = [train_network(each) for each in (plain, dark)]
    assert states[0].history[-1].held_out_loss != states[1].history[-1].held_out_loss
    for name, tensor in states[0].network.items():
        assert torch.equal(tensor, states[1].network[name]), name


def test_every_step_is_heard_and_every_epoch_kept(training: Training) -> None:
    """`beat` comes after each of the 7 steps of an epoch, `keep` once each with its state."""
    beats, states = list[tuple[int, int, int]](), list[TrainingState]()
    watch = Watch(keep=states.append, beat=lambda *place: beats.append(place))
    last = train_network(replace(training, watch=watch))
    assert beats == [(epoch, batch, 7) for epoch in (1, 2, 3) for batch in range(1, 8)]
    assert [state.epoch for state in states] == [1, 2, 3]
    assert states[-1] is last
    assert not torch.equal(states[0].network["0.weight"], states[1].network["0.weight"])


def test_an_epoch_at_a_time(new_training: NewTraining) -> None:
    """Until epoch 1, and from there until epoch 3, ends with the bits of all three at once."""
    whole = every_state(new_training(0))
    first = train_network(new_training(0), until=1)
    assert (first.epoch, first.to_bytes()) == (1, whole[0].to_bytes())
    assert train_network(new_training(1), first, until=3).to_bytes() == whole[2].to_bytes()
    second = train_network(new_training(1), first, until=2)
    assert train_network(new_training(1), second).to_bytes() == whole[2].to_bytes()


def test_schedules_run_over_the_whole_recipe(new_training: NewTraining) -> None:
    """However early a training ends, the cosine is where the recipe has it."""
    state = train_network(new_training(0), until=2)
    assert [each.learning_rate for each in state.history] == pytest.approx([0.05 * 0.75, 0.05 * 0.25])


@pytest.mark.parametrize("until", [-1, 0, 4])
def test_until_an_epoch_that_is_not(training: Training, until: int) -> None:
    """An epoch that the recipe does not have is refused in one line."""
    with pytest.raises(InvalidSpec, match=rf"no epoch {until} to train until: the recipe has 3"):
        train_network(training, until=until)


def test_a_checkpoint_must_fit(new_training: NewTraining) -> None:
    """A checkpoint of another network, or of a later epoch than the last wanted, is refused in one line."""
    state = train_network(new_training(0))
    with pytest.raises(InvalidSpec, match="of epoch 3, and the recipe has 2"):
        train_network(longer(new_training(0), 2), state)
    with pytest.raises(InvalidSpec, match="of epoch 3, and it is trained until 2"):
        train_network(new_training(0), state, until=2)
    other = new_training(0)
    other.network.append(nn.Linear(4, 4))  # type: ignore[operator]
    with pytest.raises(InvalidSpec, match=r"after epoch 3: '9.bias' is missing"):
        train_network(other, state)


def test_a_finished_training_is_only_restored(new_training: NewTraining) -> None:
    """Going on after the last epoch, or after the one that is wanted, puts the weights back and no more."""
    states = every_state(new_training(0))
    for state, until in ((states[2], None), (states[0], 1)):
        training = new_training(1)
        assert train_network(training, state, until) is state
        assert torch.equal(training.network.get_parameter("0.weight"), state.network["0.weight"])


def test_a_single_image_makes_no_batch(training: Training) -> None:
    """One training image is refused in one line: BatchNorm has no statistics of it."""
    one = MemoryImages(torch.zeros(1, 1, 8, 8).byte(), torch.zeros(1).long(), 4)
    with pytest.raises(InvalidSpec, match="1 training images make no batch"):
        train_network(replace(training, data=replace(training.data, train=one)))


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
def test_the_gpu_goes_on_to_the_same_bits(new_training: NewTraining) -> None:
    """On a GPU, in bfloat16 and channels last, a network learns, and goes on from a checkpoint."""

    def fast(seed: int) -> Training:
        training = new_training(seed)
        changes = {"precision": "bfloat16", "channels_last": True, "epochs": 8}
        return replace(training, recipe=training.recipe.model_copy(update=changes), device="cuda")

    states = every_state(fast(0))
    assert (states[-1].history[-1].held_out_accuracy or 0) > 0.7
    assert train_network(fast(1), states[2]).to_bytes() == states[-1].to_bytes()
