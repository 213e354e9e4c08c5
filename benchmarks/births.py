"""What it costs to grow a trained network, against building the same one from scratch."""

from collections.abc import Callable, Iterator

import torch

from nasflow.base.errors import InvalidSpec
from nasflow.networks import build, initialise
from nasflow.search.spaces import PathSpace
from nasflow.spec.cells import TREE_CELL_A
from nasflow.spec.hosts import DenseNet
from nasflow.spec.network import NetworkSpec
from nasflow.spec.parts import Parts
from nasflow.surgery import Operated, operate_all

_HOST = DenseNet(growth=16, blocks=2, groups=2)


def births() -> Iterator[tuple[str, dict[str, Callable[[], object]]]]:
    """TreeCell-A in each of six layers, without and with its parent's weights."""
    start = NetworkSpec(host=_HOST, channels=3, size=32, classes=10)
    grown = start.with_parts(Parts(cell=TREE_CELL_A))
    parent = Operated(start, build(start))
    edits = PathSpace().edits(start, grown)
    if edits is None:
        raise InvalidSpec("TreeCell-A does not grow out of the start cell")

    def from_scratch() -> None:
        initialise(build(grown), 0)

    def from_parent() -> None:
        operate_all(parent, edits, torch.Generator().manual_seed(0))

    yield (
        f"a birth: TreeCell-A, {len(edits)} edits",
        {
            "built and initialised": from_scratch,
            "grown from its parent": from_parent,
        },
    )
