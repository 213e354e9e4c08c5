"""Networks that are written layer by layer."""

from typing import Any

import pytest
import torch
from torch.nn import functional as F

from nasflow.base.errors import InvalidSpec
from nasflow.measure import counted
from nasflow.networks import build, initialise
from nasflow.spec.hosts import Written
from nasflow.spec.network import NetworkSpec
from nasflow.spec.parts import Parts, WrittenLayer

HOST = Written(layers=3, filters=4)


def network(**layers: WrittenLayer) -> NetworkSpec:
    """On images of 8 pixels; `second=...` is what stands in the second layer."""
    parts = Parts()
    for name, layer in layers.items():
        parts = parts.put(f"layers.{('first', 'second', 'third').index(name)}", layer)
    return NetworkSpec(host=HOST, parts=parts, channels=3, size=8, classes=10)


def made(spec: NetworkSpec) -> Any:
    """The network of a spec, its layers by name."""
    return build(spec)


def test_where_nothing_is_written() -> None:
    """Three layers, one after the other."""
    with torch.no_grad():
        built = made(network()).eval()
        initialise(built, 0)
        images = torch.randn(2, 3, 8, 8)
        x = images
        for layer in built.layers:
            x = layer(x)
        assert torch.equal(built(images), built.classifier(x.mean(dim=(2, 3))))
    assert x.shape == (2, 4, 4, 4)


def test_what_a_layer_reads() -> None:
    """Those it names, one behind the other, smaller ones filled with zeros; none: the images."""
    spec = network(
        second=WrittenLayer(height=1, width=5, stride=2, filters=6, reads=(0,)),
        third=WrittenLayer(filters=5, reads=(0, 1)),
    )
    with torch.no_grad():
        built = made(spec).eval()
        initialise(built, 0)
        images = torch.randn(2, 3, 8, 8)
        first, second, third = built.layers
        one = first(images)
        two = second(one)
        assert two.shape == (2, 6, 4, 4)
        assert second.weight.kernel_size == (1, 5)
        together = torch.cat([one, F.pad(two, (0, 4, 0, 4))], dim=1)
        assert torch.equal(built(images), built.classifier(third(together).mean(dim=(2, 3))))


def test_what_nobody_reads_is_classified() -> None:
    """Each such layer, of whatever size."""
    spec = network(second=WrittenLayer(stride=2, filters=6), third=WrittenLayer(filters=5))
    built = made(spec)
    assert built.classifier.in_features == 4 + 6 + 5
    assert built(torch.zeros(2, 3, 8, 8)).shape == (2, 10)


@pytest.mark.parametrize("number", [1, 2, 7])
def test_a_layer_reads_those_before_it(number: int) -> None:
    """Another one is refused."""
    with pytest.raises(InvalidSpec, match=rf"layers\.1 reads {number}: a layer reads those before it"):
        build(network(second=WrittenLayer(filters=4, reads=(number,))))


def test_a_layer_is_read_once() -> None:
    """However often it is named, and in the order of the layers; none stands before the first."""
    assert WrittenLayer(filters=4, reads=(1, 0, 1)).reads == (0, 1)
    with pytest.raises(ValueError, match="greater than or equal to 0"):
        WrittenLayer(filters=4, reads=(-1,))


def test_counted() -> None:
    """Its parameters are those of its layers."""
    spec = network(second=WrittenLayer(height=3, width=1, filters=6, reads=(0,)))
    # Convolutions, BatchNorms, classifier.
    weights = 3 * 4 * 9 + 4 * 6 * 3 + 6 * 4 * 9
    assert counted(spec)["parameters"].value == weights + 2 * (4 + 6 + 4) + 4 * 10 + 10


def test_as_text() -> None:
    """As people read it."""
    assert str(WrittenLayer(height=1, width=5, stride=2, filters=6, reads=(0, 3))) == "1x5/2 6 of 0,3"
    assert str(WrittenLayer(filters=6)) == "3x3 6 of images"
