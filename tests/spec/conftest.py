"""A small search and a child, as documents and as the mappings a user would write."""

from typing import Any

import pytest

from nasflow.spec.child import ChildSpec
from nasflow.spec.data import DataFacts, DataSpec
from nasflow.spec.host import DenseNet
from nasflow.spec.network import NetworkSpec
from nasflow.spec.recipe import Recipe


@pytest.fixture
def search() -> dict[str, Any]:
    """The smallest configuration of a search, as YAML or JSON would give it."""
    host = {"growth": 12, "blocks": 1}
    return {
        "name": "small",
        "data": {"name": "digits", "held_out": 300, "path": "/data"},
        "host": dict(host),
        "start": {"epochs": 2},
        "controller": {"kind": "path"},
        "budget": {"children": 20},
        "finish": {"host": dict(host), "recipe": {"epochs": 5}},
    }


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
    network = NetworkSpec(host=DenseNet(growth=12, blocks=1), channels=1, size=8, classes=10)
    return ChildSpec(network=network, parent="a" * 16, data=data, recipe=Recipe(), seed=7)
