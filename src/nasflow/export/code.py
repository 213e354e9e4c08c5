"""A network as one Python file that needs torch alone.

The network is traced, so that whatever a host computes comes out, as a flat list of layers and the lines that
call them; then every layer is written as the constructor call that makes it again.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import torch
from safetensors.torch import save
from torch import Tensor, fx, nn

from nasflow.base.errors import InvalidSpec
from nasflow.export.layers import constructors
from nasflow.export.reader import example, reader
from nasflow.spec.data import DataFacts

_TYPES = {
    torch.float64: "F64",
    torch.float32: "F32",
    torch.float16: "F16",
    torch.bfloat16: "BF16",
    torch.int64: "I64",
    torch.int32: "I32",
    torch.int16: "I16",
    torch.int8: "I8",
    torch.uint8: "U8",
    torch.bool: "BOOL",
}
"""What safetensors calls torch's types."""

_IMPORTED = {"torch", "_operator", "builtins", ""}
"""Where a function may come from that the source calls."""

_HEAD = '''\
"""{title}

Made by nasflow. It needs torch, and nothing else; the weights are in {weights}, beside this file.

    network = load()
    logits = network(images)     # uint8 or float pixels 0..255, [batch, {channels}, {size}, {size}]
{example}"""

import json
from pathlib import Path

import torch
from torch import Tensor, nn

MEAN = {mean}
STD = {std}
"""Of each channel, of pixels scaled to 0..1."""
{names}

class Network(nn.Module):
    """Pixels 0..255 [batch, {channels}, {size}, {size}] -> logits [batch, {classes}]."""

    def __init__(self) -> None:
        super().__init__()
{layers}

    def forward(self, pixels: Tensor) -> Tensor:
        mean, std = (torch.tensor(each, device=pixels.device).view(-1, 1, 1) for each in (MEAN, STD))
        {images} = (pixels.float() / 255 - mean) / std
{lines}


def load(weights: str | Path | None = None) -> Network:
    """The network in evaluation mode, with the weights of a safetensors file; None: the one beside it."""
    file = Path(__file__).with_name("{weights}") if weights is None else Path(weights)
    network = Network()
    network.load_state_dict(read_weights(file.read_bytes()))
    return network.eval()


def read_weights(data: bytes) -> dict[str, Tensor]:
    """All tensors of a safetensors file: the length of a JSON header, the header, the bytes."""
    types = {{{types}}}
    start = 8 + int.from_bytes(data[:8], "little")
    tensors = {{}}
    for name, entry in json.loads(data[8:start]).items():
        if name != "__metadata__":
            begin, end = entry["data_offsets"]
            flat = torch.frombuffer(bytearray(data[start + begin : start + end]), dtype=types[entry["dtype"]])
            tensors[name] = flat.reshape(entry["shape"])
    return tensors
{reader}'''


@dataclass(frozen=True, eq=False)
class Code:
    """A network as source, and its weights by the names that the source gives them."""

    source: str
    weights: dict[str, Tensor]


def write_code(network: nn.Module, facts: DataFacts, title: str, weights: str) -> Code:
    """The source of a network in evaluation mode; `weights` names the file that will hold its weights.

    Raise InvalidSpec for a network that cannot be traced, and for a layer that no constructor is known for.
    """
    try:
        graph = _Tracer().trace(network.eval())
    except Exception as error:  # whatever somebody else's forward does with a traced value
        reason = " ".join(str(error).split())
        raise InvalidSpec(f"the network cannot be traced, so no source can be written: {reason}") from None
    _drop_identities(graph, network)
    layers, tensors = _flatten(graph, network)
    flat = nn.Module()
    for name, layer in layers.items():
        flat.add_module(name, layer)
    named = {**flat.state_dict(), **tensors}
    kinds = {tensor.dtype for tensor in named.values()}
    source = _HEAD.format(
        title=title,
        weights=weights,
        channels=facts.channels,
        size=facts.size,
        classes=facts.classes,
        mean=list(facts.mean),
        std=list(facts.std),
        example=example(facts),
        reader=reader(facts),
        names=_names(facts),
        types=", ".join(f'"{name}": {kind}' for kind, name in _TYPES.items() if kind in kinds),
        layers="\n".join(f"        {line}" for line in (*constructors(layers), *_buffers(tensors))),
        images=next(node.target for node in graph.nodes if node.op == "placeholder"),
        lines="\n".join(f"        {line}" for line in _lines(graph)),
    )
    code = Code(source, named)
    _compare(code, network, facts)
    return code


