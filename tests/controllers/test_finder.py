from collections.abc import Iterator
from itertools import islice

import numpy as np
from tests.controllers.samples import START, answers, at_least, differing, exhaust, only, request
from tests.search.spaces.samples import TINY, finish

from nasflow.controllers import Draw, make_controller
from nasflow.controllers.finder import HOPELESS, Finder
from nasflow.search.controller import RandomController
from nasflow.search.spaces import PathSpace, Walk
from nasflow.spec.network import NetworkSpec

SPACE = PathSpace(max_depth=2)
"""Too large to list. A cell of six branches or more is one in five, of eleven or more one in five hundred."""


def uniform_walks(seed: int) -> Iterator[Walk]:
    """Uniform draws, as anybody would make them."""
    random = np.random.default_rng(seed)
    while True:
        walk = Walk(SPACE, START)
        while walk.question:
            options = walk.question.options
            walk.answer(options[random.integers(len(options))])
        yield walk


def test_a_limit_that_a_fair_part_keeps() -> None:
    """Then draws stay uniform among what keeps it: those that break it are drawn again, none is mended."""
    excess = at_least(6)
    draws = make_controller(RandomController(), 0).propose(None, request(space=SPACE, count=6, excess=excess))
    fitting = (walk for walk in uniform_walks(0) if excess(walk.network) == 0)
    expected = list({walk.network.name: walk.decisions for walk in islice(fitting, 8)}.values())
    assert [draw.decisions for draw in draws] == expected[:6]


def test_a_limit_that_hardly_anything_keeps() -> None:
    """Draws are mended once there is reason to, and not before."""
    seen: list[str] = []

    def excess(network: NetworkSpec) -> float:
        seen.append(network.name)
        return at_least(11)(network)

    (draw,) = make_controller(RandomController(), 0).propose(
        None, request(space=SPACE, count=1, excess=excess)
    )
    drawn = dict.fromkeys(walk.network.name for walk in islice(uniform_walks(0), HOPELESS))
    assert seen[: len(drawn)] == list(drawn)
    assert HOPELESS < draw.tries < HOPELESS + 100


def found_after(excess_of: Walk | None, *offered: Walk, least: int) -> Draw | None:
    """What a finder finds that some walks were offered to, of which one cannot be had at all."""
    impossible = excess_of and excess_of.network.name

    def excess(network: NetworkSpec) -> float:
        return float("inf") if network.name == impossible else at_least(least)(network)

    finder = Finder(request(space=SPACE, excess=excess), np.random.default_rng(0))
    assert not any(finder.accepts(walk) for walk in offered)
    return finder.find()


def walk_of(branches: int) -> Walk:
    """One that lacks nothing to be of so many branches."""
    return next(
        walk
        for walk in (finish(Walk(SPACE, START), seed) for seed in range(1000))
        if at_least(branches)(walk.network) == 0 < at_least(branches + 1)(walk.network)
    )


def test_what_was_wanted_is_mended() -> None:
    """The nearest of the controller's own draws is changed no more than need be."""
    near = walk_of(7)
    draw = found_after(None, walk_of(1), near, walk_of(3), least=8)
    assert draw
    assert at_least(8)(draw.network) == 0
    assert len(differing(answers(SPACE, near.decisions), answers(SPACE, draw.decisions))) == 1


def test_what_cannot_be_had_is_not_mended() -> None:
    """Then the child is drawn uniformly, as if nothing had been wanted."""
    impossible = walk_of(2)
    assert found_after(impossible, impossible, least=6) == found_after(None, least=6)


def test_no_way_leads_there() -> None:
    """A network of a small space is found, though nothing says which way it lies."""
    single = "add( 3x3G, 3x3G -> ( ds3 ) )"
    fits = only(lambda network: str(network.parts) == single)
    wanted = request(space=TINY, excess=lambda network: min(1.0, fits(network)))
    assert exhaust(make_controller(RandomController(), 0), None, wanted) == [single]
