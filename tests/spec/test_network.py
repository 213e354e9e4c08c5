from typing import Any

import pytest
from hypothesis import given, settings
from tests.strategies import network_specs, own_cells

from nasflow.base.errors import InvalidSpec
from nasflow.spec.hosts import Adopted, Chain
from nasflow.spec.network import NetworkSpec, is_one_cell
from nasflow.spec.parts import CellPart, Parts, Width
from nasflow.spec.tree import Tree

FAST = settings(max_examples=30, deadline=None)
SMALL: dict[str, Any] = {"host": {"growth": 2, "blocks": 1}, "channels": 1, "size": 8, "classes": 10}


@FAST
@given(spec=network_specs(with_own=True))
def test_json_round_trip(spec: NetworkSpec) -> None:
    """A network is stored and read back without loss."""
    assert NetworkSpec.from_json(spec.canonical_json(), "here") == spec
    assert NetworkSpec.model_validate(spec.model_dump()) == spec


@FAST
@given(spec=network_specs())
def test_digest_follows_the_content(spec: NetworkSpec) -> None:
    """Equal networks have equal digests, another image size another one."""
    assert spec.model_copy().digest() == spec.digest()
    assert spec.model_copy(update={"size": spec.size + 1}).digest() != spec.digest()


@FAST
@given(spec=network_specs(with_own=True))
def test_canonical(spec: NetworkSpec) -> None:
    """The canonical network has the same name, and in each place the same cell but for the order of sums."""
    canonical = spec.canonical()
    assert canonical.canonical() == canonical
    assert canonical.name == spec.name == str(canonical.parts)
    assert spec.host.places
    for place in spec.host.places:
        assert canonical.parts.cell_at(place.name) == spec.parts.cell_at(place.name).canonical()


def test_equal_networks_have_one_name() -> None:
    """Neither the order of sums tells networks apart, nor a part that says what its host says."""
    one, other = (
        NetworkSpec.from_data(SMALL | {"parts": text}, "here")
        for text in ("add( 3x3G -> ( max3 ), 3x3G )", "add( 3x3G, 3x3G -> ( max3 ) )")
    )
    assert one != other
    assert one.name == other.name == "add( 3x3G, 3x3G -> ( max3 ) )"
    there = one.with_parts(one.parts.put("stages.0.cell", CellPart(tree=other.parts.cell)))
    assert there.name == one.name
    chain = NetworkSpec(host=Chain(widths=(4, 6)), channels=1, size=8, classes=10)
    widths = (Parts(own=(("layers.1.weight", Width(channels=width)),)) for width in (6, 4))
    assert [chain.with_parts(each).name for each in widths] == ["( 3x3G )", "layers.1.weight: 4"]


def test_schema_1() -> None:
    """What was written when a network had one cell is read as that network, with a host of any kind."""
    old = {"schema_version": 1, "cell": "( 3x3G -> ( max3 ) )", **SMALL}
    read = NetworkSpec.from_data(old, "here")
    assert read == NetworkSpec.from_data(SMALL | {"parts": "( 3x3G -> ( max3 ) )"}, "here")
    assert read.model_dump()["schema_version"] == 2


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"size": 3}, "a densenet like this needs images of 4 pixels at least"),
        ({"size": 0}, "size: Input should be greater than or equal to 1"),
        ({"classes": 1}, "classes: Input should be greater than or equal to 2"),
        ({"parts": "concat( 3x3G, 3x3G, 3x3G )"}, "2 channels cannot be shared by 3 branches"),
        ({"parts": "( 3x3G"}, "parts.cell: cell '"),
        (
            {"parts": {"own": {"x": {"kind": "cell", "tree": "( 3x3G )"}}}},
            "there is no place 'x': known are stages.0",
        ),
        ({"cell": "( 3x3G )"}, "unknown key 'cell': known keys: channels, classes, host, parts, size"),
        ({"schema_version": 3}, "upgrade nasflow"),
        ({"host": {"growth": 2, "blocks": 1, "reduction": 0.1}}, "leaves no channel"),
        ({"host": {"growth": 3, "blocks": 1, "groups": 2}}, "not a multiple of groups"),
    ],
)
def test_what_cannot_be_built(change: dict[str, Any], reason: str) -> None:
    """A network that could not be built is refused as a spec."""
    with pytest.raises(InvalidSpec, match=reason):
        NetworkSpec.from_data(SMALL | change, "here")


def test_other_parts() -> None:
    """A network with other parts is the same but for them."""
    spec = NetworkSpec.from_data(SMALL, "here")
    cells = own_cells({"stages.0.cell": Tree.parse("( 3x3G -> ( ds3 ) )")})
    assert spec.with_parts(Parts(own=cells)).with_parts(spec.parts) == spec


def test_what_one_cell_tells() -> None:
    """A host that takes cells, as far as it knows its places, while no place has a part of its own."""
    adopted = Adopted(network="torchvision:resnet18")
    assert is_one_cell(Parts(), adopted)
    assert not is_one_cell(Parts(), Chain(widths=(4, 4)))
    assert not is_one_cell(Parts(own={"layers.0": Width(channels=3)}), adopted)
