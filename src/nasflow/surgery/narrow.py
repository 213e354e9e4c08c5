"""Layer shrinkage on trained weights (Ashok et al., ICLR 2018)."""

import torch

from nasflow.base.errors import InvalidSpec
from nasflow.spec.edits.narrow import Narrow
from nasflow.surgery.channels import Regrouping, find_group, importance, regrouped
from nasflow.surgery.operated import Operated


def narrow(operated: Operated, edit: Narrow, generator: torch.Generator) -> Operated:
    """The channels that matter least go, as many from each block; the others keep their order and weights."""
    group, width = find_group(operated, edit.place)
    if edit.channels >= width:
        raise InvalidSpec(f"{edit}: it has no more than {width} channels")
    count = edit.channels // group.blocks
    kept = importance(operated, group).topk(count, dim=1).indices.sort(dim=1).values.tolist()
    shares = [[1.0] * count for _ in kept]
    return regrouped(operated, edit.apply(operated.spec), Regrouping(group, kept, shares))
