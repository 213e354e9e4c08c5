from pathlib import Path

import pytest
import torch
from torch import nn

from nasflow.measure.counts import measure
from nasflow.networks import build
from nasflow.spec.host import AnyHost, CondenseNet, NasNet, PyramidNet
from nasflow.spec.network import NetworkSpec
from nasflow.studies.published import PUBLISHED
from nasflow.studies.table import Row, markdown, rows

PAGE = Path(__file__).parents[2] / "docs" / "networks.md"
ROWS = {row.network: row for row in rows()}
PLAIN_PYRAMIDS = {"PyramidNet N=18 a=270", "PyramidNet N=30 a=200"}


@pytest.mark.parametrize("row", ROWS.values(), ids=list(ROWS))
def test_as_published(row: Row) -> None:
    """Rounded as published, each network has the published parameters and mult-adds."""
    if row.published_params is not None and row.network not in PLAIN_PYRAMIDS:
        assert round(row.params, -5) == row.published_params
    if row.published_mult_adds is not None:
        assert round(row.mult_adds, -6) == row.published_mult_adds


@pytest.mark.parametrize(
    ("name", "millions"), [("PyramidNet N=18 a=270", 27.0), ("PyramidNet N=30 a=200", 26.0)]
)
def test_pyramids_without_their_norms(name: str, millions: float) -> None:
    """PyramidNets without a cell are published without their BatchNorms' parameters (27.05 M as 27.0)."""
    (spec,) = (each.network for each in PUBLISHED if each.name == name)
    with torch.device("meta"):
        network = build(spec)
    weights = (
        parameter.numel()
        for module in network.modules()
        if not isinstance(module, nn.BatchNorm2d)
        for parameter in module.parameters(recurse=False)
    )
    assert sum(weights) / 1e6 == pytest.approx(millions, abs=0.06)


def test_the_page_is_the_table() -> None:
    """docs/networks.md holds what `nasflow table` prints."""
    assert markdown(ROWS.values()) in PAGE.read_text()


@pytest.mark.parametrize(
    "host",
    [
        PyramidNet(widening=7, blocks=2, groups=2),
        CondenseNet(layers=(2, 2), growth=(8, 8), cells=(0, 1), first_stride=1),
        NasNet(cells=1, channels=4),
        NasNet(cells=1, channels=8, stem="large"),
    ],
)
@pytest.mark.parametrize("size", [32, 33])
def test_they_run(host: AnyHost, size: int) -> None:
    """Each host takes a batch, of odd sizes too, and every parameter takes part."""
    spec = NetworkSpec(host=host, channels=3, size=size, classes=5)
    network = build(spec)
    out = network(torch.randn(2, 3, size, size))
    assert out.shape == (2, 5)
    out.sum().backward()
    assert all(parameter.grad is not None for parameter in network.parameters())
    assert measure(spec).parameters == sum(each.numel() for each in network.parameters())
