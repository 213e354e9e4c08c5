"""Which of two rows of the same length belongs to which: the assignment problem."""

from collections.abc import Sequence

Costs = Sequence[Sequence[int | None]]
"""[rows, rows]; None: these two cannot be together."""
_IMPOSSIBLE, _FAR = 10**9, 10**15


def match(costs: Costs) -> tuple[int, ...] | None:
    """For each row the column that it gets, at the least cost of all; None if there is no possible way.

    Of equally good ways it is one that leaves most rows in their own column. (Kuhn and Munkres, by shortest
    augmenting paths: Jonker and Volgenant, Computing 1987.)
    """
    count = len(costs)
    # A row in another column costs less than anything that counts.
    weights = [
        [
            _IMPOSSIBLE if cost is None else cost * (count + 1) + (row != column)
            for column, cost in enumerate(line)
        ]
        for row, line in enumerate(costs)
    ]
    owners: list[int | None] = [None] * count
    row_prices, column_prices = [0] * count, [0] * count
    for row in range(count):
        _place(row, weights, owners, row_prices, column_prices)
    found = sorted((row, column) for column, row in enumerate(owners) if row is not None)
    if any(costs[row][column] is None for row, column in found):
        return None
    return tuple(column for _, column in found)


def _place(
    row: int,
    weights: list[list[int]],
    owners: list[int | None],
    row_prices: list[int],
    column_prices: list[int],
) -> None:
    """Give `row` a column; every row that makes room for it gets another one, at the least extra cost."""
    left = set(range(len(weights)))
    nearest = dict.fromkeys(left, _FAR)
    before: dict[int, int | None] = dict.fromkeys(left)
    column: int | None = None
    owner: int | None = row
    passed: list[tuple[int, int | None]] = [(row, None)]
    while owner is not None:
        for each in left:
            cost = weights[owner][each] - row_prices[owner] - column_prices[each]
            if cost < nearest[each]:
                nearest[each], before[each] = cost, column
        column = min(left, key=lambda each: (nearest[each], each))
        step = nearest[column]
        for visited, taken in passed:
            row_prices[visited] += step
            if taken is not None:
                column_prices[taken] -= step
        left.remove(column)
        for each in left:
            nearest[each] -= step
        owner = owners[column]
        if owner is not None:
            passed.append((owner, column))
    while column is not None:
        above = before[column]
        owners[column] = row if above is None else owners[above]
        column = above
