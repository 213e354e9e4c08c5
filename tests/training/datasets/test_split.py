import pytest
import torch

from nasflow.base.errors import InvalidSpec
from nasflow.spec.data import DataSpec
from nasflow.training.datasets.split import split

LABELS = torch.arange(1000) % 10


def test_parts_are_disjoint_and_stratified() -> None:
    """No image is in two parts, and each part has each class in its share."""
    train, held_out = split(LABELS, 10, DataSpec(name="digits", held_out=100, train_images=500))
    assert not set(train.tolist()) & set(held_out.tolist())
    assert LABELS[held_out].bincount().tolist() == [10] * 10
    assert LABELS[train].bincount().tolist() == [50] * 10


def test_all_the_rest_trains_by_default() -> None:
    """Without a limit, every image that is not held out trains."""
    train, held_out = split(LABELS, 10, DataSpec(name="digits", held_out=100))
    assert sorted(train.tolist() + held_out.tolist()) == list(range(1000))


def test_the_seed_decides_the_split() -> None:
    """The same seed gives the same split, another seed another one."""
    first, again, other = (
        split(LABELS, 10, DataSpec(name="digits", held_out=100, seed=seed))[1] for seed in (0, 0, 1)
    )
    assert torch.equal(first, again)
    assert not torch.equal(first, other)


def test_a_limit_keeps_what_is_held_out() -> None:
    """Fewer training images leave the held-out ones as they were: accuracies stay comparable."""
    limited = split(LABELS, 10, DataSpec(name="digits", held_out=100, train_images=200))[1]
    assert torch.equal(limited, split(LABELS, 10, DataSpec(name="digits", held_out=100))[1])


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        (DataSpec(name="digits", held_out=9), r"data.held_out is 9, .* 10 to 990"),
        (DataSpec(name="digits", held_out=5000), r"data.held_out is 5000, .* 1000 images"),
        (DataSpec(name="digits", held_out=100, train_images=5), r"data.train_images is 5, .* 10 to 890"),
        (DataSpec(name="digits", held_out=100, train_images=901), r"data.train_images is 901"),
    ],
)
def test_impossible_numbers_are_refused(spec: DataSpec, message: str) -> None:
    """More images than there are, or fewer than classes, is refused in one line with the numbers."""
    with pytest.raises(InvalidSpec, match=message):
        split(LABELS, 10, spec)


def test_a_class_with_one_image_is_refused() -> None:
    """A class that cannot be in both parts is refused in one line."""
    with pytest.raises(InvalidSpec, match="cannot be split by class"):
        split(torch.tensor([0] * 50 + [1]), 2, DataSpec(name="digits", held_out=10))
