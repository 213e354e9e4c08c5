import pytest

from nasflow.measure import counted
from nasflow.spec.cells import TREE_CELL_B
from nasflow.spec.hosts import Adopted, AnyHost, Chain, CondenseNet, DenseNet, PyramidNet
from nasflow.spec.network import NetworkSpec
from nasflow.spec.parts import Parts
from nasflow.steps.widen import widened


def network(host: AnyHost, parts: Parts | None = None) -> NetworkSpec:
    """On images of 16 pixels."""
    return NetworkSpec(host=host, parts=parts or Parts(), channels=3, size=16, classes=10)


@pytest.mark.parametrize(
    "host",
    [
        DenseNet(growth=12, blocks=1, groups=2),
        PyramidNet(widening=12, blocks=1),
        CondenseNet(layers=(2, 2), growth=(8, 16), cells=(1, 1), groups=4),
        Chain(widths=(8, 16)),
    ],
    ids=lambda host: host.kind,
)
@pytest.mark.parametrize("measure", ["parameters", "mult_adds"])
def test_as_large_as_another(host: AnyHost, measure: str) -> None:
    """No step more, and none less, comes nearer."""
    start = network(host)
    wanted = network(host.wider(7) or host)
    wide = widened(start, measure, wanted)
    assert wide is not None
    assert counted(wide, [measure]) == counted(wanted, [measure])
    assert widened(start, measure, start) == start


def test_with_another_cell() -> None:
    """The width that comes nearest to a grown cell's size is found."""
    host = DenseNet(growth=8, blocks=1, groups=2)
    grown = network(host, Parts(cell=TREE_CELL_B))
    target = counted(grown)["parameters"].value
    wide = widened(network(host), "parameters", grown)
    assert wide is not None
    apart = {
        steps: max(value / target, target / value)
        for steps in range(1, 40)
        for value in [counted(network(host.wider(steps)))["parameters"].value]
    }
    best = min(apart, key=apart.__getitem__)
    assert wide.host == host.wider(best)


def test_what_nobody_can_widen() -> None:
    """Somebody else's network has no width that nasflow could turn."""
    host = Adopted(network="torchvision:resnet18")
    assert widened(network(host), "parameters", network(host)) is None
