from itertools import permutations

from hypothesis import given, settings
from hypothesis import strategies as st

from nasflow.spec.edits.matching import Costs, match


@st.composite
def tables(draw: st.DrawFn) -> Costs:
    """Square tables of small costs, with pairs that cannot be."""
    count = draw(st.integers(0, 5))
    row = st.lists(st.sampled_from([None, 0, 1, 2, 5]), min_size=count, max_size=count)
    return draw(st.lists(row, min_size=count, max_size=count))


def total(costs: Costs, columns: tuple[int, ...]) -> tuple[int, int] | None:
    """Cost of a way, and how many rows are not in their own column; None: it cannot be."""
    paid = [costs[row][column] for row, column in enumerate(columns)]
    known = [each for each in paid if each is not None]
    moved = sum(row != column for row, column in enumerate(columns))
    return (sum(known), moved) if len(known) == len(paid) else None


@settings(max_examples=100, deadline=None)
@given(costs=tables())
def test_no_way_is_better(costs: Costs) -> None:
    """Of all ways it is one of the cheapest, and of those one that moves the fewest rows; None if none can be."""
    ways = [total(costs, columns) for columns in permutations(range(len(costs)))]
    possible = [each for each in ways if each is not None]
    found = match(costs)
    assert (found is None) == (not possible)
    assert found is None or total(costs, found) == min(possible)
