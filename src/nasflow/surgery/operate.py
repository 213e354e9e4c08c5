"""Edit a whole trained network: each edit by its own surgeon, one after the other."""

from collections.abc import Callable, Iterable, Iterator
from math import isfinite

import torch
from torch import Tensor, nn

from nasflow.base.errors import ChildFailed
from nasflow.base.plugins import load
from nasflow.search.record import EditReceipt
from nasflow.spec.edits import CellEdit, Edit
from nasflow.surgery.gates import gated_logits
from nasflow.surgery.operated import Operated
from nasflow.surgery.receipt import relative_difference


def operate(operated: Operated, edit: Edit, generator: torch.Generator) -> Operated:
    """The network after one edit, as `operate_all`."""
    return operate_all(operated, (edit,), generator)


def operate_all(operated: Operated, edits: Iterable[Edit], generator: torch.Generator) -> Operated:
    """The network after each edit in turn; `operated` is left as it is. Raise InvalidSpec if one misfits.

    Cells are tensors by name until the last edit is made: a network is built once, however many edits make
    it, and has the bits that it would have if it were built after each.
    """
    for edit in edits:
        # What is no edit of cells may change anything: it gets a whole network, its own.
        patient = operated if isinstance(edit, CellEdit) else operated.built()
        operated = load(edit.SURGEON)(patient, edit, generator)
    return operated.built()


def receipts(
    operated: Operated,
    edits: Iterable[Edit],
    generator: torch.Generator,
    logits: Callable[[nn.Module], Tensor],
) -> Iterator[EditReceipt]:
    """What each edit in turn does to `logits(network)` [images, classes]: which one, if a birth went wrong.

    The difference of a receipt is to the network before its own edit; it is measured, and nothing is
    refused for it. Raise InvalidSpec if an edit does not fit, ChildFailed if a logit is not finite.
    """
    before = gated_logits(operated, logits)
    for edit in edits:
        operated = operate(operated, edit, generator)
        after = gated_logits(operated, logits)
        difference = relative_difference(before, after)
        if not isfinite(difference):
            raise ChildFailed(f"{edit}: the network's logits are not finite, so nothing can be compared")
        yield EditReceipt(edit=edit, difference=difference)
        before = after
