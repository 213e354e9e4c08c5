"""The policy's parameters: which tensors there are, and their initial values."""

from collections.abc import Mapping

import torch
from torch import Tensor

from nasflow.controllers.tree.table import ROOT, Kind
from nasflow.search.controller import Policy
from nasflow.search.spaces import Space

Parameters = Mapping[str, Tensor]
"""By the names of `shapes`."""

PRECISION = torch.float64
"""All arithmetic is in float64 and states are stored in float32: what processors and thread numbers
change in the last digits then almost never reaches a sampled decision or a stored state."""
SMALL = 0.1
"""Initial weights of a head's last layer, as a share of the others': the first round is nearly uniform."""


def shapes(spec: Policy, space: Space) -> dict[str, tuple[int, ...]]:
    """Every parameter with its shape: weights are [outputs, inputs], the outputs of an LSTM 4 gates."""
    embedding, hidden = spec.embedding, spec.hidden
    found: dict[str, tuple[int, ...]] = {"operations": (ROOT + 1, embedding)}
    found |= _lstm("edge.up", embedding, hidden)
    for kind in Kind:
        found |= _layer(f"{kind.name.lower()}.up.gates", hidden, 3 * hidden)
        found |= _layer(f"{kind.name.lower()}.up.forget", hidden, hidden)
        found |= _lstm(f"{kind.name.lower()}.down", hidden, hidden)
    middle = max(1, round(spec.head_width * 2 * hidden))
    for head, options in space.heads().items():
        found |= _layer(f"{head}.hidden", 2 * hidden, middle)
        found |= _layer(f"{head}.last", middle, options)
    return found


def _layer(name: str, inputs: int, outputs: int) -> dict[str, tuple[int, ...]]:
    return {f"{name}.weight": (outputs, inputs), f"{name}.bias": (outputs,)}


def _lstm(name: str, inputs: int, hidden: int) -> dict[str, tuple[int, ...]]:
    return {
        f"{name}.input": (4 * hidden, inputs),
        f"{name}.state": (4 * hidden, hidden),
        f"{name}.bias": (4 * hidden,),
    }


def initial_parameters(spec: Policy, space: Space, seed: int) -> dict[str, Tensor]:
    """Weights uniform within 1 / sqrt(inputs), biases 0, a function of `seed` alone."""
    generator = torch.Generator().manual_seed(seed)
    found = {}
    for name, shape in shapes(spec, space).items():
        bound = 0.0 if name.endswith(".bias") else shape[-1] ** -0.5
        if ".last." in name:
            bound *= SMALL
        # Drawn in float32, so that the initial state is the same before and after it is stored.
        found[name] = (torch.rand(shape, generator=generator) * (2 * bound) - bound).to(PRECISION)
    return found
