"""A network as one Python file that needs torch alone.

The network is traced, so that whatever a host computes comes out, as a flat list of layers and the lines that
call them; then every layer is written as the constructor call that makes it again.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, fx, nn

from nasflow.errors import InvalidSpec
from nasflow.spec.data import DataFacts

_ARGUMENTS: dict[type[nn.Module], tuple[str, ...]] = {
    nn.Conv2d: (
        "in_channels",
        "out_channels",
        "kernel_size",
        "stride",
        "padding",
        "dilation",
        "groups",
        "padding_mode",
    ),
    nn.BatchNorm2d: ("num_features", "eps", "momentum"),
    nn.Linear: ("in_features", "out_features"),
    nn.AvgPool2d: ("kernel_size", "stride", "padding", "ceil_mode", "count_include_pad"),
    nn.MaxPool2d: ("kernel_size", "stride", "padding", "dilation", "ceil_mode"),
    nn.AdaptiveAvgPool2d: ("output_size",),
    nn.Flatten: ("start_dim", "end_dim"),
    nn.Dropout: ("p",),
    nn.ReLU: (),
    nn.ReLU6: (),
    nn.SiLU: (),
    nn.Sigmoid: (),
    nn.Hardsigmoid: (),
    nn.Hardswish: (),
    nn.GELU: ("approximate",),
}
"""What a layer's constructor is called with; a convolution's and a classifier's `bias` is seen to apart."""

_LEFT_OUT = {
    "stride": (1, 1),
    "padding": (0, 0),
    "dilation": (1, 1),
    "groups": 1,
    "padding_mode": "zeros",
}
"""What a convolution is made with if it is not told otherwise."""

_IMPORTED = {"torch", "_operator", "builtins", "math", ""}
"""Where a function may come from that the source calls."""

_HEAD = '''\
"""{title}

Made by nasflow. It needs torch, and nothing else; the weights are in {weights}, beside this file.

    network = load("{weights}")
    logits = network(images)     # uint8 or float pixels 0..255, [batch, {channels}, {size}, {size}]
"""

import json
from pathlib import Path

import torch
from torch import Tensor, nn

MEAN = {mean}
STD = {std}
"""Of each channel, of pixels scaled to 0..1."""


class Network(nn.Module):
    """Pixels 0..255 [batch, {channels}, {size}, {size}] -> logits [batch, {classes}]."""

    def __init__(self) -> None:
        super().__init__()
{layers}

    def forward(self, pixels: Tensor) -> Tensor:
        mean, std = (torch.tensor(each, device=pixels.device).view(-1, 1, 1) for each in (MEAN, STD))
        {images} = (pixels.float() / 255 - mean) / std
{lines}


def load(weights: str) -> Network:
    """The network with its weights, in evaluation mode; `weights` is a safetensors file."""
    network = Network()
    network.load_state_dict(read_weights(Path(__file__).with_name(weights)))
    return network.eval()


def read_weights(file: Path) -> dict[str, Tensor]:
    """All tensors of a safetensors file: the length of a JSON header, the header, the bytes."""
    types = {{"F32": torch.float32, "I64": torch.int64}}
    data = file.read_bytes()
    start = 8 + int.from_bytes(data[:8], "little")
    tensors = {{}}
    for name, entry in json.loads(data[8:start]).items():
        if name != "__metadata__":
            begin, end = entry["data_offsets"]
            flat = torch.frombuffer(bytearray(data[start + begin : start + end]), dtype=types[entry["dtype"]])
            tensors[name] = flat.reshape(entry["shape"])
    return tensors
'''


@dataclass(frozen=True, eq=False)
class Code:
    """A network as source, and its weights by the names that the source gives them."""

    source: str
    weights: dict[str, Tensor]


