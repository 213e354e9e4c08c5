"""Networks that are better in one way and worse in another: fronts, crowding, knee.

A point is a tuple of figures, each the higher the better. Non-dominated sorting and crowding are NSGA-II's
(Deb et al., IEEE Transactions on Evolutionary Computation, 2002).
"""

import math
from collections.abc import Sequence

Standing = tuple[float, ...]


def dominates(one: Standing, other: Standing) -> bool:
    """Whether it is as good in all and better in some."""
    return one != other and all(ours >= theirs for ours, theirs in zip(one, other, strict=True))


def front_numbers(points: Sequence[Standing]) -> list[int]:
    """Of each point, the front that it is in: 0 if nothing dominates it, 1 if only those of 0 do, and on."""
    numbers, left, number = [0] * len(points), list(range(len(points))), 0
    while left:
        front = [each for each in left if not any(dominates(points[other], points[each]) for other in left)]
        for each in front:
            numbers[each] = number
        left, number = [each for each in left if each not in set(front)], number + 1
    return numbers


def crowding(points: Sequence[Standing]) -> list[float]:
    """Of each point of one front, how far its neighbours are apart, in shares of the front's width, summed
    over the figures; infinity for an end.
    """
    found = [0.0] * len(points)
    for figure in range(len(points[0]) if points else 0):
        order = sorted(range(len(points)), key=lambda each: points[each][figure])
        values = [points[each][figure] for each in order]
        width = values[-1] - values[0]
        found[order[0]] = found[order[-1]] = math.inf
        for place in range(1, len(order) - 1):
            if width > 0:
                found[order[place]] += (values[place + 1] - values[place - 1]) / width
    return found


def from_ideal(points: Sequence[Standing]) -> list[float]:
    """Of each point of one front, how far it is from having the best of every figure, in shares of the
    front's width: the nearest is the front's knee.
    """
    columns = list(zip(*points, strict=True))
    best = [max(column) for column in columns]
    width = [max(column) - min(column) or 1.0 for column in columns]
    return [
        math.sqrt(sum(((b - value) / w) ** 2 for value, b, w in zip(point, best, width, strict=True)))
        for point in points
    ]
