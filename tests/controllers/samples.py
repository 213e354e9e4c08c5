"""Requests and results that the tests of controllers share."""

from collections.abc import Callable, Sequence
from dataclasses import replace

from tests.search.spaces.samples import TINY, network_of

from nasflow.controllers import Controller, Draw, Lesson, Parent, Request, Results
from nasflow.search.controller import PathController
from nasflow.search.spaces import Space
from nasflow.spec.network import NetworkSpec

SMALL_POLICY = PathController(embedding=4, hidden=8)
"""A policy that tests can afford to train."""

START = network_of()


def names(draws: Sequence[Draw]) -> list[str]:
    """The name of each draw's network."""
    return [draw.network.name for draw in draws]


def fits_anywhere(network: NetworkSpec) -> bool:
    """Refuses nothing."""
    return True


def request(
    start: NetworkSpec = START,
    space: Space = TINY,
    seed: int = 0,
    count: int = 4,
    taken: frozenset[str] = frozenset(),
    fits: Callable[[NetworkSpec], bool] = fits_anywhere,
    parents: tuple[Parent, ...] = (),
) -> Request:
    """A request that says only what its test is about."""
    return Request(space, start, seed, count, taken, fits, parents)


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
