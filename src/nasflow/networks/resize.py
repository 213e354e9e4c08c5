"""Other widths: each layer that a group passes is made anew with as many channels as there are then."""

from collections.abc import Mapping

from torch import nn

from nasflow.networks.groups import is_depthwise
from nasflow.networks.layout import ChannelLayout, Side

Widths = Mapping[str, int]
"""Channels of groups, by name."""


def resize(network: nn.Module, layout: ChannelLayout, widths: Widths) -> None:
    """Give the groups of `network`, in place, these widths; what is made anew has torch's first weights."""
    touched = {name for name, side in layout.sides if _passes(layout, (name, side), widths)}
    for name in touched:
        layer = network.get_submodule(name)
        network.set_submodule(name, _resized(layer, *_counts(name, layer, layout, widths)), strict=True)


def _passes(layout: ChannelLayout, side: tuple[str, Side], widths: Widths) -> bool:
    return any(member is not None and member.group in widths for member in layout.sides[side])


def _counts(name: str, layer: nn.Module, layout: ChannelLayout, widths: Widths) -> tuple[int, int]:
    """What the layer reads and writes then."""

    def count(side: Side, now: int) -> int:
        known = (name, side) in layout.sides
        return len(layout.channels(name, side, widths)) if known else now

    match layer:
        case nn.Conv2d():
            written = count(Side.WRITES, layer.out_channels)
            return written if is_depthwise(layer) else count(Side.READS, layer.in_channels), written
        case nn.Linear():
            return count(Side.READS, layer.in_features), count(Side.WRITES, layer.out_features)
        case nn.BatchNorm2d() | nn.BatchNorm1d():
            written = count(Side.WRITES, layer.num_features)
            return written, written
    raise TypeError(f"{name}: a {type(layer).__name__} has no width")


def _resized(layer: nn.Module, read: int, written: int) -> nn.Module:
    made: nn.Module
    match layer:
        case nn.Conv2d():
            made = nn.Conv2d(
                read,
                written,
                layer.kernel_size,  # type: ignore[arg-type]
                layer.stride,  # type: ignore[arg-type]
                layer.padding,  # type: ignore[arg-type]
                layer.dilation,  # type: ignore[arg-type]
                read if is_depthwise(layer) else layer.groups,
                layer.bias is not None,
                layer.padding_mode,
            )
        case nn.Linear():
            made = nn.Linear(read, written, layer.bias is not None)
        case nn.BatchNorm2d() | nn.BatchNorm1d():
            made = type(layer)(written, layer.eps, layer.momentum, layer.affine, layer.track_running_stats)
    for name, parameter in layer.named_parameters():
        made.get_parameter(name).requires_grad_(parameter.requires_grad)
    return made.to(next(iter(layer.state_dict().values()))).train(layer.training)
