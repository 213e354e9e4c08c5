from math import comb

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from tests.search.spaces.samples import STARTS, TINY, every_name, finish, network_of, path_spaces

from nasflow.search.spaces import PathSpace, Walk, replay
from nasflow.search.spaces.path.count import count_cells
from nasflow.search.spaces.path.listing import list_cells
from nasflow.spec.cells import TREE_CELL_A
from nasflow.spec.tree import START_CELL, Tree


@settings(deadline=None, max_examples=40, suppress_health_check=[HealthCheck.filter_too_much])
@given(st.sampled_from(STARTS), path_spaces(operations=2))
def test_exact(start: Tree, space: PathSpace) -> None:
    """The count is the number of cells that all answers to all questions lead to; the list is those cells."""
    number = count_cells(start, space)
    assume(number <= 120)
    names, network = every_name(space, network_of(start)), network_of(start)
    assert number == len(names)
    listed = [replay(space, network, decisions).name for decisions in list_cells(start, space)]
    assert sorted(listed) == sorted(names)


@settings(deadline=None, max_examples=15)
@given(st.sampled_from(STARTS), path_spaces(operations=3), st.integers(0, 10**6))
def test_list_matches_count(start: Tree, space: PathSpace, seed: int) -> None:
    """Also where following every answer takes too long, the list has as many cells as are counted."""
    number = count_cells(start, space)
    assume(number <= 2000)
    network = network_of(start)
    listed = {replay(space, network, decisions).name for decisions in list_cells(start, space)}
    assert len(listed) == number
    assert finish(Walk(space, network), seed).network.name in listed


def test_by_hand() -> None:
    """Multisets for add: 27 cells in the tiny space, counted on paper."""
    deepest = 2 + comb(3, 2)
    assert count_cells(START_CELL, TINY) == (1 + deepest) + comb(1 + deepest + 1, 2) == 27


def test_paper_space() -> None:
    """The paper's space is counted at once, by the paper's own recursion."""

    def grow(branches: int) -> int:
        return branches + comb(branches + 1, 2) + comb(branches + 2, 3) + branches**2

    deepest = grow(7)
    middle = grow(7 * (1 + deepest))
    assert count_cells(START_CELL, PathSpace()) == grow(1 + middle)


@pytest.mark.parametrize(("depth", "cells"), [(3, 1), (4, None)])
def test_grown_start(depth: int, cells: int | None) -> None:
    """A full-grown cell has nothing to become, until the depth allows more."""
    number = count_cells(TREE_CELL_A, PathSpace(max_depth=depth))
    assert number == cells if cells else number > 10**15


def test_a_large_space_is_not_listed() -> None:
    """It is counted first, so that nobody waits for a list that never ends."""
    assert PathSpace().listing(network_of(), 10_000) is None
