"""The places of every host, against the modules of the network that is built."""

import pytest
from torch import nn

from nasflow.base.errors import InvalidSpec
from nasflow.networks import Cell, all_places, build, check_fit
from nasflow.networks.chain import ChainLayer
from nasflow.networks.written import WrittenModule
from nasflow.spec.hosts import HOSTS, Adopted, Chain, CondenseNet, DenseNet, Host, PyramidNet, Written
from nasflow.spec.network import NetworkSpec
from nasflow.spec.parts import CellPart, Part, Parts, Width, WrittenLayer
from nasflow.spec.places import Place
from nasflow.spec.tree import Tree

EXAMPLES: tuple[Host, ...] = (
    DenseNet(growth=6, blocks=2, stages=3, groups=2),
    PyramidNet(widening=13, blocks=2, stages=2, groups=3, start=7),
    CondenseNet(layers=(2, 3, 1), growth=(4, 8, 8), cells=(0, 2, 1), groups=2, condense=2, first_stride=1),
    Chain(widths=(5, 7, 6), pools=(1, 3)),
    Written(layers=4, filters=5),
    Adopted(network="tests.networks.strangers:PostActivation", cells="*"),
)


def made(host: Host, parts: Parts | None = None) -> nn.Module:
    """The network of ten classes in a host."""
    return build(NetworkSpec(host=host, parts=parts or Parts(), channels=3, size=16, classes=10))


def found(network: nn.Module) -> tuple[Place, ...]:
    """What the modules are like that can stand in a place."""
    places = []
    for name, module in network.named_modules():
        if isinstance(module, Cell):
            places.append(Place(name, "cell", module.out_channels, module.groups))
        if isinstance(module, WrittenModule):
            places.append(Place(name, "written", module.weight.out_channels))
        if isinstance(module, ChainLayer):
            places.append(Place(f"{name}.weight", "width", module.weight.out_channels))
    return tuple(places)


def test_every_kind_has_an_example() -> None:
    """No kind of host is left out here."""
    assert {type(host) for host in EXAMPLES} == set(HOSTS)


@pytest.mark.parametrize("host", EXAMPLES, ids=lambda host: host.kind)
def test_places_are_modules(host: Host) -> None:
    """A host's places bear the names of its modules, in order, with their channels and groups."""
    assert all_places(host) == found(made(host))
    assert len(all_places(host)) > 2


@pytest.mark.parametrize("host", EXAMPLES, ids=lambda host: host.kind)
def test_each_place_has_its_part(host: Host) -> None:
    """A part put into one place is found in the module of that name, and nowhere else."""
    channels = {place.name: place.channels for place in all_places(host)}
    for place in all_places(host):
        part: Part = CellPart(tree=Tree.parse("( 3x3G -> ( max3 ) )"))
        if place.kind == "width":
            part = Width(channels=place.channels + 3)
        if place.kind == "written":
            part = WrittenLayer(filters=place.channels + 3)
        parts = Parts().put(place.name, part)
        check_fit(parts, host)
        network = made(host, parts)
        cells = {name: each.tree for name, each in network.named_modules() if isinstance(each, Cell)}
        assert all(tree == parts.cell_at(name) for name, tree in cells.items())
        for each in found(network):
            is_wider = each.kind != "cell" and each.name == place.name
            assert each.channels == channels[each.name] + 3 * is_wider


@pytest.mark.parametrize("host", EXAMPLES, ids=lambda host: host.kind)
def test_what_has_no_place(host: Host) -> None:
    """A part for no place, or for one of another kind, is refused with what there is."""
    first = all_places(host)[0]
    examples = (CellPart(tree=Tree.parse("( 3x3G )")), Width(channels=4), WrittenLayer(filters=4))
    other = next(each for each in examples if each.kind != first.kind)
    same = next(each for each in examples if each.kind == first.kind)
    with pytest.raises(InvalidSpec, match=f"there is no place 'nowhere': known are {first.name}, "):
        check_fit(Parts().put("nowhere", same), host)
    with pytest.raises((InvalidSpec, ValueError), match=r"there is no place 'nowhere'.*: known are "):
        made(host, Parts().put("nowhere", other))
    with pytest.raises(InvalidSpec, match=f"place '{first.name}' is for a {first.kind}, and this is a"):
        check_fit(Parts().put(first.name, other), host)
