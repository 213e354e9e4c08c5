"""Fronts, crowding and knees."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nasflow.search.front import crowding, dominates, from_ideal, front_numbers

POINTS = st.lists(st.tuples(st.integers(0, 5), st.integers(0, 5)), max_size=12)


def test_who_dominates() -> None:
    """As good in all, better in some."""
    assert dominates((1, 2), (1, 1))
    assert not dominates((1, 1), (1, 1))
    assert not dominates((2, 0), (1, 1))


def test_fronts() -> None:
    """Those that nothing dominates are first; without them, the next."""
    points = [(0.0, 3.0), (3.0, 0.0), (2.0, 2.0), (1.0, 1.0), (0.0, 0.0)]
    assert front_numbers(points) == [0, 0, 0, 1, 2]
    assert front_numbers([]) == []


@given(POINTS)
def test_fronts_are_what_they_say(points: list[tuple[int, int]]) -> None:
    """Nobody of a front dominates another of it; each later point is dominated by one of the front before."""
    numbers = front_numbers(points)
    for one, number in zip(points, numbers, strict=True):
        same = [other for other, own in zip(points, numbers, strict=True) if own == number]
        assert not any(dominates(other, one) for other in same)
        before = [other for other, own in zip(points, numbers, strict=True) if own == number - 1]
        assert number == 0 or any(dominates(other, one) for other in before)


def test_crowding() -> None:
    """Ends are alone; between them counts how far the neighbours are apart."""
    points = [(0.0, 10.0), (1.0, 9.0), (5.0, 5.0), (10.0, 0.0)]
    assert crowding(points) == [math.inf, pytest.approx(1.0), pytest.approx(1.8), math.inf]
    assert crowding([(1.0, 1.0)]) == [math.inf]
    assert crowding([(1.0, 1.0)] * 3)[1] == 0
    assert crowding([]) == []


def test_the_knee_is_nearest_to_the_ideal() -> None:
    """In shares of the front's width, whatever the units."""
    points = [(0.0, 1000.0), (0.8, 700.0), (1.0, 0.0)]
    distances = from_ideal(points)
    assert distances.index(min(distances)) == 1
    assert from_ideal([(3.0, 3.0)]) == [0.0]