def _names(facts: DataFacts) -> str:
    listed = "".join(f"    {json.dumps(each, ensure_ascii=False)},\n" for each in facts.class_names)
    return f'CLASSES = [\n{listed}]\n"""Of each logit."""\n' if listed else ""


def _compare(code: Code, network: nn.Module, facts: DataFacts) -> None:
    """Run the source: what was traced may have been a special case. Raise InvalidSpec if it was."""
    names: dict[str, Any] = {"__name__": "network", "__file__": "network.py"}
    shape = (2, facts.channels, facts.size, facts.size)
    pixels = torch.randint(256, shape, generator=torch.Generator().manual_seed(0)).float()
    mean, std = (torch.tensor(each).view(-1, 1, 1) for each in (facts.mean, facts.std))
    try:
        exec(compile(code.source, "network.py", "exec"), names)
        made = names["Network"]().eval()
        copies = {
            name: tensor.clone(memory_format=torch.contiguous_format) for name, tensor in code.weights.items()
        }
        made.load_state_dict(names["read_weights"](save(copies)))
        with torch.no_grad():
            found, wanted = made(pixels), network((pixels / 255 - mean) / std)
    except Exception as error:
        reason = " ".join(str(error).split())
        raise InvalidSpec(f"no source can be written: {type(error).__name__}: {reason}") from None
    if not torch.allclose(found, wanted, rtol=1e-4, atol=1e-5 * float(wanted.abs().max())):
        raise InvalidSpec("no source can be written: it would give other logits than the network")


class _Tracer(fx.Tracer):
    """Knows how many parts a split has, so that the parts can be looped over."""

    def iter(self, obj: fx.Proxy) -> Iterator[Any]:
        if obj.node.target is torch.split:
            parts: Any = obj
            widths: Any = obj.node.args[1]
            return iter([parts[number] for number in range(len(widths))])
        return super().iter(obj)


def _drop_identities(graph: fx.Graph, network: nn.Module) -> None:
    """What does nothing in evaluation mode needs no line."""
    for node in list(graph.nodes):
        if _is_identity(node, network):
            node.replace_all_uses_with(node.args[0])
            graph.erase_node(node)


def _is_identity(node: fx.Node, network: nn.Module) -> bool:
    if node.op == "call_module":
        return isinstance(network.get_submodule(str(node.target)), nn.Identity)
    # Of torchvision: it lets whole branches out, in training.
    return node.op == "call_function" and getattr(node.target, "__name__", "") == "stochastic_depth"


def _flatten(graph: fx.Graph, network: nn.Module) -> tuple[dict[str, nn.Module], dict[str, Tensor]]:
    """Rename what the graph calls: layers and loose tensors by flat names, values by numbers."""
    layers: dict[str, nn.Module] = {}
    tensors: dict[str, Tensor] = {}
    flat = _flat_names(graph)
    for number, node in enumerate(graph.nodes):
        _check_known(node)
        target = str(node.target)
        if node.op == "call_module":
            node.target = flat[target]
            layers[node.target] = network.get_submodule(target)
        elif node.op == "get_attr":
            node.target = flat[target]
            tensors[node.target] = _tensor(network, target)
        node.name = f"x{number}"
    return layers, tensors


def _flat_names(graph: fx.Graph) -> dict[str, str]:
    """A Python name for each layer and loose tensor: `a.b_c`, `a-b.c` and `a_b.c` get different ones."""
    names: dict[str, str] = {}
    for node in graph.nodes:
        if node.op in {"call_module", "get_attr"} and str(node.target) not in names:
            name = re.sub(r"\W", "_", str(node.target))
            while name in names.values():
                name += "_"
            names[str(node.target)] = name
    return names


def _tensor(network: nn.Module, target: str) -> Tensor:
    owner, _, name = target.rpartition(".")
    found = getattr(network.get_submodule(owner), name)
    if not isinstance(found, Tensor):
        raise InvalidSpec(f"{target} is a {type(found).__name__}, which cannot be exported as source")
    return found.detach()


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


def _buffers(tensors: dict[str, Tensor]) -> Iterator[str]:
    for name, tensor in tensors.items():
        yield f'self.register_buffer("{name}", torch.zeros({list(tensor.shape)}, dtype={tensor.dtype}))'
