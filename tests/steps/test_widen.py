import pytest
from torch import nn

from nasflow.measure import counted
from nasflow.spec.cells import TREE_CELL_B
from nasflow.spec.hosts import Adopted, AnyHost, Chain, CondenseNet, DenseNet, PyramidNet
from nasflow.spec.network import NetworkSpec
from nasflow.spec.parts import Parts, Width
from nasflow.steps.widen import widened
from nasflow.surgery.places import width_places

STRANGER = "tests.networks.strangers:PostActivation"


def one_layer() -> nn.Module:
    """Images of 16 pixels to ten logits."""
    return nn.Sequential(nn.Flatten(), nn.Linear(3 * 16 * 16, 10))


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


def evenly(start: NetworkSpec, factor: float) -> NetworkSpec:
    """All channel groups by one factor."""
    parts = start.parts
    for place in width_places(start):
        channels = round(factor * place.channels / place.groups) * place.groups
        parts = parts.put(place.name, Width(channels=channels))
    return start.with_parts(parts)


@pytest.mark.parametrize(
    ("host", "factor"),
    [
        (DenseNet(growth=12, blocks=1, groups=2), 0.5),
        (Chain(widths=(8, 16)), 0.5),
        pytest.param(Adopted(network="torchvision:resnet18"), 0.25, marks=pytest.mark.long),
        (Adopted(network=STRANGER, cells="*"), 2.0),
    ],
    ids=lambda each: str(getattr(each, "kind", each)),
)
@pytest.mark.parametrize("measure", ["parameters", pytest.param("mult_adds", marks=pytest.mark.long)])
def test_all_widths_by_one_factor(host: AnyHost, factor: float, measure: str) -> None:
    """That is what a smaller network is, and any one in somebody else's host."""
    start = network(host)
    wanted = evenly(start, factor)
    found = widened(start, measure, wanted)
    assert found is not None
    assert counted(found, [measure]) == counted(wanted, [measure])
    assert found.parts == wanted.parts


@pytest.mark.parametrize("host", [DenseNet(growth=12, blocks=1), Adopted(network=STRANGER, cells="*")])
def test_no_other_size_is_wanted(host: AnyHost) -> None:
    """A network is as large as itself."""
    assert widened(network(host), "parameters", network(host)) == network(host)


def test_what_nobody_can_widen() -> None:
    """Somebody else's network that has no channels but images and logits."""
    host = Adopted(network=f"{__name__}:one_layer")
    assert widened(network(host), "parameters", network(Chain(widths=(4,)))) is None
