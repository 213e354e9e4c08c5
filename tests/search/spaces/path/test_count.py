from math import comb

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from tests.controllers.samples import STARTS, TINY, every_cell, finish, spaces

from nasflow.search.config import Space
from nasflow.search.spaces import Walk, replay
from nasflow.search.spaces.path.count import count
from nasflow.search.spaces.path.listing import list_cells
from nasflow.spec.cells import TREE_CELL_A
from nasflow.spec.tree import START_CELL, Tree


@settings(deadline=None, max_examples=50, suppress_health_check=[HealthCheck.filter_too_much])
@given(st.sampled_from(STARTS), spaces(operations=2))
def test_exact(start: Tree, space: Space) -> None:
    """The count is the number of cells that all answers to all questions lead to; the list is those cells."""
    number = count(start, space)
    assume(number <= 150)
    cells = every_cell(start, space)
    assert number == len(cells)
    listed = [str(replay(start, space, decisions).canonical()) for decisions in list_cells(start, space)]
    assert sorted(listed) == sorted(cells)


@settings(deadline=None, max_examples=20)
@given(st.sampled_from(STARTS), spaces(operations=3), st.integers(0, 10**6))
def test_list_matches_count(start: Tree, space: Space, seed: int) -> None:
    """Also where following every answer takes too long, the list has as many cells as are counted."""
    number = count(start, space)
    assume(number <= 3000)
    listed = {str(replay(start, space, decisions).canonical()) for decisions in list_cells(start, space)}
    assert len(listed) == number
    assert str(finish(Walk(start, space), seed).tree().canonical()) in listed


def test_by_hand() -> None:
    """Multisets for add: 27 cells in the tiny space, counted on paper."""
    deepest = 2 + comb(3, 2)
    assert count(START_CELL, TINY) == (1 + deepest) + comb(1 + deepest + 1, 2) == 27


def test_paper_space() -> None:
    """The paper's space is counted at once, by the paper's own recursion."""

    def grow(branches: int) -> int:
        return branches + comb(branches + 1, 2) + comb(branches + 2, 3) + branches**2

    deepest = grow(7)
    middle = grow(7 * (1 + deepest))
    assert count(START_CELL, Space()) == grow(1 + middle)


@pytest.mark.parametrize(("depth", "cells"), [(3, 1), (4, None)])
def test_grown_start(depth: int, cells: int | None) -> None:
    """A full-grown cell has nothing to become, until the depth allows more."""
    number = count(TREE_CELL_A, Space(max_depth=depth))
    assert number == cells if cells else number > 10**15
