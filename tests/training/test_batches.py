import threading

import pytest
import torch

from nasflow.training.batches import count_batches, read_ahead, shuffled
from nasflow.training.datasets.data import TrainingData


@pytest.mark.parametrize(
    ("images", "size", "batches"), [(96, 16, 6), (98, 16, 7), (97, 16, 6), (5, 1, 5), (1, 16, 0)]
)
def test_a_last_batch_of_one_image_is_left_out(images: int, size: int, batches: int) -> None:
    """An incomplete batch counts, but not a single image, unless batches are that small."""
    assert count_batches(images, size) == batches == len(shuffled(images, size, 0, 1))


def test_an_epoch_sees_each_image_once() -> None:
    """The batches of an epoch are a permutation, another one each epoch and each seed, the same again."""
    orders = [torch.cat(shuffled(98, 16, *key)) for key in ((0, 1), (0, 2), (1, 1), (0, 1))]
    assert all(sorted(order.tolist()) == list(range(98)) for order in orders)
    assert torch.equal(orders[0], orders[3])
    assert not torch.equal(orders[0], orders[1])
    assert not torch.equal(orders[0], orders[2])


def test_reading_ahead_changes_nothing(data: TrainingData) -> None:
    """Batches come in their order with their labels, and no thread is left afterwards."""
    order = shuffled(98, 16, 0, 1)
    for indices, batch in zip(order, read_ahead(data.train, order), strict=True):
        assert torch.equal(batch.pixels, data.train.batch(indices))
        assert torch.equal(batch.labels, data.train.labels[indices])
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("read-ahead")]
