"""Spaces, starts and answers that the tests of controllers share."""

import random
from collections.abc import Callable

from hypothesis import strategies as st

from nasflow.controllers.protocol import Controller, Request
from nasflow.search.config import Space
from nasflow.search.controller import PathController
from nasflow.search.rounds import Episode
from nasflow.search.spaces import Walk
from nasflow.spec.tree import CELL_OPERATIONS, START_CELL, Operation, Tree

TINY = Space(
    max_depth=2,
    add_branches=(2,),
    concat_branches=(),
    operations=(Operation.IDENTITY, Operation.DS3),
)
"""27 cells from the start cell."""

SMALL_POLICY = PathController(embedding=4, hidden=8)
"""A policy that tests can afford to train."""

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
def spaces(draw: st.DrawFn, depth: int = 3, operations: int = 7) -> Space:
    """Any space of at most this depth and this many operations."""
    return Space(
        max_depth=draw(st.integers(1, depth)),
        add_branches=tuple(draw(st.lists(st.integers(2, 4), unique=True, max_size=2))),
        concat_branches=tuple(draw(st.lists(st.integers(2, 3), unique=True, max_size=2))),
        operations=tuple(
            draw(st.lists(st.sampled_from(CELL_OPERATIONS), unique=True, min_size=1, max_size=operations))
        ),
    )


def finish(walk: Walk, seed: int) -> Walk:
    """Answer all that is left at random."""
    draw = random.Random(seed)
    while walk.question:
        walk.answer(draw.choice([n for n, legal in enumerate(walk.question.legal) if legal]))
    return walk


def every_cell(start: Tree, space: Space) -> set[str]:
    """All reachable cells, by following every answer to every question."""
    found, stack = set(), [tuple[int, ...]()]
    while stack:
        decisions = stack.pop()
        walk = Walk(start, space)
        for choice in decisions:
            walk.answer(choice)
        if walk.question is None:
            found.add(str(walk.tree().canonical()))
        else:
            stack += [(*decisions, n) for n, legal in enumerate(walk.question.legal) if legal]
    return found


def names(episodes: list[Episode]) -> list[str]:
    """The name under which each episode's cell is known."""
    return [str(episode.cell.canonical()) for episode in episodes]


def request(
    start: Tree = START_CELL,
    space: Space = TINY,
    seed: int = 0,
    count: int = 4,
    taken: frozenset[str] = frozenset(),
    fits: Callable[[Tree], bool] = lambda tree: True,
) -> Request:
    """A request that says only what its test is about."""
    return Request(start, space, seed, count, taken, fits)


def exhaust(controller: Controller, state: bytes | None, wanted: Request) -> list[str]:
    """Names of all that a controller proposes until it proposes nothing more."""
    found: list[str] = []
    while episodes := controller.propose(
        state,
        Request(
            wanted.start,
            wanted.space,
            wanted.seed + len(found),
            wanted.count,
            wanted.taken | set(found),
            wanted.fits,
        ),
    ):
        found += names(episodes)
    return found
