"""Grow a whole trained network: one transform in each of its cells."""

from collections.abc import Callable, Iterable
from copy import deepcopy
from dataclasses import dataclass
from math import isfinite

import torch
from torch import Tensor, nn

from nasflow.base.errors import ChildFailed
from nasflow.search.record import Birth, TransformReceipt
from nasflow.spec.growth import Transform
from nasflow.surgery.gates import Gates, births_after, cells
from nasflow.surgery.inherit import inherit
from nasflow.surgery.receipt import relative_difference


@dataclass(frozen=True)
class Grown:
    """A network and those of its operations whose gates are shut."""

    network: nn.Module
    births: tuple[Birth, ...] = ()


def grow(grown: Grown, transform: Transform, generator: torch.Generator) -> Grown:
    """A new network, grown by one transform in every cell; the old one is left as it is.

    Raise InvalidSpec if the transform does not fit the cells' tree.
    """
    return _grow_in_place(_copy(grown), transform, generator)


def grow_network(
    grown: Grown,
    transforms: Iterable[Transform],
    generator: torch.Generator,
    logits: Callable[[nn.Module], Tensor],
) -> tuple[Grown, tuple[TransformReceipt, ...]]:
    """Grow by each transform in turn, comparing `logits(network)` [images, classes] around each.

    The difference of a receipt is to the network before its own transform. Raise ChildFailed if a logit
    is not finite. `grown` itself is left as it is.
    """
    receipts = []
    grown = _copy(grown)
    before = gated_logits(grown, logits)
    for transform in transforms:
        grown = _grow_in_place(grown, transform, generator)
        after = gated_logits(grown, logits)
        difference = relative_difference(before, after)
        if not isfinite(difference):
            raise ChildFailed(f"{transform}: the network's logits are not finite, so nothing can be compared")
        receipts.append(TransformReceipt(transform=transform, difference=difference))
        before = after
    return grown, tuple(receipts)


def gated_logits(grown: Grown, logits: Callable[[nn.Module], Tensor]) -> Tensor:
    """What the network says with its gates shut, [images, classes]."""
    with Gates(grown.network, grown.births):
        return logits(grown.network)


def _copy(grown: Grown) -> Grown:
    return Grown(deepcopy(grown.network), grown.births)


def _grow_in_place(grown: Grown, transform: Transform, generator: torch.Generator) -> Grown:
    births = grown.births
    for name, cell in list(cells(grown.network)):
        births = births_after(grown.births, cell.tree, transform)
        grown.network.set_submodule(name, inherit(cell, transform, generator))
    return Grown(grown.network, births)
