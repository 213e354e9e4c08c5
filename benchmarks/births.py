"""What it costs to grow a trained network, against building the same one from scratch."""

from collections.abc import Callable, Iterator

import torch

from nasflow.networks import build, initialise
from nasflow.spec.cells import TREE_CELL_A
from nasflow.spec.growth import plan
from nasflow.spec.host import DenseNet
from nasflow.spec.network import NetworkSpec
from nasflow.spec.tree import START_CELL
from nasflow.surgery import Grown, grow

HOST = DenseNet(growth=16, blocks=2, groups=2)


def births() -> Iterator[tuple[str, dict[str, Callable[[], object]]]]:
    """TreeCell-A in each of six layers, without and with its parent's weights."""
    start = NetworkSpec(host=HOST, channels=3, size=32, classes=10)
    grown = NetworkSpec.model_validate(start.model_dump() | {"cell": TREE_CELL_A})
    parent = build(start)
    transforms = plan(START_CELL, TREE_CELL_A)

    def from_scratch() -> None:
        initialise(build(grown), 0)

    def from_parent() -> None:
        child, draws = Grown(parent), torch.Generator().manual_seed(0)
        for transform in transforms:
            child = grow(child, transform, draws)

    yield (
        f"a birth: TreeCell-A, {len(transforms)} transforms",
        {
            "built and initialised": from_scratch,
            "grown from its parent": from_parent,
        },
    )
