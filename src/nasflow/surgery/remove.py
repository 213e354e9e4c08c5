"""Layer removal on trained weights (Ashok et al., ICLR 2018)."""

from dataclasses import replace

import torch

from nasflow.spec.edits.remove import Remove
from nasflow.surgery.layers import rebuilt
from nasflow.surgery.operated import Operated


def remove(operated: Operated, edit: Remove, generator: torch.Generator) -> Operated:
    """All that stays keeps its weights; what was still shut or fresh in the layer goes with it."""
    spec = edit.apply(operated.spec)
    kept = {name for name, _ in operated.network.named_modules() if not _is_in(name, edit.place)}
    return replace(
        operated,
        spec=spec,
        network=rebuilt(operated, spec),
        births=tuple(each for each in operated.births if each.place is None or each.place in kept),
        fresh=tuple(each for each in operated.fresh if each in kept),
    )


def _is_in(name: str, layer: str) -> bool:
    return name == layer or name.startswith(f"{layer}.")
