"""A child, and the configuration of a small search as the mapping that a user would write."""

from typing import Any

import pytest
from tests.search.samples import smallest

from nasflow.spec.child import ChildSpec
from nasflow.spec.data import DataFacts, DataSpec
from nasflow.spec.edits import Insert
from nasflow.spec.hosts import DenseNet
from nasflow.spec.network import NetworkSpec
from nasflow.spec.origin import Grown
from nasflow.spec.parts import Parts
from nasflow.spec.recipe import Recipe


@pytest.fixture
def search() -> dict[str, Any]:
    """The smallest configuration of a search, as YAML or JSON would give it."""
    return smallest()


@pytest.fixture
def child() -> ChildSpec:
    """A child with every field set."""
    data = DataFacts(
        spec=DataSpec(name="digits", path="/data", held_out=300, train_images=1000),
        fingerprint="f" * 64,
        channels=1,
        size=8,
        classes=10,
        train_images=1000,
        held_out_images=300,
        mean=(0.3,),
        std=(0.4,),
    )
    parts = Parts.model_validate("( 3x3G -> ( identity ) )")
    network = NetworkSpec(host=DenseNet(growth=12, blocks=1), parts=parts, channels=1, size=8, classes=10)
    origin = Grown(parent="a" * 16, edits=(Insert(path=(0,)),))
    return ChildSpec(
        network=network, origin=origin, data=data, recipe=Recipe(), seed=7, measures=("latency",)
    )
