"""A network made wider or narrower by hand, until it is as large as another one: the cell, or the size?"""

from collections.abc import Callable

from nasflow.base.errors import InvalidSpec
from nasflow.measure import counted
from nasflow.search.spaces.layered import scaled
from nasflow.spec.network import NetworkSpec
from nasflow.spec.parts import Width
from nasflow.surgery.places import width_places

_WIDEST = 2**14
"""Steps of a host; a found network that needs more is beyond what anybody would widen by hand."""
_EVEN = 160
"""Steps by which every width is made more or less, a sixteenth of a doubling each: a factor of 1000."""

_Resizing = Callable[[int], NetworkSpec]
"""From a number of steps, less than none for a smaller one."""


def widened(network: NetworkSpec, measure: str, like: NetworkSpec) -> NetworkSpec | None:
    """`network` so wide or narrow that `measure` comes nearest to that of `like`; see `Widening`.

    A host that knows how to be wider is; a smaller network, and one of somebody else, has all its channel
    groups cut or widened by the same factor.
    """
    target = _count(like, measure)

    def cost(resized: NetworkSpec) -> float:
        return _count(resized, measure)

    if network.host.wider(1) is not None and target >= cost(network):
        return _nearest(lambda steps: _wider(network, steps), cost, target, 0, _WIDEST)
    try:
        places = width_places(network)
        if not places:
            return None
        return _nearest(lambda steps: _evenly(network, steps), cost, target, -_EVEN, _EVEN)
    except InvalidSpec:
        return None


def _nearest(
    resize: _Resizing, cost: Callable[[NetworkSpec], float], target: float, low: int, high: int
) -> NetworkSpec:
    """By so many steps that the cost, which rises with them, is the nearest to the target.

    From the least ones on, the steps are doubled until they are too many, then halved.
    """
    reach = 1
    while low + reach < high and cost(resize(low + reach)) < target:
        reach *= 2
    high = min(high, low + reach)
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if cost(resize(middle)) < target else (low, middle)
    return resize(high if cost(resize(high)) / target < target / cost(resize(low)) else low)


def _wider(network: NetworkSpec, steps: int) -> NetworkSpec:
    return network.model_copy(update={"host": network.host.wider(steps)}) if steps else network


def _evenly(network: NetworkSpec, steps: int) -> NetworkSpec:
    """Every channel group by the same factor, in whole units."""
    parts, widths = network.parts, network.parts.widths
    for place in width_places(network):
        now = widths.get(place.name, place.channels)
        wanted = scaled(now, 2 ** (steps / 16), place.groups)
        if wanted != now:
            parts = parts.put(place.name, Width(channels=wanted))
    return network.with_parts(parts)


def _count(network: NetworkSpec, measure: str) -> float:
    return counted(network, [measure])[measure].value
