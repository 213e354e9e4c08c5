from pathlib import Path

import pytest
import torch

from nasflow.base.errors import InvalidSpec
from nasflow.spec.data import DataSpec
from nasflow.training.datasets.data import load_data, load_test
from nasflow.training.datasets.fashion import DEBIAN_FOLDER

SPEC = DataSpec(name="digits", held_out=200, train_images=1000)


def test_digits_are_real_images() -> None:
    """The digits are 8x8 images of ten classes that use the whole range of a byte."""
    data = load_data(SPEC)
    batch = data.train.batch(torch.arange(len(data.train)))
    assert batch.shape == (1000, 1, 8, 8)
    assert batch.dtype == torch.uint8
    assert (batch.min().item(), batch.max().item()) == (0, 255)
    assert set(data.train.labels.tolist()) == set(range(10))


def test_facts_are_those_of_the_training_images() -> None:
    """Mean and standard deviation are over the training images alone, and the counts are right."""
    data = load_data(SPEC)
    pixels = data.train.batch(torch.arange(1000)).double() / 255
    assert data.facts.mean == pytest.approx((pixels.mean().item(),))
    assert data.facts.std == pytest.approx((pixels.std(correction=0).item(),))
    assert (data.facts.train_images, data.facts.held_out_images) == (len(data.train), len(data.held_out))
    assert (data.facts.channels, data.facts.size, data.facts.classes) == (1, 8, 10)


def test_loading_twice_gives_the_same() -> None:
    """The same specification gives the same facts and images; the split's seed changes the images only."""
    first, again, other = load_data(SPEC), load_data(SPEC), load_data(SPEC.model_copy(update={"seed": 1}))
    assert first.facts == again.facts
    assert torch.equal(first.held_out.labels, again.held_out.labels)
    assert other.facts.fingerprint == first.facts.fingerprint
    assert other.facts.mean != first.facts.mean


def test_the_test_digits_depend_on_no_seed() -> None:
    """Whatever the split's seed, the test part is the same, stratified, and in no other part."""
    first, other = load_test(SPEC), load_test(SPEC.model_copy(update={"seed": 1}))
    everything = torch.arange(len(first))
    assert torch.equal(first.batch(everything), other.batch(everything))
    assert len(first) == 359
    assert first.labels.bincount().min() >= 34
    data = load_data(DataSpec(name="digits", held_out=200))
    assert len(first) + len(data.train) + len(data.held_out) == 1797


def test_expected_facts_are_checked() -> None:
    """A child that finds other images than its facts say is refused; on the same ones it goes on."""
    facts = load_data(SPEC).facts
    assert load_data(SPEC, facts).facts == facts
    with pytest.raises(InvalidSpec, match="not the images that the search began with"):
        load_data(SPEC, facts.model_copy(update={"fingerprint": "another"}))


@pytest.mark.skipif(not Path(DEBIAN_FOLDER).is_dir(), reason="apt-get install dataset-fashion-mnist")
def test_the_real_fashion_mnist() -> None:
    """The Debian package's files are read from where it puts them: 60,000 and 10,000 images, balanced."""
    spec = DataSpec(name="fashion-mnist", held_out=5000)
    data, test = load_data(spec), load_test(spec)
    assert (len(data.train), len(data.held_out), len(test)) == (55_000, 5_000, 10_000)
    assert data.held_out.labels.bincount().tolist() == [500] * 10
    assert test.labels.bincount().tolist() == [1000] * 10
    assert data.facts.mean == pytest.approx((0.286,), abs=1e-3)
    assert data.facts.std == pytest.approx((0.353,), abs=1e-3)


def test_normalised_as_a_trained_network_was() -> None:
    """Mean and standard deviation can be those of other images: a number a channel."""
    known = {"mean": (0.485,), "std": (0.229,)}
    facts = load_data(SPEC.model_copy(update=known)).facts
    assert (facts.mean, facts.std) == ((0.485,), (0.229,))
    with pytest.raises(InvalidSpec, match="has 3 numbers, and the images have 1 channels"):
        load_data(SPEC.model_copy(update={"mean": (0.1, 0.2, 0.3), "std": (0.1, 0.2, 0.3)}))


def test_shrunk_images() -> None:
    """Images can be made smaller, training and test part alike: each pixel is the mean of those it covers."""
    own, small = (DataSpec(name="digits", held_out=100, size=size) for size in (None, 4))
    before, after = load_data(own), load_data(small)
    assert (before.facts.size, after.facts.size) == (8, 4)
    indices = torch.arange(5)
    blocks = before.train.batch(indices).double().reshape(5, 1, 4, 2, 4, 2).mean((3, 5))
    assert torch.equal(after.train.batch(indices), blocks.round().to(torch.uint8))
    assert torch.equal(after.train.labels, before.train.labels)
    assert load_test(small).batch(indices).shape == (5, 1, 4, 4)
    assert after.facts.fingerprint != before.facts.fingerprint


def test_images_cannot_grow() -> None:
    """More pixels than there are would be made up."""
    with pytest.raises(InvalidSpec, match="size is 9, and the images have 8 pixels a side: leave it out"):
        load_data(DataSpec(name="digits", held_out=100, size=9))
