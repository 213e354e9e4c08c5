"""The channel groups of a network that is built, somebody else's too.

Torch-Pruning's dependency graph (Fang et al., CVPR 2023) says which layers write and read a channel, through
sums, concatenations, reshapes and depthwise convolutions.
"""

import math
import warnings
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from copy import deepcopy
from typing import Any, NamedTuple

import torch
from torch import nn

from nasflow.base.errors import InvalidSpec
from nasflow.networks.layers import place_names
from nasflow.networks.layout import ChannelGroup, ChannelLayout, GroupMember, Side, is_regular


class _Share(NamedTuple):
    """What a layer has of a group."""

    layer: str
    side: Side
    channels: tuple[int, ...]
    roots: tuple[int, ...]
    """Of each, its number in the group."""


_Group = tuple[_Share, ...]

_Sides = dict[tuple[str, Side], list[GroupMember | None]]


def find_layout(network: nn.Module, channels: int, size: int) -> ChannelLayout:
    """The groups whose width can change, of a network that reads images [1, channels, size, size].

    Left out are those that end in the logits, and those in which something else than convolutions, linear
    layers and BatchNorm has a share. Raise InvalidSpec if the network cannot be followed.
    """
    layers, places = dict(network.named_modules()), place_names(network)
    sides: _Sides = {side: [None] * count for name in layers for side, count in _sides(name, layers[name])}
    groups = {}
    for shares in _traced(network, torch.zeros(1, channels, size, size)):
        group = _group(shares, layers, places)
        if group and _settle(group, shares, sides):
            groups[group.name] = group
    ordered = {name: groups[name] for name in places.values() if name in groups}
    return ChannelLayout(ordered, {side: tuple(members) for side, members in sides.items() if any(members)})


def is_depthwise(layer: nn.Module) -> bool:
    """Whether it is a convolution that writes one channel for each that it reads, from that one alone."""
    return isinstance(layer, nn.Conv2d) and layer.groups == layer.in_channels == layer.out_channels > 1


def _sides(name: str, layer: nn.Module) -> Iterator[tuple[tuple[str, Side], int]]:
    """Of a layer that can be made anew with other channels, and how many they are."""
    if type(layer) is nn.Conv2d:
        if not is_depthwise(layer):
            yield (name, Side.READS), layer.in_channels
        yield (name, Side.WRITES), layer.out_channels
    elif type(layer) is nn.Linear:
        yield (name, Side.READS), layer.in_features
        yield (name, Side.WRITES), layer.out_features
    elif type(layer) in {nn.BatchNorm2d, nn.BatchNorm1d}:
        assert isinstance(layer, nn.BatchNorm2d | nn.BatchNorm1d)
        yield (name, Side.WRITES), layer.num_features


def _traced(network: nn.Module, images: torch.Tensor) -> Iterator[_Group]:
    """Each group as it is found; those are left out in which an unknown layer or a bare parameter shares."""
    from torch_pruning import DependencyGraph

    # Its own: the graph is found by a backward pass, and by names.
    network = deepcopy(network).eval().requires_grad_(True)
    names = {id(layer): name for name, layer in network.named_modules()}
    try:
        with warnings.catch_warnings(), torch.enable_grad(), _shuffled_channels_are_lost():
            warnings.simplefilter("ignore")
            graph = DependencyGraph().build_dependency(network, example_inputs=images, verbose=False)
            found = list(_groups_of(graph, names))
    except Exception as error:
        # A library that follows any network fails in any way.
        said = f"{type(error).__name__}: {' '.join(str(error).split())}"
        raise InvalidSpec(f"the network's channels cannot be followed ({said})") from None
    yield from found


@contextmanager
def _shuffled_channels_are_lost() -> Iterator[None]:
    """Go on where the library divides by nothing: at a reshape that shuffles channels (ShuffleNet).

    What passes there has a wrong order from then on, and is found to be no group when it is tried; all others
    are found.
    """
    from torch_pruning.dependency import index_mapping

    known = index_mapping.update_reshape_index_mapping

    def patient(graph: Any, node: Any) -> None:
        with suppress(ZeroDivisionError):
            known(graph, node)

    index_mapping.update_reshape_index_mapping = patient
    try:
        yield
    finally:
        index_mapping.update_reshape_index_mapping = known


def _groups_of(graph: Any, names: Mapping[int, str]) -> Iterator[_Group]:
    """From each layer that writes channels, unless they are in a group already."""
    seen: set[int] = set()
    for layer in list(graph.module2node):
        if not isinstance(layer, nn.Conv2d | nn.Linear) or id(layer) in seen:
            continue
        found = _follow(graph, layer)
        if found is None:
            continue
        seen |= {id(node.module) for node, handler in found if graph.is_out_channel_pruning_fn(handler)}
        weighty = {key: indices for key, indices in found.items() if _has_weights(key[0].module)}
        shares = [_share(graph, *key, indices, names) for key, indices in weighty.items()]
        known = tuple(share for share in shares if share)
        if len(known) == len(shares):
            yield known


