import torch
from hypothesis import given, settings
from tests.strategies import network_specs
from torch import Tensor, nn

from nasflow.measure.counts import Cost, measure
from nasflow.networks import build
from nasflow.spec.hosts import DenseNet
from nasflow.spec.network import NetworkSpec
from nasflow.spec.tree import Tree


def test_start_cell_by_hand() -> None:
    """One layer without groups: first convolution, bottleneck, 3x3, classifier."""
    spec = NetworkSpec(host=DenseNet(growth=4, blocks=1, stages=1), channels=1, size=8, classes=10)
    first, bottleneck, convolution, classifier = 1 * 8 * 9, 8 * 16, 16 * 4 * 9, 12 * 10
    norms = 2 * (8 + 16 + 12)
    assert measure(spec) == Cost(
        parameters=first + bottleneck + convolution + classifier + 10 + norms,
        mult_adds=64 * (first + bottleneck + convolution) + classifier,
    )


def test_cell_by_hand() -> None:
    """Two stages, two groups, each kind of operation: counted on paper."""
    cell = Tree.parse("( 3x3G -> add( ds3 -> cut( 1x1, 1x1 ), 1x1, avg3 -> concat( ds5, max3 ) ) )")
    host = DenseNet(growth=4, blocks=1, groups=2, stages=2)
    spec = NetworkSpec(host=host, cell=cell, channels=3, size=8, classes=5)
    grouped, ds3, cuts, conv1, ds5 = 16 * 4 * 9 // 2, 4 * 9 + 4 * 4, 2 * (4 * 2), 4 * 4, 2 * 25 + 2 * 2
    weights = grouped + ds3 + cuts + conv1 + ds5
    norms = 2 * (16 + 4 + 4 + 2 * 4 + 4 + 2)  # 3x3G, the root's, ds3, both 1x1 of the cut, 1x1, ds5
    first, one, transition, two, classifier = 3 * 8 * 9, 8 * 16, 12 * 6, 6 * 16, 10 * 5
    assert measure(spec) == Cost(
        parameters=first
        + (one + 2 * 8)
        + (transition + 2 * 12)
        + (two + 2 * 6)
        + 2 * (weights + norms)
        + (2 * 10 + classifier + 5),
        mult_adds=64 * (first + one + weights + transition) + 16 * (two + weights) + classifier,
    )


@settings(max_examples=6, deadline=None)
@given(spec=network_specs())
def test_a_real_network(spec: NetworkSpec) -> None:
    """What is counted on the meta device is what a real network has and does for one image."""
    network = build(spec).eval()
    counted = 0

    def count(module: nn.Module, _inputs: tuple[Tensor, ...], output: Tensor) -> None:
        nonlocal counted
        assert isinstance(module, nn.Conv2d | nn.Linear)
        counted += output.numel() * module.weight[0].numel()

    for module in network.modules():
        if isinstance(module, nn.Conv2d | nn.Linear):
            module.register_forward_hook(count)
    network(torch.randn(1, spec.channels, spec.size, spec.size))
    parameters = sum(each.numel() for each in network.parameters())
    assert measure(spec) == Cost(parameters, counted)