def write_code(network: nn.Module, facts: DataFacts, title: str, weights: str) -> Code:
    """The source of a network in evaluation mode; `weights` names the file that will hold its weights.

    Raise InvalidSpec for a layer that no constructor is known for.
    """
    graph = _Tracer().trace(network.eval())
    _drop_identities(graph, network)
    layers, tensors = _flatten(graph, network)
    source = _HEAD.format(
        title=title,
        weights=weights,
        channels=facts.channels,
        size=facts.size,
        classes=facts.classes,
        mean=list(facts.mean),
        std=list(facts.std),
        layers="\n".join(f"        {line}" for line in (*_constructors(layers), *_buffers(tensors))),
        images=next(node.target for node in graph.nodes if node.op == "placeholder"),
        lines="\n".join(f"        {line}" for line in _lines(graph)),
    )
    flat = nn.Module()
    for name, layer in layers.items():
        flat.add_module(name, layer)
    return Code(source, {**flat.state_dict(), **tensors})


class _Tracer(fx.Tracer):
    """Knows how many parts a split has, so that the parts can be looped over."""

    def iter(self, obj: fx.Proxy) -> Iterator[Any]:
        if obj.node.target is torch.split:
            parts: Any = obj
            widths: Any = obj.node.args[1]
            return iter([parts[number] for number in range(len(widths))])
        return super().iter(obj)


def _drop_identities(graph: fx.Graph, network: nn.Module) -> None:
    """Layers that do nothing need no line."""
    for node in list(graph.nodes):
        if node.op == "call_module" and isinstance(network.get_submodule(str(node.target)), nn.Identity):
            node.replace_all_uses_with(node.args[0])
            graph.erase_node(node)


def _flatten(graph: fx.Graph, network: nn.Module) -> tuple[dict[str, nn.Module], dict[str, Tensor]]:
    """Rename what the graph calls: layers and loose tensors by flat names, values by numbers."""
    layers: dict[str, nn.Module] = {}
    tensors: dict[str, Tensor] = {}
    for number, node in enumerate(graph.nodes):
        _check_known(node)
        target = str(node.target)
        if node.op == "call_module":
            node.target = target.replace(".", "_")
            layers[node.target] = network.get_submodule(target)
        elif node.op == "get_attr":
            node.target = target.replace(".", "_")
            tensors[node.target] = network.get_buffer(target)
        node.name = f"x{number}"
    return layers, tensors


def _check_known(node: fx.Node) -> None:
    """Refuse a function that the source could not import: an adopted network may call its authors' own."""
    place = getattr(node.target, "__module__", None) or ""
    if node.op == "call_function" and place.partition(".")[0] not in _IMPORTED:
        raise InvalidSpec(
            f"{place}.{node.name} is neither torch's nor Python's: it cannot be exported as source"
        )


def _lines(graph: fx.Graph) -> Iterator[str]:
    """The body of `forward`, without what fx does to free memory."""
    body = graph.python_code("self").src.split("\n")
    start = next(number for number, line in enumerate(body) if line.startswith("def forward"))
    for line in body[start + 1 :]:
        text = re.sub(r";  (\w+ = )+None$", "", line.strip())
        text = re.sub(r"torch\.nn\.functional\.relu\((\w+), inplace = False\)", r"torch.relu(\1)", text)
        if text and not re.fullmatch(r"(\w+ = )+None", text):
            yield text


def _constructors(layers: dict[str, nn.Module]) -> Iterator[str]:
    for name, layer in layers.items():
        kind = type(layer)
        if kind not in _ARGUMENTS:
            raise InvalidSpec(f"layer {name} is a {kind.__name__}, which cannot be exported as source")
        given = [f"{key}={getattr(layer, key)!r}" for key in _ARGUMENTS[kind] if not _is_default(layer, key)]
        if isinstance(layer, nn.Conv2d | nn.Linear):
            given.append(f"bias={layer.bias is not None}")
        yield f"self.{name} = nn.{kind.__name__}({', '.join(given)})"


def _is_default(layer: nn.Module, key: str) -> bool:
    return isinstance(layer, nn.Conv2d) and _LEFT_OUT.get(key) == getattr(layer, key)


def _buffers(tensors: dict[str, Tensor]) -> Iterator[str]:
    for name, tensor in tensors.items():
        yield f'self.register_buffer("{name}", torch.zeros({list(tensor.shape)}, dtype={tensor.dtype}))'
