"""A small child with its data, as a step hands it to the measures."""

from collections.abc import Callable, Iterator

import pytest
import torch

from nasflow.measure import Subject
from nasflow.networks import build, initialise
from nasflow.search.record import Epoch
from nasflow.spec.child import ChildSpec
from nasflow.spec.data import DataSpec
from nasflow.spec.hosts import DenseNet
from nasflow.spec.network import NetworkSpec
from nasflow.spec.origin import Scratch
from nasflow.spec.recipe import Recipe
from nasflow.training.datasets.data import TrainingData, load_data


@pytest.fixture(autouse=True, scope="package")
def _one_thread() -> Iterator[None]:
    """On small networks more threads only wait for each other."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture(scope="package")
def data() -> TrainingData:
    """Thirty held-out digits: fewer than a batch."""
    return load_data(DataSpec(name="digits", held_out=30, train_images=40))


NewSubject = Callable[..., Subject]


@pytest.fixture
def new_subject(data: TrainingData) -> NewSubject:
    """A child of so many epochs, untrained to be sure; the rest are settings of its recipe."""

    def new(epochs: int = 2, **settings: object) -> Subject:
        spec = NetworkSpec(host=DenseNet(growth=4, blocks=1, stages=2), channels=1, size=8, classes=10)
        network = build(spec)
        initialise(network, 0)
        child = ChildSpec(
            network=spec,
            origin=Scratch(),
            data=data.facts,
            recipe=Recipe.model_validate({"epochs": epochs, **settings}),
            seed=0,
        )
        history = tuple(epoch(number) for number in range(1, epochs + 1))
        return Subject(child, network, data, history, torch.device("cpu"))

    return new


def epoch(number: int) -> Epoch:
    """One whose figures tell it from the others."""
    return Epoch(
        epoch=number,
        train_loss=10 / number,
        train_accuracy=0.5,
        held_out_loss=20 / number,
        held_out_accuracy=0.25,
        learning_rate=0.01,
    )
