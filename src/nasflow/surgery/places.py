"""Where a network can be changed: each channel group is tried before it is believed."""

from collections.abc import Sequence
from functools import lru_cache, partial

import torch
from torch import Tensor, nn

from nasflow.networks import Cell, build, initialise, layout_of
from nasflow.networks.layers import BEFORE, NewLayer, place_names
from nasflow.networks.layout import ChannelGroup
from nasflow.spec.network import NetworkSpec
from nasflow.spec.parts import Width
from nasflow.spec.places import Place
from nasflow.surgery.channels import regrouped
from nasflow.surgery.operated import Operated
from nasflow.surgery.receipt import relative_difference
from nasflow.surgery.widen import copied

_KEPT = 64
"""Networks whose places are remembered: an episode asks for them again and again."""

_SAME = 1e-9
"""Relative difference of logits in double precision."""


def width_places(spec: NetworkSpec) -> tuple[Place, ...]:
    """A place for each channel group of a network whose cells and widths are its host's.

    What follows channels through somebody else's code can err (an index, a size that is written down): a
    group that does not preserve the function when it is widened, with random weights, is none. Raise
    InvalidSpec if the channels cannot be followed at all.
    """
    return _proven(spec.with_parts(spec.parts.skeleton()))


def group_places(spec: NetworkSpec) -> tuple[Place, ...]:
    """A place for each channel group that the graph finds, tried or not; raise as `width_places`."""
    return tuple(
        Place(each.name, "width", each.channels, each.blocks) for each in layout_of(spec).groups.values()
    )


@lru_cache(maxsize=_KEPT)
@torch.inference_mode(mode=False)
def _proven(skeleton: NetworkSpec) -> tuple[Place, ...]:
    patient, images = _patient(skeleton)
    groups = tuple(layout_of(skeleton).groups.values())
    if not _holds(patient, images, groups):
        groups = tuple(each for each in groups if _holds(patient, images, (each,)))
    return tuple(Place(each.name, "width", each.channels, each.blocks) for each in groups)


def _patient(skeleton: NetworkSpec) -> tuple[Operated, Tensor]:
    """The network with weights and BatchNorm statistics of its own in double precision, and two images."""
    network = build(skeleton)
    initialise(network, 0)
    network.double()
    generator = torch.Generator().manual_seed(0)
    shape = (4, skeleton.channels, skeleton.size, skeleton.size)
    images = torch.randn(shape, generator=generator, dtype=torch.float64)
    for layer in network.modules():
        if isinstance(layer, nn.BatchNorm1d | nn.BatchNorm2d):
            _stir(layer, generator)
    return Operated(skeleton, network.eval()), images[:2]


def _stir(layer: nn.BatchNorm1d | nn.BatchNorm2d, generator: torch.Generator) -> None:
    """Other statistics and weights for each channel, so that mixed up ones are told apart."""
    for tensor in layer.state_dict().values():
        if tensor.is_floating_point():
            tensor.copy_(0.5 + torch.rand(tensor.shape, generator=generator, dtype=tensor.dtype))


@torch.no_grad()
def _holds(patient: Operated, images: Tensor, groups: Sequence[ChannelGroup]) -> bool:
    """Whether the network does what it did when each of the groups has one channel a block more."""
    generator, spec = torch.Generator().manual_seed(0), patient.spec
    for each in groups:
        wider = Width(channels=each.channels + each.blocks)
        spec = spec.with_parts(spec.parts.put(each.name, wider))
    changes = [copied(each, each.channels, each.channels + each.blocks, generator) for each in groups]
    try:
        after = regrouped(patient, spec, *changes).network(images)
    except Exception:
        # Whatever somebody else's code raises when a layer has another size than it was written for.
        return False
    return relative_difference(patient.network(images), after) <= _SAME


def depth_places(spec: NetworkSpec) -> tuple[Place, ...]:
    """A place before each convolution and cell that reads what a ReLU writes: only there a new layer, which
    ends in one, can pass on what it reads.
    """
    return _depths(spec.with_parts(spec.parts.skeleton()))


@lru_cache(maxsize=_KEPT)
def _depths(skeleton: NetworkSpec) -> tuple[Place, ...]:
    found = {}
    for place, layer, images, _ in layer_calls(skeleton)[0]:
        if isinstance(layer, nn.Conv2d | Cell) and _is_rectified(images):
            found[place] = Place(place + BEFORE, "depth", layer.in_channels)
    return tuple(found.values())


def layer_places(spec: NetworkSpec) -> tuple[Place, ...]:
    """A place for each layer or block that can be left out: it has weights, and writes the shape that it
    reads, and something else than the logits.
    """
    return _layers(spec.with_parts(spec.parts.skeleton()))


@lru_cache(maxsize=_KEPT)
def _layers(skeleton: NetworkSpec) -> tuple[Place, ...]:
    found = {}
    calls, logits = layer_calls(skeleton)
    for place, layer, images, written in calls:
        if written is logits:
            continue
        if images.shape == written.shape and any(True for _ in layer.parameters()):
            found[place] = Place(place, "layer", written.shape[1])
    return tuple(found.values())


def _is_rectified(images: Tensor) -> bool:
    """Whether a ReLU wrote them, or a pooling of what one wrote."""
    writer = images.grad_fn
    while writer is not None and "Pool2D" in writer.name():
        writer = writer.next_functions[0][0]
    return writer is not None and writer.name() == "ReluBackward0"


LayerCall = tuple[str, nn.Module, Tensor, Tensor]
"""A place, its layer, what it reads and what it writes."""


@torch.inference_mode(mode=False)
def layer_calls(spec: NetworkSpec) -> tuple[list[LayerCall], Tensor]:
    """Each layer as it is called, an inner one first, and the logits; norms, new layers and what is inside
    cells apart.
    """
    network = build(spec).eval()
    calls: list[LayerCall] = []

    def hook(place: str, layer: nn.Module, inputs: tuple[object, ...], written: object) -> None:
        if len(inputs) == 1 and isinstance(inputs[0], Tensor) and isinstance(written, Tensor):
            calls.append((place, layer, inputs[0], written))

    names = {name: place for name, place in place_names(network).items() if _can_change(network, name)}
    for name, place in names.items():
        network.get_submodule(name).register_forward_hook(partial(hook, place))
    # With a gradient, so that what a layer reads names its writer even where nothing is to be trained.
    images = torch.zeros(2, spec.channels, spec.size, spec.size, requires_grad=True)
    with torch.enable_grad():
        logits = network(images)
    return calls, logits


def _can_change(network: nn.Module, name: str) -> bool:
    outer = [network.get_submodule(name[:end]) for end, sign in enumerate(name) if sign == "."]
    is_inside = any(isinstance(each, Cell | NewLayer) for each in outer)
    return bool(name) and not is_inside and not isinstance(network.get_submodule(name), (*_NORMS, NewLayer))


_NORMS = (nn.BatchNorm1d, nn.BatchNorm2d, nn.LayerNorm, nn.GroupNorm)
