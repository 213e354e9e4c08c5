"""Channels of a group are copied, or go: what both do to the weights of every layer that the group passes."""

from collections.abc import Container, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor, nn

from nasflow.base.errors import InvalidSpec
from nasflow.networks import Cell, build, layout_of
from nasflow.networks.cell import FIRST_CONVOLUTION
from nasflow.networks.groups import is_depthwise
from nasflow.networks.layout import ChannelGroup, ChannelLayout, GroupMember, Side
from nasflow.networks.state import load_state
from nasflow.spec.network import NetworkSpec
from nasflow.spec.tree import START_CELL
from nasflow.surgery.operated import Operated


@dataclass(frozen=True)
class Regrouping:
    """Where each channel of a group comes from, and what share of its effect it takes."""

    group: ChannelGroup
    sources: Sequence[Sequence[int]]
    """By block, of each new channel: the number in the block of the old one."""
    shares: Sequence[Sequence[float]]
    """By block, of each new channel; those of one source sum up to 1, where the effect is to stay."""

    def source(self, member: GroupMember) -> GroupMember:
        """The old channel that a new one comes from."""
        return member._replace(place=self.sources[member.block][member.place])

    def share(self, member: GroupMember) -> float:
        """By which the weights that read a new channel are multiplied."""
        return self.shares[member.block][member.place]


def find_group(operated: Operated, place: str) -> tuple[ChannelGroup, int]:
    """The group of a place and its width now; raise InvalidSpec if there is none, or if a cell that has grown
    writes to it: its channels are the branches' own.
    """
    layout = layout_of(operated.spec)
    group = layout.group(place)
    for name in _grown(operated.network):
        written = layout.sides.get((f"{name}.{FIRST_CONVOLUTION}", Side.WRITES), ())
        if any(member and member.group == place for member in written):
            raise InvalidSpec(f"{place}: the cell {name} has grown, and its width is fixed")
    return group, operated.spec.parts.widths.get(place, group.channels)


def regrouped(operated: Operated, spec: NetworkSpec, *changes: Regrouping) -> Operated:
    """The network of `spec`, in which the channels of some groups come from others of `operated`."""
    network, old, layout = build(spec), operated.network, layout_of(spec)
    state = dict(old.state_dict())
    widths: _Widths = (operated.spec.parts.widths, spec.parts.widths)
    by_group = {change.group.name: change for change in changes}
    for name, sides in _passed(old, layout, by_group).items():
        moves = {side: _move(layout, key, widths, by_group) for side, key in sides.items()}
        layer = old.get_submodule(name)
        state |= {f"{name}.{each}": tensor for each, tensor in _layer(layer, moves).items()}
    network.to(next(old.parameters())).train(old.training)
    load_state(network, state)
    return replace(operated, spec=spec, network=network)


_Sides = dict[Side, tuple[str, Side]]
"""Of a layer that is there: whose side of the layout's each is like."""


def _passed(network: nn.Module, layout: ChannelLayout, groups: Container[str]) -> dict[str, _Sides]:
    """The layers with a side that one of the groups passes."""
    found: dict[str, _Sides] = {}
    for name, key in _layers(network, layout):
        if any(member and member.group in groups for member in layout.sides[key]):
            found.setdefault(name, {})[key[1]] = key
    return found


def _layers(network: nn.Module, layout: ChannelLayout) -> Iterator[tuple[str, tuple[str, Side]]]:
    """Each layer with a side of the layout; in a cell that has grown every branch reads as the first did."""
    grown = _grown(network)
    for layer, side in layout.sides:
        cell = next((name for name in grown if layer.startswith(f"{name}.")), None)
        if cell is None:
            yield layer, (layer, side)
        elif side is Side.READS or not layer.endswith(FIRST_CONVOLUTION):
            for number in range(len(grown[cell].tree.root.branches)):
                yield layer.replace(_FIRST, f"root.branches.{number}."), (layer, side)


