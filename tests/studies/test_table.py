import functools
from pathlib import Path
from typing import Literal

import pytest
import torch
from torch import nn

from nasflow.networks import build
from nasflow.spec.hosts import CondenseNet, Host, PyramidNet
from nasflow.spec.network import NetworkSpec
from nasflow.studies.nasnet import NasNet, NasNetwork
from nasflow.studies.published import PUBLISHED_NETWORKS, PublishedNetwork
from nasflow.studies.table import CountedNetwork, counted_networks, markdown

PAGE = Path(__file__).parents[2] / "docs" / "networks.md"
PLAIN_PYRAMIDS = {"PyramidNet N=18 a=270", "PyramidNet N=30 a=200"}


@functools.cache
def rows() -> dict[str, CountedNetwork]:
    """Each network by its name; not at once, because each worker that collects the tests would count them."""
    return {row.network: row for row in counted_networks()}


@pytest.mark.long
@pytest.mark.parametrize("name", [each.name for each in PUBLISHED_NETWORKS])
def test_as_published(name: str) -> None:
    """Rounded as published, each network has the published parameters and mult-adds."""
    row = rows()[name]
    if row.published_parameters is not None and row.network not in PLAIN_PYRAMIDS:
        assert round(row.parameters, -5) == row.published_parameters
    if row.published_mult_adds is not None:
        assert round(row.mult_adds, -6) == row.published_mult_adds


@pytest.mark.parametrize(
    ("name", "millions"), [("PyramidNet N=18 a=270", 27.0), ("PyramidNet N=30 a=200", 26.0)]
)
def test_pyramids_without_their_norms(name: str, millions: float) -> None:
    """PyramidNets without a cell are published without their BatchNorms' parameters (27.05 M as 27.0)."""
    (spec,) = (each.network for each in PUBLISHED_NETWORKS if each.name == name)
    assert isinstance(spec, NetworkSpec)
    with torch.device("meta"):
        network = build(spec)
    weights = (
        parameter.numel()
        for module in network.modules()
        if not isinstance(module, nn.BatchNorm2d)
        for parameter in module.parameters(recurse=False)
    )
    assert sum(weights) / 1e6 == pytest.approx(millions, abs=0.06)


@pytest.mark.long
def test_the_page_is_the_table() -> None:
    """docs/networks.md holds what `nasflow table` prints."""
    assert markdown(rows().values()) in PAGE.read_text()


@pytest.mark.parametrize(
    "host",
    [
        PyramidNet(widening=7, blocks=2, groups=2),
        CondenseNet(layers=(2, 2), growth=(8, 8), cells=(0, 1), first_stride=1),
    ],
)
@pytest.mark.parametrize("size", [32, 33])
def test_they_run(host: Host, size: int) -> None:
    """Each host takes a batch, of odd sizes too, and every parameter takes part."""
    spec = NetworkSpec(host=host, channels=3, size=size, classes=5)
    check(PublishedNetwork("A network", spec), build(spec), size)


@pytest.mark.parametrize(("channels", "stem"), [(4, "small"), (8, "large")])
@pytest.mark.parametrize("size", [32, 33])
def test_the_baseline_runs(channels: int, stem: Literal["small", "large"], size: int) -> None:
    """So does NASNet-A, with either stem."""
    spec = NasNet(cells=1, channels=channels, size=size, classes=5, stem=stem)
    check(PublishedNetwork("A baseline", spec), NasNetwork(spec), size)


def check(published: PublishedNetwork, network: nn.Module, size: int) -> None:
    """Its logits are five, each parameter has a part in them, and is counted."""
    out = network(torch.randn(2, 3, size, size))
    assert out.shape == (2, 5)
    out.sum().backward()
    assert all(parameter.grad is not None for parameter in network.parameters())
    assert published.cost().parameters == sum(each.numel() for each in network.parameters())