class _Index(NamedTuple):
    """A channel of a layer, by the names that the graph's mappings ask for."""

    idx: int
    root_idx: int
    """That of the group which it is."""


_Found = dict[tuple[Any, Any], dict[_Index, None]]
"""By node and what would be pruned of it: the channels, in the order in which they were found."""


def _follow(graph: Any, layer: nn.Conv2d | nn.Linear) -> _Found | None:
    """Wherever the channels that a layer writes go; None: they are mixed with each other without an end, or
    lost.

    The graph's own walk knows no such end, and fills the memory where attention folds images into windows.
    """
    pruner = graph.get_pruner_of_module(layer)
    count = layer.out_channels if isinstance(layer, nn.Conv2d) else layer.out_features
    first = graph.module2node[layer], pruner.prune_out_channels
    found: _Found = {first: dict.fromkeys(_Index(number, number) for number in range(count))}
    stack = [(*first, list(found[first]))]
    while stack:
        node, handler, indices = stack.pop()
        for link in node.dependencies:
            if not link.is_triggered_by(handler):
                continue
            try:
                moved = _moved(link, indices)
            except IndexError:
                # Where the graph has lost them.
                return None
            known = found.setdefault((link.target, link.handler), {})
            new = [each for each in moved if each not in known]
            known |= dict.fromkeys(new)
            if len(known) > _MOST_CHANNELS:
                return None
            if new:
                stack.append((link.target, link.handler, new))
    return {key: indices for key, indices in found.items() if indices}


def _moved(link: Any, indices: Sequence[_Index]) -> list[_Index]:
    """The channels by their numbers on the other side of a link."""
    moved = list(indices)
    for mapping in link.index_mapping:
        if mapping is not None and len(moved) <= _MOST_CHANNELS:
            moved = [_Index(*each) for each in mapping(moved)]
    return moved


_MOST_CHANNELS = 200_000
"""On one side of one layer, pixels of a flat image counted apart: VGG has 25,088."""


def _has_weights(found: object) -> bool:
    if not isinstance(found, nn.Module):
        return isinstance(found, nn.Parameter)
    return any(True for _ in (*found.parameters(recurse=False), *found.buffers(recurse=False)))


def _share(
    graph: Any, node: Any, handler: Any, indices: Iterable[_Index], names: Mapping[int, str]
) -> _Share | None:
    layer = node.module
    if id(layer) not in names or not list(_sides("", layer)):
        return None
    is_written = graph.is_out_channel_pruning_fn(handler) or is_depthwise(layer)
    side = Side.WRITES if is_written or not isinstance(layer, nn.Conv2d | nn.Linear) else Side.READS
    channels, roots = zip(*indices, strict=True)
    return _Share(names[id(layer)], side, channels, roots)


def _group(shares: _Group, layers: Mapping[str, nn.Module], places: Mapping[str, str]) -> ChannelGroup | None:
    """The group that the shares are of; None: it is none whose width can change."""
    written = [each.layer for each in shares if each.side is Side.WRITES and not _is_norm(layers[each.layer])]
    if all(each.side is Side.WRITES for each in shares):
        return None
    if any(_groups(layers[each.layer]) > 1 and not _is_whole(each, layers[each.layer]) for each in shares):
        return None
    number = max(max(each.roots) for each in shares) + 1
    blocks = math.lcm(*(_groups(layers[each.layer]) for each in shares))
    name = min(written, key=list(layers).index)
    return ChannelGroup(places[name], number, blocks) if number % blocks == 0 else None


def _is_norm(layer: nn.Module) -> bool:
    return not isinstance(layer, nn.Conv2d | nn.Linear)


def _groups(layer: nn.Module) -> int:
    """In how many blocks the layer wants what it reads and writes."""
    return layer.groups if isinstance(layer, nn.Conv2d) and not is_depthwise(layer) else 1


def _is_whole(share: _Share, layer: nn.Module) -> bool:
    return len(share.channels) == dict(_sides(share.layer, layer))[share.layer, share.side]


def _settle(group: ChannelGroup, shares: Sequence[_Share], sides: _Sides) -> bool:
    """Write down what the channels of the layers are; False: they have no order with room for more."""
    if any(max(each.channels) >= len(sides[each.layer, each.side]) for each in shares):
        return False
    before = {(each.layer, each.side): list(sides[each.layer, each.side]) for each in shares}
    for each in shares:
        for channel, root in zip(each.channels, each.roots, strict=True):
            sides[each.layer, each.side][channel] = group.member(root)
    if all(is_regular(tuple(sides[key]), group) for key in before):
        return True
    sides.update(before)
    return False
