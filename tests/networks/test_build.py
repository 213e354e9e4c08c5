import math

import pytest
import torch
from hypothesis import given, settings
from tests.strategies import network_specs
from torch import nn

from nasflow.networks import build, initialise
from nasflow.networks.build import he_deviation
from nasflow.networks.densenet import DenseNetwork
from nasflow.spec.cells import TREE_CELL_A
from nasflow.spec.hosts import DenseNet
from nasflow.spec.network import NetworkSpec
from nasflow.spec.parts import Parts


@settings(max_examples=25, deadline=None)
@given(spec=network_specs(with_own=True))
def test_shapes(spec: NetworkSpec) -> None:
    """Every spec builds a network from images to logits, in both modes, with finite values."""
    network = build(spec)
    initialise(network, seed=0)
    images = torch.randn(2, spec.channels, spec.size, spec.size)
    for training in (False, True):
        logits = network.train(training)(images)
        assert logits.shape == (2, spec.classes)
        assert logits.isfinite().all()


@settings(max_examples=10, deadline=None)
@given(spec=network_specs())
def test_initialise_by_seed(spec: NetworkSpec) -> None:
    """The same seed gives the same weights whatever was there, another seed others."""
    one, again, other = build(spec), build(spec), build(spec)
    state = torch.get_rng_state()
    initialise(one, seed=1)
    initialise(again, seed=1)
    initialise(other, seed=2)
    assert torch.equal(torch.get_rng_state(), state), "the global generator was used"
    for name, tensor in one.state_dict().items():
        assert torch.equal(tensor, again.state_dict()[name]), name
    weight = "classifier.weight"
    assert not torch.equal(one.state_dict()[weight], other.state_dict()[weight])
    assert not torch.equal(one.state_dict()["first.weight"], other.state_dict()["first.weight"])


def test_initialise_starts_anew() -> None:
    """A trained network is as if new after it was initialised: statistics too."""
    spec = NetworkSpec(
        host=DenseNet(growth=4, blocks=1), parts=Parts(cell=TREE_CELL_A), channels=1, size=8, classes=3
    )
    used, fresh = build(spec), build(spec)
    used(torch.randn(4, 1, 8, 8)).sum().backward()
    initialise(used, seed=1)
    initialise(fresh, seed=1)
    for name, tensor in fresh.state_dict().items():
        assert torch.equal(tensor, used.state_dict()[name]), name


@pytest.mark.parametrize("groups", [1, 4])
@pytest.mark.parametrize("kernel", [1, 3])
def test_he_deviation(groups: int, kernel: int) -> None:
    """Convolutions are normal with variance 2 / fan-out, the fan-out that one group's input has."""
    convolution = nn.Conv2d(64, 128, kernel, groups=groups, bias=False)
    expected = math.sqrt(2 / (128 // groups * kernel * kernel))
    assert he_deviation(convolution.weight, groups) == pytest.approx(expected)
    initialise(convolution, seed=0)
    weight = convolution.weight.detach()
    assert weight.std().item() == pytest.approx(expected, rel=0.05)
    assert abs(weight.mean().item()) < expected / 10
    assert weight.abs().max() > 2.5 * expected, "a normal distribution has tails"


def test_classifier() -> None:
    """The classifier is uniform with variance 1 / fan-in, its bias zero."""
    linear = nn.Linear(400, 300)
    initialise(linear, seed=0)
    weight = linear.weight.detach()
    assert weight.std().item() == pytest.approx(1 / math.sqrt(400), rel=0.02)
    assert weight.abs().max().item() == pytest.approx(math.sqrt(3 / 400), rel=0.01)
    assert not linear.bias.any()


def test_host_order() -> None:
    """The first convolution and the others have no bias; a transition halves channels and pixels."""
    spec = NetworkSpec(host=DenseNet(growth=4, blocks=2, stages=2), channels=1, size=8, classes=3)
    network = build(spec)
    assert isinstance(network, DenseNetwork)
    assert all(each.bias is None for each in network.modules() if isinstance(each, nn.Conv2d))
    shapes = []
    x = network.first(torch.randn(1, 1, 8, 8))
    for stage in network.stages:
        x = stage(x)
        shapes.append(tuple(x.shape[1:]))
    assert shapes == [(12, 8, 8), (16, 8, 8), (8, 4, 4), (12, 4, 4), (16, 4, 4)]
    assert network.classifier.in_features == 16
