"""Spaces, starts and answers that the tests of spaces and of controllers share."""

import random

from hypothesis import strategies as st

from nasflow.search.spaces import PathSpace, Space, Walk
from nasflow.search.spaces.protocol import every_episode
from nasflow.spec.hosts import DenseNet
from nasflow.spec.network import NetworkSpec
from nasflow.spec.parts import Parts
from nasflow.spec.tree import CELL_OPERATIONS, START_CELL, Operation, Tree

HOST = DenseNet(growth=12, blocks=1, stages=1)
"""Wide enough for every cell of the paper's space."""

TINY = PathSpace(
    max_depth=2,
    add_branches=(2,),
    concat_branches=(),
    operations=(Operation.IDENTITY, Operation.DS3),
)
"""27 cells from the start cell."""

GROWN = Tree.parse("add( 3x3G -> ( ds3 ), 3x3G -> add( identity, max3 ) )")
SINGLE_STARTS = [
    START_CELL,
    *map(Tree.parse, ("( 3x3G -> ( identity ) )", "( 3x3G -> ( ds5 -> ( avg3 ) ) )")),
]
"""Starts without an order of branches that a child could lose."""
STARTS = [
    *SINGLE_STARTS,
    GROWN,
    *map(
        Tree.parse,
        (
            "add( 3x3G, 3x3G )",
            "add( 3x3G, 3x3G -> ( ds3 ) )",
            "add( 3x3G -> ( identity ), 3x3G -> ( ds3 ) )",
            "concat( 3x3G, 3x3G -> ( identity ) )",
            "add( 3x3G -> ( ds3 -> ( identity ) ), 3x3G, 3x3G -> ( ds3 ) )",
            "( 3x3G -> cut( ds3, ds3 -> ( identity ) ) )",
        ),
    ),
]


@st.composite
def path_spaces(draw: st.DrawFn, depth: int = 3, operations: int = 7) -> PathSpace:
    """Any path space of at most this depth and this many operations."""
    return PathSpace(
        max_depth=draw(st.integers(1, depth)),
        add_branches=tuple(draw(st.lists(st.integers(2, 4), unique=True, max_size=2))),
        concat_branches=tuple(draw(st.lists(st.integers(2, 3), unique=True, max_size=2))),
        operations=tuple(
            draw(st.lists(st.sampled_from(CELL_OPERATIONS), unique=True, min_size=1, max_size=operations))
        ),
    )


def network_of(cell: Tree | str = START_CELL) -> NetworkSpec:
    """A network round a cell."""
    tree = Tree.parse(cell) if isinstance(cell, str) else cell
    return NetworkSpec(host=HOST, parts=Parts(cell=tree), channels=3, size=8, classes=10)


def finish(walk: Walk, seed: int) -> Walk:
    """Answer all that is left at random."""
    draw = random.Random(seed)
    while walk.question:
        walk.answer(draw.choice(walk.question.options))
    return walk


def every_name(space: Space, start: NetworkSpec) -> set[str]:
    """All reachable networks, by following every answer to every question."""
    return {network.name for _, network in every_episode(space, start)}
