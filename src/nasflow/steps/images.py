"""The images of a child, read once a process."""

from functools import lru_cache

import torch

from nasflow.spec.data import DataFacts, DataSpec
from nasflow.spec.recipe import Recipe
from nasflow.training.data import TrainingData, load_data


@lru_cache(maxsize=1)
def training_data(spec: DataSpec, facts: DataFacts | None = None) -> TrainingData:
    """The training and held-out images; with `facts`, checked to be the ones that a search began with."""
    return load_data(spec, facts)


def device(recipe: Recipe) -> torch.device:
    """Where networks run: the first GPU, or the CPU with the threads of the recipe."""
    torch.set_num_threads(recipe.cpu_threads)
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


def device_name() -> str:
    """The device as the cost ledger shows it."""
    return torch.cuda.get_device_name() if torch.cuda.is_available() else "cpu"
