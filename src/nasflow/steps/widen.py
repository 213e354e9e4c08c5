"""A host made wider by hand, until its network is as large as another one: is it the cell, or the size?"""

from nasflow.measure import counted
from nasflow.spec.network import NetworkSpec

_WIDEST = 2**14
"""Steps; a found network that needs more is beyond what anybody would widen by hand."""


def widened(network: NetworkSpec, measure: str, like: NetworkSpec) -> NetworkSpec | None:
    """`network` in the host whose width brings `measure` nearest to that of `like`; see `Widening`.

    The wider, the more it costs: the steps are doubled until they are too many, then halved.
    """
    if network.host.wider(1) is None:
        return None
    target = _count(like, measure)

    def cost(steps: int) -> float:
        return _count(_wider(network, steps), measure)

    low, high = 0, 1
    while high < _WIDEST and cost(high) < target:
        low, high = high, 2 * high
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if cost(middle) < target else (low, middle)
    return _wider(network, high if cost(high) / target < target / cost(low) else low)


def _wider(network: NetworkSpec, steps: int) -> NetworkSpec:
    return network.model_copy(update={"host": network.host.wider(steps)}) if steps else network


def _count(network: NetworkSpec, measure: str) -> float:
    return counted(network, [measure])[measure].value
