"""What it costs to grow a trained network: against building the same one from scratch, and in a round."""

from collections.abc import Iterator

import torch

from benchmarks.race import Figure, Race, timed
from nasflow.base.errors import InvalidSpec
from nasflow.controllers import Request, make_controller
from nasflow.networks import build, initialise
from nasflow.search.controller import PathController
from nasflow.search.spaces import PathSpace
from nasflow.spec.cells import TREE_CELL_A
from nasflow.spec.edits import CellEdit
from nasflow.spec.hosts import DenseNet
from nasflow.spec.network import NetworkSpec
from nasflow.spec.parts import Parts
from nasflow.surgery import Operated, operate_all

_SPACE = PathSpace()
_CHILDREN = 10
_SEARCHED = NetworkSpec(host=DenseNet(growth=8, blocks=1, groups=2), channels=1, size=28, classes=10)
"""The start network of examples/fashion-study.yaml."""


def births() -> Iterator[Race]:
    """Without the images that a birth's receipt is measured on: those are evaluated, as everywhere."""
    yield _one_birth()
    yield _round()


def _one_birth() -> Race:
    start = NetworkSpec(host=DenseNet(growth=16, blocks=2, groups=2), channels=3, size=32, classes=10)
    grown = start.with_parts(Parts(cell=TREE_CELL_A))
    parent, edits = Operated(start, build(start)), _edits(start, grown)

    def birth() -> None:
        operate_all(parent, edits, torch.Generator().manual_seed(0))

    figure = Figure(
        name="birth_vs_build",
        baseline=f"building and initialising the same network (TreeCell-A in six layers, {len(edits)} edits)",
        unit="times as long",
        of=lambda seconds: seconds["birth"] / seconds["build"],
        bar=5,
        more_is_better=False,
    )
    sides = {"build": timed(lambda: initialise(build(grown), 0)), "birth": timed(birth)}
    return Race(sides, (figure,))


def _round() -> Race:
    controller = make_controller(PathController(), 0)
    parent = Operated(_SEARCHED, build(_SEARCHED))

    def propose_and_grow() -> None:
        for draw in controller.propose(None, Request(_SPACE, _SEARCHED, seed=0, count=_CHILDREN)):
            operate_all(parent, _edits(_SEARCHED, draw.network), torch.Generator().manual_seed(0))

    figure = Figure(
        name=f"propose_and_birth_{_CHILDREN}_children_seconds",
        baseline="none: the policy's proposals, their edits and the weights after them, from the start "
        "network of examples/fashion-study.yaml",
        unit="seconds",
        of=lambda seconds: seconds["round"],
        bar=1,
        more_is_better=False,
    )
    return Race({"round": timed(propose_and_grow)}, (figure,))


def _edits(start: NetworkSpec, grown: NetworkSpec) -> tuple[CellEdit, ...]:
    edits = _SPACE.edits(start, grown)
    if edits is None:
        raise InvalidSpec(f"{grown.name} does not grow out of the start cell")
    return edits
