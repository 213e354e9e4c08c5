import pytest
import torch
from hypothesis import given, settings
from tests.strategies import network_specs
from torch import Tensor, nn

import nasflow.measure.counts
from nasflow.base.errors import InvalidSpec
from nasflow.measure import counted
from nasflow.networks import build
from nasflow.spec.hosts import Adopted, Chain, DenseNet
from nasflow.spec.network import NetworkSpec
from nasflow.spec.parts import CellPart, Parts, Width
from nasflow.spec.tree import Tree


def counts(spec: NetworkSpec) -> tuple[float, float]:
    """Parameters, and multiply-adds for one image."""
    figures = counted(spec, ("parameters", "mult_adds"))
    assert {name: each.device for name, each in figures.items()} == {"parameters": None, "mult_adds": None}
    return figures["parameters"].value, figures["mult_adds"].value


def test_start_cell_by_hand() -> None:
    """One layer without groups: first convolution, bottleneck, 3x3, classifier."""
    spec = NetworkSpec(host=DenseNet(growth=4, blocks=1, stages=1), channels=1, size=8, classes=10)
    first, bottleneck, convolution, classifier = 1 * 8 * 9, 8 * 16, 16 * 4 * 9, 12 * 10
    norms = 2 * (8 + 16 + 12)
    assert counts(spec) == (
        first + bottleneck + convolution + classifier + 10 + norms,
        64 * (first + bottleneck + convolution) + classifier,
    )


def test_cell_by_hand() -> None:
    """Two stages, two groups, each kind of operation: counted on paper."""
    cell = Tree.parse("( 3x3G -> add( ds3 -> cut( 1x1, 1x1 ), 1x1, avg3 -> concat( ds5, max3 ) ) )")
    host = DenseNet(growth=4, blocks=1, groups=2, stages=2)
    spec = NetworkSpec(host=host, parts=Parts(cell=cell), channels=3, size=8, classes=5)
    grouped, ds3, cuts, conv1, ds5 = 16 * 4 * 9 // 2, 4 * 9 + 4 * 4, 2 * (4 * 2), 4 * 4, 2 * 25 + 2 * 2
    weights = grouped + ds3 + cuts + conv1 + ds5
    norms = 2 * (16 + 4 + 4 + 2 * 4 + 4 + 2)  # 3x3G, the root's, ds3, both 1x1 of the cut, 1x1, ds5
    first, one, transition, two, classifier = 3 * 8 * 9, 8 * 16, 12 * 6, 6 * 16, 10 * 5
    assert counts(spec) == (
        first
        + (one + 2 * 8)
        + (transition + 2 * 12)
        + (two + 2 * 6)
        + 2 * (weights + norms)
        + (2 * 10 + classifier + 5),
        64 * (first + one + weights + transition) + 16 * (two + weights) + classifier,
    )


def test_parts_of_their_own_by_hand() -> None:
    """What one place has of its own counts there alone; a chain's layers are as wide as their places say."""
    plain = NetworkSpec(host=DenseNet(growth=4, blocks=2, stages=1), channels=1, size=8, classes=10)
    cell = CellPart(tree=Tree.parse("( 3x3G -> ( 1x1 ) )"))
    parameters, mult_adds = counts(plain)
    grown = plain.with_parts(plain.parts.put("stages.1.cell", cell))
    assert counts(grown) == (parameters + 4 * 4 + 2 * 4 + 2 * 4, mult_adds + 64 * 4 * 4)
    chain = NetworkSpec(host=Chain(widths=(3, 5), pools=(1,)), channels=2, size=8, classes=4)
    wider = chain.with_parts(Parts().put("layers.1.weight", Width(channels=7)))
    first, second, classifier = 2 * 3 * 9, 3 * 7 * 9, 7 * 4
    assert counts(wider) == (
        first + 2 * 3 + second + 2 * 7 + classifier + 4,
        64 * first + 16 * second + classifier,
    )


@settings(max_examples=6, deadline=None)
@given(spec=network_specs(with_own=True))
def test_a_real_network(spec: NetworkSpec) -> None:
    """What is counted on the meta device is what a real network has and does for one image."""
    network = build(spec).eval()
    seen = 0

    def count(module: nn.Module, _inputs: tuple[Tensor, ...], output: Tensor) -> None:
        nonlocal seen
        assert isinstance(module, nn.Conv2d | nn.Linear)
        seen += output.numel() * module.weight[0].numel()

    for module in network.modules():
        if isinstance(module, nn.Conv2d | nn.Linear):
            module.register_forward_hook(count)
    network(torch.randn(1, spec.channels, spec.size, spec.size))
    parameters = sum(each.numel() for each in network.parameters())
    assert counts(spec) == (parameters, seen)


def test_no_weights_are_made() -> None:
    """A network that no machine can hold is counted, so that a limit refuses it before anything is built."""
    width = 1_000_000
    spec = NetworkSpec(host=Chain(widths=(width, width)), channels=3, size=32, classes=10)
    parameters, mult_adds = counts(spec)
    assert parameters == 3 * width * 9 + width * width * 9 + 4 * width + 10 * width + 10
    assert mult_adds == 32 * 32 * (3 * width * 9 + width * width * 9) + 10 * width


def test_counted_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each figure is counted once, and each later question about the same network costs nothing."""
    built: list[NetworkSpec] = []

    def watched(spec: NetworkSpec) -> nn.Module:
        built.append(spec)
        return build(spec)

    monkeypatch.setattr(nasflow.measure.counts, "build", watched)
    spec = NetworkSpec(host=DenseNet(growth=5, blocks=1), channels=1, size=11, classes=9)
    again = NetworkSpec.model_validate_json(spec.model_dump_json())
    assert counted(spec) == counted(again)
    assert built == [spec, spec]


def test_what_decides_by_its_values_is_counted() -> None:
    """A network that cannot run without values costs what it costs."""
    deciding, plain = (
        NetworkSpec(host=Adopted(network=f"tests.networks.strangers:{name}"), channels=3, size=12, classes=10)
        for name in ("Deciding", "WithoutDropout")
    )
    assert counts(deciding) == counts(plain)


def test_what_cannot_be_built() -> None:
    """A network whose cell does not fit is not counted, but refused."""
    host = Adopted(network="tests.networks.strangers:WithoutDropout")
    cell = Tree.parse(f"concat( {', '.join(['3x3G'] * 13)} )")
    spec = NetworkSpec(host=host, parts=Parts(cell=cell), channels=3, size=12, classes=10)
    with pytest.raises(InvalidSpec, match="cannot be shared by 13 branches"):
        counted(spec)
