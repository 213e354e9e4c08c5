"""Edit a whole trained network: each edit by its own surgeon, one after the other."""

from collections.abc import Callable, Iterable
from copy import deepcopy
from dataclasses import replace
from math import isfinite

import torch
from torch import Tensor, nn

from nasflow.base.errors import ChildFailed
from nasflow.base.plugins import load
from nasflow.search.record import EditReceipt
from nasflow.spec.edits import Edit
from nasflow.surgery.gates import gated_logits
from nasflow.surgery.operated import Operated
from nasflow.surgery.receipt import relative_difference


def operate(operated: Operated, edit: Edit, generator: torch.Generator) -> Operated:
    """The network after an edit; `operated` is left as it is. Raise InvalidSpec if the edit does not fit."""
    return _operate_in_place(_copy(operated), edit, generator)


def operate_all(
    operated: Operated,
    edits: Iterable[Edit],
    generator: torch.Generator,
    logits: Callable[[nn.Module], Tensor],
) -> tuple[Operated, tuple[EditReceipt, ...]]:
    """The network after each edit in turn, comparing `logits(network)` [images, classes] around each.

    The difference of a receipt is to the network before its own edit; it is measured, and nothing is
    refused for it. Raise InvalidSpec if an edit does not fit, ChildFailed if a logit is not finite.
    `operated` itself is left as it is.
    """
    receipts = []
    operated = _copy(operated)
    before = gated_logits(operated, logits)
    for edit in edits:
        operated = _operate_in_place(operated, edit, generator)
        after = gated_logits(operated, logits)
        difference = relative_difference(before, after)
        if not isfinite(difference):
            raise ChildFailed(f"{edit}: the network's logits are not finite, so nothing can be compared")
        receipts.append(EditReceipt(edit=edit, difference=difference))
        before = after
    return operated, tuple(receipts)


def _copy(operated: Operated) -> Operated:
    return replace(operated, network=deepcopy(operated.network))


def _operate_in_place(operated: Operated, edit: Edit, generator: torch.Generator) -> Operated:
    after: Operated = load(edit.SURGEON)(operated, edit, generator)
    return after
