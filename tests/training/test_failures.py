from dataclasses import replace

import pytest

from nasflow.base.errors import ChildFailed
from nasflow.training.loop import train_network
from nasflow.training.session import Training, Watch


def test_a_loss_that_is_not_finite_is_a_failure(training: Training) -> None:
    """The child fails with epoch and step of the first loss that is not finite, and a remedy."""

    def poison(epoch: int, batch: int, batches: int) -> None:
        if (epoch, batch) == (2, 3):
            training.network.get_parameter("8.bias").data.fill_(float("nan"))

    with pytest.raises(ChildFailed, match=r"loss is nan at epoch 2, step 4: a lower learning rate"):
        train_network(replace(training, watch=Watch(beat=poison)))


def test_weights_that_blow_up_are_a_failure(training: Training) -> None:
    """A learning rate beyond reason ends in a failure in one line, not in a traceback of pydantic."""
    recipe = training.recipe.model_copy(update={"learning_rate": 1e30})
    with pytest.raises(ChildFailed, match=r"loss is (nan|inf)"):
        train_network(replace(training, recipe=recipe))


def test_a_broken_last_step_is_a_failure(training: Training) -> None:
    """Weights that break in an epoch's last step are found by the held-out images."""

    def poison(epoch: int, batch: int, batches: int) -> None:
        if batch == batches:
            training.network.get_parameter("8.bias").data.fill_(float("inf"))

    with pytest.raises(ChildFailed, match="held-out loss is nan after epoch 1"):
        train_network(replace(training, watch=Watch(beat=poison)))