def _grown(network: nn.Module) -> dict[str, Cell]:
    """The cells that are more than a convolution, by the names that they have in the network."""
    found = {name: each for name, each in network.named_modules() if isinstance(each, Cell)}
    return {name: cell for name, cell in found.items() if cell.tree != START_CELL}


_FIRST = "root.branches.0."

_Widths = tuple[Mapping[str, int], Mapping[str, int]]
"""Of the groups, before and after."""

_Move = tuple[Tensor, Tensor]
"""Of each new channel: the number of the old one, and its share."""


def _move(
    layout: ChannelLayout, key: tuple[str, Side], widths: _Widths, changes: Mapping[str, Regrouping]
) -> _Move:
    old, new = (layout.channels(*key, each) for each in widths)
    numbers = {channel: number for number, channel in enumerate(old)}
    sources, shares = [], []
    for channel in new:
        member, share = channel.member, 1.0
        if isinstance(member, GroupMember) and (change := changes.get(member.group)):
            channel, share = channel._replace(member=change.source(member)), change.share(member)  # noqa: PLW2901
        sources.append(numbers[channel])
        shares.append(share)
    return torch.tensor(sources), torch.tensor(shares, dtype=torch.float64)


def _layer(layer: nn.Module, moves: Mapping[Side, _Move]) -> dict[str, Tensor]:
    """The tensors of a layer with other channels, by name."""
    tensors = {name: tensor for name, tensor in layer.state_dict().items() if tensor.dim()}
    if Side.WRITES in moves:
        rows = moves[Side.WRITES][0]
        tensors = {name: tensor[rows.to(tensor.device)] for name, tensor in tensors.items()}
    if Side.READS in moves and not is_depthwise(layer):
        groups = layer.groups if isinstance(layer, nn.Conv2d) else 1
        tensors["weight"] = _read(tensors["weight"], groups, *moves[Side.READS])
    return tensors


def _read(weight: Tensor, groups: int, sources: Tensor, shares: Tensor) -> Tensor:
    """A weight [out, in / groups, ...] that reads other channels; a group reads those of its own block."""
    first = torch.arange(groups)[:, None] * weight.shape[1]
    columns = (sources.view(groups, -1) - first).to(weight.device)
    scales = shares.view(groups, -1).to(weight)
    parts = [
        part.index_select(1, own) * scale.view(1, -1, *[1] * (weight.dim() - 2))
        for part, own, scale in zip(weight.chunk(groups), columns, scales, strict=True)
    ]
    return torch.cat(parts)


def importance(operated: Operated, group: ChannelGroup) -> Tensor:
    """How much each channel of a group matters, [blocks, channels of a block]: the squares of all weights
    that write, scale or read it, a layer's against that layer's mean (Fang et al., CVPR 2023, section 3.4).
    """
    layout, widths = layout_of(operated.spec), operated.spec.parts.widths
    size = widths.get(group.name, group.channels) // group.blocks
    found = torch.zeros(group.blocks, size)
    for name, sides in _passed(operated.network, layout, (group.name,)).items():
        layer = operated.network.get_submodule(name)
        if not isinstance(layer.weight, Tensor):
            continue
        for side, key in sides.items():
            squares = _squares(layer.weight, side, layer)
            own = torch.zeros(group.blocks, size)
            for channel, square in zip(layout.channels(*key, widths), squares.tolist(), strict=True):
                if isinstance(channel.member, GroupMember) and channel.member.group == group.name:
                    own[channel.member.block, channel.member.place] += square
            found += own / own.mean().clamp_min(torch.finfo(own.dtype).tiny)
    return found


def _squares(weight: Tensor, side: Side, layer: nn.Module) -> Tensor:
    """The sum of the squared weights of each channel on a side."""
    squared = weight.detach().float().square()
    if side is Side.WRITES:
        return squared.flatten(1).sum(1) if squared.dim() > 1 else squared
    groups = layer.groups if isinstance(layer, nn.Conv2d) else 1
    return torch.cat([part.transpose(0, 1).flatten(1).sum(1) for part in squared.chunk(groups)])
