"""A network as the line of its layers, for a policy to read."""

from functools import lru_cache

from torch import Tensor, nn

from nasflow.networks import Cell
from nasflow.networks.groups import is_depthwise
from nasflow.search.spaces.line import LayerFigures, LayerLine, LayerType
from nasflow.spec.network import NetworkSpec
from nasflow.surgery.places import layer_calls

_POOLS = (nn.MaxPool2d, nn.AvgPool2d, nn.AdaptiveAvgPool2d)


@lru_cache(maxsize=64)
def network_line(spec: NetworkSpec) -> LayerLine:
    """Its layers that have weights, or that change the size of an image."""
    found = [
        (place, _figures(layer, read, written))
        for place, layer, read, written in layer_calls(spec)[0]
        if isinstance(layer, Cell) or (not any(layer.children()) and _is_told(layer))
    ]
    return LayerLine(tuple(place for place, _ in found), tuple(figures for _, figures in found))


def _is_told(layer: nn.Module) -> bool:
    return isinstance(layer, _POOLS) or any(True for _ in layer.parameters())


def _figures(layer: nn.Module, read: Tensor, written: Tensor) -> LayerFigures:
    kernel, stride = (_side(getattr(layer, name, 1)) for name in ("kernel_size", "stride"))
    size = written.shape[-1] if written.ndim > 2 else 1
    return LayerFigures(_type(layer), kernel, stride, read.shape[1], written.shape[1], size)


def _type(layer: nn.Module) -> LayerType:
    if isinstance(layer, Cell):
        return "cell"
    if isinstance(layer, nn.Conv2d):
        return "depthwise" if is_depthwise(layer) else "convolution"
    if isinstance(layer, nn.Linear):
        return "linear"
    return "pool" if isinstance(layer, _POOLS) else "other"


def _side(value: object) -> int:
    """Of a kernel or a stride, its height; 1 where a layer has none that can be told."""
    first = value[0] if isinstance(value, tuple) and value else value
    return first if isinstance(first, int) else 1
