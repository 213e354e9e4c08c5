"""Small networks and small data that a network can learn in seconds."""

from collections.abc import Callable, Iterator

import pytest
import torch
from torch import nn

from nasflow.spec.data import DataFacts, DataSpec
from nasflow.spec.recipe import Recipe
from nasflow.training.datasets.data import TrainingData
from nasflow.training.datasets.images import MemoryImages
from nasflow.training.session import Training

CLASSES = 4


def make_images(count: int, seed: int) -> MemoryImages:
    """Noise with a bright quarter each, which tells the class: uint8 [count, 1, 8, 8]."""
    draws = torch.Generator().manual_seed(seed)
    labels = torch.arange(count) % CLASSES
    pixels = torch.randint(100, (count, 1, 8, 8), generator=draws, dtype=torch.uint8)
    for index, label in enumerate(labels.tolist()):
        row, column = 4 * (label // 2), 4 * (label % 2)
        pixels[index, :, row : row + 4, column : column + 4] += 120
    return MemoryImages(pixels, labels, CLASSES)


def make_network(seed: int = 0) -> nn.Sequential:
    """Convolutions with BatchNorm, [batch, 1, 8, 8] to [batch, 4]; the seed decides the weights."""
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        return nn.Sequential(
            nn.Conv2d(1, 8, 3, padding=1, bias=False),
            nn.BatchNorm2d(8),
            nn.ReLU(),
            nn.MaxPool2d(2),
            nn.Conv2d(8, 8, 3, padding=1, bias=False),
            nn.BatchNorm2d(8),
            nn.ReLU(),
            nn.Flatten(),
            nn.Linear(8 * 16, CLASSES),
        )


@pytest.fixture(autouse=True)
def _one_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture
def network() -> nn.Sequential:
    """A fresh network, the same for each test."""
    return make_network()


@pytest.fixture
def new_network() -> Callable[[int], nn.Sequential]:
    """Makes networks by seed."""
    return make_network


@pytest.fixture
def data() -> TrainingData:
    """98 training images (so that the last batch of 16 has 2) and 20 held out."""
    train, held_out = make_images(98, seed=1), make_images(20, seed=2)
    facts = DataFacts(
        spec=DataSpec(name="digits", held_out=20),
        fingerprint="made up",
        channels=1,
        size=8,
        classes=CLASSES,
        train_images=98,
        held_out_images=20,
        mean=(0.3,),
        std=(0.25,),
    )
    return TrainingData(facts, train, held_out)


@pytest.fixture
def recipe() -> Recipe:
    """Three epochs with augmentation."""
    return Recipe(epochs=3, batch_size=16, learning_rate=0.05, augmentation="standard", curve=True)


@pytest.fixture
def training(network: nn.Sequential, data: TrainingData, recipe: Recipe) -> Training:
    """The fresh network, the small data, three epochs, seed 0."""
    return Training(network, data, recipe, 0)


@pytest.fixture
def new_training(data: TrainingData, recipe: Recipe) -> Callable[[int], Training]:
    """Makes the same training of another fresh network, by the seed of its weights."""
    return lambda seed: Training(make_network(seed), data, recipe, 0)
