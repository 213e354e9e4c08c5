import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.controllers.samples import START, answers, at_least, differing
from tests.search.spaces.samples import TINY, finish, path_spaces

from nasflow.controllers.mutation import downhill, mutate
from nasflow.search.spaces import PathSpace, Walk, replay


def height(walk: Walk) -> float:
    """Lowest where a cell has many branches."""
    return at_least(1000)(walk.network)


@settings(max_examples=50, deadline=None)
@given(space=path_spaces(), seed=st.integers(0, 10**6))
def test_a_mutation(space: PathSpace, seed: int) -> None:
    """One question that had a choice is answered otherwise; what is asked again is answered as before."""
    parent = finish(Walk(space, START), seed).decisions
    walk = mutate(space, START, parent, np.random.default_rng(seed))
    assert replay(space, START, walk.decisions) == walk.network
    before = answers(space, parent)
    has_choice = any(len(options) > 1 for _, options in before.values())
    assert len(differing(before, answers(space, walk.decisions))) == has_choice
    assert (walk.decisions != parent) == has_choice


@settings(max_examples=20, deadline=None)
@given(space=path_spaces(depth=2, operations=3), seed=st.integers(0, 10**6))
def test_the_way_down(space: PathSpace, seed: int) -> None:
    """Each that is tried is another decision from the lowest before it, and where the way ends, none is lower
    than one that all other answers to its questions were tried of.
    """
    here = finish(Walk(space, START), seed)
    for tried in downhill(space, START, here, height, np.random.default_rng(seed)):
        assert replay(space, START, tried.decisions) == tried.network
        assert len(differing(answers(space, here.decisions), answers(space, tried.decisions))) == 1
        here = tried if height(tried) < height(here) else here
    again = downhill(space, START, here, height, np.random.default_rng(seed))
    others = sum(len(options) - 1 for _, options in answers(space, here.decisions).values())
    assert len([each for each in again if height(each) >= height(here)]) == others


def test_a_way_without_a_step() -> None:
    """Where nothing is lower, every other answer is tried once, and then it ends."""
    here = finish(Walk(TINY, START), 0)
    way = list(downhill(TINY, START, here, lambda _: 0.0, np.random.default_rng(0)))
    others = sum(len(options) - 1 for _, options in answers(TINY, here.decisions).values())
    assert len(way) == others
