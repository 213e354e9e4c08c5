"""Requests and results that the tests of controllers share."""

import math
from collections.abc import Callable, Hashable, Sequence
from dataclasses import replace

from tests.search.spaces.samples import TINY, network_of

from nasflow.controllers import Controller, Draw, Lesson, Parent, Request, Results
from nasflow.search.controller import PathController
from nasflow.search.spaces import PathSpace, Space, Walk
from nasflow.spec.network import NetworkSpec
from nasflow.spec.tree import Node

SMALL_POLICY = PathController(embedding=4, hidden=8)
"""A policy that tests can afford to train."""

START = network_of()


def names(draws: Sequence[Draw]) -> list[str]:
    """The name of each draw's network."""
    return [draw.network.name for draw in draws]


def no_excess(network: NetworkSpec) -> float:
    """Refuses nothing."""
    return 0.0


def only(fits: Callable[[NetworkSpec], bool]) -> Callable[[NetworkSpec], float]:
    """The excess of a request in which other networks cannot be had at all."""
    return lambda network: 0.0 if fits(network) else math.inf


def at_least(branches: int) -> Callable[[NetworkSpec], float]:
    """The excess of a request for networks whose cell has so many branches, which few have."""
    return lambda network: math.log(max(1, branches / _branches(network.parts.cell.root)))


def _branches(node: Node) -> int:
    return sum(1 + (_branches(each.child) if each.child else 0) for each in node.branches)


Asked = dict[tuple[str, Hashable], tuple[int, list[int]]]


def answers(space: PathSpace, decisions: tuple[int, ...]) -> Asked:
    """The answer to each question of an episode, and what it could have been."""
    walk, found = Walk(space, START), Asked()
    for choice in decisions:
        assert walk.question
        found[walk.question.head, walk.question.about] = choice, walk.question.options
        walk.answer(choice)
    return found


def differing(before: Asked, after: Asked) -> list[tuple[str, Hashable]]:
    """What both were asked and answered differently, though the old answer was still legal."""
    both = [asked for asked in before if asked in after]
    return [
        asked for asked in both if before[asked][0] != after[asked][0] and before[asked][0] in after[asked][1]
    ]


def request(
    start: NetworkSpec = START,
    space: Space = TINY,
    seed: int = 0,
    count: int = 4,
    taken: frozenset[str] = frozenset(),
    excess: Callable[[NetworkSpec], float] = no_excess,
    parents: tuple[Parent, ...] = (),
) -> Request:
    """A request that says only what its test is about."""
    return Request(space, start, seed, count, taken, excess, parents)


def results(
    draws: Sequence[Draw],
    rewards: Sequence[float | None],
    start: NetworkSpec = START,
    space: Space = TINY,
    seed: int = 0,
) -> Results:
    """What became of some draws."""
    pairs = zip(draws, rewards, strict=True)
    lessons = tuple(Lesson(draw.decisions, draw.tries, reward) for draw, reward in pairs)
    return Results(space, start, seed, lessons)


def exhaust(controller: Controller, state: bytes | None, wanted: Request) -> list[str]:
    """Names of all that a controller proposes until it proposes nothing more."""
    found: list[str] = []
    while draws := controller.propose(
        state, replace(wanted, seed=wanted.seed + len(found), taken=wanted.taken | set(found))
    ):
        found += names(draws)
    return found
