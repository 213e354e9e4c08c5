"""The images of a child, read once a process."""

from functools import lru_cache

import torch

from nasflow.spec.data import DataFacts, DataSpec
from nasflow.spec.recipe import Recipe
from nasflow.steps.archive import Archive
from nasflow.steps.dataset import located
from nasflow.training.datasets.data import TrainingData, load_data, load_test
from nasflow.training.datasets.images import Images


def training_data(archive: Archive, facts: DataFacts) -> TrainingData:
    """The training and held-out images, checked to be the ones that a search began with."""
    return _load(located(archive, facts), facts)


def new_training_data(spec: DataSpec) -> TrainingData:
    """The images that a new search begins with."""
    return _load(spec)


def load_test_images(archive: Archive, facts: DataFacts) -> Images:
    """The test images, checked to be the ones that a search began with: only the finish may look at them."""
    return load_test(located(archive, facts), facts.test)


@lru_cache(maxsize=1)
def _load(spec: DataSpec, facts: DataFacts | None = None) -> TrainingData:
    return load_data(spec, facts)


def device(recipe: Recipe) -> torch.device:
    """Where networks run: the first GPU, or the CPU with the threads of the recipe."""
    torch.set_num_threads(recipe.cpu_threads)
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


def device_name() -> str:
    """The device as the cost ledger shows it."""
    return torch.cuda.get_device_name() if torch.cuda.is_available() else "cpu"
